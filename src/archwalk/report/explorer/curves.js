// Lines over steps: the best so far of a search that goes on, the log of a training.

class Lines {
  constructor(title) {
    this.plot = new Plot({ height: 220, label: title, draw: (plot) => this.draw(plot) });
    this.legend = el("ul", { class: "legend" });
    this.node = el("figure", { class: "x-lines" }, el("figcaption", {}, title), this.legend, this.plot.node);
    this.lines = [];
  }

  // Each line: a name, a colour of the page by name, x and y.
  show(lines) {
    this.lines = lines.filter((line) => line.y.some(Number.isFinite));
    this.node.hidden = !this.lines.length;
    this.legend.hidden = this.lines.length < 2;
    this.legend.replaceChildren(...this.lines.map((line) => {
      const dot = el("span", { class: "swatch" });
      dot.style.background = `var(--${line.colour})`;
      return el("li", {}, dot, line.name);
    }));
    this.plot.soon();
  }

  draw(plot) {
    const every = this.lines.flatMap((line) => line.y.filter(Number.isFinite));
    plot.frame(extent(this.lines.flatMap((line) => line.x)), extent(every), { whole: true });
    const { context } = plot;
    for (const { x, y, colour: name, steps } of this.lines) {
      context.strokeStyle = colour(name);
      context.lineWidth = 2;
      context.beginPath();
      let drawn = false;
      x.forEach((at, place) => {
        if (!Number.isFinite(y[place])) return;
        if (drawn && steps) context.lineTo(plot.x(at), plot.y(y[place - 1]));
        if (drawn) context.lineTo(plot.x(at), plot.y(y[place]));
        else context.moveTo(plot.x(at), plot.y(y[place]));
        drawn = true;
      });
      context.stroke();
    }
  }
}

// Mean over trials of the best reward so far, by query; a trial counts from its first evaluation on.
const bestSoFar = (store, strategy) => {
  const { columns } = store, trials = new Map();
  for (let row = 0; row < store.rows; row++) {
    if (columns.strategy[row] !== strategy) continue;
    const key = `${columns.agent[row]} ${columns.trial[row]}`;
    if (!trials.has(key)) trials.set(key, []);
    trials.get(key)[columns.query[row] - 1] = store.upward(columns.reward[row]);
  }
  const length = Math.max(0, ...[...trials.values()].map((rewards) => rewards.length));
  const sum = new Float64Array(length), known = new Int32Array(length);
  for (const rewards of trials.values()) {
    let best = NaN;
    for (let query = 0; query < rewards.length; query++) {
      if (rewards[query] > best || Number.isNaN(best)) best = rewards[query] ?? best;
      if (Number.isFinite(best)) {
        sum[query] += best;
        known[query] += 1;
      }
    }
  }
  const x = [], y = [];
  for (let query = 0; query < length; query++) {
    x.push(query + 1);
    y.push(known[query] ? store.upward(sum[query] / known[query]) : NaN);
  }
  return { x, y, steps: true };
};
