// Writes the page as a server would: its text, and the data that it was made of.
import { renderToString } from "react-dom/server";
import { App } from "./App.jsx";
import { state } from "./state.js";

export const page = (template) =>
  template.replace("<!--app-->", () => renderToString(<App {...state} />)).replace("<!--state-->", () => JSON.stringify(state));
