(() => {
  const { by, make, breakable, counted, ticks, key, place, rows, stateWords, copyable, choices, aside } = oakum;
  const { viewers, report } = oakum.data;

  // ------------------------------------------------------------------ what the page knows

  // Worst first, as in the legend: where endpoints differ, the worst speaks for the square.
  const kinds = new Map();
  for (const { dataset } of by("legend").children) {
    kinds.set(dataset.result, { ...dataset, rank: kinds.size });
  }

  const alphabet = new Intl.Collator("en", { numeric: true });
  // A cell names only the settings that bear on its field: the others may be as they like.
  const fits = (state, chosen) =>
    Object.entries(chosen).every(([name, value]) => (state[name] ?? value) === value);
  const inState = (cells, chosen) => cells.filter((cell) => fits(cell.state, chosen));

  const resources = new Map();
  for (const cell of report.coverage.cells) {
    cell.when = stateWords(cell.state);
    let resource = resources.get(cell.resource);
    if (!resource) {
      resource = { name: cell.resource, fields: new Set(), viewers: new Set(), settings: {}, squares: new Map() };
      resources.set(cell.resource, resource);
    }
    resource.fields.add(cell.field);
    resource.viewers.add(cell.viewer);
    for (const [name, value] of Object.entries(cell.state)) {
      (resource.settings[name] ??= new Set()).add(value);
    }
    const place = key(cell.field, cell.viewer);
    const square = resource.squares.get(place);
    if (square) square.push(cell); else resource.squares.set(place, [cell]);
  }
  for (const resource of resources.values()) {
    const line = (field) => report.contract_lines[`${resource.name}.${field}`] ?? { line: Infinity, column: 0 };
    resource.fields = [...resource.fields].sort((a, b) =>
      line(a).line - line(b).line || line(a).column - line(b).column || alphabet.compare(a, b));
    resource.viewers = viewers.filter((viewer) => resource.viewers.has(viewer));
  }

  const findings = new Map();
  for (const finding of report.findings) {
    const place = key(finding.resource, finding.field, finding.viewer);
    findings.set(place, [...(findings.get(place) ?? []), finding]);
  }

  // The worst result, how many endpoints have it, and how many endpoints there are.
  function summarise(cells) {
    let worst = cells[0].result;
    for (const cell of cells) {
      if (kinds.get(cell.result).rank < kinds.get(worst).rank) worst = cell.result;
    }
    const endpoint = (cell) => key(cell.method, cell.path, cell.operation);
    const hit = new Set(cells.filter((cell) => cell.result === worst).map(endpoint));
    return { worst, hit: hit.size, endpoints: new Set(cells.map(endpoint)).size };
  }

  function leaks(resource, chosen) {
    let count = 0;
    for (const cells of resource.squares.values()) {
      if (inState(cells, chosen).some((cell) => cell.result === "leak")) count += 1;
    }
    return count;
  }

  // ------------------------------------------------------------------ the matrix

  const shown = { resource: null, chosen: {}, field: null, viewer: null };

  // The count is how many squares would leak.
  const leaking = (name, options, chosen, choose) => choices(name, options.map(({ value, text, count }) => ({
    value, text, badge: count ? make("b", { "aria-label": `, ${counted(count, "leaking square")}` }, `✕ ${count.toLocaleString("en")}`) : "",
  })), chosen, choose);

  function drawResources() {
    const options = [...resources.values()].map(({ name }) =>
      ({ value: name, text: name, count: leaks(resources.get(name), {}) }));
    const first = options.reduce((most, each) => each.count > most.count ? each : most);
    by("resources").append(...leaking("resource", options, first.value, chooseResource));
    chooseResource(first.value);
  }

  function chooseResource(name) {
    Object.assign(shown, { resource: resources.get(name), chosen: {}, field: null, viewer: null });
    drawStates();
    draw();
  }

  function drawStates() {
    const spoken = { true: "yes", false: "no" };
    const boxes = Object.entries(shown.resource.settings).sort().map(([name, values]) => {
      const { [name]: now = "", ...others } = shown.chosen;
      const options = ["", ...[...values].sort()].map((value) => {
        const chosen = value === "" ? others : { ...others, [name]: value };
        return { value, text: value === "" ? "any" : spoken[value] ?? value, count: leaks(shown.resource, chosen), chosen };
      });
      const choose = (value) => {
        shown.chosen = options.find((option) => option.value === value).chosen;
        drawStates();
        draw();
        by("states").querySelector(`input[name="${CSS.escape(`state ${name}`)}"]:checked`).focus();
      };
      return make("fieldset", {}, make("legend", {}, "Owner’s ", make("code", {}, name)), ...leaking(`state ${name}`, options, now, choose));
    });
    by("states").replaceChildren(...boxes);
  }

  function draw() {
    const { resource, chosen } = shown;
    const head = make("tr", {}, make("th", { scope: "col" }, "Field"),
      resource.viewers.map((viewer) => make("th", { scope: "col" }, viewer)));
    const body = make("tbody", {}, resource.fields.map((field) => row(resource, chosen, field)));
    const label = `${resource.name}: fields by viewer, ${stateWords(chosen)}`;
    const table = make("table", { class: "grid", role: "grid", "aria-label": label }, make("thead", {}, head), body);
    table.style.setProperty("--viewers", resource.viewers.length);
    by("grid").replaceChildren(table);
    filter();
  }

  function row(resource, chosen, field) {
    let leaky = false;
    const squares = resource.viewers.map((viewer) => {
      const cells = inState(resource.squares.get(key(field, viewer)) ?? [], chosen);
      if (!cells.length) return make("td", { "aria-label": `${field}, ${viewer}: no such cell` });
      const { worst, hit, endpoints } = summarise(cells);
      leaky ||= worst === "leak";
      const quiet = worst === "open" || worst === "closed";
      const count = quiet || endpoints === 1 ? undefined : hit === endpoints ? String(endpoints) : `${hit}/${endpoints}`;
      const through = `through ${hit === endpoints ? counted(endpoints, "endpoint") : `${hit} of ${counted(endpoints, "endpoint")}`}`;
      return make("td", {
        tabindex: "-1", "data-result": worst, "data-viewer": viewer, "data-count": count,
        "aria-haspopup": "dialog", "aria-label": `${field}, ${viewer}: ${kinds.get(worst).word} ${through}`,
      }, kinds.get(worst).glyph);
    });
    const name = make("code", {}, breakable(field));
    return make("tr", { "data-field": field, "data-leaky": leaky }, make("th", { scope: "row" }, name), squares);
  }

  function filter() {
    const text = by("find").value.trim().toLowerCase();
    const only = by("leaks").checked;
    let fields = 0, leaking = 0;
    for (const line of by("grid").querySelectorAll("tbody tr")) {
      const fits = line.dataset.field.toLowerCase().includes(text) && !(only && line.dataset.leaky === undefined);
      line.hidden = !fits;
      if (!fits) continue;
      fields += 1;
      leaking += line.querySelectorAll('[data-result="leak"]').length;
    }
    by("status").textContent =
      `${fields} of ${counted(shown.resource.fields.length, "field")}, ${counted(leaking, "leaking square")}`;
    rove(at(shown.field, shown.viewer) ?? lines()[0]?.[0], false);
  }

  // One square is in the tab order; arrows move it (WAI-ARIA grid pattern).
  const lines = () => [...by("grid").querySelectorAll("tbody tr:not([hidden])")]
    .map((line) => [...line.querySelectorAll("td[data-result]")]);
  const at = (field, viewer) => lines().flat().find((square) =>
    square.parentNode.dataset.field === field && square.dataset.viewer === viewer);

  function rove(square, focus = true) {
    if (!square) return;
    by("grid").querySelector('td[tabindex="0"]')?.setAttribute("tabindex", "-1");
    square.setAttribute("tabindex", "0");
    shown.field = square.parentNode.dataset.field;
    shown.viewer = square.dataset.viewer;
    if (!focus) return;
    square.focus();
    square.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function moved(event, square) {
    const grid = lines();
    const y = grid.findIndex((line) => line.includes(square)), x = grid[y].indexOf(square);
    const last = grid.length - 1, far = event.ctrlKey || event.metaKey;
    const to = (line, column) => grid[Math.max(0, Math.min(last, line))].at(column);
    const near = (line) => { const next = grid[Math.max(0, Math.min(last, line))]; return next[Math.min(x, next.length - 1)]; };
    switch (event.key) {
      case "ArrowRight": return grid[y][x + 1] ?? square;
      case "ArrowLeft": return grid[y][Math.max(0, x - 1)];
      case "ArrowDown": return near(y + 1);
      case "ArrowUp": return near(y - 1);
      case "PageDown": return near(y + 10);
      case "PageUp": return near(y - 10);
      case "Home": return to(far ? 0 : y, 0);
      case "End": return to(far ? last : y, -1);
      default: return null;
    }
  }

  function onGridKey(event) {
    const square = event.target.closest("td[data-result]");
    if (!square) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      openSquare(square);
      return;
    }
    const next = moved(event, square);
    if (!next) return;
    event.preventDefault();
    rove(next);
  }

  function openSquare(square) {
    rove(square);
    const { field } = square.parentNode.dataset, { viewer } = square.dataset;
    open(shown.resource.name, field, viewer, shown.chosen);
  }

  // ------------------------------------------------------------------ one square, in full

  const result = (name) => make("span", { class: "result" },
    make("i", { class: "square", "data-result": name, "aria-hidden": "true" }, kinds.get(name).glyph), kinds.get(name).word);
  const show = aside(by("square"));

  function open(resource, field, viewer, chosen, fingerprint = "") {
    const cells = inState(resources.get(resource)?.squares.get(key(field, viewer)) ?? [], chosen);
    const held = (findings.get(key(resource, field, viewer)) ?? [])
      .filter((finding) => fits(finding.state, chosen))
      .sort((a, b) => (b.fingerprint === fingerprint) - (a.fingerprint === fingerprint));
    const title = field ? [make("code", {}, `${resource}.${field}`), ` to ${viewer}`] : [resource, ` to ${viewer}`];
    const several = new Set(cells.map((cell) => cell.when)).size;
    const { worst } = cells.length ? summarise(cells) : {};
    const subtitle = !worst ? "" : make("p", {}, result(worst), `: ${kinds.get(worst).says}`,
      several > 1 ? `; the worst of ${several} states` : `; ${cells[0].when}`);
    show(title, subtitle,
      ...held.slice(0, 1).map(evidence),
      ...(cells.length ? endpoints(cells) : []),
      ...(held.length ? further(held.slice(1)) : contractLine(resource, field)));
    history.replaceState(null, "", held.length ? `#finding-${held[0].fingerprint}` : location.pathname + location.search);
  }

  function contractLine(resource, field) {
    const line = report.contract_lines[`${resource}.${field}`];
    return line ? [make("h3", {}, "Contract"), make("code", {}, place(line))] : [];
  }

  const further = (held) => held.length === 0 ? [] : [
    make("h3", {}, "More findings on this square"),
    ...held.map((finding) => make("details", { class: "further" },
      make("summary", {}, `${stateWords(finding.state)}: `, make("span", { class: "rule" }, finding.rule)), evidence(finding))),
  ];

  // Endpoints down, states across; where there is one state, the result alone.
  function endpoints(cells) {
    const states = [...new Set(cells.map((cell) => cell.when))];
    const byEndpoint = Map.groupBy(cells, (cell) => key(cell.method, cell.path, cell.operation));
    const worst = (held) => Math.min(...held.map((cell) => kinds.get(cell.result).rank));
    const sorted = [...byEndpoint.values()].sort((a, b) => worst(a) - worst(b));
    const head = make("tr", {}, make("th", { scope: "col" }, "Endpoint"),
      states.map((state) => make("th", { scope: "col" }, states.length > 1 ? state : "Result")));
    const body = sorted.map((held) => make("tr", {},
      make("th", { scope: "row" }, make("code", {}, make("b", {}, held[0].method), " ", breakable(held[0].path))),
      states.map((state) => {
        const here = held.filter((cell) => cell.when === state);
        return make("td", {}, here.length ? result(summarise(here).worst) : "");
      })));
    const asked = [...new Set(cells.map((cell) => cell.identity).filter(Boolean))].join(", ");
    const reasons = [...new Set(cells.map((cell) => cell.reason).filter(Boolean))];
    return [
      make("h3", {}, states.length > 1 ? "Each endpoint in each state" : "Each endpoint"),
      make("div", { class: "table" }, make("table", { class: "endpoint-states" }, make("thead", {}, head), make("tbody", {}, body))),
      make("p", { class: "asked" }, asked ? `Asked: ${asked}.` : "Nobody asked."),
      ...reasons.map((reason) => make("p", { class: "asked" }, "Untested: ", ticks(reason))),
    ];
  }

  function evidence(finding) {
    const when = stateWords(finding.state);
    const tags = make("p", { class: "tags" },
      make("span", { class: `tag ${finding.verdict}` }, finding.verdict.replace("_", "-")),
      make("span", { class: "tag severity" }, finding.severity),
      make("span", { class: "rule" }, finding.rule), make("span", { class: "when" }, when));
    return make("section", { class: "finding" },
      tags, make("h3", {}, ticks(finding.title)),
      finding.evidence ? answers(finding.evidence) : make("p", { class: "doubt-note" }, "No answer was kept for this finding."),
      rows([
        ["Fix", ticks(finding.advice)],
        ["Contract", place(finding.contract_location) && make("code", {}, place(finding.contract_location))],
        ["Doubt", (finding.doubts || []).join("; ")],
        ["Promised", finding.promise && `“${finding.promise}”`],
        ["Known as", [finding.owasp, ...finding.cwe].filter(Boolean).join(", ")],
        ["Also breaks", finding.also.join(", ")],
        ["Fingerprint", make("code", {}, finding.fingerprint)],
      ]));
  }

  function answers({ owner, viewer, curl, confirmed, note }) {
    const shared = new Set(owner?.lines.map((line) => line.hash).filter(Boolean));
    const both = new Set(viewer.lines.map((line) => line.hash).filter((hash) => shared.has(hash)));
    return [
      make("div", { class: "answers" },
        owner ? answer("The owner's answer", owner, both) : "", answer("The viewer's answer", viewer, both)),
      make("p", { class: "doubt-note" },
        [confirmed ? "Asked twice, with the same result." : "Asked once.", note].filter(Boolean).join(" ")),
      curl ? [make("h4", {}, "Ask again"), copyable(curl)] : "",
    ].flat();
  }

  const MARKS = { leak: "leaked", canary: "the owner's own", granted: "granted", "": "" };

  function answer(title, { identity, relation, status, media_type, lines: found, truncated }, both) {
    const body = found.map(({ pointer, shape, hash, mark }) => {
      const words = [MARKS[mark], both.has(hash) ? "same value in both" : ""].filter(Boolean).join(", ");
      return make("tr", { "data-mark": mark || undefined },
        make("th", { scope: "row" }, breakable(pointer)),
        make("td", {}, make("span", { class: "shape" }, shape), mark && mark !== "granted" && words ? make("span", { class: "mark-word" }, words) : ""));
    });
    return make("div", { class: "answer" },
      make("h4", {}, make("b", {}, title), `${identity}, ${relation}: ${status} ${media_type}`),
      body.length ? make("table", { "aria-label": title }, make("tbody", {}, body)) : make("p", { class: "more" }, "No line of it was kept."),
      truncated ? make("p", { class: "more" }, `and ${counted(truncated, "more line")}`) : "");
  }

  // ------------------------------------------------------------------ the page

  function openHash() {
    const print = location.hash.match(/^#finding-([0-9a-f]{16})$/)?.[1];
    const finding = print && report.findings.find((each) => each.fingerprint === print);
    if (finding) open(finding.resource, finding.field, finding.viewer, {}, print);
  }

  by("square").addEventListener("close", () => history.replaceState(null, "", location.pathname + location.search));
  by("grid").addEventListener("keydown", onGridKey);
  by("grid").addEventListener("click", (event) => {
    const square = event.target.closest("td[data-result]");
    if (square) openSquare(square);
  });
  by("find").addEventListener("input", filter);
  by("leaks").addEventListener("change", filter);
  addEventListener("hashchange", openHash);
  if (resources.size) {
    by("controls").hidden = by("hint").hidden = false;
    drawResources();
  }
  openHash();
})();
