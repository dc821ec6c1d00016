// The members' page. It keeps private what the API has sent: see `mayShow`.

const main = document.querySelector("main");
const status = document.querySelector("#status");
let me = null;

async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body ? { "content-type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const value = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(value.detail), { status: answer.status });
  return value;
}

// All that stands between a private member and this reader: a line in the browser.
function mayShow(member) {
  return !member.is_profile_private || member.id === me.id || member.authed_user_follows;
}

function show(template) {
  main.replaceChildren(document.querySelector(`#${template}`).content.cloneNode(true));
  main.querySelector("h1").focus();
  return (selector) => main.querySelector(selector);
}

function element(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text, ...properties });
}

function say(text) {
  status.textContent = text;
}

function showLogin() {
  document.querySelector("nav").hidden = true;
  const part = show("login");
  part("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    try {
      await call("POST", "/auth/login", {
        username_or_email: form.get("name"),
        password: form.get("password"),
      });
      await start();
    } catch (error) {
      part(".error").textContent = error.message;
      part("#password").select();
    }
  });
}

const FACTS = {
  location: "Location",
  age_decade: "Age",
  gender: "Gender",
  total_workouts: "Workouts",
  total_followers: "Followers",
  total_following: "Following",
};

function showMember(member) {
  const part = show("member");
  part("h1").textContent = member.username;
  part(".face").textContent = member.username.slice(0, 2).toUpperCase();
  part(".tags").textContent = (member.tags ?? []).join(" ");
  part(".closed").hidden = mayShow(member);
  if (!mayShow(member)) return part;
  for (const [field, label] of Object.entries(FACTS)) {
    if (member[field] === undefined) continue;
    const fact = element("div");
    fact.append(element("dt", label), element("dd", member[field]));
    part(".facts").append(fact);
  }
  return part;
}

async function showMe() {
  const part = showMember(await call("GET", "/api/me"));
  const path = `/api/user/${me.id}/settings`;
  const form = part("form");
  let settings = await call("GET", path);
  for (const box of form.querySelectorAll("input")) {
    box.checked = settings[box.name];
    box.addEventListener("change", async () => {
      settings = await call("PUT", path, { ...settings, [box.name]: box.checked });
      say("Saved.");
    });
  }
  form.hidden = false;
}

async function showClass() {
  const { data: mine } = await call("GET", `/api/user/${me.id}/workouts`);
  const classes = await Promise.all(
    [...new Set(mine.map((each) => each.peloton_id))].map((id) => call("GET", `/api/peloton/${id}`)),
  );
  const ride = classes.find((each) => each.is_live) ?? classes[0];
  const { data: riders } = await call("GET", `/api/peloton/${ride.id}/participants`);
  const { data: details } = await call("POST", "/stats/workouts/details", {
    ids: riders.slice(0, 50).map((each) => each.workout_id),
  });
  const known = new Map(details.map((each) => [each.id, each.user]));
  const part = show("class");
  part(".about").textContent = `${ride.is_live ? "Live now" : "Over"}, ${ride.total_workouts} riders`;
  riders.forEach((rider, index) => {
    const member = { ...rider, ...known.get(rider.workout_id), id: rider.user_id };
    part("tbody").append(row(index + 1, member));
  });
}

function row(rank, member) {
  const line = element("tr");
  const name = element("th", "", { scope: "row" });
  const cells = [member.location, member.gender];
  if (mayShow(member)) {
    name.append(element("a", member.username, { href: `#/member/${member.id}` }));
  } else {
    name.append(element("span", "Private rider", { className: "quiet" }));
    cells.fill(undefined);
  }
  line.append(
    element("td", rank, { className: "number" }),
    name,
    ...cells.map((text) => element("td", text ?? "–", { className: text ? "" : "quiet" })),
    element("td", `${Math.round(member.total_work / 1000)} kJ`, { className: "number" }),
  );
  return line;
}

function showSearch() {
  const part = show("search");
  part("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const query = new URLSearchParams({ user_query: new FormData(event.target).get("query") });
    const { data } = await call("GET", `/api/user/search?${query}`);
    say(`${data.length} found.`);
    part(".found").replaceChildren(
      ...data.map((member) => {
        const item = element("li");
        const text = mayShow(member) && member.location ? `, ${member.location}` : "";
        item.append(
          element("a", member.username + text, {
            href: `#/member/${member.id}`,
            className: "card",
          }),
        );
        return item;
      }),
    );
  });
}

async function route() {
  if (!me) return showLogin();
  const [, page = "me", id] = location.hash.split("/");
  say("");
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#/${page}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    if (page === "class") await showClass();
    else if (page === "search") showSearch();
    else if (page === "member") showMember(await call("GET", `/api/user/${encodeURIComponent(id)}`));
    else await showMe();
  } catch (error) {
    main.replaceChildren(element("h1", "That did not work", { tabIndex: -1 }), element("p", error.message));
    main.querySelector("h1").focus();
  }
}

async function start() {
  me = await call("GET", "/api/me").catch(() => null);
  document.querySelector("nav").hidden = !me;
  await route();
}

document.querySelector("#other").addEventListener("click", showLogin);
addEventListener("hashchange", route);
await start();
