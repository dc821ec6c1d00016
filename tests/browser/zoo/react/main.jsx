// React as it is written now: hooks, memo, props that are spread and collected, a lazy part.
import { lazy, memo, Suspense, useEffect, useMemo, useReducer, useState } from "react";
import { createRoot } from "react-dom/client";

const Details = lazy(() => import("./Details.jsx"));

function useJson(path) {
  const [value, set] = useState(null);
  useEffect(() => {
    let gone = false;
    fetch(path)
      .then((answer) => answer.json())
      .then((found) => gone || set(found));
    return () => {
      gone = true;
    };
  }, [path]);
  return value;
}

const Badge = memo(function Badge({ kind, ...rest }) {
  return (
    <em data-kind={kind} {...rest}>
      {kind === "a" ? "admin" : "member"}
    </em>
  );
});

const Member = memo(function Member({ name, size, age, onPick, picked, ...rest }) {
  return (
    <li className={rest.muted ? "muted" : "loud"} aria-selected={picked} onClick={onPick}>
      <b>{name}</b> <i>{size}</i> {age >= 18 && <Badge kind={rest.is_admin ? "a" : "m"} title={rest.city} />}
    </li>
  );
});

function reduce(state, action) {
  switch (action.type) {
    case "loaded":
      return { ...state, members: action.members.map((each) => ({ ...each, picked: each.points > 6 })) };
    case "pick":
      return {
        ...state,
        members: state.members.map((each) => (each.id === action.id ? { ...each, picked: !each.picked } : each)),
      };
  }
  return state;
}

function App() {
  const club = useJson("/api/clubs/4");
  const loaded = useJson("/api/clubs/4/members");
  const [{ members }, dispatch] = useReducer(reduce, { members: [] });
  useEffect(() => {
    if (loaded) dispatch({ type: "loaded", members: loaded.items });
  }, [loaded]);
  const shown = useMemo(() => members.filter((each) => each.status !== 9), [members]);
  if (!club) return <p>…</p>;
  const { owner, ...plain } = club;
  return (
    <>
      <h1>{plain.name}</h1>
      <p>
        {owner.name}, {plain.open ? "open" : "closed"}, {shown.length} of {loaded ? loaded.total : "?"}
      </p>
      <ul>
        {shown.map(({ email, weight, ...member }) => (
          <Member key={member.id} {...member} onPick={() => dispatch({ type: "pick", id: member.id })} />
        ))}
      </ul>
      <Suspense>{members.length > 0 && <Details {...plain} picked={members.filter((each) => each.picked).length} />}</Suspense>
    </>
  );
}

createRoot(document.querySelector("#app")).render(<App />);
