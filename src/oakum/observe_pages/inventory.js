(() => {
  const { by, make, breakable, counted, key, rows, place, stateWords, chips } = oakum;
  const { bar, share, percent, skeleton, tree, search, sift, point, feed, excerpt } = observe;
  const { observation, sent, lines, classes, standings } = oakum.data;
  const judged = Boolean(observation.against);
  const KINDS = { "new-endpoint": "not declared, and answers", "new-field": "no line names it", "sent-wider": "sent wider than granted" };
  const GRAVE = new Set(classes.slice(0, 7));

  // ------------------------------------------------------------------ what the page knows

  const drifts = new Map();
  for (const each of observation.drift) {
    if (!drifts.has(each.endpoint)) drifts.set(each.endpoint, []);
    drifts.get(each.endpoint).push(each);
  }
  const views = new Map();
  for (const each of sent) {
    if (!views.has(each.endpoint)) views.set(each.endpoint, []);
    views.get(each.endpoint).push(each);
  }
  const NOTES = { "twin-host": "hosts differ", "older-version": "older version", "no-credentials": "no credentials" };
  // What was asked of a GraphQL endpoint stands below it, as endpoints of their own.
  function prepared(endpoint) {
    const notes = endpoint.notes ?? [], parts = (endpoint.parts ?? []).map(prepared);
    return {
      ...endpoint, notes, parts, name: `${endpoint.method} ${endpoint.path}`,
      hay: `${endpoint.method} ${endpoint.path} ${endpoint.id} ${endpoint.hosts.join(" ")} ${notes.map((note) => `${NOTES[note.kind] ?? note.kind} ${note.says}`).join(" ")}`.toLowerCase(),
      drift: drifts.get(endpoint.id) ?? [], views: views.get(endpoint.id) ?? [], hits: null,
      byPath: new Map(endpoint.fields.map((field) => [field.path, field])),
    };
  }
  const endpoints = observation.operations.map(prepared);
  // Drift names a field of a resource; an answer may hold that resource at several places.
  for (const endpoint of endpoints.flatMap((each) => [each, ...each.parts])) {
    for (const field of endpoint.fields) {
      field.hay = field.path.toLowerCase();
      field.drift = [];
    }
    for (const each of endpoint.drift) {
      if (!each.field) continue;
      const places = endpoint.fields.filter(({ path }) => path === each.field || path.endsWith(`.${each.field}`));
      for (const field of places) field.drift.push({ ...each, places: places.length });
    }
  }
  const most = Math.max(1, ...endpoints.map((endpoint) => endpoint.seen));

  // ------------------------------------------------------------------ the line of an endpoint

  const STATUS = [["2", "good"], ["3", "moved"], ["4", "refused"], ["5", "failed"]];
  function mix(endpoint) {
    const parts = STATUS.map(([first, name]) => [name, Object.entries(endpoint.statuses)
      .filter(([status]) => status.startsWith(first)).reduce((sum, [, many]) => sum + many, 0)]);
    return bar("mix", parts, Object.entries(endpoint.statuses).map(([status, many]) => `${status} × ${many.toLocaleString("en")}`).join(", "));
  }
  // How often, as a logarithm: endpoints are called from once to millions of times.
  function often(endpoint) {
    const size = Math.log(endpoint.seen + 1) / Math.log(most + 1);
    return bar("often", [["seen", Math.round(1000 * size)], ["rest", 1000 - Math.round(1000 * size)]], "");
  }

  function kindsOf(endpoint) {
    const found = new Map();
    for (const field of endpoint.fields) if (GRAVE.has(field.class)) found.set(field.class, (found.get(field.class) ?? 0) + 1);
    return classes.filter((name) => found.has(name)).map((name) =>
      make("span", { class: "kind", "data-class": name }, `${found.get(name)} ${name}`));
  }

  function row(endpoint) {
    const silent = endpoint.seen === 0;
    return [
      make("span", { class: "where" }, make("code", {}, make("b", { class: "method" }, endpoint.method), " ", breakable(endpoint.path)), make("span", { class: "hits" })),
      make("span", { class: "standing", "data-standing": endpoint.standing }, standings[endpoint.standing].word),
      make("span", { class: "count" }, silent ? "never seen" : [`${endpoint.seen.toLocaleString("en")} ×`, often(endpoint)]),
      make("span", { class: "who" }, silent ? "" : counted(endpoint.callers, "caller")),
      make("span", { class: "statuses" }, silent ? "" : mix(endpoint)),
      make("span", { class: "held" }, endpoint.drift.length ? make("span", { class: "kind", "data-class": "drift" }, `✕ ${endpoint.drift.filter((each) => each.field).length ? counted(new Set(endpoint.drift.map((each) => each.field)).size, "field") + " drifted" : "not declared"}`) : "", kindsOf(endpoint),
        endpoint.notes.map((note) => make("span", { class: "kind", "data-class": "note", title: note.says }, `! ${NOTES[note.kind] ?? note.kind}`)),
        make("span", { class: "plain" }, endpoint.fields.length ? counted(endpoint.fields.length, "field") : silent ? "" : "fields unknown")),
    ];
  }

  // ------------------------------------------------------------------ what an endpoint holds

  function driftWords(field) {
    const viewers = [...new Set(field.drift.map((each) => each.viewer))].join(", ");
    const kind = field.drift.some((each) => each.kind === "sent-wider") ? "sent wider" : "new field";
    const places = field.drift[0].places > 1 ? `, here or at ${counted(field.drift[0].places - 1, "other place")}` : "";
    return [make("b", {}, `${places ? "?" : "✕"} ${kind}`), viewers ? ` to ${viewers}` : "", places];
  }

  function answer(endpoint) {
    if (!endpoint.fields.length) {
      const why = endpoint.seen === 0 ? "It was never seen, so that nothing is known of its answers."
        : endpoint.bodies.absent ? "Its records hold no bodies, so that its fields are unknown." : "No answer with fields was seen.";
      return make("p", { class: "lead" }, why);
    }
    return skeleton(endpoint.fields, {
      label: `Answer of ${endpoint.name}`,
      heads: ["Field", "Type", "Class", "In how many answers"],
      attributes: (field) => ({ "data-path": field.path, "data-class": field.class, class: [field.drift.length ? "drifted" : "", field.drift.length && field.drift.every((each) => each.places > 1) ? "perhaps" : "", endpoint.hits?.has(field) ? "hit" : ""].join(" ").trim() || undefined }),
      cells: (field) => [
        make("td", { class: "type" }, field.format || field.types.filter((type) => type !== "null").join(", ") || "null", field.types.includes("null") && field.types.length > 1 ? ", or null" : ""),
        make("td", { class: "what" }, make("span", { class: "kind", "data-class": field.class }, field.class), field.drift.length ? make("span", { class: "drift-words" }, driftWords(field)) : ""),
        make("td", { class: "present" }, share(field.present, field.of), make("span", { class: "of" }, ` ${field.present.toLocaleString("en")} of ${field.of.toLocaleString("en")}`)),
      ],
    });
  }

  const tallied = (counts) => Object.entries(counts).map(([name, many]) => `${name} × ${many.toLocaleString("en")}`).join(", ");

  // Fields down, viewers across: in what share of the objects that they got; states are added up, the title tells them.
  function matrix(held) {
    const viewers = [...new Set(held.map((each) => each.viewer))].sort();
    const cells = new Map(), names = new Set(), around = new Map();
    for (const each of held) {
      around.set(each.viewer, (around.get(each.viewer) ?? 0) + each.of);
      for (const [name, many] of Object.entries(each.fields)) {
        names.add(name);
        const at = key(name, each.viewer), cell = cells.get(at) ?? { present: 0, states: [] };
        cell.present += many;
        cell.states.push(`${stateWords(each.state)}: ${percent(many, each.of)}`);
        cells.set(at, cell);
      }
    }
    const head = make("tr", {}, make("th", { scope: "col" }, held[0].resource),
      viewers.map((viewer) => make("th", { scope: "col" }, viewer, make("span", { class: "of" }, ` ${around.get(viewer).toLocaleString("en")} ×`))));
    const body = [...names].sort().map((name) => make("tr", {}, make("th", { scope: "row" }, make("code", {}, breakable(name))),
      viewers.map((viewer) => {
        const cell = cells.get(key(name, viewer));
        return cell ? make("td", { title: cell.states.join("\n") }, share(cell.present, around.get(viewer))) : make("td", { class: "none" }, "–");
      })));
    return make("div", { class: "table" }, make("table", { class: "viewers", "aria-label": `${held[0].resource}: who was sent what` }, make("thead", {}, head), make("tbody", {}, body)));
  }

  // What is drawn when it is opened.
  function later(title, content) {
    const node = make("details", { class: "more lazy" }, make("summary", {}, title));
    node.addEventListener("toggle", () => { if (node.open && node.children.length === 1) node.append(content()); });
    return node;
  }

  function byResource(endpoint) {
    return [...Map.groupBy(endpoint.views, (each) => each.resource)].map(([name, held]) =>
      later(`Who was sent what of ${name}`, () => matrix(held)));
  }

  function inside(endpoint) {
    const facts = rows([
      ["Called", endpoint.seen ? `${endpoint.seen.toLocaleString("en")} times` : "never"],
      ["Answers", tallied(endpoint.statuses)],
      ["Callers", endpoint.seen ? `${endpoint.callers.toLocaleString("en")} different` : ""],
      ["Credentials", tallied(endpoint.auth)],
      ["Hosts", endpoint.hosts.join(", ")],
      ["Bodies", tallied(endpoint.bodies)],
      ["Guard took", tallied(endpoint.removed)],
      ["Operation", endpoint.id === endpoint.name ? "" : make("code", {}, endpoint.id)],
    ]);
    const notes = endpoint.notes.map((note) => make("p", { class: "noted" }, make("b", {}, NOTES[note.kind] ?? note.kind), ": ", oakum.ticks(note.says)));
    const parts = endpoint.parts.map((part) => later(`${part.method} ${part.path}, ${part.seen.toLocaleString("en")} ×`, () => make("div", {}, inside(part))));
    return [...notes, make("div", { class: "pair" }, answer(endpoint), make("div", { class: "facts-of" }, facts)), ...parts, ...byResource(endpoint), ...driftOf(endpoint)];
  }

  function driftOf(endpoint) {
    if (!endpoint.drift.length) return [];
    return [make("h4", {}, "Drift"), ...gathered(endpoint.drift).map((held) => article(held))];
  }

  // ------------------------------------------------------------------ drift, by the line of the contract

  function gathered(all) {
    const groups = Map.groupBy(all, (each) => each.field
      ? key(each.kind, each.contract ? place(each.contract) : "", each.says) : key(each.kind, each.endpoint));
    return [...groups.values()];
  }

  const few = (names, most) => names.length > most ? `${names.slice(0, most).join(", ")} and ${names.length - most} more` : names.join(", ");
  function article(held, open = false) {
    const [first] = held;
    const names = [...new Set(held.filter((each) => each.field).map((each) => `${each.resource}.${each.field}`))];
    const viewers = [...new Set(held.map((each) => each.viewer).filter(Boolean))].sort();
    const through = [...new Set(held.map((each) => `${each.method} ${each.path}`))].sort();
    const states = [...new Set(held.map((each) => stateWords(each.state)))].filter((words) => words !== "any state");
    return make("details", { class: "drift", open },
      make("summary", {},
        make("span", { class: "tags" }, make("span", { class: "tag drifted" }, KINDS[first.kind]),
          held.some((each) => each.certain) ? "" : make("span", { class: "tag" }, "by what earlier answers told"),
          first.contract ? make("code", { class: "at" }, place(first.contract)) : ""),
        make("span", { class: "names" }, (names.length ? names : through.slice(0, 1)).map((name) => make("code", { class: "name" }, name)))),
      rows([
        ["Sent to", viewers.join(", ")],
        ["When", few(states, 4)],
        ["By", names.length ? make("ul", { class: "endpoints" }, through.slice(0, 5).map((name) => make("li", {}, make("code", {}, name))),
          through.length > 5 ? make("li", { class: "when" }, `and ${through.length - 5} more`) : "") : ""],
        ["Seen", `${held.reduce((sum, each) => sum + each.seen, 0).toLocaleString("en")} times`],
        ["Instead", first.says],
      ]),
      first.contract ? excerpt(lines, first.contract) : "");
  }

  function drawDrift() {
    if (by("drifts")) feed(by("drifts"), (held, index) => article(held, index < 2))(gathered(observation.drift));
  }

  // ------------------------------------------------------------------ the page

  // What was never seen stands where the rest of the API is: it names no host.
  function roots(items) {
    const named = Map.groupBy(items, (endpoint) => endpoint.hosts.join(", "));
    const [home] = [...named].filter(([name]) => name).sort((a, b) => b[1].length - a[1].length)[0] ?? ["no host is named"];
    const groups = Map.groupBy(items, (endpoint) => endpoint.hosts.join(", ") || (endpoint.seen ? "no host is named" : home));
    return [...groups].sort((a, b) => b[1].length - a[1].length);
  }
  const steps = (endpoint) => endpoint.path.split("?")[0].split("/").filter(Boolean);

  function told(held) {
    const counts = Object.keys(standings).map((name) => [name, held.filter((endpoint) => endpoint.standing === name).length]);
    const drifted = held.filter((endpoint) => endpoint.drift.length).length;
    return [
      make("span", { class: "plain" }, counted(held.length, "operation")),
      judged ? bar("coverage", counts, counts.filter(([, many]) => many).map(([name, many]) => `${many} ${standings[name].word}`).join(", ")) : "",
      drifted ? make("span", { class: "kind", "data-class": "drift" }, `✕ ${drifted} drifted`) : "",
    ];
  }

  drawDrift();
  if (!endpoints.length) return;
  const show = tree(by("tree"), endpoints, { roots, steps, row, inside, told });
  const words = search(by("find"), filter);
  const count = (many) => make("b", { class: "many" }, ` ${many.toLocaleString("en")}`);
  const fields = endpoints.flatMap((endpoint) => endpoint.fields);
  const noted = (endpoint, kind) => endpoint.notes.some((note) => note.kind === kind);
  const option = (value, text, many) => ({ value, text, badge: count(many) });
  const standing = chips(by("standing"), "standing", Object.entries(standings)
    .map(([name, { word }]) => option(name, word, endpoints.filter((endpoint) => endpoint.standing === name).length))
    .concat(judged ? [option("drift", "✕ drifted", endpoints.filter((endpoint) => endpoint.drift.length).length)] : [])
    .concat(Object.entries(NOTES).map(([kind, text]) => option(kind, `! ${text}`, endpoints.filter((endpoint) => noted(endpoint, kind)).length)).filter(({ value }) => endpoints.some((endpoint) => noted(endpoint, value)))), filter);
  const kinds = chips(by("classes"), "class", classes
    .map((name) => option(name, name, fields.filter((field) => field.class === name).length))
    .filter(({ value }) => fields.some((field) => field.class === value)), filter);

  function filter() {
    const asked = words(), ways = [...standing].filter((name) => name in standings), notes = [...standing].filter((name) => name in NOTES);
    const held = (endpoint) => (!ways.length || ways.includes(endpoint.standing)) && (!standing.has("drift") || endpoint.drift.length > 0)
      && notes.every((kind) => noted(endpoint, kind));
    const kept = kinds.size ? (field) => kinds.has(field.class) : null;
    const { fits, fields } = sift(endpoints, asked, held, kept);
    point(show(fits, asked.length > 0 || kinds.size > 0 || standing.size > 0), fits);
    by("status").textContent = `${fits.size.toLocaleString("en")} of ${counted(endpoints.length, "operation")}, ${counted(fields, "field")}`;
  }
  by("controls").hidden = by("hint").hidden = false;
  filter();
})();
