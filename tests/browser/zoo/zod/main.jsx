// Answers checked by zod before anything else, kept by zustand with immer.
import { useEffect } from "react";
import { createRoot } from "react-dom/client";
import { z } from "zod";
import { create } from "zustand";
import { immer } from "zustand/middleware/immer";
import { useShallow } from "zustand/react/shallow";

const Driver = z.object({
  id: z.number(),
  name: z.string().min(1),
  phone: z.string(),
  stars: z.number().int().max(5),
  city: z.string().nullable(),
});
const Fare = z.object({
  id: z.number(),
  from: z.string(),
  to: z.string(),
  km: z.number(),
  seats: z.number(),
  price: z.number(),
  toll: z.number().optional(),
  kind: z.enum(["day", "night"]),
  at: z.string(),
  driver: Driver,
  stops: z.array(z.object({ name: z.string(), minute: z.number() })),
});
const Fares = z.object({ region: z.string(), page: z.number(), fares: z.array(Fare) });
const Rider = z.looseObject({ id: z.number(), name: z.string(), credit: z.number(), home: z.string() });

const useFares = create(
  immer((set) => ({
    fares: [],
    rider: null,
    picked: null,
    load: async () => {
      const [fares, rider] = await Promise.all([
        fetch("/api/fares").then((answer) => answer.json()).then((found) => Fares.parse(found)),
        fetch("/api/rider").then((answer) => answer.json()).then((found) => Rider.safeParse(found)),
      ]);
      set((state) => {
        state.fares = fares.fares;
        state.rider = rider.success ? rider.data : null;
      });
    },
    pick: (id) =>
      set((state) => {
        const fare = state.fares.find((each) => each.id === id);
        fare.seats -= 1;
        state.picked = id;
      }),
  })),
);

function Fare_({ fare }) {
  const pick = useFares((state) => state.pick);
  const night = fare.kind === "night";
  return (
    <tr className={night ? "night" : "day"} onClick={() => pick(fare.id)}>
      <td>{fare.from}</td>
      <td>{fare.to}</td>
      <td>{fare.price}</td>
      <td>{"★".repeat(fare.driver.stars)} {fare.driver.name}</td>
      <td>{fare.stops.map((stop) => stop.name).join(", ")}</td>
    </tr>
  );
}

function App() {
  const load = useFares((state) => state.load);
  const [name, credit] = useFares(useShallow((state) => [state.rider?.name, state.rider?.credit]));
  const fares = useFares((state) => state.fares);
  const picked = useFares((state) => state.picked);
  useEffect(() => {
    load().then(() => useFares.getState().pick(2));
  }, [load]);
  const affordable = fares.filter((fare) => fare.seats > 0 && fare.price <= credit);
  return (
    <main>
      <h1>{name ?? "…"}</h1>
      <table>
        <tbody>
          {affordable.map((fare) => (
            <Fare_ key={fare.id} fare={fare} />
          ))}
        </tbody>
      </table>
      <p>{picked ? "picked" : "none"}</p>
    </main>
  );
}

createRoot(document.querySelector("#app")).render(<App />);
