// A worker behind Comlink: some of what it works on is sent to it, some it asks for itself.
import { wrap } from "comlink";

const stats = wrap(new Worker("/comlink/work.js", { type: "module" }));
const show = (name, text) => {
  const line = document.createElement("p");
  line.id = name;
  line.textContent = text;
  document.querySelector("#app").append(line);
};
const session = await (await fetch("/api/account")).json();
show("who", `${session.user.name}, ${session.user.team.name}`);
if (session.user.level > 2) document.body.classList.add("expert");
const { laps } = await (await fetch("/api/laps")).json();
show("best", `Best ${await stats.best(laps)}`);
show("season", await stats.season(session.user.id));
const clone = structuredClone(session);
show("units", clone.settings.metric ? "km" : "miles");
