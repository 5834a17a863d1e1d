// A search or an episode step by step: what was changed, and what it was worth.

class Steps {
  constructor(store, view, drawings, landscape) {
    Object.assign(this, { store, view, drawings, landscape, path: [], at: 0 });
    this.which = picker("path", () => this.choose(this.which.select.value));
    const button = (text, label, move) => el("button", { type: "button", class: "x-button", "aria-label": label, onclick: () => this.go(move) }, text);
    this.first = button("|◀", "first step", -Infinity);
    this.back = button("◀", "one step back", -1);
    this.next = button("▶", "one step on", 1);
    this.last = button("▶|", "last step", Infinity);
    this.slider = el("input", { type: "range", min: 0, step: 1, "aria-label": "step", oninput: () => this.go(Number(this.slider.value) - this.at) });
    this.said = el("p", { class: "x-step", role: "status" });
    this.before = el("figure", { class: "drawing" });
    this.after = el("figure", { class: "drawing" });
    this.changes = el("ul", { class: "x-changes" });
    this.plot = new Plot({ height: 170, label: "Reward by step", draw: (plot) => this.draw(plot) });
    this.plot.canvas.classList.add("x-hand");
    this.plot.canvas.addEventListener("click", (event) => this.jump(event));
    const controls = el("div", { class: "x-row" }, this.which.node, el("div", { class: "x-buttons" }, this.first, this.back, this.next, this.last), this.slider);
    this.node = el("section", { class: "x-part", tabindex: -1, "aria-labelledby": "x-steps" }, el("h3", { id: "x-steps" }, "Step by step"),
      controls, this.said, el("div", { class: "x-pair" }, this.before, el("div", { class: "x-middle" }, this.changes), this.after), this.plot.node);
    this.node.addEventListener("keydown", (event) => this.key(event));
    view.listeners.push(() => this.refresh());
  }

  key(event) {
    if (["INPUT", "SELECT"].includes(event.target.tagName)) return;
    const moves = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.go(moves[event.key]);
  }

  // Episodes first, then the trials.
  refresh() {
    const { store } = this, { columns, about } = store;
    if (this.seen === `${store.rows} ${store.walks.length}`) return;
    this.seen = `${store.rows} ${store.walks.length}`;
    const pairs = store.walks.map((walk, place) => [`walk ${place}`, this.nameOfWalk(walk, place)]);
    const trials = new Map();
    for (let row = 0; row < store.rows; row++) {
      const key = `trial ${columns.strategy[row]} ${columns.agent[row]} ${columns.trial[row]}`;
      if (!trials.has(key)) trials.set(key, []);
      trials.get(key).push(row);
    }
    this.trials = trials;
    const several = columns.trial.some((trial) => trial > 0);
    for (const [key, rows] of trials) {
      const trial = several ? `, trial ${columns.trial[rows[0]]}` : "";
      pairs.push([key, `${store.strategyName(rows[0])}${trial}: all ${written(rows.length, 0)} evaluations`]);
    }
    this.node.hidden = !pairs.length;
    if (!pairs.length) return;
    setOptions(this.which.select, pairs);
    this.choose(this.which.select.value, this.path.length ? this.at : 1);
  }

  nameOfWalk(walk, place) {
    const { store } = this, steps = walk.edits.length;
    return `${store.about.strategies[walk.strategy]}, episode ${place - store.walks.findIndex((one) => one.strategy === walk.strategy) + 1}: `
      + `${steps} step${steps === 1 ? "" : "s"}`;
  }

  choose(key, at = 1) {
    const { store } = this, { columns } = store;
    if (key.startsWith("walk")) {
      const walk = store.walks[Number(key.split(" ")[1])];
      this.path = walk.architecture.map((architecture, step) => ({
        architecture, reward: number(walk.reward[step]), before: step ? walk.architecture[step - 1] : null, edit: walk.edits[step - 1] ?? "",
      }));
    } else {
      const rows = [...this.trials.get(key)].sort((a, b) => columns.query[a] - columns.query[b]);
      this.path = rows.map((row) => ({ architecture: columns.architecture[row], reward: columns.reward[row], row }));
    }
    this.isWalk = key.startsWith("walk");
    this.base = this.isWalk ? 0 : 1; // the number of the first step
    let best = NaN;
    for (const step of this.path) {
      if (Number.isFinite(step.reward) && !(store.upward(step.reward) <= store.upward(best))) best = step.reward;
      step.best = best;
    }
    this.slider.max = this.path.length - 1;
    this.at = clamp(at, 0, this.path.length - 1);
    this.show();
  }

  // The trial of an evaluation, at it.
  goTo(row) {
    const { columns } = this.store, key = `trial ${columns.strategy[row]} ${columns.agent[row]} ${columns.trial[row]}`;
    this.which.select.value = key;
    this.choose(key);
    this.go(this.path.findIndex((step) => step.row === row));
  }

  go(move) {
    this.at = clamp(this.at + move, 0, this.path.length - 1);
    this.show();
  }

