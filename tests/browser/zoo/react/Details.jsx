export default function Details({ tier, city, picked }) {
  return (
    <footer className={`tier-${tier}`}>
      {city}: {picked} picked
    </footer>
  );
}
