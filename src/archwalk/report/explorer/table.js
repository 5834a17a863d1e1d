// The table of all evaluations. Only the rows in sight are elements, so that any number of them scrolls.

const ROW = 30; // pixels of a row, as explorer.css has it
const SPARE = 6; // rows beyond both ends of what is in sight

class Table {
  constructor(store, view, card, chosen) {
    Object.assign(this, { store, view, card, chosen });
    this.active = -1; // place in the order, of the row that has the focus
    this.head = el("tr", { "aria-rowindex": 1 });
    this.above = el("tr", { class: "x-gap", "aria-hidden": "true" }, el("td"));
    this.below = el("tr", { class: "x-gap", "aria-hidden": "true" }, el("td"));
    this.body = el("tbody", {}, this.above, this.below);
    this.widths = el("colgroup");
    this.table = el("table", { role: "grid", "aria-label": "All evaluations", "aria-describedby": "x-card" },
      this.widths, el("thead", {}, this.head), this.body);
    this.node = el("div", { class: "x-table", tabindex: 0, role: "region", "aria-label": "All evaluations, sorted and filtered" }, this.table);
    this.pool = [];
    this.node.addEventListener("scroll", () => this.soon());
    this.node.addEventListener("keydown", (event) => this.key(event));
    this.node.addEventListener("blur", () => card.hide());
    this.body.addEventListener("pointermove", (event) => event.pointerType === "mouse" && this.hover(event));
    this.body.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && card.hide());
    this.body.addEventListener("click", (event) => this.click(event));
    new ResizeObserver(() => this.soon()).observe(this.node);
    view.sortings.push(() => this.refresh());
  }

  soon() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      this.draw();
    });
  }

  // After a change of rows: what was at the top stays there, and who had the focus keeps it.
  refresh() {
    const { order, columns } = this.view;
    const top = Math.floor(this.node.scrollTop / ROW), anchor = this.order?.[top], focused = this.order?.[this.active];
    const same = this.sameSorting();
    this.order = order;
    this.heads(columns);
    if (top > 0 && anchor !== undefined && same) {
      const at = order.indexOf(anchor);
      if (at >= 0) this.node.scrollTop += (at - top) * ROW;
    }
    this.active = focused === undefined ? -1 : order.indexOf(focused);
    this.table.setAttribute("aria-rowcount", order.length + 1);
    this.draw();
  }

  sameSorting() {
    const { key, down } = this.view.sorted, before = this.sorting;
    this.sorting = `${key} ${down}`;
    if (before !== this.sorting) this.node.scrollTop = 0;
    return before === this.sorting;
  }

  heads(columns) {
    const { sorted } = this.view, titles = columns.map((column) => column.title).join("\n");
    if (titles !== this.titles) {
      this.titles = titles;
      this.pool.forEach((line) => line.remove());
      this.pool = [];
      this.head.replaceChildren(...columns.map((column) => {
        const button = el("button", { type: "button", title: `sort by ${column.title}`, onclick: () => this.view.sortBy(column.key) }, column.title);
        return el("th", { scope: "col", class: column.words ? "x-word" : null }, button);
      }));
      this.widths.replaceChildren(...columns.map((column) => {
        const width = el("col");
        width.style.width = `${this.widthOf(column)}px`;
        return width;
      }));
    }
    columns.forEach((column, place) => {
      const direction = column.key === sorted.key ? (sorted.down ? "descending" : "ascending") : null;
      const head = this.head.children[place];
      if (direction) head.setAttribute("aria-sort", direction);
      else head.removeAttribute("aria-sort");
    });
  }

  widthOf(column) {
    if (column.wide) return 260;
    const rows = Math.min(this.store.rows, 200), step = Math.max(1, Math.floor(this.store.rows / (rows || 1)));
    let longest = column.title.length > 14 ? Math.max(...column.title.split(" ").map((word) => word.length)) : column.title.length;
    for (let row = 0; row < this.store.rows; row += step) longest = Math.max(longest, column.text(row).length);
    return clamp(Math.ceil(longest * 7.6) + (column.swatch ? 40 : 26), 56, 230);
  }

  draw() {
    const { order } = this, { columns } = this.view;
    if (!order) return;
    const first = Math.max(0, Math.floor(this.node.scrollTop / ROW) - SPARE);
    const last = Math.min(order.length, first + Math.ceil(this.node.clientHeight / ROW) + 2 * SPARE);
    while (this.pool.length < last - first) this.pool.push(this.line(columns));
    this.pool.forEach((line, place) => {
      const at = first + place;
      line.hidden = at >= last;
      if (at < last) this.fill(line, at, columns);
    });
    this.above.firstChild.style.height = `${first * ROW}px`;
    this.below.firstChild.style.height = `${(order.length - last) * ROW}px`;
  }

  line(columns) {
    const cells = columns.map((column) => {
      const cell = el(column.key === "reward" ? "th" : "td", { class: column.words ? "x-word" : null });
      if (column.swatch) cell.append(el("span", { class: "swatch" }), "");
      return cell;
    });
    const line = el("tr", {}, ...cells);
    this.body.insertBefore(line, this.below);
    return line;
  }

  fill(line, at, columns) {
    const row = this.order[at];
    line.id = `x-row-${at}`;
    line.place = at;
    line.setAttribute("aria-rowindex", at + 2);
    line.classList.toggle("x-odd", at % 2 === 1);
    line.classList.toggle("x-active", at === this.active);
    columns.forEach((column, place) => {
      const cell = line.children[place], text = column.text(row);
      if (column.swatch) {
        cell.firstChild.style.background = `var(--${this.store.colours[this.store.columns.strategy[row]]})`;
        cell.lastChild.textContent = text;
      } else if (cell.textContent !== text) cell.textContent = text;
    });
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.node.clientHeight / ROW) - 2), end = this.order.length - 1;
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key === "Enter" && this.active >= 0) this.chosen(this.order[this.active]);
    if (!(event.key in moves) || end < 0 || event.target !== this.node) return;
    event.preventDefault();
    this.activate(clamp(this.active + moves[event.key], 0, end));
  }

  activate(at) {
    this.active = at;
    const top = at * ROW, inner = this.node.clientHeight - this.head.offsetHeight;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + ROW > this.node.scrollTop + inner) this.node.scrollTop = top + ROW - inner;
    this.draw();
    this.node.setAttribute("aria-activedescendant", `x-row-${at}`);
    const line = this.pool.find((one) => !one.hidden && one.place === at), box = this.node.getBoundingClientRect();
    if (line) this.card.show({ row: this.order[at], x: box.left + Math.min(360, box.width / 2), y: line.getBoundingClientRect().top });
  }

  hover(event) {
    const line = event.target.closest("tr");
    if (line?.place !== undefined) this.card.show({ row: this.order[line.place], x: event.clientX, y: event.clientY });
  }

  click(event) {
    const line = event.target.closest("tr");
    if (line?.place === undefined) return;
    this.active = line.place;
    this.draw();
    this.card.show({ row: this.order[line.place], x: event.clientX, y: event.clientY });
    this.chosen(this.order[line.place]);
  }
}
