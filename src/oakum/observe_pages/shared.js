// What the pages of `observe` share: an answer drawn as it is built, a tree of endpoints, and the filter over both.
const observe = (() => {
  const { by, make, draw, breakable, counted, visible } = oakum;
  const stepped = (text) => text.split(/(?=_)/).flatMap((part) => [part, make("wbr")]);
  const percent = (part, of) => of ? `${part < of ? Math.min(99, Math.max(part ? 1 : 0, Math.round(100 * part / of))) : 100} %` : "";

  // A bar whose parts are shares of a whole; `parts`: [name, many], drawn in their order.
  function bar(kind, parts, label) {
    const total = parts.reduce((sum, [, many]) => sum + many, 0) || 1;
    let at = 0;
    const rects = parts.filter(([, many]) => many).map(([name, many]) => {
      const rect = draw("rect", { class: name, x: String(at), y: "0", width: String(1000 * many / total), height: "10" });
      at += 1000 * many / total;
      return rect;
    });
    return draw("svg", { class: `parts ${kind}`, viewBox: "0 0 1000 10", preserveAspectRatio: "none", role: "img", "aria-label": label }, rects);
  }

  function share(present, of) {
    const gauge = draw("svg", { class: "share", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
      draw("rect", { x: "0", y: "0", width: String(of ? 100 * Math.min(present, of) / of : 0), height: "10" }));
    return [gauge, make("span", { class: "percent" }, percent(present, of))];
  }

  // ------------------------------------------------------------------ an answer, as it is built

  // Members by name, `*` for what stands in a list or under the keys of a map.
  function nested(fields) {
    const root = { children: new Map(), field: null };
    for (const field of fields) {
      let at = root;
      for (const step of field.path.split(".")) {
        if (!at.children.has(step)) at.children.set(step, { children: new Map(), field: null });
        at = at.children.get(step);
      }
      at.field = field;
    }
    return root;
  }

  // A table whose first column reads as JSON without its values. `cells(field)`: the columns after the name;
  // `attributes(field)`: of its row; `heads`: of all columns.
  function skeleton(fields, { heads, cells, attributes, label }) {
    const body = make("tbody"), width = heads.length - 1;
    const line = (depth, text, more, attrs = {}) => {
      const name = make("th", { scope: "row" }, text);
      name.style.setProperty("--depth", Math.min(depth, 12));
      body.append(make("tr", attrs, name, more));
    };
    const rest = () => make("td", { colspan: String(width), class: "none" });
    const brackets = (node) => {
      const only = node.children.size === 1 && node.children.get("*");
      return only ? ["[", "]", only] : ["{", "}", node];
    };
    function object(node, depth) {
      for (const [name, child] of node.children) member(name, child, depth);
    }
    function member(name, child, depth) {
      const said = name === "*" ? "*" : name;
      if (child.field) line(depth, make("code", {}, stepped(said)), cells(child.field), attributes(child.field));
      if (!child.children.size) return;
      let [begin, end, inner] = brackets(child);
      let stack = begin, tail = end;
      while (begin === "[" && !inner.field && inner.children.size) {
        [begin, end, inner] = brackets(inner);
        stack += ` ${begin}`;
        tail = `${end} ${tail}`;
      }
      line(depth, [make("code", {}, stepped(said)), make("span", { class: "brace" }, ` ${stack}`)], rest(), { class: "around" });
      if (inner.field) line(depth + 1, make("code", {}, "*"), cells(inner.field), attributes(inner.field));
      object(inner, depth + 1);
      line(depth, make("span", { class: "brace" }, tail), rest(), { class: "around end", "aria-hidden": "true" });
    }
    const root = nested(fields);
    const [begin, end, inner] = brackets(root);
    line(0, make("span", { class: "brace" }, begin === "[" ? "[ {" : begin), rest(), { class: "around", "aria-hidden": "true" });
    if (inner.field) line(1, make("code", {}, "*"), cells(inner.field), attributes(inner.field));
    object(inner, 1);
    line(0, make("span", { class: "brace" }, begin === "[" ? "} ]" : end), rest(), { class: "around end", "aria-hidden": "true" });
    const head = make("tr", {}, heads.map((text) => make("th", { scope: "col" }, text)));
    return make("div", { class: "table" }, make("table", { class: "skeleton", "aria-label": label }, make("thead", {}, head), body));
  }

  // ------------------------------------------------------------------ a tree of endpoints

  // Steps that lead to one place only stand on one line.
  function grown(items, steps) {
    const root = { name: "", children: new Map(), items: [] };
    for (const item of items) {
      let at = root;
      for (const step of steps(item)) {
        if (!at.children.has(step)) at.children.set(step, { name: step, children: new Map(), items: [] });
        at = at.children.get(step);
      }
      at.items.push(item);
    }
    return root;
  }

  function joined(node) {
    while (node.children.size === 1 && !node.items.length && !node.root) {
      const [child] = node.children.values();
      if (child.root) break;
      node = { ...child, name: `${node.name}/${child.name}` };
    }
    return node;
  }

  // A branch folds endpoints; an endpoint draws what it holds when it is opened first. `row(item)`: what its line shows;
  // `inside(item)`: what it holds; `told(items)`: what the line of a branch shows. Gives back `show(fits)`.
  function tree(box, items, { roots, steps, row, inside, told }) {
    const leaves = new Map(), branches = [];
    function endpoint(item) {
      const summary = make("summary", { class: "endpoint", "aria-label": item.name }, row(item));
      const node = make("details", { class: "lazy leaf" }, summary);
      node.addEventListener("toggle", () => {
        if (node.open && node.children.length === 1) node.append(make("div", { class: "inside" }, inside(item)));
      });
      leaves.set(item, node);
      return node;
    }
    function every(node) {
      return [...node.items, ...[...node.children.values()].flatMap(every)];
    }
    function branch(made, depth) {
      const node = joined(made), held = every(node);
      if (held.length === 1 && depth > 0) return endpoint(held[0]);
      const name = make("code", {}, breakable(depth ? `/${node.name}` : node.name));
      const summary = make("summary", { class: "branch" }, make("span", { class: "name" }, name), told(held));
      const parts = [...node.items.map((item) => ({ at: "", item })),
        ...[...node.children.values()].map((child) => ({ at: child.name, child }))].sort((a, b) => a.at < b.at ? -1 : 1);
      const details = make("details", { class: "branch", open: depth === 0 || items.length <= 60 }, summary,
        make("div", { class: "below" }, parts.map((each) => each.item ? endpoint(each.item) : branch(each.child, depth + 1))));
      branches.push({ node: details, held, before: null });
      return details;
    }
    const made = roots(items).map(([name, held]) => branch({ ...grown(held, steps), name, root: true }, 0));
    box.replaceChildren(...made);
    box.onkeydown = (event) => walk(event, box);
    return (fits, narrowed) => {
      for (const [item, node] of leaves) node.hidden = !fits.has(item);
      for (const each of branches) {
        each.node.hidden = !each.held.some((item) => fits.has(item));
        if (narrowed) {
          each.before ??= { open: each.node.open };
          each.node.open = fits.size <= 120 || each.before.open;
        } else if (each.before) {
          each.node.open = each.before.open;
          each.before = null;
        }
      }
      return leaves;
    };
  }

  // Arrows walk the lines that can be seen, open and close them, as in a tree (WAI-ARIA tree view pattern).
  function walk(event, box) {
    const line = event.target.closest("summary");
    if (!line || event.target !== line || event.ctrlKey || event.metaKey || event.altKey) return;
    const node = line.parentNode;
    const lines = () => [...box.querySelectorAll("summary")].filter((each) => each.checkVisibility());
    let next = null;
    switch (event.key) {
      case "ArrowDown": { const all = lines(); next = all[all.indexOf(line) + 1]; break; }
      case "ArrowUp": { const all = lines(); next = all[all.indexOf(line) - 1]; break; }
      case "Home": next = lines()[0]; break;
      case "End": next = lines().at(-1); break;
      case "ArrowRight":
        if (!node.open) { node.open = true; next = line; } else next = node.querySelector(":scope > .below summary") ?? line;
        break;
      case "ArrowLeft":
        if (node.open) { node.open = false; next = line; } else next = node.parentNode.closest("details")?.querySelector("summary") ?? line;
        break;
      default: return;
    }
    event.preventDefault();
    (next ?? line).focus();
  }

  // ------------------------------------------------------------------ the filter

  // Words that all must be met, by an endpoint or by a field of it, and chips. `/` leads to the box, Escape empties it.
  function search(input, changed) {
    let waiting = 0;
    const soon = () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(changed); };
    input.addEventListener("input", soon);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && input.value) { input.value = ""; event.preventDefault(); soon(); }
    });
    addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.target.closest?.("input, textarea") || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      input.focus();
    });
    return () => input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  }

  // Of endpoints with fields: which fit, and which of their fields are why. `held(item)`: whether the chips of endpoints
  // let it through; `kept(field)`: whether those of fields do; null where none is pressed.
  function sift(items, words, held, kept) {
    const fits = new Map();
    let fields = 0;
    for (const item of items) {
      if (!held(item)) continue;
      const rest = words.filter((word) => !item.hay.includes(word));
      const narrow = rest.length > 0 || kept !== null;
      const hits = narrow
        ? item.fields.filter((field) => rest.every((word) => field.hay.includes(word)) && (kept === null || kept(field)))
        : item.fields;
      if (narrow && !hits.length) continue;
      fits.set(item, narrow ? new Set(hits) : null);
      fields += hits.length;
    }
    return { fits, fields };
  }

  // The fields that a filter is about, named on the line of their endpoint and marked in its answer.
  function point(leaves, fits) {
    for (const [item, node] of leaves) {
      const hits = fits.get(item), line = node.querySelector("summary .hits");
      const names = hits ? [...hits].slice(0, 4).map((field) => field.path) : [];
      const said = names.join(", ") + (hits && hits.size > 4 ? ` and ${hits.size - 4} more` : "");
      if (line && line.textContent !== said) line.textContent = visible(said);
      item.hits = hits ?? null;
      if (node.children.length > 1) {
        for (const row of node.querySelectorAll(".skeleton tr[data-path]")) row.classList.toggle("hit", Boolean(hits?.has(item.byPath.get(row.dataset.path))));
      }
    }
  }

  // ------------------------------------------------------------------ a long table

  // Rows are drawn as they come into view, a hundred at a time: thousands open at once. Arrows move over those that
  // are drawn and draw more; Enter opens one. Gives back `show(rows)`.
  function list(box, { heads, label, cells, open, verdict }) {
    const STEP = 100, rowOf = new WeakMap();
    const body = make("tbody");
    const table = make("table", { class: "list", "aria-label": label },
      make("thead", {}, make("tr", {}, heads.map((text) => make("th", { scope: "col" }, text)))), body);
    const end = make("p", { class: "end" });
    box.replaceChildren(table, end);
    let rows = [], drawn = 0;
    function more() {
      const fresh = rows.slice(drawn, drawn + STEP).map((row) => {
        const line = make("tr", { tabindex: "-1", "data-verdict": verdict(row), "aria-haspopup": "dialog" }, cells(row));
        rowOf.set(line, row);
        return line;
      });
      drawn += fresh.length;
      body.append(...fresh);
      end.textContent = drawn < rows.length ? `${rows.length - drawn} more` : "";
      end.hidden = drawn >= rows.length;
      // Anew each time: it tells of changes alone, and whoever scrolls on at once never lets the end out of view.
      near.unobserve(end);
      near.observe(end);
    }
    const near = new IntersectionObserver((seen) => { if (seen.some((each) => each.isIntersecting) && drawn < rows.length) more(); },
      { root: box, rootMargin: "600px" });
    function rove(line, focus = true) {
      body.querySelector('tr[tabindex="0"]')?.setAttribute("tabindex", "-1");
      line?.setAttribute("tabindex", "0");
      if (focus) line?.focus();
    }
    body.addEventListener("click", (event) => {
      const line = event.target.closest("tr");
      if (!line || String(getSelection())) return;
      rove(line);
      open(rowOf.get(line));
    });
    body.addEventListener("keydown", (event) => {
      const line = event.target.closest("tr");
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(rowOf.get(line)); return; }
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
      const all = body.children, at = [...all].indexOf(line);
      const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : step && Math.max(0, at + step);
      if (to === undefined) return;
      event.preventDefault();
      if (to >= all.length - 1 && drawn < rows.length) more();
      rove(all[Math.min(to, all.length - 1)]);
    });
    addEventListener("beforeprint", () => { while (drawn < rows.length) more(); });
    return (wanted) => {
      rows = wanted;
      drawn = 0;
      body.replaceChildren();
      box.scrollTop = 0;
      more();
      rove(body.firstElementChild, false);
    };
  }

  // Many parts one below the other, drawn a few at a time by a button. Gives back `show(items)`.
  function feed(box, part, step = 20) {
    const more = make("button", { type: "button", class: "more-of" });
    let items = [], drawn = 0;
    function next() {
      const focused = document.activeElement === more;
      more.remove();
      const fresh = items.slice(drawn, drawn + step).map((item, index) => part(item, drawn + index));
      box.append(...fresh);
      drawn += fresh.length;
      if (focused) fresh[0]?.querySelector("summary, a, button")?.focus();
      if (drawn >= items.length) return;
      more.textContent = `Show ${Math.min(step, items.length - drawn)} more of ${(items.length - drawn).toLocaleString("en")}`;
      box.append(more);
    }
    more.addEventListener("click", next);
    return (wanted) => {
      items = wanted;
      drawn = 0;
      box.replaceChildren();
      next();
    };
  }

  // The lines of a contract around one, with that one marked.
  function excerpt(lines, place) {
    const held = lines[place.file] ?? {};
    const numbers = Object.keys(held).map(Number).filter((at) => Math.abs(at - place.line) <= 3).sort((a, b) => a - b);
    if (!place.line || !numbers.length) return make("p", { class: "asked" }, make("code", {}, oakum.place(place)));
    const shown = numbers.map((at) => make("tr", { class: at === place.line ? "line here" : "line", "aria-current": at === place.line ? "true" : undefined },
      make("th", { scope: "row" }, String(at)), make("td", {}, make("code", {}, held[at] || " "))));
    return make("figure", { class: "excerpt" }, make("figcaption", {}, make("code", {}, oakum.place(place))),
      make("div", { class: "table" }, make("table", { "aria-label": "The contract around this line" }, make("tbody", {}, shown))));
  }

  return { bar, share, percent, skeleton, tree, search, sift, point, list, feed, excerpt };
})();
