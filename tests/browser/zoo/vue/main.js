// Vue 3 as its users write it: compiled components, a Pinia store, computed values, a deep watcher.
import { createPinia } from "pinia";
import { createApp } from "vue";
import App from "./App.vue";

createApp(App).use(createPinia()).mount("#app");
