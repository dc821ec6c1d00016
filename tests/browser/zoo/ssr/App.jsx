import { useEffect, useState } from "react";

function Item({ item, left }) {
  const { name, price, tags, ...more } = item;
  return (
    <article data-left={left} hidden={more.draft}>
      <h2>{name}</h2>
      <p>
        {price} {tags.length > 1 && <em>{tags[0]}</em>}
      </p>
      {left === 0 && <i>from {more.supplier.name}</i>}
    </article>
  );
}

export function App({ title, items, user }) {
  const [stock, setStock] = useState(null);
  const [picked, setPicked] = useState([]);
  useEffect(() => {
    fetch("/api/levels")
      .then((answer) => answer.text())
      .then((text) => {
        const { levels } = JSON.parse(text);
        setStock(Object.fromEntries(levels.map((each) => [each.sku, each])));
        setPicked([...levels].sort((one, other) => other.sold - one.sold).slice(0, 1));
      });
  }, []);
  return (
    <>
      <h1>{title}</h1>
      <p className="hello">{user.trial ? "Try it" : `Hello ${user.name}`}</p>
      {items.map((item) => (
        <Item key={item.sku} item={{ ...item, supplier: { ...item.supplier } }} left={stock?.[item.sku]?.left} />
      ))}
      <footer>{picked.map((each) => each.sku).join()}</footer>
    </>
  );
}
