// What is shown of all rows: filtered by words, comparisons, strategies and ranges, sorted by a column.

const COMPARISON = /^"?([^"<>=!]+)"?(<=|>=|!=|=|<|>)"?(.*?)"?$/;

class View {
  constructor(store) {
    this.store = store;
    this.text = "";
    this.hidden = new Set(); // strategies
    this.once = false; // each architecture by its best evaluation alone
    this.ranges = new Map(); // by axis of the parallel coordinates: [low, high]
    this.sorted = { key: "reward", down: true };
    this.order = new Int32Array(0);
    this.sortings = []; // called when rows or their order are others
    this.listeners = []; // called when rows are others
    this.problem = "";
  }

  get isWhole() {
    return !this.text.trim() && !this.hidden.size && !this.once && !this.ranges.size;
  }

  changed() {
    this.columns = this.store.tableColumns();
    const tests = this.tests();
    const rows = [];
    for (let row = 0; row < this.store.rows; row++) if (tests.every((test) => test(row))) rows.push(row);
    this.order = this.sort(Int32Array.from(this.once ? this.bestOnce(rows) : rows));
    [...this.sortings, ...this.listeners].forEach((listener) => listener());
  }

  tests() {
    const { store } = this, { columns } = store, tests = [];
    this.problem = "";
    if (this.hidden.size) tests.push((row) => !this.hidden.has(columns.strategy[row]));
    for (const word of this.text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []) tests.push(this.test(word));
    for (const [key, [low, high]] of this.ranges) {
      const column = this.columns.find((one) => one.key === key);
      if (!column) continue;
      const at = column.rank ?? column.value;
      tests.push((row) => at(row) >= low && at(row) <= high);
    }
    return tests;
  }

  test(word) {
    const found = COMPARISON.exec(word);
    const column = found && this.columns.find((one) => one.key.toLowerCase() === found[1].toLowerCase());
    if (found && !column) {
      const near = this.columns.find((one) => one.key.toLowerCase().startsWith(found[1].toLowerCase().slice(0, 3)));
      this.problem = `no column is called ${found[1]}${near ? `; is it ${near.key}?` : ""}`;
    }
    if (!column) {
      const wanted = word.replaceAll('"', "").toLowerCase(), { store } = this, { architecture } = store.columns;
      const holds = (text) => text.toLowerCase().includes(wanted);
      const fits = store.descriptions.map((_, one) => holds(store.text(one)));
      return (row) => fits[architecture[row]] || holds(store.strategyName(row));
    }
    const [, , sign, text] = found, value = Number(text);
    const same = (row) => String(column.value(row) ?? "").toLowerCase() === text.toLowerCase() || column.value(row) === value;
    const tests = {
      "=": same, "!=": (row) => !same(row), "<": (row) => column.value(row) < value, ">": (row) => column.value(row) > value,
      "<=": (row) => column.value(row) <= value, ">=": (row) => column.value(row) >= value,
    };
    return tests[sign];
  }

  bestOnce(rows) {
    const { store } = this, { architecture, reward } = store.columns, best = new Map();
    const worth = (row) => (Number.isFinite(reward[row]) ? store.upward(reward[row]) : -Infinity);
    for (const row of rows) {
      const before = best.get(architecture[row]);
      if (before === undefined || worth(row) > worth(before)) best.set(architecture[row], row);
    }
    return [...best.values()].sort((a, b) => a - b);
  }

  // Stable; what has no value stands last.
  sort(order) {
    const column = this.columns.find((one) => one.key === this.sorted.key) ?? this.columns[0];
    const keys = new Float64Array(this.store.rows), sign = this.sorted.down ? -1 : 1;
    if (column.words && !column.rank) {
      const texts = [...new Set(Array.from(order, (row) => column.value(row)))].sort();
      const rank = new Map(texts.map((text, place) => [text, place]));
      for (const row of order) keys[row] = sign * rank.get(column.value(row));
    } else {
      const at = column.rank ?? column.value;
      for (const row of order) keys[row] = sign * at(row);
    }
    for (const row of order) if (Number.isNaN(keys[row])) keys[row] = Infinity;
    return order.sort((a, b) => keys[a] - keys[b] || a - b);
  }

  sortBy(key) {
    const column = this.columns.find((one) => one.key === key);
    const first = column.higher !== false && !column.words && key !== "query" && key !== "trial"; // the best, mostly
    this.sorted = { key, down: this.sorted.key === key ? !this.sorted.down : first };
    this.order = this.sort(this.order.slice());
    this.sortings.forEach((listener) => listener());
  }
}
