// Server-rendered React: the text is there before any script; the scripts take it over.
import { hydrateRoot } from "react-dom/client";
import { App } from "./App.jsx";

const state = JSON.parse(document.querySelector("#__STATE__").textContent);
hydrateRoot(document.querySelector("#app"), <App {...state} />);
