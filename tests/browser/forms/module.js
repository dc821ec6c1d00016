// Every form that is rewritten, and what stands beside it: the page must come to the same results.
const results = [];
const say = (name, value) => results.push(`${name} ${JSON.stringify(value, (_, each) => (each === undefined ? "undefined" : each))}`);
const fails = (name, run) => {
  try {
    say(name, run());
  } catch (error) {
    say(name, error.constructor.name);
  }
};
const user = await (await fetch("/api")).json();
const { a, ...rest } = user;
say("const", [a, rest]);
let { b, ...others } = user, more = { ...others, b };
say("let", [b, others, more]);
for (const { x, ...each } of user.list) say("of", [x, each]);
for (let { x, ...each } of user.list) each.x = x, say("let of", each);
for (const { length, ...letters } of ["ab"]) say("letters", [length, letters]);
say("arrow", user.list.map(({ x, ...each }) => ({ ...each, x: x + 1 })));
say("body", user.list.map(function ({ x, ...each }, at, { length }) { return { at, length, ...each }; }));
say("nested", (({ deep: { c, ...inner }, ...outer }) => [c, inner, outer])(user));
say("default", (({ none: { ...empty } = { z: 1 }, ...all } = user) => [empty, Object.keys(all)])(user));
say("length", [(({ ...all }, two) => all).length, (({ ...all } = {}, two) => all).length]);
let taken, left;
({ a: taken, ...left } = user);
say("assigned", [taken, left]);
say("value", (({ a: taken, ...left } = user) === user));
fails("null rest", () => (({ ...all }) => all)(null));
fails("null spread", () => ({ ...null, ...undefined, ..."ab", ...[1] }));
say("order", { a: 0, ...user, a: 9, ...{ z: 1 }, ["k" + 1]: 2, get g() { return this.a; }, m() { return 1; } });
say("proto", Object.getPrototypeOf({ __proto__: null, ...user }));
say("own proto", Object.keys({ ...JSON.parse('{"__proto__": 1}') }));
const sign = Symbol("sign");
say("symbol", ({ ...{ [sign]: 1 } })[sign]);
class Base { hello() { return "base"; } }
class Derived extends Base {
  make(key) { return { ...user, hello: super.hello(), [key]: this }.hello; }
  set(key) { this[key] = user.a; super[key] = user.b; return this[key]; }
}
say("super", [new Derived().make("k"), new Derived().set("v")]);
async function* generator({ a, ...rest }) { yield { ...rest, a: await a }; yield* [{ ...user }]; }
for await (const each of generator(user)) say("generator", each);
say("async", await (async ({ a, ...rest }) => ({ ...rest, later: await Promise.resolve(a) }))(user));
const frozen = Object.freeze({ ...user });
fails("frozen", () => { frozen[["a"]] = 2; return frozen; });
fails("null store", () => { null[user.a] = 1; });
const made = {};
for (const key in user) made[key] = user[key];
say("for in", [made, Object.keys(made), JSON.stringify(made), structuredClone(made)]);
made.a = 7;
say("written", [made.a, made, Object.getOwnPropertyDescriptor(made, "a"), delete made.a, made]);
say("described", [Object.getOwnPropertyDescriptor(made, "b"), Object.getOwnPropertyDescriptors(made).b, Object.entries(made)]);
say("sealed", [Object.isFrozen(Object.freeze(made)), made.b]);
fails("sealed store", () => { made.b = 1; return made.b; });
const list = [];
for (let at = 0; at < 3; at += 1) list[at] = user.list[at]?.x;
let i = 0;
list[i++] = list[i++] = { ...user.list[0] };
say("list", [list, i]);
say("assign", [Object.assign({}, user, { a: 1 }), Object.assign({ z: 1 }, null, user.deep), Object.assign([], [1, 2])]);
const { a: again, ...least } = Object.assign(Object.create({ up: 1 }), user);
say("inherited", [again, least, least.up]);
say("entries", Object.fromEntries(Object.entries(user).filter(([, value]) => typeof value !== "object")));
say("function", new Function("o", "const r = {};\n  r[\"k\"] = o.a;\nreturn r;")(user));
say("is function", [(() => {}).constructor === Function, Function("return 1")(), (() => {}) instanceof Function, class extends Function {}.name]);
say("map", [...new Map(Object.entries(user)).entries()].length);
say("arguments", (function (one) { arguments[0] = { ...one, z: 1 }; return one; })(user));
say("types", [typeof { ...user }, ({ ...user }).constructor === Object, Array.isArray([...user.list])]);
say("equal", [{ ...user }.deep === user.deep, { ...user } === user]);
label: for (const { x, ...each } of user.list) { if (x) continue label; say("never", each); }
for (const { x, ...each } of user.list) say("statement", each);
if (a) ({ ...left } = user); else say("never", left);
say("bare statement", left);
say("comma", (0, { ...user, list: 0 }));
const f = a ? ({ ...x }) => x : null, g = function ({ ...y }) { "no directive"; return y; };
say("functions", [f(user).a, g(user).a, f.name, g.name]);
export const { deep, ...exported } = user;
say("exported", [deep, exported]);
document.querySelector("#module").textContent = results.join("\n");
