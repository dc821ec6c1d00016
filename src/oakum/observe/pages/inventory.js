(() => {
  const { by, make, breakable, counted, key, rows, place, stateWords, chips } = oakum;
  const { bar, share, percent, skeleton, tree, search, sift, point, feed, excerpt } = observe;
  const { observation, sent, lines, classes, standings } = oakum.data;
  const judged = Boolean(observation.against);
  const KINDS = { "new-door": "not declared, and answers", "new-field": "no line names it", "sent-wider": "sent wider than granted" };
  const GRAVE = new Set(classes.slice(0, 7));

  // ------------------------------------------------------------------ what the page knows

  const drifts = new Map();
  for (const each of observation.drift) {
    if (!drifts.has(each.door)) drifts.set(each.door, []);
    drifts.get(each.door).push(each);
  }
  const views = new Map();
  for (const each of sent) {
    if (!views.has(each.door)) views.set(each.door, []);
    views.get(each.door).push(each);
  }
  const NOTES = { "twin-host": "hosts differ", "older-version": "older version", "no-credentials": "no credentials" };
  // What was asked of a GraphQL door stands below it, as doors of their own.
  function prepared(door) {
    const notes = door.notes ?? [], parts = (door.parts ?? []).map(prepared);
    return {
      ...door, notes, parts, name: `${door.method} ${door.path}`,
      hay: `${door.method} ${door.path} ${door.id} ${door.hosts.join(" ")} ${notes.map((note) => `${NOTES[note.kind] ?? note.kind} ${note.says}`).join(" ")}`.toLowerCase(),
      drift: drifts.get(door.id) ?? [], views: views.get(door.id) ?? [], hits: null,
      byPath: new Map(door.fields.map((field) => [field.path, field])),
    };
  }
  const doors = observation.operations.map(prepared);
  // Drift names a field of a resource; an answer may hold that resource at several places.
  for (const door of doors.flatMap((each) => [each, ...each.parts])) {
    for (const field of door.fields) {
      field.hay = field.path.toLowerCase();
      field.drift = [];
    }
    for (const each of door.drift) {
      if (!each.field) continue;
      const places = door.fields.filter(({ path }) => path === each.field || path.endsWith(`.${each.field}`));
      for (const field of places) field.drift.push({ ...each, places: places.length });
    }
  }
  const most = Math.max(1, ...doors.map((door) => door.seen));

  // ------------------------------------------------------------------ the line of a door

  const STATUS = [["2", "good"], ["3", "moved"], ["4", "refused"], ["5", "failed"]];
  function mix(door) {
    const parts = STATUS.map(([first, name]) => [name, Object.entries(door.statuses)
      .filter(([status]) => status.startsWith(first)).reduce((sum, [, many]) => sum + many, 0)]);
    return bar("mix", parts, Object.entries(door.statuses).map(([status, many]) => `${status} × ${many.toLocaleString("en")}`).join(", "));
  }
  // How often, as a logarithm: doors are called from once to millions of times.
  function often(door) {
    const size = Math.log(door.seen + 1) / Math.log(most + 1);
    return bar("often", [["seen", Math.round(1000 * size)], ["rest", 1000 - Math.round(1000 * size)]], "");
  }

  function kindsOf(door) {
    const found = new Map();
    for (const field of door.fields) if (GRAVE.has(field.class)) found.set(field.class, (found.get(field.class) ?? 0) + 1);
    return classes.filter((name) => found.has(name)).map((name) =>
      make("span", { class: "kind", "data-class": name }, `${found.get(name)} ${name}`));
  }

  function row(door) {
    const silent = door.seen === 0;
    return [
      make("span", { class: "where" }, make("code", {}, make("b", { class: "method" }, door.method), " ", breakable(door.path)), make("span", { class: "hits" })),
      make("span", { class: "standing", "data-standing": door.standing }, standings[door.standing].word),
      make("span", { class: "count" }, silent ? "never seen" : [`${door.seen.toLocaleString("en")} ×`, often(door)]),
      make("span", { class: "who" }, silent ? "" : counted(door.callers, "caller")),
      make("span", { class: "statuses" }, silent ? "" : mix(door)),
      make("span", { class: "held" }, door.drift.length ? make("span", { class: "kind", "data-class": "drift" }, `✕ ${door.drift.filter((each) => each.field).length ? counted(new Set(door.drift.map((each) => each.field)).size, "field") + " drifted" : "not declared"}`) : "", kindsOf(door),
        door.notes.map((note) => make("span", { class: "kind", "data-class": "note", title: note.says }, `! ${NOTES[note.kind] ?? note.kind}`)),
        make("span", { class: "plain" }, door.fields.length ? counted(door.fields.length, "field") : silent ? "" : "fields unknown")),
    ];
  }

  // ------------------------------------------------------------------ what a door holds

  function driftWords(field) {
    const viewers = [...new Set(field.drift.map((each) => each.viewer))].join(", ");
    const kind = field.drift.some((each) => each.kind === "sent-wider") ? "sent wider" : "new field";
    const places = field.drift[0].places > 1 ? `, here or at ${counted(field.drift[0].places - 1, "other place")}` : "";
    return [make("b", {}, `${places ? "?" : "✕"} ${kind}`), viewers ? ` to ${viewers}` : "", places];
  }

  function answer(door) {
    if (!door.fields.length) {
      const why = door.seen === 0 ? "It was never seen, so that nothing is known of its answers."
        : door.bodies.absent ? "Its records hold no bodies, so that its fields are unknown." : "No answer with fields was seen.";
      return make("p", { class: "lead" }, why);
    }
    return skeleton(door.fields, {
      label: `Answer of ${door.name}`,
      heads: ["Field", "Type", "Class", "In how many answers"],
      attributes: (field) => ({ "data-path": field.path, "data-class": field.class, class: [field.drift.length ? "drifted" : "", field.drift.length && field.drift.every((each) => each.places > 1) ? "perhaps" : "", door.hits?.has(field) ? "hit" : ""].join(" ").trim() || undefined }),
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

  function byResource(door) {
    return [...Map.groupBy(door.views, (each) => each.resource)].map(([name, held]) =>
      later(`Who was sent what of ${name}`, () => matrix(held)));
  }

  function inside(door) {
    const facts = rows([
      ["Called", door.seen ? `${door.seen.toLocaleString("en")} times` : "never"],
      ["Answers", tallied(door.statuses)],
      ["Callers", door.seen ? `${door.callers.toLocaleString("en")} different` : ""],
      ["Credentials", tallied(door.auth)],
      ["Hosts", door.hosts.join(", ")],
      ["Bodies", tallied(door.bodies)],
      ["Guard took", tallied(door.removed)],
      ["Operation", door.id === door.name ? "" : make("code", {}, door.id)],
    ]);
    const notes = door.notes.map((note) => make("p", { class: "noted" }, make("b", {}, NOTES[note.kind] ?? note.kind), ": ", oakum.ticks(note.says)));
    const parts = door.parts.map((part) => later(`${part.method} ${part.path}, ${part.seen.toLocaleString("en")} ×`, () => make("div", {}, inside(part))));
    return [...notes, make("div", { class: "pair" }, answer(door), make("div", { class: "facts-of" }, facts)), ...parts, ...byResource(door), ...driftOf(door)];
  }

  function driftOf(door) {
    if (!door.drift.length) return [];
    return [make("h4", {}, "Drift"), ...gathered(door.drift).map((held) => article(held))];
  }

  // ------------------------------------------------------------------ drift, by the line of the contract

  function gathered(all) {
    const groups = Map.groupBy(all, (each) => each.field
      ? key(each.kind, each.contract ? place(each.contract) : "", each.says) : key(each.kind, each.door));
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
        ["By", names.length ? make("ul", { class: "doors" }, through.slice(0, 5).map((name) => make("li", {}, make("code", {}, name))),
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
    const named = Map.groupBy(items, (door) => door.hosts.join(", "));
    const [home] = [...named].filter(([name]) => name).sort((a, b) => b[1].length - a[1].length)[0] ?? ["no host is named"];
    const groups = Map.groupBy(items, (door) => door.hosts.join(", ") || (door.seen ? "no host is named" : home));
    return [...groups].sort((a, b) => b[1].length - a[1].length);
  }
  const steps = (door) => door.path.split("?")[0].split("/").filter(Boolean);

  function told(held) {
    const counts = Object.keys(standings).map((name) => [name, held.filter((door) => door.standing === name).length]);
    const drifted = held.filter((door) => door.drift.length).length;
    return [
      make("span", { class: "plain" }, counted(held.length, "operation")),
      judged ? bar("coverage", counts, counts.filter(([, many]) => many).map(([name, many]) => `${many} ${standings[name].word}`).join(", ")) : "",
      drifted ? make("span", { class: "kind", "data-class": "drift" }, `✕ ${drifted} drifted`) : "",
    ];
  }

  drawDrift();
  if (!doors.length) return;
  const show = tree(by("tree"), doors, { roots, steps, row, inside, told });
  const words = search(by("find"), filter);
  const count = (many) => make("b", { class: "many" }, ` ${many.toLocaleString("en")}`);
  const fields = doors.flatMap((door) => door.fields);
  const noted = (door, kind) => door.notes.some((note) => note.kind === kind);
  const option = (value, text, many) => ({ value, text, badge: count(many) });
  const standing = chips(by("standing"), "standing", Object.entries(standings)
    .map(([name, { word }]) => option(name, word, doors.filter((door) => door.standing === name).length))
    .concat(judged ? [option("drift", "✕ drifted", doors.filter((door) => door.drift.length).length)] : [])
    .concat(Object.entries(NOTES).map(([kind, text]) => option(kind, `! ${text}`, doors.filter((door) => noted(door, kind)).length)).filter(({ value }) => doors.some((door) => noted(door, value)))), filter);
  const kinds = chips(by("classes"), "class", classes
    .map((name) => option(name, name, fields.filter((field) => field.class === name).length))
    .filter(({ value }) => fields.some((field) => field.class === value)), filter);

  function filter() {
    const asked = words(), ways = [...standing].filter((name) => name in standings), notes = [...standing].filter((name) => name in NOTES);
    const held = (door) => (!ways.length || ways.includes(door.standing)) && (!standing.has("drift") || door.drift.length > 0)
      && notes.every((kind) => noted(door, kind));
    const kept = kinds.size ? (field) => kinds.has(field.class) : null;
    const { fits, fields } = sift(doors, asked, held, kept);
    point(show(fits, asked.length > 0 || kinds.size > 0 || standing.size > 0), fits);
    by("status").textContent = `${fits.size.toLocaleString("en")} of ${counted(doors.length, "operation")}, ${counted(fields, "field")}`;
  }
  by("controls").hidden = by("hint").hidden = false;
  filter();
})();
