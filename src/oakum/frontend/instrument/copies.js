// ---------------------------------------------------------------- what the browser copies

function hook(object, name, handler) {
  while (object && !Object.hasOwn(object, name)) object = getPrototypeOf(object);
  const found = object && getOwnPropertyDescriptor(object, name);
  if (!found || !found.configurable) return;
  if (found.get) found.get = new Proxy(found.get, { apply: handler });
  else found.value = new Proxy(found.value, { apply: handler });
  defineProperty(object, name, found);
}

const pass = (native, self, args) => apply(native, self, args);

const origins = new WeakMap(); // an object of a bare copy → the Tracker that it was copied from

// The value as it would be without us. What holds nothing of ours is handed on as it is. `through`:
// Proxies of the page's, too, are looked through.
function bare(value, mark, through = false, seen = new Map()) {
  if (!isObject(value) || !isPlain(value)) return value;
  if (seen.has(value)) return seen.get(value);
  let tracker = trackers.get(value);
  const from = tracker ? tracker.raw : value;
  const made = Array.isArray(from) ? [] : Object.create(getPrototypeOf(from));
  seen.set(value, made);
  let ours = tracker !== undefined;
  const held = new Map();
  const read = () => Object.keys(from).forEach((name) => held.set(name, tracker ? tracker.peek(from, name) : from[name]));
  const [, mine] = logged(read);
  if (through && mine.size) {
    ours = true;
    tracker = new Tracker(made, null, new Map([...mine].map(([name, { place }]) => [name, place])));
  }
  for (const [name, each] of held) {
    const plain = bare(each, mark, through, seen);
    ours ||= plain !== each;
    put(made, name, plain);
    if (tracker && tracker.own(from, name) && isLeaf(each)) tracker.place(name)[mark] = true;
  }
  if (Array.isArray(from)) made.length = from.length;
  if (!ours) seen.set(value, value);
  if (tracker) origins.set(made, tracker);
  return ours ? made : value;
}

// A copy that the browser made of a bare copy, tracked where its origin was.
function retrack(copy, result) {
  if (!isObject(copy) || !isObject(result) || !isPlain(result)) return result;
  for (const name of Object.keys(result)) {
    if (isObject(result[name])) put(result, name, retrack(copy[name], result[name]));
  }
  const origin = origins.get(copy);
  if (!origin) return result;
  const tracker = new Tracker(result, origin.shape, new Map(origin.origins));
  tracker.written = origin.written && new Set(origin.written);
  return proxied(tracker);
}

const texts = new Map(); // text of a body → where it is from
const copies = new Map(); // text of a copy → the bare copy
const MOST = 200;

function remember(map, text, value) {
  map.delete(text);
  map.set(text, value);
  if (map.size > MOST) map.delete(map.keys().next().value);
}

function parked(value, mark = "copied") {
  const plain = bare(value, mark);
  if (plain !== value) {
    try {
      remember(copies, stringify(plain), plain);
    } catch {} // what JSON has no words for is not followed
  }
  return plain;
}

const unparked = new WeakMap();
function fetched(value) {
  if (!isObject(value) || !copies.size || !isPlain(value)) return value;
  if (!unparked.has(value)) {
    let copy;
    try {
      copy = copies.get(stringify(value));
    } catch {}
    unparked.set(value, copy === undefined ? value : retrack(copy, value));
  }
  return unparked.get(value);
}

hook(JSON, "parse", (native, self, args) => {
  const value = pass(native, self, args);
  const [text, reviver] = args;
  if (typeof text !== "string" || !isObject(value)) return value;
  const from = texts.get(text) ?? inPage(text);
  if (from) {
    if (typeof reviver === "function") return value; // it has been handed to the page: escaped
    const found = answer(from.key);
    found.open.delete(from.token);
    found.tracked += 1;
    return track(value, root(from.key));
  }
  const copy = typeof reviver === "function" ? undefined : copies.get(text);
  return copy === undefined ? value : retrack(copy, value);
});

hook(JSON, "stringify", (native, self, args) => {
  if (!isObject(args[0])) return pass(native, self, args);
  const [text] = logged(() => pass(native, self, args));
  if (typeof text === "string" && typeof args[1] !== "function") {
    const plain = bare(args[0], "copied", true);
    if (plain !== args[0]) remember(copies, text, plain);
  }
  return text;
});

