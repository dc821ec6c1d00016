"use strict";
// What all pages share. What an API named reaches a page as text nodes and attributes only: there is no innerHTML here.
const oakum = (() => {
  const by = (id) => document.getElementById(id);
  const data = JSON.parse(by("data").textContent);

  // Control characters and marks of writing direction are written out, as in the rest of the page.
  const visible = (text) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u${char.codePointAt(0).toString(16).padStart(4, "0")}`);

  const SPOKEN = new Set(["title", "aria-label", "placeholder", "alt"]); // attributes that a person reads or hears

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : SPOKEN.has(name) ? visible(String(value)) : value);
    }
    const kept = children.flat(Infinity).filter((child) => child !== "" && child != null);
    node.append(...kept.map((child) => typeof child === "string" ? visible(child) : child));
    return node;
  }
  const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const draw = (tag, attributes = {}, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

  // A long path breaks at its joints.
  const breakable = (text) => text.split(/(?=[./])/).flatMap((part) => [part, make("wbr")]);
  const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  const ticks = (text) => text.split("`").map((part, index, all) =>
    index % 2 && all.length % 2 ? make("code", {}, part) : part);
  const key = (...parts) => parts.join("\0");
  const place = ({ file, line, column }) => line ? `${file}:${line}:${column}` : file;
  const rows = (pairs) => make("dl", { class: "rows" }, pairs.filter(([, value]) => value && value.length !== 0)
    .map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));

  function stateWords(state) {
    const spoken = Object.entries(state).map(([name, value]) =>
      value === "true" ? name : value === "false" ? `not ${name}` : `${name} ${value}`);
    return spoken.join(", ") || "any state";
  }

  function copyable(said, what = "the command") {
    const text = visible(said); // what is copied is what is seen
    const code = make("pre", {}, make("code", {}, text));
    const button = make("button", { type: "button", "aria-label": `Copy ${what}` }, "Copy");
    const status = make("span", { role: "status" });
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        status.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        status.textContent = "Selected: copy it with the keyboard";
      }
    });
    return make("div", { class: "curl" }, code, make("span", {}, button, " ", status));
  }

  // ------------------------------------------------------------------ what is chosen

  // One radio or checkbox for each option, drawn as a button with its count.
  function options(type, name, each, { value, text, badge = "", checked }, chosen) {
    const input = make("input", { type, name, value, checked });
    input.addEventListener("change", () => chosen(value, input.checked));
    return make("label", { class: "choice", ...each }, input, make("span", {}, text, badge));
  }

  const choices = (name, all, now, choose) => all.map((each) =>
    options("radio", name, {}, { ...each, checked: each.value === now }, choose));

  // Chips that add up: of each group those that are pressed, and none pressed is all.
  function chips(box, name, all, changed) {
    const pressed = new Set();
    box.append(...all.map((each) => options("checkbox", name, { "data-chip": each.value }, each, (value, on) => {
      if (on) pressed.add(value); else pressed.delete(value);
      changed();
    })));
    return pressed;
  }

  // ------------------------------------------------------------------ the page

  function theme() {
    const button = by("theme"), root = document.documentElement;
    const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    const name = () => { button.textContent = dark() ? "Light theme" : "Dark theme"; };
    button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; name(); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
    button.hidden = false;
    name();
  }

  // Paper holds what is folded, but not what is only drawn when it is opened.
  function printing() {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("details:not([open], .lazy)")];
      for (const each of opened) each.open = true;
    });
    addEventListener("afterprint", () => { for (const each of opened) each.open = false; });
  }

  // What is shown beside the page: a dialog with a heading, closed by a button, Escape or a click outside.
  function aside(dialog) {
    dialog.addEventListener("click", (event) => { if (event.target === dialog && event.offsetX < 0) dialog.close(); });
    return (title, subtitle, ...content) => {
      const close = make("button", { type: "button" }, "Close");
      close.addEventListener("click", () => dialog.close());
      dialog.replaceChildren(
        make("header", {}, make("div", {}, make("h2", { id: dialog.getAttribute("aria-labelledby") }, title), subtitle), close),
        ...content.flat());
      if (!dialog.open) dialog.showModal();
      dialog.scrollTop = 0;
    };
  }

  for (const form of document.forms) form.addEventListener("submit", (event) => event.preventDefault());
  theme();
  printing();
  return { data, by, visible, make, draw, breakable, counted, ticks, key, place, rows, stateWords, copyable, choices, chips, aside };
})();
