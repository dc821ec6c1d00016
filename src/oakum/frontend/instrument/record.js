// Runs in a page before any script of its own, and records which parts of the API's answers are
// read. Its law: the page behaves as without it. So every answer stays the very object that the
// browser made, its objects and lists each behind a Proxy that hides nothing and changes nothing.
// Values leave only through `globalThis[NAME]()`, to whoever drives the browser.
//
// This file: what is recorded. The files of this folder are parts of one function.

const { parse, stringify } = JSON;
const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const debug = console.debug.bind(console);
const now = performance.now.bind(performance);
const later = setTimeout.bind(globalThis);
// Ours, since those of the page are watched.
const Map = class extends globalThis.Map {};
for (const name of ["get", "set"]) {
  defineProperty(Map.prototype, name, getOwnPropertyDescriptor(globalThis.Map.prototype, name));
}
const kind = (value) => apply(Object.prototype.toString, value, []);
const isObject = (value) => value !== null && typeof value === "object";
const isPlain = (value) => Array.isArray(value) || kind(value) === "[object Object]";

const inWorker = typeof document === "undefined";

const answers = new Map(); // key → what the page did with the answers to one question
const said = new Set(); // [where on the page, text], as JSON

function answer(key) {
  if (!answers.has(key)) {
    const fresh = { arrived: 0, open: new Set(), tracked: 0, body: null };
    answers.set(key, { ...fresh, paths: new Map(), root: null });
  }
  return answers.get(key);
}

// A field of an answer, and what became of it.
class Place {
  constructor(key, path) {
    Object.assign(this, { key, path });
  }

  sites = new Map(); // where in the page's code → how often it was read there, copies apart
  walks = new Set(); // where all members of its object are read, too
  read = false;
  asked = false; // whether it is there
  copied = false;
  loose = 0; // copies that could not be followed
  escaped = false;
  whole = false; // read with all of its object, by what may have made a copy that is out of sight
  taken = 0; // reads by what lists all members and their values, which no copy was known to be made of
  lists = new Set(); // where it was read of such a list
  followed = false; // in one copy at least
  lost = 0; // copies that went where nothing can be seen
  also = new Set(); // fields whose value is kept in one place with this one's
  left = 64;
  at = 0;

  // A list of thousands is not looked at element by element: a few of each task are enough.
  get enough() {
    const slot = Math.floor(now() / 8);
    if (this.at !== slot) {
      this.left = Math.min(64, Math.max(this.left, 0) + 8);
      this.at = slot;
    }
    this.left -= 1;
    return this.left < 0 && (this.sites.size > 0 || this.read);
  }

  get used() {
    return this.wasRead || [...this.also].some((each) => each.wasRead);
  }

  // Whether a loop may have used it that does the same to all members, or have passed it over.
  get looped() {
    return this.taken > 0 || [...this.lists].some((each) => this.sites.get(each) > 0 && this.walks.has(each));
  }

  get wasRead() {
    for (const [where, times] of this.sites) if (times > 0 && !this.walks.has(where)) return true;
    return this.read || (this.asked && !this.copied && !this.sites.size);
  }
}

// The objects that stand at one path of an answer.
class Shape {
  constructor(key, path) {
    Object.assign(this, { key, path, places: new Map(), shapes: new Map() });
  }

  place(name) {
    if (!this.places.has(name)) {
      const path = stringify([...this.path, name]);
      const { paths } = answer(this.key);
      if (!paths.has(path)) paths.set(path, new Place(this.key, [...this.path, name]));
      this.places.set(name, paths.get(path));
    }
    return this.places.get(name);
  }

  shape(name) {
    if (!this.shapes.has(name)) this.shapes.set(name, new Shape(this.key, [...this.path, name]));
    return this.shapes.get(name);
  }
}

function root(key) {
  return (answer(key).root ??= new Shape(key, []));
}

function shapeAt(key, path) {
  return path.reduce((shape, name) => shape.shape(name), root(key));
}

// Where in the page's code we are: who calls whom, eight deep. What reads all members of an object
// from one such place is a copy, a comparison or a validation, and no use of any of them.
let traces = 60000;
function site(own) {
  traces -= 1;
  const { stackTraceLimit } = Error;
  const prepare = getOwnPropertyDescriptor(Error, "prepareStackTrace");
  try {
    if (prepare) delete Error.prepareStackTrace;
    Error.stackTraceLimit = 12;
    return new Error().stack.split("\n").slice(own).join("\n");
  } catch {
    return "";
  } finally {
    try {
      Error.stackTraceLimit = stackTraceLimit;
      if (prepare) defineProperty(Error, "prepareStackTrace", prepare);
    } catch {}
  }
}

// What has just been read, by the name of the member: it may be on its way into a copy.
const SOON = 20; // milliseconds
const recent = new Map();
let latest = -SOON;
let reads = 0;

// "Just now" is told by a clock that a busy machine does not speed up: what interrupts a task counts
// for STEP at most, and between tasks time passes when a timer has come twice and nothing was read.
const STEP = 1; // milliseconds
let clock = 0;
let measured = now();
let pauses = -1; // no timer is set

function time() {
  const at = now();
  clock += Math.min(at - measured, STEP);
  measured = at;
  return clock;
}

function pause() {
  const idle = now() - measured >= SOON / 2;
  pauses = idle ? pauses + 1 : 0;
  if (pauses < 2) return void later(pause, SOON / 2);
  clock += SOON + 1;
  pauses = -1;
}

function note(name, value, place, where, kept = false) {
  latest = time();
  if (pauses < 0) later(pause, SOON / 2);
  pauses = 0;
  place.taken += kept;
  if (where !== null) readAt(where, name);
  const before = recent.get(name) ?? [];
  if (before.length > 15) before.shift();
  before.push({ value, place, where, kept, at: latest, nth: (reads += 1) });
  recent.set(name, before);
  if (reads % 5000) return;
  for (const [each, all] of recent) if (!all.length || latest - all.at(-1).at > SOON) recent.delete(each);
}

const quiet = () => !recent.size || time() - latest > SOON;

// The read that a member of a copy may come from; one of an object that was read as a whole, if any.
function readOf(name, value) {
  const fresh = recent.get(name)?.filter((read) => latest - read.at <= SOON && Object.is(read.value, value));
  return fresh?.findLast((read) => read.where === null) ?? fresh?.at(-1);
}

// Whether it was read for nothing but to be stored: as a whole, or just now by code that names no
// member: a loop, or what a library makes of text.
const isCopying = (read) => read.where === null || (read.nth >= reads - 1 && isGeneric(read.where));

const names = new Map(); // where → what was read there first
const generic = new Set(); // where more than one thing was
const isGeneric = (where) => generic.has(where) || where.trimStart().startsWith("at eval (eval at");
function readAt(where, name) {
  if (!names.has(where)) names.set(where, name);
  else if (names.get(where) !== name) generic.add(where);
}

function copiedFrom(name, read) {
  const all = recent.get(name) ?? [];
  if (all.includes(read)) all.splice(all.indexOf(read), 1);
  const { place, where } = read;
  place.taken -= read.kept;
  for (const other of all) {
    if (other.place.key !== place.key && Object.is(other.value, read.value) && latest - other.at <= SOON) {
      other.place.also.add(place); // a cache of objects of several answers: it may be that one's
    }
  }
  place.copied = place.followed = true;
  if (where === null) place.loose -= 1;
  else place.sites.set(where, place.sites.get(where) - 1);
  return place;
}
