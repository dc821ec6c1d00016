// Runs in a page before any script of its own, and records which parts of the API's answers are
// read. Its law: the page behaves as without it. So every answer stays the very object that the
// browser made, its objects and lists each behind a Proxy that hides nothing and changes nothing;
// what cannot take a Proxy (structuredClone, postMessage, IndexedDB, history) gets what the Proxy
// stands for. Values leave only through `window[NAME]()`, to whoever drives the browser.
(() => {
  "use strict";
  const { parse, stringify } = JSON;
  const debug = console.debug.bind(console);
  const { ownKeys, getPrototypeOf, apply, defineProperty, getOwnPropertyDescriptor } = Reflect;
  const kind = (value) => apply(Object.prototype.toString, value, []);
  const isObject = (value) => value !== null && typeof value === "object";
  const isPlain = (value) => Array.isArray(value) || kind(value) === "[object Object]";
  const isLeaf = (value) => !isObject(value) || ownKeys(value).length === (Array.isArray(value) ? 1 : 0);

  // ---------------------------------------------------------------- what is recorded

  const answers = new Map(); // key → what the page did with the answers to one question
  const said = new Set(); // [where on the page, text], as JSON
  let copying = 0; // above 0: what is read now is read to make a copy

  function answer(key) {
    if (!answers.has(key)) {
      const fresh = { arrived: 0, open: new Set(), tracked: 0, escaped: 0, paths: new Map() };
      answers.set(key, { ...fresh, walks: new Set(), body: null });
    }
    return answers.get(key);
  }

  function place(key, path) {
    const { paths } = answer(key);
    if (!paths.has(path)) {
      paths.set(path, { sites: new Set(), read: false, copied: false, escaped: false, left: 64, at: 0 });
    }
    return paths.get(path);
  }

  // Where in the page's code we are: who calls whom, eight deep. What reads all members of an object
  // from one such place is a copy, a comparison or a validation, and no use of any of them.
  let traces = 60000;
  function site() {
    traces -= 1;
    const { stackTraceLimit } = Error;
    const prepare = getOwnPropertyDescriptor(Error, "prepareStackTrace");
    try {
      if (prepare) delete Error.prepareStackTrace;
      Error.stackTraceLimit = 11;
      return new Error().stack.split("\n").slice(4).join("\n");
    } catch {
      return "";
    } finally {
      try {
        Error.stackTraceLimit = stackTraceLimit;
        if (prepare) defineProperty(Error, "prepareStackTrace", prepare);
      } catch {}
    }
  }

  // A list of thousands is not looked at element by element: a few of each task are enough.
  function enough(found) {
    const now = Math.floor(performance.now() / 8);
    if (found.at !== now) {
      found.left = Math.min(64, found.left + 8);
      found.at = now;
    }
    found.left -= 1;
    return found.left < 0 && (found.sites.size > 0 || found.read);
  }

  // ---------------------------------------------------------------- tracked objects

  const trackers = new WeakMap(); // Proxy → its Tracker

  class Tracker {
    constructor(raw, key, path) {
      Object.assign(this, { raw, key, path, written: null, run: null, setting: false, sites: null });
    }

    below(name) {
      return [...this.path, Array.isArray(this.raw) ? "*" : name];
    }

    own(target, name) {
      return typeof name === "string" && Object.hasOwn(target, name) && !this.written?.has(name)
        && !(Array.isArray(target) && name === "length");
    }

    // `leaf`: whether it is a value; an object or a list is told by what is read of it.
    saw(target, name, leaf) {
      const found = leaf ? place(this.key, stringify(this.below(name))) : null;
      const copied = copying || this.run?.described === name;
      if (this.run) this.run.described = null;
      if (copied) {
        if (found) found.copied = true;
        return;
      }
      if (Array.isArray(target) || traces <= 0) {
        if (found) found.read = true;
        return;
      }
      if (found && (found.read || enough(found))) return;
      const where = site();
      found?.sites.add(where);
      this.sites ??= new Map();
      if (!this.sites.has(where)) this.sites.set(where, new Set());
      const read = this.sites.get(where).add(name);
      if (read.size > 1 && read.size >= Object.keys(target).length) {
        answer(this.key).walks.add(stringify([this.path, where]));
      }
    }

    get(target, name, receiver) {
      const value = Reflect.get(target, name, receiver);
      if (this.own(target, name)) this.saw(target, name, isLeaf(value));
      return value;
    }

    has(target, name) {
      if (this.own(target, name)) this.saw(target, name, isLeaf(target[name]));
      return Reflect.has(target, name);
    }

    ownKeys(target) {
      const keys = ownKeys(target);
      this.run = { keys, at: 0, described: null };
      return keys;
    }

    getOwnPropertyDescriptor(target, name) {
      const { run } = this;
      const at = run ? run.keys.indexOf(name, run.at) : -1;
      if (at >= 0) {
        run.at = at + 1;
        run.described = name;
        if (copying) this.saw(target, name, isLeaf(target[name]));
      } else if (!this.setting && this.own(target, name)) {
        this.saw(target, name, isLeaf(target[name]));
      }
      return getOwnPropertyDescriptor(target, name);
    }

    // What the page has put in the place of the API's value is no longer the API's.
    wrote(target, name, value) {
      if (!Object.is(target[name], value)) (this.written ??= new Set()).add(name);
    }

    set(target, name, value, receiver) {
      this.setting = true;
      try {
        const mine = trackers.get(receiver) === this;
        if (mine) this.wrote(target, name, value);
        return Reflect.set(target, name, value, mine ? target : receiver);
      } finally {
        this.setting = false;
      }
    }

    defineProperty(target, name, descriptor) {
      if ("value" in descriptor) this.wrote(target, name, descriptor.value);
      else if (descriptor.get) this.wrote(target, name, descriptor.get);
      return defineProperty(target, name, descriptor); // to freeze an object defines it, too
    }
  }

  function put(raw, name, value) {
    defineProperty(raw, name, { value, writable: true, enumerable: true, configurable: true });
  }

  function proxied(raw, key, path, written = null) {
    const tracker = new Tracker(raw, key, path);
    tracker.written = written && new Set(written);
    const proxy = new Proxy(raw, tracker);
    trackers.set(proxy, tracker);
    return proxy;
  }

  // The objects of a fresh value, each put behind a Proxy in its place: whoever freezes or compares
  // them finds one identity.
  function track(raw, key, path = []) {
    if (!isObject(raw) || trackers.has(raw)) return raw;
    const list = Array.isArray(raw);
    for (const name of Object.keys(raw)) {
      if (isObject(raw[name])) put(raw, name, track(raw[name], key, [...path, list ? "*" : name]));
    }
    return proxied(raw, key, path);
  }

  // ---------------------------------------------------------------- copies are followed

  const origins = new WeakMap(); // an object of a bare copy → the Tracker that it was copied from

  // The value as it would be without us. What holds nothing of ours is handed on as it is.
  function bare(value, mark, seen = new Map()) {
    if (!isObject(value) || !isPlain(value)) return value;
    if (seen.has(value)) return seen.get(value);
    const tracker = trackers.get(value);
    const from = tracker ? tracker.raw : value;
    const made = Array.isArray(from) ? [] : Object.create(getPrototypeOf(from));
    seen.set(value, made);
    let ours = tracker !== undefined;
    for (const name of Object.keys(from)) {
      const held = from[name];
      const plain = bare(held, mark, seen);
      ours ||= plain !== held;
      put(made, name, plain);
      if (tracker && tracker.own(from, name) && isLeaf(held)) {
        place(tracker.key, stringify(tracker.below(name)))[mark] = true;
      }
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
    return origin ? proxied(result, origin.key, origin.path, origin.written) : result;
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

  // ---------------------------------------------------------------- hooks

  function hook(object, name, handler) {
    const found = object && getOwnPropertyDescriptor(object, name);
    if (!found || !found.configurable) return;
    if (found.get) found.get = new Proxy(found.get, { apply: handler });
    else found.value = new Proxy(found.value, { apply: handler });
    defineProperty(object, name, found);
  }

  const pass = (native, self, args) => apply(native, self, args);
  const firstBare = (mark) => (native, self, args) =>
    pass(native, self, args.length ? [parked(args[0], mark), ...args.slice(1)] : args);

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
      return track(value, from.key);
    }
    const copy = typeof reviver === "function" ? undefined : copies.get(text);
    return copy === undefined ? value : retrack(copy, value);
  });

  hook(JSON, "stringify", (native, self, args) => {
    if (!isObject(args[0])) return pass(native, self, args);
    copying += 1;
    try {
      const text = pass(native, self, args);
      if (typeof text === "string" && typeof args[1] !== "function") {
        const plain = bare(args[0], "copied");
        if (plain !== args[0]) remember(copies, text, plain);
      }
      return text;
    } finally {
      copying -= 1;
    }
  });

  hook(Object, "getOwnPropertyDescriptors", (native, self, args) => {
    copying += 1;
    try {
      return pass(native, self, args);
    } finally {
      copying -= 1;
    }
  });

  hook(window, "structuredClone", (native, self, args) => {
    const copy = args.length ? bare(args[0], "copied") : undefined;
    const result = pass(native, self, args.length ? [copy, ...args.slice(1)] : args);
    return args.length && copy !== args[0] ? retrack(copy, result) : result;
  });
  for (const name of ["Worker", "MessagePort", "BroadcastChannel", "ServiceWorker"]) {
    hook(window[name]?.prototype, "postMessage", firstBare("escaped"));
  }
  hook(window, "postMessage", firstBare("copied"));
  for (const name of ["add", "put"]) hook(window.IDBObjectStore?.prototype, name, firstBare("copied"));
  hook(window.IDBCursor?.prototype, "update", firstBare("copied"));
  for (const name of ["pushState", "replaceState"]) hook(History.prototype, name, firstBare("copied"));
  for (const name of ["log", "info", "debug", "warn", "error", "table", "dir", "trace", "assert"]) {
    hook(console, name, (native, self, args) => pass(native, self, args.map((each) => bare(each, "copied"))));
  }
  const lookAtResult = (native, self, args) => fetched(pass(native, self, args));
  hook(MessageEvent.prototype, "data", lookAtResult);
  hook(window.IDBRequest?.prototype, "result", lookAtResult);
  hook(History.prototype, "state", lookAtResult);
  hook(PopStateEvent.prototype, "state", lookAtResult);

  // ---------------------------------------------------------------- answers

  function named(method, url, body) {
    const key = `${method.toUpperCase()} ${url.split("#")[0]}`;
    if (typeof body !== "string" || !body.includes('"query"')) return key;
    try {
      const { query, operationName } = parse(body);
      const name = operationName ?? /\b(?:query|mutation)\s+(\w+)/.exec(query)?.[1];
      return name ? `${key} ${name}` : key;
    } catch {
      return key;
    }
  }

  function arrived(key) {
    answer(key).arrived += 1;
    return { key, token: {} };
  }

  function inPage(text) {
    if (text.length < 2) return undefined;
    for (const script of document.querySelectorAll("script[type$=json]")) {
      if (script.textContent !== text) continue;
      const from = { key: scriptKey(script), token: {} };
      const found = answer(from.key);
      found.arrived = 1;
      found.body = text;
      return from;
    }
    return undefined;
  }

  function scriptKey(script) {
    const all = [...document.querySelectorAll("script[type$=json]")];
    return `PAGE ${location.href.split(/[?#]/)[0]} ${script.id || all.indexOf(script)}`;
  }

  const responses = new WeakMap(); // Response → from
  hook(window, "fetch", (native, self, args) => {
    const [input, init] = args;
    const given = input instanceof Request ? input : null;
    const method = init?.method ?? given?.method ?? "GET";
    const body = init?.body;
    return pass(native, self, args).then((response) => {
      const key = named(method, response.url, body);
      responses.set(response, arrived(key));
      return response;
    });
  });
  const { prototype } = Response;
  hook(prototype, "clone", (native, self, args) => {
    const made = pass(native, self, args);
    const from = responses.get(self);
    if (from) responses.set(made, { key: from.key, token: {} });
    return made;
  });
  const taken = (self) => {
    const from = responses.get(self);
    if (from) answer(from.key).open.add(from.token);
    return from;
  };
  hook(prototype, "json", (native, self, args) => {
    const from = taken(self);
    const result = pass(native, self, args);
    if (!from) return result;
    return result.then((value) => {
      const found = answer(from.key);
      found.open.delete(from.token);
      found.tracked += 1;
      return track(value, from.key);
    });
  });
  hook(prototype, "text", (native, self, args) => {
    const from = taken(self);
    const result = pass(native, self, args);
    if (!from) return result;
    return result.then((text) => {
      remember(texts, text, from);
      return text;
    });
  });
  for (const name of ["arrayBuffer", "blob", "bytes", "formData", "body"]) {
    hook(prototype, name, (native, self, args) => {
      taken(self);
      return pass(native, self, args);
    });
  }

  const asked = new WeakMap(); // XMLHttpRequest → what was asked, what came
  hook(XMLHttpRequest.prototype, "open", (native, self, args) => {
    asked.set(self, { method: String(args[0]), from: null, value: null });
    return pass(native, self, args);
  });
  hook(XMLHttpRequest.prototype, "send", (native, self, args) => {
    const mine = asked.get(self);
    if (mine) {
      mine.body = args[0];
      self.addEventListener("readystatechange", () => received(self));
    }
    return pass(native, self, args);
  });
  function received(self) {
    const mine = asked.get(self);
    if (!mine || self.readyState !== 4 || !self.status) return null;
    mine.from ??= arrived(named(mine.method, self.responseURL, mine.body));
    return mine;
  }
  function xhrText(self, text) {
    const mine = received(self);
    if (mine && typeof text === "string") {
      if (!texts.has(text)) answer(mine.from.key).open.add(mine.from.token);
      remember(texts, text, mine.from);
    }
    return text;
  }
  hook(XMLHttpRequest.prototype, "responseText", (native, self, args) =>
    xhrText(self, pass(native, self, args)),
  );
  hook(XMLHttpRequest.prototype, "response", (native, self, args) => {
    const value = pass(native, self, args);
    if (self.responseType === "" || self.responseType === "text") return xhrText(self, value);
    const mine = received(self);
    if (!mine) return value;
    if (self.responseType !== "json") {
      answer(mine.from.key).open.add(mine.from.token);
      return value;
    }
    if (mine.value === null) {
      answer(mine.from.key).tracked += 1;
      mine.value = track(value, mine.from.key);
    }
    return mine.value;
  });

  // ---------------------------------------------------------------- what stands on the page

  const SILENT = new Set(["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT"]);

  // The place of an element in the structure: alike for the cells of a column, and for the like
  // parts of like elements.
  function column(element) {
    const names = [];
    for (let at = element; at && names.length < 4; at = at.parentElement) {
      const all = at.parentElement ? [...at.parentElement.children] : [at];
      const cell = at.tagName === "TD" || at.tagName === "TH";
      const alike = !cell && all.every((each) => each.tagName === at.tagName);
      const nth = alike || (names.length && !cell) ? "" : all.indexOf(at);
      names.unshift(`${at.tagName}${nth}`);
    }
    return names.join(">");
  }

  let nth = 0;
  const numbers = new WeakMap();
  function note(owner, where, text) {
    if (typeof text !== "string" || !text.trim()) return;
    if (isObject(owner) && !numbers.has(owner)) numbers.set(owner, (nth += 1));
    said.add(stringify([where, text.slice(0, 20000), isObject(owner) ? numbers.get(owner) : 0]));
  }

  function look(node) {
    if (node.nodeType === Node.TEXT_NODE) {
      const parent = node.parentElement;
      if (parent && !SILENT.has(parent.tagName)) {
        const at = parent.childNodes.length > 1 ? [...parent.childNodes].indexOf(node) : 0;
        note(node, `${column(parent)}#${at}`, node.data);
      }
      return;
    }
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (SILENT.has(node.tagName)) return;
      const where = node.attributes.length || "value" in node ? column(node) : "";
      for (const each of node.attributes) note(node, `${where}@${each.name}`, each.value);
      if (typeof node.value === "string") note(node, `${where}@=`, node.value);
      if (node.shadowRoot) look(node.shadowRoot);
    }
    for (const each of node.childNodes) look(each);
  }

  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "childList") addedNodes.forEach(look);
      else if (type === "characterData") look(target);
      else note(target, `${column(target)}@*`, [...target.attributes].map((a) => a.value).join(" \n "));
    }
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  for (const name of ["fillText", "strokeText"]) {
    hook(window.CanvasRenderingContext2D?.prototype, name, (native, self, args) => {
      note({}, `canvas@${name}`, String(args[0]));
      return pass(native, self, args);
    });
  }

  // ---------------------------------------------------------------- what is told

  const hidden = (name, value) => defineProperty(window, name, { value, configurable: true });
  hidden(NAME, tell);
  // A page that goes has no time for more than a line of its console, and with some navigations
  // none is heard after the first of these. What is told last counts.
  const own = Math.random();
  for (const name of ["beforeunload", "pagehide"]) {
    addEventListener(name, () => debug(NAME + stringify(tell())));
  }

  function tell() {
    look(document);
    note(document, "title", document.title);
    for (const script of document.querySelectorAll("script[type$=json]")) {
      if (/importmap|ld\+json/.test(script.type)) continue;
      const found = answer(scriptKey(script));
      found.arrived = 1;
      found.body = script.textContent;
    }
    const told = [...answers].map(([key, found]) => ({
      key,
      arrived: found.arrived,
      unseen: found.open.size,
      body: found.body,
      paths: [...found.paths].map(([path, { sites, read, copied, escaped }]) => {
        const above = parse(path).slice(0, -1);
        const used = [...sites].some((each) => !found.walks.has(stringify([above, each])));
        return { path: parse(path), read: read || used, copied: copied || sites.size > 0, escaped };
      }),
    }));
    return { document: own, answers: told, surfaces: [...said].map((each) => parse(each)) };
  }
})();
