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
  if (inWorker || text.length < 2) return undefined;
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

// What a page sends is used: whoever gets it would miss it.
function sent(body) {
  const use = (copy) => {
    if (!isObject(copy)) return;
    const tracker = origins.get(copy);
    for (const name of Object.keys(copy)) {
      if (tracker?.own(copy, name) && isLeaf(copy[name])) tracker.place(name).read = true;
      use(copy[name]);
    }
  };
  if (typeof body === "string") use(copies.get(body));
}
for (const name of ["URLSearchParams", "Headers"]) {
  const native = globalThis[name];
  const construct = (_, args, target) => {
    const made = () => Reflect.construct(native, args, target === globalThis[name] ? native : target);
    const [result, mine] = logged(made);
    for (const { place } of mine.values()) place.read = true;
    return result;
  };
  globalThis[name] = new Proxy(native, { construct });
  defineProperty(native.prototype, "constructor", { value: globalThis[name], writable: true, configurable: true });
}
hook(globalThis.Navigator?.prototype, "sendBeacon", (native, self, args) => {
  sent(args[1]);
  return pass(native, self, args);
});

const responses = new WeakMap(); // Response → from
const unread = new Map(); // those whose body nobody has taken in a way that is seen here
const { get: isUsed } = getOwnPropertyDescriptor(Response.prototype, "bodyUsed");
function came(response, from) {
  responses.set(response, from);
  unread.set(response, from);
}
// A cache or another frame may have taken a body: where it went cannot be seen.
function lose() {
  for (const [response, { key, token }] of unread) {
    if (apply(isUsed, response, [])) answer(key).open.add(token);
  }
}
hook(globalThis, "fetch", (native, self, args) => {
  const [input, init] = args;
  const given = input instanceof Request ? input : null;
  const method = init?.method ?? given?.method ?? "GET";
  const body = init?.body;
  sent(body);
  return pass(native, self, args).then((response) => {
    const key = named(method, response.url, body);
    came(response, arrived(key));
    return response;
  });
});
const { prototype } = Response;
hook(prototype, "clone", (native, self, args) => {
  const made = pass(native, self, args);
  const from = responses.get(self);
  if (from) came(made, { key: from.key, token: {} });
  return made;
});
const taken = (self) => {
  const from = responses.get(self);
  unread.delete(self);
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
    return track(value, root(from.key));
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
const Xhr = globalThis.XMLHttpRequest?.prototype;
hook(Xhr, "open", (native, self, args) => {
  asked.set(self, { method: String(args[0]), from: null, value: null });
  return pass(native, self, args);
});
hook(Xhr, "send", (native, self, args) => {
  const mine = asked.get(self);
  if (mine) {
    mine.body = args[0];
    sent(args[0]);
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
hook(Xhr, "responseText", (native, self, args) =>
  xhrText(self, pass(native, self, args)),
);
hook(Xhr, "response", (native, self, args) => {
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
    mine.value = track(value, root(mine.from.key));
  }
  return mine.value;
});

