// One resource: its summary, and a grid of fields by viewers that is drawn when it is opened.
const { make, breakable, counted, ticks } = oakum;

export const CELLS = {
  o: ["●", "sees it"],
  i: ["◌", "sees it, as a weaker viewer does"],
  w: ["◐", "sees it in some settings"],
  m: ["∗", "sees it masked"],
  c: ["–", "does not see it"],
};

export const PEN = "✎";

export const square = (code) => make("i", { class: "square", "data-cell": code, "aria-hidden": "true" }, CELLS[code][0]);
export const kind = (name) => make("span", { class: "kind", "data-class": name }, name);

function summary(of) {
  const kinds = Object.keys(of.kinds);
  return make("summary", {}, make("b", {}, of.name), of.draft ? make("span", { class: "tag draft" }, "draft") : "",
    make("span", { class: "of" }, counted(of.rows.length, "field"), ", ", ticks(of.owner)), kinds.map(kind));
}

// Fields by viewers: one cell can be reached with Tab, the others with arrow keys.
function table(of, columns, sensitive, choose) {
  const head = make("tr", {}, make("th", { scope: "col" }, "Field"),
    columns.map(({ name, says }) => make("th", { scope: "col", title: says }, name)));
  const rows = of.rows.map((row, y) => make("tr", { "data-path": row.path },
    make("th", { scope: "row" }, make("code", {}, breakable(row.path)), sensitive.has(row.kind) ? kind(row.kind) : ""),
    columns.map(({ name }, x) => {
      const code = row.cells[x], sets = row.sets[x], writes = sets !== "c";
      return make("td", {
        role: "gridcell", tabindex: x || y ? "-1" : "0", "data-cell": code, "data-sets": sets, "data-viewer": name,
        "aria-label": `${row.path} to ${name}: ${CELLS[code][1]}${writes ? ", and may set it" : ""}`,
      }, CELLS[code][0], writes ? make("i", { class: "pen", "aria-hidden": "true" }, PEN) : "");
    })));
  const grid = make("table", { class: "grid", role: "grid", "aria-label": `${of.name}: fields by viewer` },
    make("thead", {}, head), make("tbody", {}, rows));
  const at = (cell) => ({ resource: of.name, path: cell.parentElement.dataset.path, viewer: cell.dataset.viewer, code: cell.dataset.cell, cell });
  grid.addEventListener("focusin", (event) => {
    if (event.target.tagName !== "TD") return;
    for (const each of grid.querySelectorAll('td[tabindex="0"]')) each.tabIndex = -1;
    event.target.tabIndex = 0;
    choose(at(event.target), "look");
  });
  grid.addEventListener("click", (event) => {
    const cell = event.target.closest("td");
    if (cell) choose(at(cell), "toggle");
  });
  grid.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td");
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    const action = { Enter: "toggle", " ": "toggle", g: "grant", c: "close", w: "write" }[event.key];
    if (dx || dy) {
      const row = rows[rows.indexOf(cell.parentElement) + dy];
      row?.cells[cell.cellIndex + dx]?.matches("td") && row.cells[cell.cellIndex + dx].focus();
    } else if (action) choose(at(cell), action);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return grid;
}

// A resource folded; what it holds is drawn once it is opened.
export function resource(of, context) {
  const { columns, sensitive, choose, confirm } = context;
  const body = make("div", { class: "body" });
  const box = make("details", { class: "resource lazy", "data-resource": of.name }, summary(of), body);
  const draw = () => {
    if (body.childElementCount) return;
    const button = make("button", { type: "button" }, "Confirm: it is right");
    button.addEventListener("click", () => confirm(of.name));
    body.append(
      make("p", {}, "Owner: ", ticks(of.owner), of.why ? [" (", ticks(of.why), ")"] : ""),
      make("p", {}, of.endpoints.length ? ["Sent by ", of.endpoints.slice(0, 6).flatMap((each, at) => [at ? ", " : "", make("code", {}, each)]),
        of.endpoints.length > 6 ? ` and ${of.endpoints.length - 6} more` : ""] : "No operation sends it."),
      of.rows.length ? make("div", { class: "cells" }, table(of, columns, sensitive, choose)) : make("p", {}, "It has no fields."),
      of.draft ? make("p", { class: "answers" }, button) : "");
  };
  box.addEventListener("toggle", () => box.open && draw());
  return { box, draw };
}
