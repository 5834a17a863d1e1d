// Puts the parts together and fills them, from the page or from whoever serves it.

const begin = async () => {
  const host = document.getElementById("x-explorer"), live = host.dataset.live !== undefined;
  const store = new Store(), view = new View(store), drawings = new Drawings(live), card = new Card(store, view, drawings);
  const filters = new Filters(store, view), table = new Table(store, view, card, () => {});
  const parts = [];
  store.colours = [];
  const take = (delta) => {
    const first = !store.about;
    store.add(delta);
    store.colours = delta.colours;
    if (first) view.sorted.down = store.about.reward.higher;
    filters.refresh();
    view.changed();
    parts.forEach((part) => part.refresh?.(delta));
  };
  host.replaceChildren(filters.node, table.node, ...parts.map((part) => part.node));
  window.archwalkExplorer = { store, view, table, card, parts, take };
  if (live) new Live(store, take);
  else take(JSON.parse(await unpack("x-data")));
  host.dataset.ready = "";
};

begin().catch((error) => {
  console.error(error);
  document.getElementById("x-explorer").textContent = `The table cannot be shown by this browser: ${error.message}`;
});
