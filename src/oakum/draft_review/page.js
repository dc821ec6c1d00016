// The review: asks the server, shows what it says, and sends each edit. The server decides what an edit means.
import { CELLS, PEN, kind, resource, square } from "./grid.js";

const { by, make, counted, ticks, aside, breakable } = oakum;
const FIRST = 8;
let state, boxes = new Map(), shown = FIRST, looking = null, waiting = Promise.resolve();

// ------------------------------------------------------------------ the server

async function ask(path, said) {
  const options = said === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(said) };
  let answer;
  try {
    answer = await fetch(path, { ...options, credentials: "same-origin" });
  } catch {
    tell("The review has ended: begin it again in the terminal", true);
    return null;
  }
  const content = answer.headers.get("content-type") === "application/json" ? await answer.json() : { error: await answer.text() };
  if (answer.ok) return content;
  tell(content.error, true);
  return null;
}

function tell(text, bad = false) {
  by("status").replaceChildren(...[ticks(text)].flat());
  by("status").classList.toggle("bad", bad);
}

// Edits are made one after the other: in a large contract each takes about a second.
function send(path, said, done) {
  waiting = waiting.then(async () => {
    const slow = setTimeout(() => tell("Working…"), 300);
    const change = await ask(path, said);
    clearTimeout(slow);
    if (!change) return false;
    take(change);
    tell(done);
    return true;
  });
  return waiting;
}

// ------------------------------------------------------------------ what is shown

const context = {
  columns: [], sensitive: new Set(),
  choose: (cell, action) => action === "look" ? look(cell) : act(cell, action),
  confirm: (name) => send("/edit", { kind: "confirm", resource: name }, `Confirmed \`${name}\``),
};

function place(of) {
  const old = boxes.get(of.name);
  // A field that gets a line of its own stays where it was on the page.
  const before = new Map(old?.of.rows.map((row, at) => [row.path, at]));
  of.rows.sort((a, b) => (before.get(a.path) ?? Infinity) - (before.get(b.path) ?? Infinity) || 0);
  const made = resource(of, context);
  const row = made.box;
  if (!old) return boxes.set(of.name, { ...made, of }) && row;
  const focused = document.activeElement?.closest("td");
  const here = focused && old.box.contains(focused) ? [focused.parentElement.dataset.path, focused.dataset.viewer] : null;
  if (old.box.open) { row.open = true; made.draw(); }
  row.hidden = old.box.hidden;
  old.box.replaceWith(row);
  boxes.set(of.name, { ...made, of });
  if (here) cellAt(of.name, ...here)?.focus({ preventScroll: true });
  return row;
}

function cellAt(name, path, viewer) {
  const entry = boxes.get(name);
  if (!entry) return null;
  entry.box.open = true;
  entry.draw();
  const row = [...entry.box.querySelectorAll("tr[data-path]")].find((each) => each.dataset.path === path);
  return [...row?.cells ?? []].find((each) => each.dataset.viewer === viewer) ?? row?.cells[1];
}

function take(change) {
  state = { ...state, ...change };
  for (const each of change.resources) place(each);
  for (const [id, on] of [["undo", change.undo], ["redo", change.redo], ["changes", change.unsaved], ["save", change.unsaved]]) by(id).disabled = !on;
  const drafts = [...boxes.values()].filter(({ of }) => of.draft).length;
  by("figures").replaceChildren(...[[change.questions.length, "open question"], [drafts, "draft"], [boxes.size, "resource"]]
    .map(([number, noun]) => make("span", {}, make("b", {}, number.toLocaleString("en")), ` ${noun}${number === 1 ? "" : "s"}`)),
    make("span", { class: "exit" }, change.unsaved ? "changes are not saved" : "nothing to save"));
  ask_all();
  filter();
  if (looking) look(looking);
}

// ------------------------------------------------------------------ the questions

function button(text, action, main = false) {
  const made = make("button", { type: "button", class: main ? "main" : undefined }, text);
  made.addEventListener("click", action);
  return made;
}