// `Object.assign` in rewritten code, where its first argument has been made for it; and elsewhere.
const { assign } = Object;
helper.g = (target, ...sources) => adopted(assign(target, ...sources));
hook(Object, "assign", (native, self, args) => {
  const result = pass(native, self, args);
  if (!isObject(result) || quiet() || args.length < 2 || Array.isArray(result)) return result;
  const wanted = new Set(args.slice(1).flatMap((each) => (isObject(each) ? ownKeys(trackers.get(each)?.raw ?? each) : [])));
  for (const name of wanted) {
    if (typeof name !== "string") continue;
    const raw = trackers.get(result);
    const value = raw ? raw.peek(raw.raw, name) : getOwnPropertyDescriptor(result, name)?.value;
    const read = isLeaf(value) ? readOf(name, value) : null;
    if (read?.where === null) linked(result, name, read);
  }
  return result;
});
hook(Object, "fromEntries", (native, self, args) => adopted(pass(native, self, args)));
hook(Object, "keys", (native, self, args) => {
  running = null;
  const keys = pass(native, self, args);
  if (running) running.run = null; // to list the names of members is to copy none
  return keys;
});
hook(Object, "getOwnPropertyDescriptors", (native, self, args) => {
  const [found, mine] = logged(() => pass(native, self, args));
  const tracker = trackers.get(args[0]);
  if (tracker) for (const name of Object.keys(found)) found[name] = plainly(args[0], name, found[name]);
  if (mine.size) descriptions.set(found, mine);
  for (const [name, { value, place }] of mine) {
    if (found[name] && "value" in found[name]) takenOut(found[name], value, place);
  }
  return found;
});

// A value that is taken out of a descriptor goes where nothing can be seen.
function takenOut(described, value, place) {
  const to = (next) => defineProperty(described, "value", { value: next, writable: true, enumerable: true, configurable: true });
  const get = () => {
    if (!copying) place.lost += 1;
    return value;
  };
  defineProperty(described, "value", { get, set: to, enumerable: true, configurable: true });
}

const descriptions = new WeakMap(); // descriptors of all members → name → value and place
hook(Object, "create", (native, self, args) => {
  const mine = isObject(args[1]) ? descriptions.get(args[1]) : undefined;
  if (!mine) return pass(native, self, args);
  const [made] = logged(() => pass(native, self, args));
  const same = [...mine].filter(([name, { value }]) => Object.is(getOwnPropertyDescriptor(made, name)?.value, value));
  return proxied(new Tracker(made, null, new Map(same.map(([name, { place }]) => [name, place]))));
});

// A name and its value, as `Object.entries` lists them: to take the value is to read the member.
class Pair extends Tracker {
  constructor(raw, of) {
    super(raw, null, new Map([["1", of.place(raw[0])]]));
    this.of = of;
  }

  saw(_, at, value) {
    try {
      this.of.look(this.of.raw, this.raw[0], value, true);
    } catch {
      failures += 1;
    }
  }
}
hook(Object, "entries", (native, self, args) => {
  const tracker = isObject(args[0]) ? trackers.get(args[0]) : undefined;
  if (!tracker || Array.isArray(tracker.raw)) return pass(native, self, args);
  const [found] = logged(() => pass(native, self, args));
  const follows = ([name, value]) => isLeaf(value) && tracker.own(tracker.raw, name);
  return found.map((each) => (follows(each) ? proxied(new Pair(each, tracker)) : each));
});

// A member that we see by a getter of ours is told as the value that it stands for.
function plainly(target, name, found) {
  const tracker = isObject(target) ? trackers.get(target) : undefined;
  if (!found?.get || !tracker?.values?.has(name)) return found;
  const { enumerable, configurable } = found;
  return { value: tracker.values.get(name), writable: configurable, enumerable, configurable };
}
for (const owner of [Object, Reflect]) {
  hook(owner, "getOwnPropertyDescriptor", (native, self, args) =>
    plainly(args[0], args[1], pass(native, self, args)),
  );
}

// A `Map` that a page keeps such members in, by their names.
const kept = new WeakMap(); // the page's Map → its members by name, and where they are taken out
hook(globalThis.Map.prototype, "set", (native, self, args) => {
  const [name, value] = args;
  if (typeof name === "string" && !quiet() && isLeaf(value)) {
    const read = readOf(name, value);
    if (read && isCopying(read)) keep(self, name, value, copiedFrom(name, read));
  }
  return pass(native, self, args);
});
let lookedAt = false;
function keep(map, name, value, place) {
  if (!kept.has(map)) kept.set(map, { members: new Map(), sites: new Map() });
  const { members } = kept.get(map);
  const before = members.get(name);
  if (before && before.place !== place && Object.is(before.value, value)) before.place.also.add(place);
  members.set(name, { value, place });
  if (lookedAt) return;
  lookedAt = true;
  hook(globalThis.Map.prototype, "get", (native, self, args) => {
    const found = pass(native, self, args);
    const member = kept.get(self)?.members.get(args[0]);
    if (member && !copying && Object.is(member.value, found)) tookOut(kept.get(self), args[0], member);
    return found;
  });
}

// One place of the code that takes out several is a cache at work, and no use of any of them.
function tookOut({ members, sites }, name, { value, place }) {
  if (place.enough) return;
  const where = site(4);
  place.sites.set(where, (place.sites.get(where) ?? 0) + 1);
  note(name, value, place, where);
  if (!sites.has(where)) sites.set(where, new Set());
  const names = sites.get(where).add(name);
  if (names.size > 1) for (const each of names) members.get(each).place.walks.add(where);
}

