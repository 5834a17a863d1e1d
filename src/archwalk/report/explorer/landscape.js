// The landscape: architectures by how near they are, coloured by reward, with the path that is stepped through.

class Landscape {
  constructor(store, view, card, chosen) {
    Object.assign(this, { store, view, card, chosen, path: [], current: -1 });
    this.plot = new Plot({ height: (width) => Math.min(520, Math.max(280, 0.9 * width)), label: "Landscape of what was evaluated", draw: (plot) => this.draw(plot) });
    this.plot.canvas.classList.add("x-hand");
    this.edges = el("input", { type: "checkbox", onchange: () => this.plot.soon() });
    this.scale = el("div", { class: "x-scale" });
    this.node = el("section", { class: "x-part", "aria-labelledby": "x-landscape" }, el("h3", { id: "x-landscape" }, "The landscape"),
      el("p", { class: "small" }, "Each dot is an architecture. Those that are one edit apart lie near each other, others as far apart "
        + "as the number of decisions in which they differ, as well as two dimensions allow (least stress). Grey: not evaluated. "
        + "Thin lines: episodes, in the colours of their strategies; thick: the path that is stepped through below."),
      el("div", { class: "x-row" }, this.scale, el("label", { class: "x-once" }, this.edges, " edges")), this.plot.node);
    this.plot.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.plot.canvas.addEventListener("pointerleave", () => card.hide());
    this.plot.canvas.addEventListener("click", (event) => this.click(event));
    view.listeners.push(() => this.plot.soon());
    this.node.hidden = true;
  }

  show(found) {
    this.node.hidden = !found;
    if (!found) return;
    this.found = found;
    this.index = new Map(found.at.map((architecture, place) => [architecture, place]));
    this.x = [...found.x, ...found.around.x];
    this.y = [...found.y, ...found.around.y];
    this.edges.parentElement.hidden = !found.edges.length;
    this.edges.checked = this.edges.checked || (found.edges.length > 0 && found.edges.length < 8000);
    this.plot.soon();
  }

  walk(path, current) {
    this.path = path;
    this.current = current;
    this.plot.soon();
  }

  place(node) {
    return [this.left + this.x[node] * this.size, this.top + this.y[node] * this.size];
  }

  draw(plot) {
    if (!this.found) return;
    const { context, width } = plot, { found, store } = this, height = plot.height, margin = 14;
    const [, highX] = extent(this.x), [, highY] = extent(this.y);
    this.size = Math.min((width - 2 * margin) / (highX || 1), (height - 2 * margin) / (highY || 1));
    this.left = (width - this.size * highX) / 2;
    this.top = (height - this.size * highY) / 2;
    if (this.edges.checked) this.drawEdges(context);
    const grid = colour("grid"), best = store.best(), shown = new Set(Array.from(this.view.order, (row) => store.columns.architecture[row]));
    for (let node = found.at.length; node < this.x.length; node++) plot.dot(...this.place(node), 1.6, colour("grey"));
    const shades = shadesOf(found.at.map((architecture) => best[architecture]), true);
    const order = found.at.map((_, node) => node).sort((a, b) => (best[found.at[a]] || -Infinity) - (best[found.at[b]] || -Infinity) || a - b);
    const radius = found.at.length > 1500 ? 2.6 : 4.5;
    for (const node of order) {
      const faint = !shown.has(found.at[node]);
      context.globalAlpha = faint ? 0.15 : 1;
      plot.dot(...this.place(node), radius, shades.at(best[found.at[node]]), faint ? null : grid);
    }
    this.drawEpisodes(context);
    context.globalAlpha = 1;
    this.drawPath(plot);
    this.drawScale(shades);
  }

  drawEdges(context) {
    const { edges } = this.found;
    context.strokeStyle = colour("grid");
    context.lineWidth = 0.6;
    context.beginPath();
    for (let at = 0; at < edges.length; at += 2) {
      context.moveTo(...this.place(edges[at]));
      context.lineTo(...this.place(edges[at + 1]));
    }
    context.stroke();
  }

  // All episodes, thin, in the colours of their strategies.
  drawEpisodes(context) {
    context.globalAlpha = 0.7;
    for (const walk of this.store.walks) this.line(context, walk.architecture, this.store.colours[walk.strategy], 1.2);
  }

  line(context, path, name, width) {
    const nodes = path.map((architecture) => this.index.get(architecture)).filter((node) => node !== undefined);
    context.strokeStyle = colour(name);
    context.lineWidth = width;
    context.lineJoin = "round";
    context.beginPath();
    nodes.forEach((node, place) => (place ? context.lineTo(...this.place(node)) : context.moveTo(...this.place(node))));
    context.stroke();
    return nodes;
  }

  drawPath(plot) {
    const { context } = plot, nodes = this.line(context, this.path, "ink", 2);
    if (!nodes.length) return;
    plot.dot(...this.place(nodes[0]), 4, colour("ground"), colour("ink"));
    const node = this.index.get(this.current);
    if (node === undefined) return;
    context.lineWidth = 2.5;
    plot.dot(...this.place(node), 8, null, colour("vermilion"));
  }

  drawScale({ low, high }) {
    const { reward } = this.store.about, decimals = decimalsOf([low, high], reward.unit), unit = reward.unit ? ` ${reward.unit}` : "";
    const ends = [low, high].map((value) => written(this.store.upward(value), decimals) + unit);
    const words = [`${ends[0]} and ${reward.higher ? "below" : "above"}`, ends[1]];
    if (this.scale.title === words.join()) return;
    this.scale.title = words.join();
    const bar = el("span", { class: "x-bar" });
    bar.style.background = `linear-gradient(to right, ${SHADES.filter((_, place) => place % 9 === 0).join()})`;
    this.scale.replaceChildren(`${reward.name}: `, words[0], bar, words[1]);
  }

  near(event) {
    const [x, y] = this.plot.at(event);
    let nearest = -1, least = 14 ** 2;
    for (let node = 0; node < (this.found?.at.length ?? 0); node++) {
      const [nodeX, nodeY] = this.place(node), apart = (nodeX - x) ** 2 + (nodeY - y) ** 2;
      if (apart < least) [nearest, least] = [node, apart];
    }
    return nearest < 0 ? null : this.found.at[nearest];
  }

  hover(event) {
    const architecture = this.near(event);
    if (architecture === null) this.card.hide();
    else this.card.show({ row: this.store.bestRow(architecture), x: event.clientX, y: event.clientY });
  }

  click(event) {
    const architecture = this.near(event);
    if (architecture === null) return;
    const row = this.store.bestRow(architecture);
    this.card.show({ row, x: event.clientX, y: event.clientY });
    this.chosen(row);
  }
}
