// What was evaluated, in columns: a row is an evaluation, `architecture` the number of what was evaluated.

const number = (value) => (value === null || value === undefined ? NaN : value);

class Store {
  constructor() {
    this.about = null;
    this.rows = 0;
    this.taken = 0; // series that are in
    this.columns = { architecture: [], strategy: [], agent: [], trial: [], query: [], reward: [], report: [] };
    this.metrics = new Map();
    this.descriptions = [];
    this.names = [];
    this.decisions = [];
    this.walks = [];
    this.texts = [];
    this.known = new Map();
  }

  add(delta) {
    this.about = delta.about;
    this.names = delta.names;
    this.descriptions.push(...delta.descriptions);
    this.decisions.push(...delta.decisions);
    for (const { key } of this.about.metrics) {
      if (!this.metrics.has(key)) this.metrics.set(key, new Array(this.rows).fill(NaN));
    }
    for (const series of delta.series) this.enter(series);
    this.taken += delta.series.length;
    this.known.clear();
  }

  enter(series) {
    const { columns } = this, each = series.architecture.length / series.trials;
    series.architecture.forEach((architecture, place) => {
      columns.architecture.push(architecture);
      columns.strategy.push(series.strategy);
      columns.agent.push(series.agent);
      columns.trial.push(series.trial + Math.floor(place / each));
      columns.query.push(series.query + (place % each));
      const reward = number(series.reward[place]);
      columns.reward.push(reward);
      columns.report.push(series.report ? number(series.report[place]) : reward);
      for (const [key, values] of this.metrics) values.push(number(series.metrics[key]?.[place]));
    });
    this.rows += series.architecture.length;
    this.agents = undefined;
  }

  // A decision: its different values in order, and the place of each architecture's value among them (NaN for none).
  decision(place) {
    if (!this.known.has(place)) {
      const raw = this.decisions.map((row) => row[place] ?? null);
      const values = [...new Set(raw.filter((value) => value !== null))];
      const numeric = values.every((value) => typeof value === "number");
      values.sort(numeric ? (a, b) => a - b : (a, b) => (String(a) < String(b) ? -1 : 1));
      const at = new Map(values.map((value, rank) => [value, rank]));
      const ranks = raw.map((value) => (value === null ? NaN : at.get(value)));
      const varies = values.length > 1 || (values.length === 1 && raw.includes(null));
      this.known.set(place, { name: this.names[place], values, numeric, ranks, raw, varies });
    }
    return this.known.get(place);
  }

  // Those that are not the same everywhere.
  get varying() {
    return this.names.map((_, place) => place).filter((place) => this.decision(place).varies);
  }

  text(architecture) {
    return (this.texts[architecture] ??= JSON.stringify(this.descriptions[architecture]));
  }

  upward(reward) {
    return this.about.reward.higher ? reward : -reward;
  }

  // The best reward of each architecture, turned so that higher is better; NaN where there is none.
  best() {
    if (!this.known.has("best")) {
      const best = new Float64Array(this.descriptions.length).fill(NaN), { architecture, reward } = this.columns;
      for (let row = 0; row < this.rows; row++) {
        const value = this.upward(reward[row]), at = architecture[row];
        if (value > best[at] || (Number.isNaN(best[at]) && Number.isFinite(value))) best[at] = value;
      }
      this.known.set("best", Array.from(best));
    }
    return this.known.get("best");
  }

  // The evaluation of an architecture that has its best reward.
  bestRow(architecture) {
    if (!this.known.has("rows")) {
      const rows = new Int32Array(this.descriptions.length).fill(-1), best = this.best();
      for (let row = this.rows - 1; row >= 0; row--) {
        const at = this.columns.architecture[row];
        if (rows[at] < 0 || this.upward(this.columns.reward[row]) === best[at]) rows[at] = row;
      }
      this.known.set("rows", rows);
    }
    const row = this.known.get("rows")[architecture];
    return row < 0 ? null : row;
  }

  get severalAgents() {
    return (this.agents ??= this.columns.agent.some((agent) => agent > 0));
  }

  strategyName(row) {
    const name = this.about.strategies[this.columns.strategy[row]];
    return this.severalAgents ? `${name} (agent ${this.columns.agent[row] + 1})` : name;
  }

  // The columns of the table: how each is called, sorted, filtered and written.
  tableColumns() {
    const { columns, about } = this, list = [];
    const numeric = (key, title, unit, values, higher = null, decimals = decimalsOf(values, unit)) =>
      list.push({ key, title: unit ? `${title} (${unit})` : title, name: title, unit, values, higher, decimals,
        value: (row) => values[row], text: (row) => written(values[row], decimals) });
    numeric("reward", about.reward.name, about.reward.unit, columns.reward, about.reward.higher);
    if (about.report) numeric("report", about.report.name, about.report.unit, columns.report, about.report.higher);
    for (const { key, name, unit, higher } of about.metrics) {
      numeric(key, name, unit, this.metrics.get(key), higher);
    }
    list.push({ key: "strategy", title: "strategy", swatch: true, words: true,
      value: (row) => this.strategyName(row), text: (row) => this.strategyName(row) });
    if (columns.trial.some((trial) => trial > 0)) numeric("trial", "trial", "", columns.trial);
    numeric("query", "query", "", columns.query);
    list.push({ key: "architecture", title: "architecture", words: true, wide: true,
      value: (row) => this.text(columns.architecture[row]), text: (row) => this.text(columns.architecture[row]) });
    for (const place of this.varying) {
      const decision = this.decision(place), at = (row) => columns.architecture[row];
      list.push({ key: decision.name, title: decision.name, words: !decision.numeric, decision: place,
        value: (row) => decision.raw[at(row)], rank: (row) => decision.ranks[at(row)],
        text: (row) => String(decision.raw[at(row)] ?? "–") });
    }
    return list;
  }
}

// Text that is packed: base64 of what zlib has compressed.
const unpack = async (id) => {
  const packed = document.getElementById(id)?.textContent.trim();
  if (!packed) return null;
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
};

// Drawings by the number of an architecture: those in the page, or of whom serves it.
class Drawings {
  constructor(live) {
    this.live = live;
    this.inPage = null;
  }

  async source(architecture) {
    if (this.live) return `drawing/${architecture}.svg`;
    this.inPage ??= unpack("x-drawings").then((text) => {
      if (!text) return new Map();
      const [at, ...drawn] = text.split("\0");
      return new Map(JSON.parse(at).map((number, place) => [number, drawn[place]]));
    });
    const svg = (await this.inPage).get(architecture);
    return svg ? `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}` : null;
  }

  // An image of it, or nothing where it is not drawn.
  async image(architecture, alt) {
    const source = await this.source(architecture);
    if (!source) return null;
    const image = el("img", { alt, src: source });
    try {
      await image.decode();
    } catch {
      return null;
    }
    return image;
  }
}
