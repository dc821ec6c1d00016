// ---------------------------------------------------------------- tracked objects

const isLeaf = (value) => {
  if (!isObject(value)) return true;
  const raw = trackers.get(value)?.raw ?? value;
  return Array.isArray(raw) ? raw.length === 0 : ownKeys(raw).length === 0;
};

const trackers = new WeakMap(); // Proxy, or an object of the page with members of answers → its Tracker
let failures = 0;
let storing = null; // the name of the member that is being stored
let running = null; // the Tracker whose members were listed last
let copying = 0; // above 0: what is read now is read to make a copy
let log = new Map(); // name → what was read of it meanwhile

class Tracker {
  // `origins`: places of members that were copied here; all others are of `shape`, if there is one.
  constructor(raw, shape, origins = new Map()) {
    Object.assign(this, { raw, shape, origins, written: null, run: null, setting: false, sites: null });
  }

  // Whether a member is an answer's.
  own(target, name) {
    if (typeof name !== "string" || !Object.hasOwn(target, name)) return false;
    if (this.origins.has(name)) return true;
    return this.shape !== null && !this.written?.has(name) && !(Array.isArray(target) && name === "length");
  }

  place(name) {
    return this.origins.get(name) ?? this.shape?.place(Array.isArray(this.raw) ? "*" : name);
  }

  // An object or a list is told by what is read of it. What goes wrong here is never the page's.
  saw(target, name, value) {
    try {
      this.look(target, name, value);
    } catch {
      failures += 1;
    }
  }

  // `listed`: it is read where `Object.entries` has listed it.
  look(target, name, value, listed = false) {
    const place = isLeaf(value) ? this.place(name) : null;
    if (storing === name) {
      storing = null;
      if (place) place.copied = true; // what was there before is looked at by whoever stores
      return;
    }
    const described = this.run?.described === name;
    if (this.run) this.run.described = null;
    if (copying) {
      if (!place) return;
      place.copied = true;
      log.set(name, { value, place });
      return;
    }
    if (described) {
      if (!place) return;
      place.copied = true;
      place.loose += 1;
      const kept = !Object.isFrozen(target); // to freeze in depth is to look at all, and to keep none
      place.whole ||= kept;
      note(name, value, place, null, kept);
      return;
    }
    if (Array.isArray(target) || traces <= 0) {
      if (place) place.read = true;
      return;
    }
    if (place && (place.read || place.enough)) return;
    const where = site(5);
    if (place) {
      place.sites.set(where, (place.sites.get(where) ?? 0) + 1);
      note(name, value, place, where);
      if (listed && !Object.isFrozen(target)) place.lists.add(where);
    }
    this.sites ??= new Map();
    if (!this.sites.has(where)) this.sites.set(where, new Set());
    const read = this.sites.get(where).add(name);
    this.count ??= this.size(target);
    if (read.size > 1 && read.size >= this.count && read.size >= (this.count = this.size(target))) {
      const whole = !Object.isFrozen(target);
      for (const each of read) {
        if (!isLeaf(this.peek(target, each))) continue;
        const found = this.place(each);
        found?.walks.add(where);
        if (found && whole) found.whole = true;
      }
    }
  }

  // How many members are as good as all: a library leaves a type's name or an id aside.
  size(target) {
    const all = this.shape ? Object.keys(target).length : this.origins.size;
    return all > 5 ? all - 1 : all;
  }

  peek(target, name) {
    const found = getOwnPropertyDescriptor(target, name);
    return found?.get ? this.values?.get(name) : found?.value;
  }

  get(target, name, receiver) {
    const value = Reflect.get(target, name, receiver);
    if (this.own(target, name)) this.saw(target, name, value);
    return value;
  }

  has(target, name) {
    if (this.own(target, name) && isLeaf(target[name])) this.place(name).asked = true;
    return Reflect.has(target, name);
  }

  ownKeys(target) {
    const keys = ownKeys(target);
    running = this;
    this.run = { keys, at: 0, described: null };
    return keys;
  }

  getOwnPropertyDescriptor(target, name) {
    const { run } = this;
    const at = run ? run.keys.indexOf(name, run.at) : -1;
    if (at >= 0) {
      run.at = at + 1;
      run.described = name;
      if (copying && this.own(target, name)) this.saw(target, name, target[name]);
    } else if (!this.setting && this.own(target, name) && isLeaf(target[name])) {
      this.place(name).asked = true;
    }
    return getOwnPropertyDescriptor(target, name);
  }