function answers(each) {
  const { kind: what, resource: name, path, relation } = each;
  if (what === "call") return [button("It is right", () => send("/edit", { kind: "call", operation: each.operation }, `Confirmed who may call \`${each.operation}\``), true)];
  const open = button("Look at it", () => visit(name, path, relation));
  if (what === "confirm") return [button("It is right", () => context.confirm(name), true), open];
  if (what === "wide") return [
    button("Close it", () => send("/edit", { kind: "close", resource: name, paths: [path], viewer: relation }, `Closed \`${path}\` for \`${relation}\``), true), open];
  const field = make("select", { "aria-label": `Field of ${name} that names its owner` }, each.owners.map((owner) => make("option", { value: owner }, owner)));
  const everybody = context.columns.filter(({ wide }) => wide).map(({ name: viewer }) =>
    button(["Nobody’s: ", make("code", {}, viewer), " may see it"], () => send("/answer", { resource: name, viewer }, `\`${viewer}\` sees \`${name}\``)));
  return [each.owners.length ? [field, button("names its owner", () => send("/answer", { resource: name, field: field.value }, `\`${name}\` belongs to \`${field.value}\``), true)] : "", everybody, open];
}

function ask_all() {
  const all = state.questions;
  by("questions").replaceChildren(...all.slice(0, shown).map((each) => make("li", {},
    make("h3", {}, ticks(each.text)), each.why ? make("p", {}, ticks(each.why)) : "", make("div", { class: "answers" }, answers(each)))));
  by("more").hidden = all.length <= shown;
  by("more").textContent = `${(all.length - shown).toLocaleString("en")} more`;
  by("questions-title").textContent = all.length ? counted(all.length, "open question") : "No open question";
}

function visit(name, path, viewer) {
  const entry = boxes.get(name);
  entry.box.hidden = false;
  entry.box.open = true;
  entry.draw();
  const cell = (path && cellAt(name, path, viewer)) || entry.box.querySelector("td") || entry.box.querySelector("summary");
  cell.focus({ preventScroll: true });
  entry.box.scrollIntoView({ block: path ? "nearest" : "start" });
  cell.scrollIntoView({ block: "center" });
  entry.box.classList.add("arrived");
}

// ------------------------------------------------------------------ one cell

async function look(cell) {
  looking = cell;
  for (const each of document.querySelectorAll("td.here")) each.classList.remove("here");
  const { resource: name, path, viewer } = cell;
  const now = cellAt(name, path, viewer);
  now?.classList.add("here");
  const said = await ask(`/cell?${new URLSearchParams({ resource: name, path, viewer })}`);
  if (!said || looking !== cell) return;
  const row = boxes.get(name).of.rows.find((each) => each.path === path);
  if (!row) return;
  const open = "owm".includes(now?.dataset.cell ?? "c");
  const sets = row.sets[context.columns.findIndex((each) => each.name === viewer)];
  by("beside").replaceChildren(
    make("h3", {}, make("code", {}, breakable(`${name}.${path}`)), " to ", make("code", {}, viewer)),
    make("p", {}, square(now?.dataset.cell ?? "c"), " ", ticks(said.means)),
    make("p", { class: "asked" }, kind(row.kind), " ", ticks(row.why)),
    ...(said.comment && !said.comment.includes(row.why) ? [make("h4", {}, "The contract’s comment"), make("p", {}, ticks(said.comment))] : []),
    make("h4", {}, "Who may set it"), make("p", {}, square(sets), " ", ticks(said.sets)),
    make("h4", {}, "oakum scan"), make("p", {}, ticks(said.scan)),
    make("h4", {}, "oakum guard"), make("p", {}, ticks(said.guard)),
    ...(said.line ? [make("h4", {}, said.place), make("pre", {}, said.line.split("\n").map((each) => make("code", {}, each)))] : []),
    make("div", { class: "answers" }, button(open ? "Close it" : "Grant it", () => act(cell, open ? "close" : "grant"), true),
      button([sets === "c" || sets === "i" ? "Let " : "Do not let ", make("code", {}, viewer), " set it"], () => act(cell, "write"))));
}

