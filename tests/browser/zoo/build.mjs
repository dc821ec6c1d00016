// Builds the pages of the zoo that stand on real libraries, minified as in life: `node build.mjs ZOO`,
// from the folder that has the libraries and gets the pages.
import { build } from "esbuild";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compile } from "svelte/compiler";
import { compileScript, parse } from "vue/compiler-sfc";

const out = dirname(fileURLToPath(import.meta.url));
const here = process.argv[2];

const components = {
  name: "components",
  setup(on) {
    on.onLoad({ filter: /\.vue$/ }, ({ path }) => {
      const { descriptor } = parse(readFileSync(path, "utf8"), { filename: path });
      const made = compileScript(descriptor, { id: "zoo", inlineTemplate: true, isProd: true });
      return { contents: made.content, loader: "js" };
    });
    on.onLoad({ filter: /\.svelte$/ }, ({ path }) => {
      const { js } = compile(readFileSync(path, "utf8"), { filename: path, generate: "client" });
      return { contents: js.code, loader: "js" };
    });
  },
};

const common = {
  bundle: true,
  minify: true,
  jsx: "automatic",
  format: "esm",
  conditions: ["production"],
  define: {
    "process.env.NODE_ENV": '"production"',
    __VUE_OPTIONS_API__: "true",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  plugins: [components],
  nodePaths: [join(out, "node_modules")],
  logLevel: "error",
};

// Some teams still build for old browsers: there a spread is a loop of a helper.
const TARGETS = { redux: "es2017" };

for (const { name } of readdirSync(here, { withFileTypes: true }).filter((each) => each.isDirectory() && each.name[0] !== ".")) {
  const files = readdirSync(join(here, name));
  const entries = files.filter((file) => /^(main|work)\.(jsx|js)$/.test(file));
  if (!entries.some((file) => file.startsWith("main"))) continue;
  await build({
    ...common,
    entryPoints: entries.map((file) => join(here, name, file)),
    outdir: join(out, name),
    target: TARGETS[name] ?? "esnext",
    splitting: true,
    chunkNames: "[name]-[hash]",
  });
  if (!existsSync(join(here, name, "server.jsx"))) continue;
  const server = join(out, name, "server.mjs");
  const options = { ...common, conditions: [], platform: "node", outfile: server };
  const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
  await build({ ...options, banner, entryPoints: [join(here, name, "server.jsx")] });
  const { page } = await import(pathToFileURL(server).href);
  mkdirSync(join(out, name), { recursive: true });
  writeFileSync(join(out, name, "index.html"), page(readFileSync(join(here, name, "index.html"), "utf8")));
}
