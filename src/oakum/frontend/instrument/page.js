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
function shows(owner, where, text) {
  if (typeof text !== "string" || !text.trim()) return;
  if (isObject(owner) && !numbers.has(owner)) numbers.set(owner, (nth += 1));
  said.add(stringify([where, text.slice(0, 20000), isObject(owner) ? numbers.get(owner) : 0]));
}

// A control that bears a field's name, and what it holds.
const controls = new Set(); // [name, what it holds], as JSON
function holds({ name, id, type, value, checked }) {
  if (type === "radio" && !checked) return;
  const held = type === "checkbox" ? checked : value;
  for (const each of [name, id]) if (typeof each === "string" && each) controls.add(stringify([each, held]));
}

function look(node) {
  if (node.nodeType === Node.TEXT_NODE) {
    const parent = node.parentElement;
    if (parent && !SILENT.has(parent.tagName)) {
      const at = parent.childNodes.length > 1 ? [...parent.childNodes].indexOf(node) : 0;
      shows(node, `${column(parent)}#${at}`, node.data);
    }
    return;
  }
  if (node.nodeType === Node.ELEMENT_NODE) {
    if (SILENT.has(node.tagName)) return;
    const where = node.attributes.length || "value" in node ? column(node) : "";
    for (const each of node.attributes) shows(node, `${where}@${each.name}`, each.value);
    if (typeof node.value === "string") {
      shows(node, `${where}@=`, node.value);
      holds(node);
    }
    if (node.shadowRoot) look(node.shadowRoot);
  }
  for (const each of node.childNodes) look(each);
}

if (!inWorker) {
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "childList") addedNodes.forEach(look);
      else if (type === "characterData") look(target);
      else shows(target, `${column(target)}@*`, [...target.attributes].map((a) => a.value).join(" \n "));
    }
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  // A page that goes has no time for more than a line of its console, and with some navigations
  // none is heard after the first of these. What is told last counts.
  for (const name of ["beforeunload", "pagehide"]) {
    addEventListener(name, () => debug(NAME + stringify(tell())));
  }
}
for (const name of ["fillText", "strokeText"]) {
  hook(globalThis.CanvasRenderingContext2D?.prototype, name, (native, self, args) => {
    shows({}, `canvas@${name}`, String(args[0]));
    return pass(native, self, args);
  });
}

// ---------------------------------------------------------------- what is told

defineProperty(globalThis, NAME, { value: tell, configurable: true });
defineProperty(globalThis, HELPER, { value: helper, configurable: true, writable: true });
const own = Math.random();

function lookAtPage() {
  look(document);
  shows(document, "title", document.title);
  for (const script of document.querySelectorAll("script[type$=json]")) {
    if (/importmap|ld\+json/.test(script.type)) continue;
    const found = answer(scriptKey(script));
    found.arrived = 1;
    found.body = script.textContent;
  }
}

function tell() {
  if (!inWorker) lookAtPage();
  lose();
  const told = [...answers].map(([key, found]) => ({
    key,
    arrived: found.arrived,
    unseen: found.open.size,
    body: found.body,
    paths: [...found.paths.values()].map((place) => ({
      path: place.path,
      read: place.used,
      copied: place.copied || place.asked || place.sites.size > 0,
      loose: place.loose > 0 || [...place.sites].some(([where, times]) => times > 0 && place.walks.has(where)),
      looped: place.looped,
      whole: place.whole && !place.followed,
      escaped: place.escaped || place.lost > 0,
    })),
  }));
  const [surfaces, held] = [said, controls].map((each) => [...each].map((text) => parse(text)));
  return { document: own, failures, answers: told, surfaces, controls: held };
}
