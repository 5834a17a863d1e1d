// What an architecture looks like: beside the pointer, the row that has the focus, or where a finger was.

class Card {
  constructor(store, view, drawings) {
    Object.assign(this, { store, view, drawings });
    this.drawing = el("div", { class: "x-drawing" });
    this.facts = el("dl", { class: "x-facts" });
    this.words = el("p", { class: "x-words" });
    this.node = el("aside", { class: "x-card", role: "tooltip", id: "x-card", hidden: true }, this.drawing, this.facts, this.words);
    this.shown = null;
    document.body.append(this.node);
    addEventListener("keydown", (event) => event.key === "Escape" && this.hide());
    addEventListener("scroll", () => this.hide(), { passive: true });
    addEventListener("pointerdown", () => this.hide());
  }

  // At a place of the window, about an evaluation (a row) or an architecture alone.
  async show({ row = null, architecture, x, y }) {
    const { store } = this, which = row === null ? architecture : store.columns.architecture[row];
    const key = `${row} ${which}`;
    this.node.hidden = false;
    if (this.shown !== key) {
      this.shown = key;
      this.fill(row, which);
      const image = await this.drawings.image(which, "");
      if (this.shown !== key) return;
      this.drawing.replaceChildren(...(image ? [image] : []));
    }
    this.place(x, y);
  }

  fill(row, which) {
    const { store } = this, pairs = [];
    if (row !== null) {
      for (const column of this.view.columns) {
        if (column.key === "architecture" || column.decision !== undefined) continue;
        pairs.push([column.title, column.text(row)]);
      }
    }
    this.facts.replaceChildren(...pairs.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]));
    this.words.textContent = store.text(which);
  }

  place(x, y) {
    const { offsetWidth: width, offsetHeight: height } = this.node, gap = 18;
    const right = x + gap + width < innerWidth, left = right ? x + gap : Math.max(8, x - gap - width);
    this.node.style.left = `${Math.min(left, innerWidth - width - 8)}px`;
    this.node.style.top = `${clamp(y - height / 3, 8, Math.max(8, innerHeight - height - 8))}px`;
  }

  hide() {
    this.shown = null;
    this.node.hidden = true;
  }
}