// Code that a page makes of text: a line that does no more than store is rewritten here.
const STORE = /^(\s*)([\w$]+)\[("(?:[^"\\]|\\.)*"|[\w$]+)\] = ([\w$.]+);?[ \t]*$/gm;
globalThis.Function = new Proxy(Function, {
  construct: (native, args, target) =>
    Reflect.construct(native, followedText(args), target === globalThis.Function ? native : target),
  apply: (native, self, args) => apply(native, self, followedText(args)),
});
defineProperty(Function.prototype, "constructor", { value: globalThis.Function, writable: true, configurable: true });
function followedText(args) {
  if (!args.length || typeof args.at(-1) !== "string") return args;
  return [...args.slice(0, -1), args.at(-1).replace(STORE, `$1globalThis.${HELPER}.q($2, $3, $4);`)];
}

hook(globalThis, "structuredClone", (native, self, args) => {
  const copy = args.length ? bare(args[0], "copied") : undefined;
  const result = pass(native, self, args.length ? [copy, ...args.slice(1)] : args);
  return args.length && copy !== args[0] ? retrack(copy, result) : result;
});
const firstBare = (mark) => (native, self, args) =>
  pass(native, self, args.length ? [parked(args[0], mark), ...args.slice(1)] : args);
for (const name of ["MessagePort", "BroadcastChannel", "ServiceWorker"]) {
  hook(globalThis[name]?.prototype, "postMessage", firstBare("escaped"));
}
const toOther = (native, self, args) => {
  if (!bridges.has(self ?? globalThis)) return firstBare("escaped")(native, self, args);
  const plain = bare(args[0], "copied");
  if (plain !== args[0]) {
    try {
      const told = { text: stringify(plain), whence: whence(plain) };
      pass(native, self, [{ [NAME]: told }]);
    } catch {}
  }
  return pass(native, self, [plain, ...args.slice(1)]);
};
hook(globalThis.Worker?.prototype, "postMessage", toOther);
hook(globalThis, "postMessage", inWorker ? toOther : firstBare("copied"));

// Between a page and its watched worker: before what is sent, it is told where that comes from.
const bridges = new WeakSet(); // what to send to
const dataOf = getOwnPropertyDescriptor(MessageEvent.prototype, "data").get;
function bridge(end) {
  bridges.add(end);
  end.addEventListener("message", (event) => {
    const told = apply(dataOf, event, [])?.[NAME];
    if (!told) return;
    event.stopImmediatePropagation();
    const copy = parse(told.text);
    cameFrom(copy, told.whence);
    remember(copies, told.text, copy);
  });
}
if (inWorker) bridge(globalThis);
else if (globalThis.Worker) {
  globalThis.Worker = new Proxy(Worker, {
    construct(native, args, target) {
      const made = Reflect.construct(native, args, target === globalThis.Worker ? native : target);
      if (WORKERS.includes(new URL(args[0], document.baseURI).href)) bridge(made);
      return made;
    },
  });
}

// Where the objects of a bare copy come from, as data.
function whence(copy) {
  if (!isObject(copy)) return null;
  const parts = Object.keys(copy).map((name) => [name, whence(copy[name])]).filter(([, each]) => each);
  const origin = origins.get(copy);
  const own = origin && {
    shape: origin.shape && [origin.shape.key, origin.shape.path],
    members: [...origin.origins].map(([name, { key, path }]) => [name, key, path]),
    written: [...(origin.written ?? [])],
  };
  return own || parts.length ? { ...own, parts } : null;
}

function cameFrom(copy, { shape, members, written, parts }) {
  if (members) {
    const places = members.map(([name, key, path]) => [name, shapeAt(key, path.slice(0, -1)).place(path.at(-1))]);
    const tracker = new Tracker(copy, shape && shapeAt(...shape), new Map(places));
    tracker.written = new Set(written);
    origins.set(copy, tracker);
  }
  for (const [name, each] of parts) cameFrom(copy[name], each);
}

for (const name of ["add", "put"]) hook(globalThis.IDBObjectStore?.prototype, name, firstBare("copied"));
hook(globalThis.IDBCursor?.prototype, "update", firstBare("copied"));
for (const name of ["pushState", "replaceState"]) hook(globalThis.History?.prototype, name, firstBare("copied"));
for (const name of ["log", "info", "debug", "warn", "error", "table", "dir", "trace", "assert"]) {
  hook(console, name, (native, self, args) => pass(native, self, args.map((each) => bare(each, "copied"))));
}
const lookAtResult = (native, self, args) => fetched(pass(native, self, args));
hook(MessageEvent.prototype, "data", lookAtResult);
hook(globalThis.IDBRequest?.prototype, "result", lookAtResult);
hook(globalThis.History?.prototype, "state", lookAtResult);
hook(globalThis.PopStateEvent?.prototype, "state", lookAtResult);
