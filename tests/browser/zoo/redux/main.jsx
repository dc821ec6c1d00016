// axios, a Redux toolkit store with immer and an entity adapter, React; built for older browsers.
import { configureStore, createAsyncThunk, createEntityAdapter, createSelector, createSlice } from "@reduxjs/toolkit";
import axios from "axios";
import { useEffect } from "react";
import { createRoot } from "react-dom/client";
import { Provider, useDispatch, useSelector } from "react-redux";

const http = axios.create({ baseURL: "/api" });
const loadOrders = createAsyncThunk("orders/load", async () => (await http.get("/depots/3/orders")).data);
const loadDepot = createAsyncThunk("depot/load", async () => {
  const { data } = await http.get("/depots/3");
  return { ...data, at: 1 };
});

const adapter = createEntityAdapter({ sortComparer: (one, other) => one.rank - other.rank });
const orders = createSlice({
  name: "orders",
  initialState: adapter.getInitialState({ status: "idle", total: 0 }),
  reducers: {
    packed(state, { payload }) {
      const order = state.entities[payload];
      order.packed = true;
      order.boxes += 1;
    },
  },
  extraReducers: (on) =>
    on.addCase(loadOrders.fulfilled, (state, { payload }) => {
      state.status = "done";
      state.total = payload.total;
      adapter.setAll(state, payload.orders);
    }),
});
const depot = createSlice({
  name: "depot",
  initialState: { value: null },
  reducers: {},
  extraReducers: (on) =>
    on.addCase(loadDepot.fulfilled, (state, { payload }) => {
      state.value = payload;
      state.value.crew.push({ name: "You", shift: 0 });
    }),
});
const store = configureStore({ reducer: { orders: orders.reducer, depot: depot.reducer } });
const { selectAll } = adapter.getSelectors((state) => state.orders);
const selectUrgent = createSelector(selectAll, (all) => all.filter((order) => order.priority === "A"));

function Order({ order }) {
  const dispatch = useDispatch();
  const { buyer } = order;
  return (
    <tr className={order.packed ? "packed" : ""} onClick={() => dispatch(orders.actions.packed(order.id))}>
      <td>{order.id}</td>
      <td>{buyer.vip ? `★ ${buyer.name}` : buyer.name}</td>
      <td>{order.boxes}</td>
      <td>{order.tags.join(" ")}</td>
    </tr>
  );
}

function App() {
  const dispatch = useDispatch();
  const all = useSelector(selectAll);
  const urgent = useSelector(selectUrgent);
  const depot = useSelector((state) => state.depot.value);
  const total = useSelector((state) => state.orders.total);
  useEffect(() => {
    dispatch(loadDepot());
    dispatch(loadOrders()).then(() => dispatch(orders.actions.packed(12)));
  }, [dispatch]);
  return (
    <main>
      {depot && (
        <header>
          <h1>{depot.name}</h1>
          {depot.crew.filter((each) => each.shift < 2).map((each) => <span key={each.name}>{each.name} </span>)}
        </header>
      )}
      <table>
        <tbody>
          {all.map((order) => (
            <Order key={order.id} order={order} />
          ))}
        </tbody>
      </table>
      <p>
        {urgent.length} urgent, {total} in all
      </p>
    </main>
  );
}

createRoot(document.querySelector("#app")).render(
  <Provider store={store}>
    <App />
  </Provider>,
);
