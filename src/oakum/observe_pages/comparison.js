(() => {
  const { by, make, breakable, counted, rows, place, chips, copyable, aside, ticks } = oakum;
  const { search, excerpt, share, percent, list } = observe;
  const { comparison, lines, verdicts, uses } = oakum.data;
  const all = comparison.rows;
  for (const each of all) {
    each.hay = `${each.resource}.${each.field} ${each.viewer} ${each.sent.operations.join(" ")}`.toLowerCase();
  }

  const mark = (name) => [make("i", { class: "square", "data-verdict": name, "aria-hidden": "true" }, verdicts[name].glyph), verdicts[name].word];
  const used = (row) => row.use === null ? make("span", { class: "none" }, "not known") : make("span", { class: "kind", "data-use": row.use }, uses[row.use]);
  // The three things side by side, each a word of its own.
  function cells(row) {
    return [
      make("th", { scope: "row" }, make("span", { class: "result" }, mark(row.verdict))),
      make("td", {}, make("code", {}, breakable(`${row.resource}.${row.field}`))),
      make("td", {}, row.viewer),
      make("td", { class: "granted" }, row.granted),
      make("td", { class: "present" }, row.sent.of ? [share(row.sent.present, row.sent.of), make("span", { class: "of" }, `${row.sent.present.toLocaleString("en")} of ${row.sent.of.toLocaleString("en")}`)]
        : row.sent.operations.length ? "to a page" : make("span", { class: "none" }, "not known")),
      make("td", {}, used(row)),
    ];
  }

  const show = aside(by("row"));
  function open(row) {
    const { text, means } = row.change;
    show([make("code", {}, `${row.resource}.${row.field}`), ` to ${row.viewer}`],
      make("p", {}, make("span", { class: "result" }, mark(row.verdict)), `: ${verdicts[row.verdict].says}`),
      rows([
        ["Why", row.why],
        ["Granted", row.granted],
        ["Sent", row.sent.of ? `in ${row.sent.present.toLocaleString("en")} of ${row.sent.of.toLocaleString("en")} objects, ${percent(row.sent.present, row.sent.of)}` : row.sent.operations.length ? "to a page that was driven" : "not known: no such object came through an endpoint that has it"],
        ["By", row.sent.operations.length ? make("ul", { class: "endpoints" }, row.sent.operations.map((name) => make("li", {}, make("code", {}, name)))) : ""],
        ["Used", row.use === null ? "not known: no page that was driven has got it for such a viewer" : uses[row.use]],
      ]),
      make("h3", {}, "The line that rules it"), excerpt(lines, row.contract),
      means ? [make("h3", {}, text ? "What to write" : "What to do"), text ? copyable(text, "the line") : "", make("p", { class: "asked" }, ticks(means))] : []);
  }

  // ------------------------------------------------------------------ the page

  const table = list(by("rows"), {
    heads: ["Verdict", "Field", "Viewer", "Granted", "Sent", "Used"],
    label: "Granted, sent and used", cells, open, verdict: (row) => row.verdict,
  });
  const words = search(by("find"), filter);
  const options = (names, text = (name) => name, of) => names.map((name) =>
    ({ value: name, text: text(name), badge: make("b", { class: "many" }, ` ${all.filter((row) => of(row) === name).length.toLocaleString("en")}`) }));
  const once = (of) => [...new Set(all.map(of))].sort();
  const kinds = chips(by("verdicts"), "verdict", options(Object.keys(verdicts).filter((name) => comparison.counts[name]),
    (name) => `${verdicts[name].glyph} ${verdicts[name].word}`, (row) => row.verdict), filter);
  const whom = chips(by("viewers"), "viewer", options(once((row) => row.viewer), undefined, (row) => row.viewer), filter);
  const what = !by("resources") ? new Set() : chips(by("resources"), "resource", options(once((row) => row.resource), undefined, (row) => row.resource), filter);

  function filter() {
    const asked = words();
    const kept = all.filter((row) => (!kinds.size || kinds.has(row.verdict)) && (!whom.size || whom.has(row.viewer))
      && (!what.size || what.has(row.resource)) && asked.every((word) => row.hay.includes(word)));
    table(kept);
    by("status").textContent = `${kept.length.toLocaleString("en")} of ${counted(all.length, "row")}`;
  }
  by("controls").hidden = by("hint").hidden = false;
  filter();
})();
