// Two metrics against each other, with the front of what was evaluated, and the exact one where it is known.

class Fronts {
  constructor(store, view, card, chosen) {
    Object.assign(this, { store, view, card, chosen, points: [] });
    this.plot = new Plot({ height: 400, label: "Two metrics of what was evaluated", draw: (plot) => this.draw(plot) });
    this.plot.margins.top = 26;
    this.plot.margins.bottom = 42;
    this.plot.canvas.classList.add("x-hand");
    this.across = picker("across", () => this.plot.soon());
    this.up = picker("up", () => this.plot.soon());
    this.said = el("p", { class: "x-count", role: "status" });
    this.node = el("section", { class: "x-part", "aria-labelledby": "x-fronts" }, el("h3", { id: "x-fronts" }, "Trade-offs"),
      el("div", { class: "x-row" }, this.across.node, this.up.node), this.plot.node, this.said);
    this.plot.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.plot.canvas.addEventListener("pointerleave", () => card.hide());
    this.plot.canvas.addEventListener("click", (event) => this.click(event));
    view.listeners.push(() => this.refresh());
  }

  refresh() {
    const columns = this.view.columns.filter((column) => column.higher === true || column.higher === false);
    this.node.hidden = columns.length < 2;
    if (columns.length < 2) return;
    const pairs = columns.map((column) => [column.key, column.title]), first = this.across.select.options.length === 0;
    setOptions(this.across.select, pairs);
    setOptions(this.up.select, pairs);
    if (first) this.choose(columns);
    this.plot.soon();
  }

  // The goals of a search with several; else a metric that costs, across, and the reward.
  choose(columns) {
    const goals = this.store.about.goals.map((key) => this.keyOf(key, columns)).filter(Boolean);
    const others = columns.filter((column) => column.key !== "reward");
    const other = others.find((column) => column.key !== "report" && !column.higher) ?? others.find((column) => column.key !== "report") ?? others[0];
    this.across.select.value = goals[1] ?? other.key;
    this.up.select.value = goals[0] ?? "reward";
  }

  keyOf(goal, columns) {
    if (columns.some((column) => column.key === goal)) return goal;
    return goal === this.store.about.goals[0] ? "reward" : null; // the first goal stands for the reward
  }

  draw(plot) {
    const column = (select) => this.view.columns?.find((one) => one.key === select.value);
    const across = column(this.across.select), up = column(this.up.select);
    if (!across || !up) return;
    const rows = Array.from(this.view.order).filter((row) => Number.isFinite(across.value(row)) && Number.isFinite(up.value(row)));
    const exact = this.exact(across, up), inner = rows.length > 20 ? middle : extent;
    const within = this.store.metrics.get("within_limits"), allowed = rows.filter((row) => !within || within[row] === 1);
    const front = frontOf(allowed, across, up);
    const wide = (values, kept) => margin(extent([...inner(values), ...kept]));
    plot.frame(
      wide(rows.map(across.value), [...front.map(across.value), ...exact.map((point) => point[0])]),
      wide(rows.map(up.value), [...front.map(up.value), ...exact.map((point) => point[1])]),
      { x: `${across.title}, ${across.higher ? "higher" : "lower"} is better`, y: `${up.title}, ${up.higher ? "higher" : "lower"} is better` },
    );
    const { context } = plot, { left, right, top, bottom } = plot.inner;
    context.save();
    context.beginPath();
    context.rect(left - 6, top - 6, right - left + 12, bottom - top + 12);
    context.clip();
    this.points = rows.map((row) => [row, plot.x(across.value(row)), plot.y(up.value(row))]);
    for (const [row, x, y] of this.points) {
      context.globalAlpha = within && within[row] !== 1 ? 0.2 : rows.length > 2000 ? 0.45 : 0.75;
      plot.dot(x, y, 3, colour(this.store.colours[this.store.columns.strategy[row]]));
    }
    context.globalAlpha = 1;
    if (exact.length) this.line(plot, exact, across, "muted", [5, 4]);
    this.line(plot, front.map((row) => [across.value(row), up.value(row)]), across, "ink", []);
    for (const row of front) plot.dot(plot.x(across.value(row)), plot.y(up.value(row)), 4.5, colour("ground"), colour("ink"));
    context.restore();
    this.said.textContent = `The line joins the ${front.length} evaluations${within ? " within the limits" : ""} that no other one beats in both`
      + (exact.length ? "; dashed: the exact front of the whole table." : ".");
  }

  // Steps: between two points of a front nothing is known that is better than both.
  line(plot, points, across, name, dashes) {
    const { context } = plot;
    context.strokeStyle = colour(name);
    context.lineWidth = 1.6;
    context.setLineDash(dashes);
    context.beginPath();
    points.forEach(([x, y], place) => {
      const before = points[place - 1];
      if (!place) context.moveTo(plot.x(x), plot.y(y));
      else {
        if (across.higher) context.lineTo(plot.x(before[0]), plot.y(y));
        else context.lineTo(plot.x(x), plot.y(before[1]));
        context.lineTo(plot.x(x), plot.y(y));
      }
    });
    context.stroke();
    context.setLineDash([]);
  }

  // The exact front where its goals are the two that are shown.
  exact(across, up) {
    const { front } = this.store, { goals } = this.store.about;
    if (!front || goals.length !== 2) return [];
    const keys = goals.map((goal) => this.keyOf(goal, this.view.columns)), places = [keys.indexOf(across.key), keys.indexOf(up.key)];
    if (places.includes(-1) || places[0] === places[1]) return [];
    return front.map((point) => places.map((place) => point[place])).sort((a, b) => a[0] - b[0]);
  }

  near(event) {
    const [x, y] = this.plot.at(event);
    let nearest = null, least = 12 ** 2;
    for (const [row, pointX, pointY] of this.points) {
      const apart = (pointX - x) ** 2 + (pointY - y) ** 2;
      if (apart < least) [nearest, least] = [row, apart];
    }
    return nearest;
  }

  hover(event) {
    const row = this.near(event);
    if (row === null) this.card.hide();
    else this.card.show({ row, x: event.clientX, y: event.clientY });
  }

  click(event) {
    const row = this.near(event);
    if (row === null) return;
    this.card.show({ row, x: event.clientX, y: event.clientY });
    this.chosen(row);
  }
}

// Rows that no other beats in both, from the left to the right.
const frontOf = (rows, across, up) => {
  const right = across.higher ? -1 : 1, down = up.higher ? -1 : 1;
  const sorted = [...rows].sort((a, b) => right * (across.value(a) - across.value(b)) || down * (up.value(a) - up.value(b)));
  const kept = [];
  let best = Infinity;
  for (const row of sorted) {
    const value = down * up.value(row);
    if (value < best) {
      kept.push(row);
      best = value;
    }
  }
  return kept.sort((a, b) => across.value(a) - across.value(b));
};

// From a low to a high percentile: a few outliers would hide the rest.
const middle = (values) => {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted.length ? [0.02, 0.98].map((share) => sorted[Math.round(share * (sorted.length - 1))]) : [];
};

const margin = ([low, high]) => [low - 0.04 * (high - low), high + 0.04 * (high - low)];
