(() => {
  const { by, make, breakable, counted, key, rows, place, choices, chips } = oakum;
  const { bar, skeleton, tree, search, sift, point, excerpt } = observe;
  const { use: found, lines, uses, verdicts } = oakum.data;
  const EXCESS = new Set(["copied", "untouched"]);

  const differences = new Map();
  for (const each of found.difference ?? []) {
    for (const operation of each.operations) {
      if (!differences.has(operation)) differences.set(operation, []);
      differences.get(operation).push(each);
    }
  }
  function prepared(endpoint) {
    const name = [endpoint.method, endpoint.path].join(" "), held = differences.get(endpoint.operation) ?? [];
    for (const field of endpoint.fields) {
      field.hay = field.path.toLowerCase();
      field.difference = held.filter((each) => field.path === each.field || field.path.endsWith(`.${each.field}`))
        .filter((each) => each.verdicts.length && each.use !== "unsent");
    }
    return { ...endpoint, name, hay: `${name} ${endpoint.operation}`.toLowerCase(), hits: null, byPath: new Map(endpoint.fields.map((field) => [field.path, field])) };
  }
  // All pages together, or one of them by itself.
  const drives = found.drives?.length > 1 ? found.drives : [];
  const sets = new Map([["", found.endpoints], ...drives.map(({ drive, endpoints }) => [drive, endpoints])].map(([name, held]) => [name, held.map(prepared)]));
  const counts = (fields) => Object.keys(uses).map((name) => [name, fields.filter((field) => field.use === name).length]);
  const spoken = (fields) => counts(fields).filter(([, many]) => many).map(([name, many]) => `${many} ${uses[name].word}`).join(", ");

  // ------------------------------------------------------------------ endpoints and answers

  function row(endpoint) {
    const excess = endpoint.fields.filter((field) => EXCESS.has(field.use)).length;
    return [
      make("span", { class: "where" }, make("code", {}, make("b", { class: "method" }, endpoint.method), " ", breakable(endpoint.path)),
        endpoint.operation ? make("span", { class: "when" }, ` ${endpoint.operation}`) : "", make("span", { class: "hits" })),
      make("span", { class: "count" }, counted(endpoint.answers, "answer")),
      make("span", { class: "uses" }, bar("use", counts(endpoint.fields), spoken(endpoint.fields))),
      make("span", { class: "held" }, excess ? make("span", { class: "kind", "data-use": "untouched" }, `${excess} excess`) : "",
        make("span", { class: "plain" }, counted(endpoint.fields.length, "field"))),
    ];
  }

  const said = (each) => `${each.verdicts.map((verdict) => verdicts[verdict].word).join(", ")} (${each.resource} to ${each.viewer})`;
  function inside(endpoint) {
    const judged = endpoint.fields.some((field) => field.difference.length);
    return skeleton(endpoint.fields, {
      label: `Answer of ${endpoint.name}`,
      heads: judged ? ["Field", "On the pages driven", "Beside the contract"] : ["Field", "On the pages driven"],
      attributes: (field) => ({ "data-path": field.path, "data-use": field.use, class: endpoint.hits?.has(field) ? "hit" : undefined }),
      cells: (field) => [
        make("td", {}, make("span", { class: "kind", "data-use": field.use }, `${uses[field.use].glyph} ${uses[field.use].word}`)),
        judged ? make("td", {}, [...new Map(field.difference.map((each) => [said(each), each]))].map(([words, each]) =>
          make("span", { class: "drift-words", "data-verdict": each.verdicts[0] }, words))) : "",
      ],
    });
  }

  function told(held) {
    const fields = held.flatMap((endpoint) => endpoint.fields);
    return [make("span", { class: "plain" }, counted(held.length, "operation")), bar("coverage", counts(fields), spoken(fields))];
  }

  // ------------------------------------------------------------------ beside the contract

  function article(held, open) {
    const [first] = held;
    return make("details", { class: "drift", open },
      make("summary", {},
        make("span", { class: "tags" }, first.verdicts.map((verdict) => make("span", { class: "tag", "data-verdict": verdict }, verdicts[verdict].word)),
          first.line ? make("code", { class: "at" }, place(first)) : ""),
        make("span", { class: "names" }, held.map((each) => make("code", { class: "name", "data-verdict": first.verdicts[0] }, each.field)))),
      rows([
        ["What", `${first.resource} to ${first.viewer}`],
        ["Use", uses[first.use].word],
        ["By", [...new Set(held.flatMap((each) => each.operations))].join(", ")],
        ["That is", first.verdicts.map((verdict) => verdicts[verdict].says).join("; ")],
      ]),
      excerpt(lines, first));
  }

  function drawDifference() {
    const box = by("difference");
    if (!box) return;
    const order = Object.keys(verdicts);
    const told = found.difference.filter((each) => each.verdicts.length && each.use !== "unsent");
    const groups = [...Map.groupBy(told, (each) => key(each.verdicts.join(), each.resource, each.viewer, each.use, place(each))).values()];
    groups.sort((a, b) => order.indexOf(a[0].verdicts[0]) - order.indexOf(b[0].verdicts[0]));
    box.append(...groups.map((held, index) => article(held, index < 2)));
  }

  // ------------------------------------------------------------------ the page

  drawDifference();
  if (!sets.get("").length) return;
  const roots = (items) => [["answers of the target", items]];
  const steps = (endpoint) => endpoint.path.split("/").filter(Boolean);
  let endpoints, show;
  function choose(name) {
    endpoints = sets.get(name);
    show = endpoints.length ? tree(by("tree"), endpoints, { roots, steps, row, inside, told }) : null;
    if (!endpoints.length) by("tree").replaceChildren(make("p", { class: "end" }, "No answer with fields came to it."));
  }
  const words = search(by("find"), filter);
  const fields = sets.get("").flatMap((endpoint) => endpoint.fields);
  const pressed = chips(by("uses"), "use", counts(fields).filter(([, many]) => many).map(([name, many]) =>
    ({ value: name, text: uses[name].word, badge: make("b", { class: "many" }, ` ${many.toLocaleString("en")}`) })), filter);
  if (drives.length) {
    const options = [{ value: "", text: "all of them" }, ...drives.map(({ drive }) => ({ value: drive, text: drive }))];
    by("drives").hidden = false;
    by("drives").append(...choices("drive", options, "", (name) => { choose(name); filter(); }));
  }

  function filter() {
    const asked = words();
    const { fits, fields } = sift(endpoints, asked, () => true, pressed.size ? (field) => pressed.has(field.use) : null);
    if (show) point(show(fits, asked.length > 0 || pressed.size > 0), fits);
    by("status").textContent = `${fits.size.toLocaleString("en")} of ${counted(endpoints.length, "operation")}, ${counted(fields, "field")}`;
  }
  by("controls").hidden = by("hint").hidden = false;
  choose("");
  filter();
  if (endpoints.length <= 3) for (const node of document.querySelectorAll("#tree details.leaf")) node.open = true;
})();
