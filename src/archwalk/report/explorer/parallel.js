// Parallel coordinates: a line an evaluation through its decisions to its reward. Dragging along an axis keeps a range.

const FEW = 8;

class Parallel {
  constructor(store, view) {
    Object.assign(this, { store, view, axes: [] });
    this.plot = new Plot({ height: 380, label: "Parallel coordinates of decisions", draw: (plot) => this.draw(plot) });
    this.plot.canvas.classList.add("x-brush");
    this.number = picker("axes", () => this.refresh());
    this.node = el("section", { class: "x-part", "aria-labelledby": "x-parallel" }, el("h3", { id: "x-parallel" }, "Decisions"),
      el("p", { class: "small" }, "Each line is an evaluation, from decision to decision to its reward. Drag along an axis to keep a range "
        + "of it, everywhere on the page; tap the axis to let it go."),
      el("div", { class: "x-row" }, this.number.node), el("div", { class: "x-wide" }, this.plot.node));
    const { canvas } = this.plot;
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", () => this.finish());
    canvas.addEventListener("pointercancel", () => (this.drag = null));
    view.listeners.push(() => this.refresh());
  }

  // Decisions in the order of their importance, where that is known.
  ordered() {
    const rank = new Map((this.store.importance?.rows ?? []).map((row, place) => [row.name, place]));
    const columns = this.view.columns.filter((column) => column.decision !== undefined);
    return columns.sort((a, b) => (rank.get(a.key) ?? 999) - (rank.get(b.key) ?? 999));
  }

  refresh() {
    const every = this.ordered();
    this.node.hidden = !every.length;
    const sizes = [FEW, 16, every.length].filter((size, place, all) => size <= every.length && all.indexOf(size) === place);
    setOptions(this.number.select, sizes.map((size) => [size, size === every.length ? `all ${size} decisions` : `the ${size} most important`]));
    this.number.node.hidden = sizes.length < 2;
    const shown = new Set(every.slice(0, Number(this.number.select.value) || every.length));
    const reward = this.view.columns.find((column) => column.key === "reward");
    this.axes = [...this.view.columns.filter((column) => shown.has(column)), reward].map((column) => this.axis(column));
    this.plot.node.style.minWidth = `${this.axes.length * 62}px`;
    this.plot.soon();
  }

  axis(column) {
    if (column.decision === undefined) {
      const values = this.store.columns.reward.filter(Number.isFinite).map((value) => this.store.upward(value)).sort((a, b) => a - b);
      const range = extent([values[Math.floor(0.03 * values.length)], values.at(-1)].map((value) => this.store.upward(value)));
      return { column, range, at: column.value, reward: true };
    }
    const { values } = this.store.decision(column.decision);
    return { column, range: [-0.5, values.length - 0.5], at: column.rank, values };
  }

  draw(plot) {
    if (!this.axes.length) return;
    const { context, width, height } = plot, { axes, store } = this, top = 40, bottom = height - 14, left = 40, right = width - 56;
    this.top = top;
    this.bottom = bottom;
    axes.forEach((axis, place) => (axis.x = axes.length > 1 ? left + (place * (right - left)) / (axes.length - 1) : left));
    const y = (axis, value) => bottom - clamp((value - axis.range[0]) / (axis.range[1] - axis.range[0]), 0, 1) * (bottom - top);
    const shades = shadesOf(store.columns.reward.map((value) => store.upward(value)), true);
    const rows = Array.from(this.view.order), few = rows.length < 150;
    rows.sort((a, b) => store.upward(store.columns.reward[a]) - store.upward(store.columns.reward[b]));
    context.lineWidth = few ? 1.4 : 1;
    const faint = clamp(7 / Math.sqrt(rows.length), 0.05, 0.7), best = rows.length - Math.max(20, rows.length / 30);
    const step = Math.max(1, Math.ceil(rows.length / 6000));
    for (let place = (rows.length - 1) % step; place < rows.length; place += step) {
      const row = rows[place], spread = (((row * 2654435761) % 997) / 997 - 0.5) * 0.5; // lines of one value are not to hide each other
      context.globalAlpha = place >= best ? Math.min(0.8, 4 * faint) : faint; // the best are drawn last
      context.strokeStyle = shades.at(store.upward(store.columns.reward[row]));
      context.beginPath();
      let drawn = false;
      for (const axis of axes) {
        const value = axis.at(row);
        if (!Number.isFinite(value)) {
          drawn = false; // the decision does not exist
          continue;
        }
        const at = y(axis, axis.reward ? value : value + spread);
        if (drawn) context.lineTo(axis.x, at);
        else context.moveTo(axis.x, at);
        drawn = true;
      }
      context.stroke();
    }
    context.globalAlpha = 1;
    axes.forEach((axis) => this.drawAxis(plot, axis, y));
  }