  // What the page has put in the place of the API's value is no longer the API's.
  wrote(target, name, value) {
    if (Object.is(target[name], value)) return;
    this.origins.delete(name);
    (this.written ??= new Set()).add(name);
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

  deleteProperty(target, name) {
    this.origins.delete(name);
    return deleteProperty(target, name);
  }
}

function put(raw, name, value) {
  defineProperty(raw, name, { value, writable: true, enumerable: true, configurable: true });
}

function proxied(tracker) {
  const proxy = new Proxy(tracker.raw, tracker);
  trackers.set(proxy, tracker);
  return proxy;
}

// The objects of a fresh value, each put behind a Proxy in its place: whoever freezes or compares
// them finds one identity.
function track(raw, shape) {
  if (!isObject(raw) || trackers.has(raw)) return raw;
  const list = Array.isArray(raw);
  for (const name of Object.keys(raw)) {
    if (isObject(raw[name])) put(raw, name, track(raw[name], shape.shape(list ? "*" : name)));
  }
  return proxied(new Tracker(raw, shape));
}

// ---------------------------------------------------------------- copies are followed

// What is read while `make` makes a copy: name → value and place.
function logged(make) {
  const before = log;
  const mine = (log = new Map());
  copying += 1;
  try {
    return [make(), mine];
  } finally {
    copying -= 1;
    log = before;
  }
}

// An object that a script has just made of what it has just read: followed, if it holds any of it.
function adopted(made) {
  if (!isObject(made) || quiet() || trackers.has(made) || !isPlain(made) || Array.isArray(made)) return made;
  const origins = new Map();
  const others = new Map(); // where → members that were read there
  for (const name of Object.keys(made)) {
    const found = getOwnPropertyDescriptor(made, name);
    if (!("value" in found) || !isLeaf(found.value)) continue;
    const read = readOf(name, found.value);
    if (!read) continue;
    if (isCopying(read)) origins.set(name, copiedFrom(name, read));
    else others.set(read.where, [...(others.get(read.where) ?? []), [name, read]]);
  }
  for (const members of others.values()) {
    if (members.length < 2) continue; // a loop reads several at one place; a use reads one
    for (const [name, read] of members) origins.set(name, copiedFrom(name, read));
  }
  return origins.size ? proxied(new Tracker(made, null, origins)) : made;
}

// A member of an object that the page has already handed about: there its reads are seen by a getter.
// Where that cannot be (an element, a setter of the page's), to store it is to use it.
function linked(target, name, read) {
  const { value, place } = read;
  const tracker = trackers.get(target);
  const before = tracker?.origins.get(name);
  if (before && before !== place && Object.is(tracker.peek(tracker.raw, name), value)) {
    place.also.add(before);
    copiedFrom(name, read);
    return;
  }
  if (tracker && tracker.raw !== target) {
    tracker.origins.set(name, place);
    copiedFrom(name, read);
    return;
  }
  if (kind(target) !== "[object Object]") return;
  const found = getOwnPropertyDescriptor(target, name);
  if (!found || !found.configurable || !found.writable || !Object.is(found.value, value)) return;
  const mine = tracker ?? new Tracker(target, null);
  const { enumerable } = found;
  const member = {
    get() {
      if (mine.origins.has(name)) mine.saw(target, name, value);
      return value;
    },
    set(next) {
      if (this === target && !getOwnPropertyDescriptor(target, name).configurable) {
        if (silent) return;
        throw new TypeError(`Cannot assign to read only property '${name}' of object '#<Object>'`);
      }
      if (this === target && Object.is(next, value)) return;
      mine.origins.delete(name);
      defineProperty(this, name, { value: next, writable: true, enumerable, configurable: true });
    },
    enumerable,
    configurable: true,
  };
  try {
    if (!defineProperty(target, name, member)) return;
  } catch {
    return; // a Proxy of the page's that forbids it
  }
  mine.values = (mine.values ?? new Map()).set(name, value);
  mine.origins.set(name, place);
  trackers.set(target, mine);
  copiedFrom(name, read);
}

// What rewritten scripts call.
let silent = 0; // above 0: sloppy code stores
const helper = {
  // an object with spreads, or the rest of one; `taken`: what was taken out and is used nowhere
  a(made, taken) {
    if (taken && !quiet()) {
      for (const name of taken) {
        const last = recent.get(name)?.at(-1);
        if (last && last.where !== null && latest - last.at <= SOON) copiedFrom(name, last);
      }
    }
    try {
      return adopted(made);
    } catch {
      failures += 1;
      return made;
    }
  },
  // target[name] = value, in strict code
  p(target, name, value) {
    const before = storing;
    storing = name;
    try {
      target[name] = value;
    } finally {
      storing = before;
    }
    stored(target, name, value);
    return value;
  },
  // the same in sloppy code, where what is read-only is passed over in silence
  q(target, name, value) {
    if (target === null || target === undefined) target[name] = value;
    const before = storing;
    storing = name;
    silent += 1;
    try {
      Reflect.set(Object(target), name, value, target);
    } finally {
      silent -= 1;
      storing = before;
    }
    stored(target, name, value);
    return value;
  },
};

function stored(target, name, value) {
  try {
    storedFrom(target, name, value);
  } catch {
    failures += 1;
  }
}

function storedFrom(target, name, value) {
  if (quiet() || !isObject(target) || typeof name === "symbol" || Array.isArray(target) || !isLeaf(value)) return;
  const read = readOf(String(name), value);
  if (!read) return;
  together(target, String(name), read);
}

// Members that one place of the code reads, and another stores: where it is not known of the first
// that it is copied, the second tells.
const waiting = new WeakMap(); // object that is stored to → where it was read → member, read
function together(target, name, read) {
  if (!waiting.has(target)) waiting.set(target, new Map());
  const members = waiting.get(target);
  const before = members.get(read.where);
  const known = before !== undefined || isCopying(read);
  members.set(read.where, known ? [] : [[name, read]]);
  if (known) for (const [each, its] of [...(before ?? []), [name, read]]) linked(target, each, its);
}
