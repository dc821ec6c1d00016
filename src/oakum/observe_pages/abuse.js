(() => {
  const { by, make, draw, counted, visible, chips } = oakum;
  const { search, feed } = observe;
  const { abuse, kinds } = oakum.data;
  const begins = Date.parse(abuse.summary.begins ?? 0), ends = Math.max(begins + 1, Date.parse(abuse.summary.ends ?? 0));
  const long = ends - begins > 36 * 3_600_000;
  const clock = (at) => new Date(at).toISOString().slice(long ? 5 : 11, 16).replace("T", " ");
  for (const each of abuse.callers) {
    each.kinds = new Set(each.events.map((event) => event.kind));
    each.hay = `${each.who} ${each.by} ${each.events.map((event) => `${event.endpoint} ${kinds[event.kind]} ${event.what}`).join(" ")}`.toLowerCase();
  }

  // ------------------------------------------------------------------ beside the rest

  // On a scale of powers of ten: what half of the others do at most, what nearly all do, the limit, and this one.
  function measure(event) {
    const most = Math.log10(1 + Math.max(event.count, event.limit, event.rest.high) * 1.15);
    const at = (number) => 1000 * Math.log10(1 + number) / most;
    const share = Math.round(100 * event.rest.share);
    const whole = event.rest.window === event.window ? "" : ` within a ${event.rest.window}`;
    const label = `${event.count.toLocaleString("en")}; half of the others do at most ${event.rest.middle.toLocaleString("en")}, ${share} % at most ${event.rest.high.toLocaleString("en")}, the limit is ${event.limit.toLocaleString("en")}`;
    const band = (name, number, y, height) => draw("rect", { class: name, x: "0", y: String(y), width: String(Math.max(2, at(number))), height: String(height) });
    return [
      draw("svg", { class: "measure", viewBox: "0 0 1000 24", preserveAspectRatio: "none", role: "img", "aria-label": label },
        draw("rect", { class: "all", x: "0", y: "2", width: "1000", height: "20" }), band("high", event.rest.high, 2, 20), band("middle", event.rest.middle, 2, 20),
        band("count", event.count, 9, 6), draw("line", { class: "limit", x1: String(at(event.limit)), x2: String(at(event.limit)), y1: "0", y2: "24" })),
      make("p", { class: "measured" }, make("span", { class: "this" }, `this one ${event.count.toLocaleString("en")}`),
        make("span", {}, "half of the others ≤ ", make("b", {}, event.rest.middle.toLocaleString("en"))),
        make("span", {}, `${share} % ≤ `, make("b", {}, event.rest.high.toLocaleString("en")), whole),
        make("span", {}, "limit ", make("b", {}, event.limit.toLocaleString("en"))),
        make("span", {}, `of ${event.rest.callers.toLocaleString("en")}`)),
    ];
  }

  // ------------------------------------------------------------------ over time

  const LINES = [["requests", 1, "requests"], ["new objects", 2, "ids"], ["found nothing", 3, "misses"]];
  function sparks(caller) {
    const points = caller.series;
    const gaps = points.slice(1).map((point, index) => point[0] - points[index][0]).filter((gap) => gap > 0);
    const width = Math.max(1.4, 1000 * Math.min(3_600_000, ...gaps, Math.max(300_000, (ends - begins) / 288)) / (ends - begins));
    const x = (at) => Math.min(1000 - width, Math.max(0, 1000 * (at - begins) / (ends - begins)));
    const told = caller.events.map((event) => Date.parse(event.told));
    const lines = LINES.filter(([, column]) => points.some((point) => point[column])).map(([name, column, kind]) => {
      const most = Math.max(...points.map((point) => point[column]));
      const bars = points.filter((point) => point[column]).map((point) => {
        const height = Math.max(3, 100 * point[column] / most);
        return draw("rect", { class: kind, x: x(point[0]).toFixed(1), y: (100 - height).toFixed(1), width: width.toFixed(2), height: height.toFixed(1) });
      });
      const marks = told.map((at) => draw("line", { x1: x(at).toFixed(1), x2: x(at).toFixed(1), y1: "0", y2: "100" }));
      const total = points.reduce((sum, point) => sum + point[column], 0);
      const said = `${counted(total, "time")}: ${name}, at most ${most.toLocaleString("en")} at once`;
      return make("div", { class: "line-of" }, make("span", {}, name),
        draw("svg", { class: "spark", viewBox: "0 0 1000 100", preserveAspectRatio: "none", role: "img", "aria-label": said }, bars, marks),
        make("span", { class: "most", title: "at most, of one bar" }, `≤ ${most.toLocaleString("en")}`));
    });
    return make("div", { class: "over-time" }, lines, make("p", { class: "axis" }, make("span", {}, clock(begins)), make("span", {}, clock(ends))));
  }

  function card(caller) {
    const events = caller.events.map((event) => make("div", { class: "event" },
      make("p", {}, make("span", { class: "tag", "data-kind": event.kind }, kinds[event.kind]), " ",
        event.certain ? "" : make("span", { class: "tag" }, "no answers in the records"),
        make("span", { class: "when" }, ` seen ${clock(Date.parse(event.told))}, within ${event.window === "hour" ? "an hour" : "a day"}${event.endpoint ? " at " : ""}`), event.endpoint ? make("code", {}, event.endpoint) : ""),
      ...measure(event), make("p", { class: "when" }, event.says)));
    return make("article", { class: "caller", "data-who": caller.who },
      make("div", { class: "head" }, make("h3", {}, make("code", {}, caller.who)),
        make("span", { class: "who-is" }, caller.by === "address" ? "an address of people who are not logged in" : "a caller",
          `, seen ${clock(Date.parse(caller.first))} to ${clock(Date.parse(caller.last))}`)),
      make("div", {}, events), sparks(caller));
  }

  // ------------------------------------------------------------------ the page

  if (!abuse.callers.length) return;
  const show = feed(by("callers"), card, 25);
  const words = search(by("find"), filter);
  const pressed = chips(by("kinds"), "kind", Object.entries(kinds).filter(([kind]) => abuse.summary.kinds[kind]).map(([kind, text]) =>
    ({ value: kind, text, badge: make("b", { class: "many" }, ` ${abuse.summary.kinds[kind].toLocaleString("en")}`) })), filter);

  function filter() {
    const asked = words();
    const kept = abuse.callers.filter((each) => (!pressed.size || [...pressed].some((kind) => each.kinds.has(kind)))
      && asked.every((word) => each.hay.includes(word)));
    show(kept);
    by("status").textContent = `${kept.length.toLocaleString("en")} of ${visible(counted(abuse.callers.length, "caller"))}`;
  }
  by("controls").hidden = by("hint").hidden = false;
  filter();
})();
