// Puts the parts together and fills them, from the page or from whoever serves it.

const begin = async () => {
  const host = document.getElementById("x-explorer"), live = host.dataset.live !== undefined;
  const store = new Store(), view = new View(store), drawings = new Drawings(live), card = new Card(store, view, drawings);
  const chosen = (row) => steps.goTo(row);
  const filters = new Filters(store, view), table = new Table(store, view, card, chosen);
  const landscape = new Landscape(store, view, card, chosen), fronts = new Fronts(store, view, card, chosen);
  const parallel = new Parallel(store, view), importance = new Importance();
  const steps = new Steps(store, view, drawings, landscape);
  store.colours = [];
  const look = (views) => {
    store.importance = views.importance;
    importance.show(views.importance);
    landscape.show(views.landscape);
    parallel.refresh();
  };
  const take = (delta) => {
    const first = !store.about;
    store.add(delta);
    store.colours = delta.colours;
    if (first) view.sorted.down = store.about.reward.higher;
    filters.refresh();
    view.changed();
  };
  document.querySelector("main > header").prepend(themeButton());
  host.replaceChildren(filters.node, table.node, landscape.node, steps.node, fronts.node, parallel.node, importance.node);
  window.archwalkExplorer = { store, view, table, card, steps, landscape, fronts, parallel };
  if (live) new Live(store, take, look);
  else {
    const data = JSON.parse(await unpack("x-data"));
    store.walks = data.walks;
    store.front = data.front;
    take(data);
    look(data.views);
  }
  host.dataset.ready = "";
};

begin().catch((error) => {
  console.error(error);
  document.getElementById("x-explorer").textContent = `The table cannot be shown by this browser: ${error.message}`;
});
