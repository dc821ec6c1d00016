import { defineStore } from "pinia";
import { toRaw } from "vue";

export const useKitchen = defineStore("kitchen", {
  state: () => ({ kitchen: null, dishes: [], basket: {}, saved: 0 }),
  getters: {
    offered: (state) => state.dishes.filter((dish) => dish.left > 0),
    sum: (state) =>
      Object.entries(state.basket).reduce((all, [id, many]) => {
        const dish = state.dishes.find((each) => each.id === Number(id));
        return all + many * dish.price;
      }, 0),
  },
  actions: {
    async load() {
      const [kitchen, menu] = await Promise.all(
        ["/api/kitchen", "/api/menu"].map((path) => fetch(path).then((answer) => answer.json())),
      );
      this.$patch({ kitchen, dishes: menu.dishes.map((dish) => ({ ...dish, open: false })) });
    },
    add(id) {
      this.basket[id] = (this.basket[id] ?? 0) + 1;
      const at = this.dishes.findIndex((dish) => dish.id === id);
      this.dishes[at] = { ...this.dishes[at], open: true };
    },
    keep() {
      localStorage.setItem("kitchen", JSON.stringify(toRaw(this.$state)));
      this.saved += 1;
    },
  },
});