  drawAxis(plot, axis, y) {
    const { context } = plot, { column, x } = axis, { top, bottom } = this;
    context.strokeStyle = colour("muted");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, top - 4);
    context.lineTo(x, bottom);
    context.stroke();
    const kept = this.drag?.axis === axis ? this.drag.range : this.view.ranges.get(column.key);
    if (kept) {
      const [high, low] = kept.map((value) => y(axis, value)).sort((a, b) => a - b);
      context.globalAlpha = 0.3;
      context.fillStyle = colour("blue");
      context.fillRect(x - 7, high, 14, low - high);
      context.globalAlpha = 1;
    }
    context.fillStyle = colour("ink");
    context.textAlign = "center";
    context.textBaseline = "bottom";
    const place = this.axes.indexOf(axis), name = fitted(context, column.name ?? column.title, 84);
    context.fillText(name, clamp(x, 34, plot.width - 42), top - (place % 2 ? 22 : 8));
    const ticks = axis.reward ? ticksOf(...axis.range, 6) : axis.values.map((_, value) => value);
    const each = Math.max(1, Math.ceil(ticks.length / 16));
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (let at = 0; at < ticks.length; at += each) {
      const text = axis.reward ? tickText(ticks[at], ticks) : fitted(context, String(axis.values[ticks[at]]), 72);
      context.strokeStyle = colour("ground");
      context.lineWidth = 3;
      context.strokeText(text, x + 5, y(axis, ticks[at]));
      context.fillStyle = colour("muted");
      context.fillText(text, x + 5, y(axis, ticks[at]));
    }
  }

  value(axis, pixel) {
    const share = (this.bottom - pixel) / (this.bottom - this.top);
    return axis.range[0] + clamp(share, 0, 1) * (axis.range[1] - axis.range[0]);
  }

  begin(event) {
    const [x, y] = this.plot.at(event);
    const axis = this.axes.find((one) => Math.abs(one.x - x) < 18);
    if (!axis) return;
    event.preventDefault();
    this.plot.canvas.setPointerCapture(event.pointerId);
    this.drag = { axis, from: y, range: null };
  }

  move(event) {
    const [x, y] = this.plot.at(event);
    this.plot.canvas.style.cursor = this.drag || this.axes.some((one) => Math.abs(one.x - x) < 18) ? "ns-resize" : "";
    if (!this.drag || Math.abs(y - this.drag.from) < 4) return;
    const { axis, from } = this.drag;
    this.drag.range = [this.value(axis, Math.max(from, y)), this.value(axis, Math.min(from, y))];
    this.plot.soon();
  }

  finish() {
    if (!this.drag) return;
    const { axis, range } = this.drag;
    this.drag = null;
    if (range) this.view.ranges.set(axis.column.key, range.map((end) => (end <= axis.range[0] ? -Infinity : end >= axis.range[1] ? Infinity : end)));
    else this.view.ranges.delete(axis.column.key);
    this.view.changed();
  }
}

const fitted = (context, text, width) => {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > width) length--;
  return `${text.slice(0, length)}…`;
};
