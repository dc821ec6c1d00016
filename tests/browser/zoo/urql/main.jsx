// urql with its normalised cache: every object is taken apart by type and id, and put together again.
import { cacheExchange } from "@urql/exchange-graphcache";
import { createRoot } from "react-dom/client";
import { Client, fetchExchange, gql, Provider, useQuery } from "urql";

const client = new Client({ url: "/graph", exchanges: [cacheExchange({}), fetchExchange], preferGetMethod: false });

const Me = gql`
  query Viewer {
    viewer { id name age city theme unread plan }
  }
`;
const Board = gql`
  query Sprint {
    sprint {
      id title week goal
      columns { id name position limit tickets { id title points hidden size labels assignee { id name city } } }
    }
  }
`;

function Ticket({ ticket }) {
  const { title, points, assignee, ...rest } = ticket;
  return (
    <p id={`t${rest.id}`}>
      {title} <b>{points}</b> {assignee?.name ?? "nobody"} {rest.labels.includes("x") && <i>!</i>}
    </p>
  );
}

function App() {
  const [{ data: mine }] = useQuery({ query: Me });
  const [{ data, fetching }] = useQuery({ query: Board, pause: !mine });
  if (fetching || !mine) return <p>…</p>;
  const { sprint } = data;
  return (
    <main className={mine.viewer.theme}>
      <header>
        {mine.viewer.name} ({mine.viewer.unread})
      </header>
      <h1>{sprint.title}</h1>
      {[...sprint.columns]
        .sort((one, other) => one.position - other.position)
        .map((column) => (
          <section key={column.id} aria-label={column.name}>
            {column.tickets.length > column.limit && <strong>full</strong>}
            {column.tickets
              .filter((ticket) => !ticket.hidden)
              .map((ticket) => (
                <Ticket key={ticket.id} ticket={ticket} />
              ))}
          </section>
        ))}
    </main>
  );
}

createRoot(document.querySelector("#app")).render(
  <Provider value={client}>
    <App />
  </Provider>,
);