  jump(event) {
    const [x] = this.plot.at(event);
    if (this.plot.x) this.go(Math.round((x - this.plot.x(0)) / (this.plot.x(1) - this.plot.x(0))) - this.base - this.at);
  }

  // Of an evaluation: the earlier one from which it differs in the fewest decisions, the latest of these.
  nearest(at) {
    const { store } = this, places = store.varying, row = (architecture) => store.decisions[architecture];
    const one = row(this.path[at].architecture);
    let found = null, least = Infinity;
    for (let earlier = at - 1; earlier >= Math.max(0, at - 5000); earlier--) {
      const other = row(this.path[earlier].architecture);
      let differ = 0;
      for (const place of places) if ((one[place] ?? null) !== (other[place] ?? null)) differ++;
      if (differ < least && differ > 0) [found, least] = [this.path[earlier].architecture, differ];
      if (least === 1) break;
    }
    return found;
  }

  show() {
    const { store, path, at } = this, step = path[at];
    if (!step) return;
    if (step.before === undefined) step.before = this.nearest(at);
    this.slider.value = at;
    this.back.disabled = this.first.disabled = at === 0;
    this.next.disabled = this.last.disabled = at === path.length - 1;
    const { name, unit } = store.about.reward, decimals = decimalsOf(store.columns.reward, unit);
    const value = (reward) => `${written(reward, decimals)}${unit && Number.isFinite(reward) ? ` ${unit}` : ""}`;
    const gained = at && store.upward(step.best) > store.upward(path[at - 1].best);
    this.said.textContent = `${this.isWalk ? (at ? `Step ${at} of ${path.length - 1}` : "The start") : `Query ${store.columns.query[step.row]}`}: `
      + `${name} ${value(step.reward)}${gained ? ", the best so far" : `; best so far ${value(step.best)}`}.`;
    this.tellChanges(step);
    this.picture(this.before, step.before, step.before === null ? "" : this.isWalk ? "before" : "most like it before");
    this.picture(this.after, step.architecture, this.isWalk ? "after" : "evaluated");
    this.landscape.walk(this.isWalk ? path.map((one) => one.architecture) : this.improvements(), step.architecture);
    this.plot.soon();
  }

  // Where the best so far was, up to here.
  improvements() {
    const found = [];
    for (let place = 0; place <= this.at; place++) {
      if (!place || this.path[place].best !== this.path[place - 1].best) found.push(this.path[place].architecture);
    }
    return found;
  }

  tellChanges(step) {
    const { store } = this, lines = [];
    if (step.edit) lines.push(el("li", { class: "x-edit" }, step.edit));
    if (step.before !== null) {
      const one = store.decisions[step.before], other = store.decisions[step.architecture];
      for (const place of store.varying) {
        const [from, to] = [one[place] ?? null, other[place] ?? null];
        if (from !== to) lines.push(el("li", {}, `${store.names[place]}: ${from ?? "none"} → ${to ?? "none"}`));
      }
    }
    const most = 10;
    if (lines.length > most) lines.splice(most, Infinity, el("li", {}, `and ${lines.length - most} more`));
    this.changes.replaceChildren(...lines);
  }

  async picture(figure, architecture, caption) {
    figure.architecture = architecture;
    const image = architecture === null ? null : await this.drawings.image(architecture, caption);
    if (figure.architecture !== architecture) return; // it has moved on
    const words = architecture === null || image ? null : el("p", { class: "x-words" }, this.store.text(architecture));
    figure.replaceChildren(...[image, words, caption ? el("figcaption", {}, caption) : null].filter(Boolean));
  }

  draw(plot) {
    const { path, at, base } = this, { context } = plot, shown = path.map((step) => step.reward).filter(Number.isFinite);
    if (path.length < 2) return;
    plot.frame([base, path.length - 1 + base], margin(shown.length > 20 ? extent([...middle(shown), ...path.map((step) => step.best).filter(Number.isFinite)]) : extent(shown)), { whole: true });
    const { left, right, top, bottom } = plot.inner;
    context.save();
    context.beginPath();
    context.rect(left - 6, top - 6, right - left + 12, bottom - top + 12);
    context.clip();
    context.strokeStyle = colour("blue");
    context.lineWidth = 1.8;
    context.beginPath();
    let drawn = false;
    path.forEach((step, place) => {
      const value = this.isWalk ? step.reward : step.best;
      if (!Number.isFinite(value)) return;
      if (drawn && !this.isWalk) context.lineTo(plot.x(place + base), plot.y(path[place - 1].best));
      if (drawn) context.lineTo(plot.x(place + base), plot.y(value));
      else context.moveTo(plot.x(place + base), plot.y(value));
      drawn = true;
    });
    context.stroke();
    const radius = path.length > 400 ? 1.6 : 2.6;
    path.forEach((step, place) => Number.isFinite(step.reward) && plot.dot(plot.x(place + base), plot.y(step.reward), radius, colour("grey")));
    context.lineWidth = 2.5;
    if (Number.isFinite(path[at].reward)) plot.dot(plot.x(at + base), plot.y(path[at].reward), 6, colour("ground"), colour("vermilion"));
    context.restore();
  }
}
