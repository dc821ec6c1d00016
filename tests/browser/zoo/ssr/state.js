export const state = {
  title: "Kites",
  items: [
    { sku: "K1", name: "Delta", price: 40, margin: 12, draft: false, tags: ["new", "M"], city: "Oslo", supplier: { name: "Sky", phone: "555-21", city: "Oslo" } },
    { sku: "K2", name: "Box", price: 55, margin: 20, draft: false, tags: ["M"], city: "Oslo", supplier: { name: "Air", phone: "555-22", city: "Moss" } },
    { sku: "K3", name: "Sled", price: 12, margin: 4, draft: true, tags: ["old", "S"], city: "Moss", supplier: { name: "Sky", phone: "555-21", city: "Oslo" } },
  ],
  user: { id: 4, name: "Ann", trial: false, age: 40, email: "ann@example.com" },
  build: { id: 7, region: "M" },
};