function act(cell, action) {
  const { resource: name, path, viewer } = cell;
  const now = cellAt(name, path, viewer)?.dataset;
  const code = (action === "write" ? now?.sets : now?.cell) ?? "c";
  looking = cell;
  if (action === "write") {
    const grants = code === "c" || code === "i";
    return send("/edit", { kind: grants ? "grant" : "close", verb: "set", resource: name, paths: [path], viewer },
      `\`${viewer}\` ${grants ? "may" : "may not"} set \`${name}.${path}\``);
  }
  const what = action === "toggle" ? (code === "c" ? "grant" : "close") : action;
  return send("/edit", { kind: what, resource: name, paths: [path], viewer },
    `${what === "grant" ? "Granted" : "Closed"} \`${name}.${path}\` ${what === "grant" ? "to" : "for"} \`${viewer}\``);
}

// ------------------------------------------------------------------ saving

const show = aside(by("dialog"));
const drawn = (lines) => make("div", { class: "diff" }, lines.map((line) =>
  make("div", { class: /^(@@|---|\+\+\+)/.test(line) ? "where" : line[0] === "+" ? "added" : line[0] === "-" ? "gone" : undefined }, line || " ")));

async function review(...actions) {
  const diff = await ask("/diff");
  if (!diff) return;
  show("What changes in the file", make("p", {}, state.file), drawn(diff.lines), make("div", { class: "answers" }, actions));
}

async function save() {
  const saved = await send("/save", {}, `Saved ${state.file}`);
  by("dialog").close();
  return saved;
}

async function end() {
  if (!await ask("/done", {})) return;
  by("dialog").close();
  tell("The review has ended. You may close this page.");
  for (const each of document.querySelectorAll("button, input, select")) each.disabled = each.id !== "theme";
}

by("save").addEventListener("click", () => review(button("Write these lines", save, true)));
by("changes").addEventListener("click", () => review());
by("undo").addEventListener("click", () => send("/undo", {}, "Undone"));
by("redo").addEventListener("click", () => send("/redo", {}, "Redone"));
by("done").addEventListener("click", () => state.unsaved
  ? review(button("Write these lines, and end", async () => await save() && end(), true), button("End without saving", end)) : end());
by("more").addEventListener("click", () => { shown += 40; ask_all(); });

// ------------------------------------------------------------------ finding

function filter() {
  const words = by("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  let kept = 0;
  for (const { box, of } of boxes.values()) {
    const hay = `${of.name} ${of.rows.map((row) => row.path).join(" ")}`.toLowerCase();
    box.hidden = !words.every((word) => hay.includes(word)) || (by("drafts").checked && !of.draft)
      || (by("personal").checked && !Object.keys(of.kinds).length);
    kept += !box.hidden;
  }
  by("found").textContent = `${kept.toLocaleString("en")} of ${counted(boxes.size, "resource")}`;
}

for (const id of ["find", "drafts", "personal"]) by(id).addEventListener("input", filter);

addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, select, textarea");
  const held = event.ctrlKey || event.metaKey;
  if (held && event.key.toLowerCase() === "z" && !typing) by(event.shiftKey ? "redo" : "undo").click();
  else if (typing || held || event.altKey || by("dialog").open) return;
  else if (event.key === "/") by("find").focus();
  else if (event.key === "u") by("undo").click();
  else if (event.key === "r") by("redo").click();
  else if (event.key === "s") by("save").click();
  else if (event.key === "n") (by("questions").querySelector("button, select") ?? by("questions-title")).focus();
  else return;
  event.preventDefault();
});

// ------------------------------------------------------------------ the beginning

const first = await ask("/state");
if (first) {
  context.columns = first.columns;
  context.sensitive = new Set(first.sensitive);
  state = first;
  by("file").textContent = oakum.visible(first.file.split(/[\\/]/).pop());
  by("legend").append(...Object.entries(CELLS).map(([code, [, says]]) => make("li", {}, square(code), says)),
    make("li", {}, make("i", { class: "pen", "aria-hidden": "true" }, PEN), "may set it"));
  by("resources").append(...first.resources.map(place));
  take({ ...first, resources: [] });
  const only = [...boxes.values()];
  if (only.length <= 3) for (const { box } of only) box.open = true;
}
document.documentElement.dataset.ready = "";
