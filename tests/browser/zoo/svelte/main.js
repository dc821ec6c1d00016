// Svelte 5: compiled components, deep state behind the library's own Proxies.
import { mount } from "svelte";
import App from "./App.svelte";

mount(App, { target: document.querySelector("#app") });
