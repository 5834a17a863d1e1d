// What narrows the rows down: words and comparisons, strategies, each architecture once.

class Filters {
  constructor(store, view) {
    Object.assign(this, { store, view });
    this.input = el("input", { type: "search", spellcheck: "false", autocomplete: "off", "aria-describedby": "x-help",
      placeholder: "words, or reward>90 trial=0", oninput: () => this.later() });
    this.once = el("input", { type: "checkbox", onchange: () => this.apply() });
    this.strategies = el("div", { class: "x-strategies", role: "group", "aria-label": "Strategies" });
    this.count = el("p", { class: "x-count", role: "status" });
    this.clear = el("button", { type: "button", class: "x-button", onclick: () => this.reset() }, "show all");
    this.node = el("div", { class: "x-filters" },
      el("label", { class: "x-search" }, "Filter ", this.input),
      el("label", { class: "x-once" }, this.once, " each architecture once"),
      this.clear, this.strategies, this.count);
    view.listeners.push(() => this.tell());
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.apply(), 120);
  }

  apply() {
    this.view.text = this.input.value;
    this.view.once = this.once.checked;
    this.view.changed();
  }

  reset() {
    this.input.value = "";
    this.once.checked = false;
    this.view.hidden.clear();
    this.view.ranges.clear();
    this.boxes?.forEach((box) => (box.checked = true));
    this.apply();
  }

  // A box for each strategy, which is its legend too.
  refresh() {
    const names = this.store.about.strategies, key = names.join("\n");
    if (key === this.names) return;
    this.names = key;
    this.boxes = names.map((_, place) => el("input", { type: "checkbox", checked: !this.view.hidden.has(place), onchange: (event) => {
      if (event.target.checked) this.view.hidden.delete(place);
      else this.view.hidden.add(place);
      this.apply();
    } }));
    this.strategies.replaceChildren(...names.map((name, place) => {
      const dot = el("span", { class: "swatch" });
      dot.style.background = `var(--${this.store.colours[place]})`;
      return el("label", {}, this.boxes[place], dot, name);
    }));
    this.strategies.hidden = names.length < 2;
  }

  tell() {
    const { view, store } = this, shown = view.order.length;
    const architectures = new Set(Array.from(view.order, (row) => store.columns.architecture[row])).size;
    const all = view.isWhole ? "" : ` of ${written(store.rows, 0)}`;
    this.count.textContent = view.problem
      || `${written(shown, 0)}${all} evaluations, ${written(architectures, 0)} different architectures`;
    this.clear.hidden = view.isWhole;
  }
}
