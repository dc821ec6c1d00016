// The members' page. It keeps private what the API has sent: see `mayShow`.

const main = document.querySelector("main");
const status = document.querySelector("#status");
const BATCH = 50;
let me = null;
let visits = 0;

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
  visits += 1; // an answer still on its way draws nothing over this
  say("");
  showDoors(false);
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
  total_workouts: "Workouts",
  total_followers: "Followers",
  total_following: "Following",
};
// Whether somebody else hides these, no answer says: the page shows a member only their own.
const OWN_FACTS = { age_decade: "Age", gender: "Gender" };

function showMember(member) {
  const part = show("member");
  part("h1").textContent = member.username;
  part(".face").textContent = member.username.slice(0, 2).toUpperCase();
  part(".tags").textContent = (member.tags ?? []).join(" ");
  part(".closed").hidden = mayShow(member);
  if (!mayShow(member)) return part;
  const facts = member.id === me.id ? { ...FACTS, ...OWN_FACTS } : FACTS;
  for (const [field, label] of Object.entries(facts)) {
    if (member[field] === undefined) continue;
    const fact = element("div");
    fact.append(element("dt", label), element("dd", member[field]));
    part(".facts").append(fact);
  }
  return part;
}

// Each of these asks, and answers how to draw what came.

async function loadMember(id) {
  const member = await call("GET", `/api/user/${encodeURIComponent(id)}`);
  return () => showMember(member);
}

async function loadMe() {
  const path = `/api/user/${me.id}/settings`;
  const [member, settings] = await Promise.all([call("GET", "/api/me"), call("GET", path)]);
  return () => showSettings(showMember(member), path, settings);
}

function showSettings(part, path, settings) {
  const form = part("form");
  for (const box of form.querySelectorAll("input")) {
    box.checked = settings[box.name];
    box.addEventListener("change", async () => {
      say("");
      part(".error").textContent = "";
      try {
        await call("PUT", path, { [box.name]: box.checked });
        say("Saved.");
      } catch (error) {
        box.checked = !box.checked;
        part(".error").textContent = error.message;
      }
    });
  }
  form.hidden = false;
}

async function loadClass() {
  const [{ data: mine }, { data: followed }] = await Promise.all([
    call("GET", `/api/user/${me.id}/workouts`),
    call("GET", `/api/user/${me.id}/following`),
  ]);
  const ids = new Set(mine.map((each) => each.peloton_id));
  const classes = await Promise.all([...ids].map((id) => call("GET", `/api/peloton/${id}`)));
  const ride = classes.find((each) => each.is_live) ?? classes[0];
  if (!ride) throw new Error("you have not ridden in a class yet");
  const { data: riders } = await call("GET", `/api/peloton/${ride.id}/participants`);
  const known = await details(riders.map((each) => each.workout_id));
  const follows = new Set(followed.map((each) => each.id));
  return () => {
    const part = show("class");
    const when = ride.is_live ? "Live now" : "Over";
    part(".about").textContent = `${when}, ${ride.total_workouts} riders`;
    riders.forEach((rider, index) => {
      const id = rider.user_id;
      const edge = { id, authed_user_follows: follows.has(id) };
      part("tbody").append(row(index + 1, { ...rider, ...known.get(rider.workout_id), ...edge }));
    });
  };
}

// Workout id → its member, who comes with age, weight and more; the leaderboard wants one number.
async function details(ids) {
  const batches = [];
  for (let start = 0; start < ids.length; start += BATCH) {
    batches.push(call("POST", "/stats/workouts/details", { ids: ids.slice(start, start + BATCH) }));
  }
  const answers = await Promise.all(batches);
  return new Map(answers.flatMap(({ data }) => data).map((each) => [each.id, each.user]));
}

function row(rank, member) {
  const line = element("tr", "", { className: member.id === me.id ? "mine" : "" });
  const name = element("th", "", { scope: "row" });
  let { location: place, total_workouts: count } = member;
  if (mayShow(member)) {
    name.append(element("a", member.username, { href: `#/member/${member.id}` }));
  } else {
    name.append(element("span", "Private rider", { className: "quiet" }));
    place = count = undefined;
  }
  if (place) name.dataset.more = `${place}, ${count ?? "–"} workouts`;
  line.append(
    element("td", rank, { className: "number" }),
    name,
    element("td", place ?? "–", { className: place ? "" : "quiet" }),
    element("td", count ?? "–", { className: count === undefined ? "number quiet" : "number" }),
    element("td", `${Math.round(member.total_work / 1000)} kJ`, { className: "number" }),
  );
  return line;
}

function showSearch() {
  const part = show("search");
  part("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const query = new URLSearchParams({ user_query: new FormData(event.target).get("query") });
    part(".error").textContent = "";
    try {
      const { data } = await call("GET", `/api/user/search?${query}`);
      say(`${data.length} found.`);
      part(".found").replaceChildren(...data.map(found));
    } catch (error) {
      part(".error").textContent = error.message;
    }
  });
}

function found(member) {
  const link = element("a", member.username, { href: `#/member/${member.id}`, className: "card" });
  const place = mayShow(member) ? member.location : "Private profile";
  if (place) link.append(element("small", place));
  const item = element("li");
  item.append(link);
  return item;
}

const PAGES = {
  me: loadMe,
  class: loadClass,
  search: async () => showSearch,
  member: loadMember,
};

function showError(error) {
  const text = element("p", error.message, { className: "error" });
  main.replaceChildren(element("h1", "That did not work", { tabIndex: -1 }), text);
  main.querySelector("h1").focus();
}

async function route() {
  if (!me) return showLogin();
  const [, page = "me", id] = location.hash.split("/");
  const visit = ++visits;
  say("");
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#/${page}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  let draw;
  try {
    draw = await (Object.hasOwn(PAGES, page) ? PAGES[page] : loadMe)(id);
  } catch (error) {
    draw = error.status === 401 ? showLogin : () => showError(error);
  }
  if (visit === visits) draw(); // nobody has gone elsewhere meanwhile
}

function showDoors(open) {
  for (const part of document.querySelectorAll("nav, #other")) part.hidden = !open;
}

async function start() {
  me = await call("GET", "/api/me").catch(() => null);
  showDoors(me !== null);
  await route();
}

document.querySelector("#other").addEventListener("click", showLogin);
addEventListener("hashchange", route);
await start();
