// Asks whoever serves the page what came since, once a second, and says how the search is.

const PAUSE = 1000, LATE_PAUSE = 5000;

class Live {
  constructor(store, take, look) {
    Object.assign(this, { store, take, look, edition: 0, looked: -1 });
    this.state = document.getElementById("x-state");
    this.now = document.getElementById("x-now");
    this.best = new Lines("Best so far, by query");
    this.training = new Map();
    this.best.node.hidden = true;
    this.now.append(this.best.node);
    this.ask();
  }

  async ask() {
    let pause = PAUSE;
    try {
      const { store, edition } = this;
      const reply = await fetch(`more?edition=${edition}&series=${store.taken}&architectures=${store.descriptions.length}`);
      if (!reply.ok) throw new Error(String(reply.status));
      const told = await reply.json();
      if (told.edition !== edition && store.rows) return location.reload(); // another search has begun there
      this.edition = told.edition;
      if (told.delta && (told.delta.series.length || !store.about)) this.take(told.delta);
      this.tell(told);
      if (store.rows !== this.looked) await this.lookAgain();
      if (told.state === "over") pause = LATE_PAUSE;
    } catch {
      this.state.textContent = "Nobody answers any more; what was seen stays here.";
      pause = LATE_PAUSE;
    }
    setTimeout(() => this.ask(), pause);
  }

  // The landscape and what else takes time to compute: whoever serves the page says when there are new ones.
  async lookAgain() {
    const reply = await fetch("views");
    if (!reply.ok) return;
    const views = await reply.json();
    if (!views.edition || views.rows === this.looked) return;
    this.looked = views.rows;
    this.store.walks = views.walks;
    this.store.front = views.front;
    this.look(views);
  }

  tell(told) {
    const { store } = this, { about } = store, words = [];
    if (told.problem) words.push(told.problem);
    else if (store.rows) {
      const best = Math.max(...store.best().filter(Number.isFinite));
      const { name, unit } = about.reward, decimals = decimalsOf(store.columns.reward, unit);
      const shown = written(store.upward(best), decimals);
      words.push(`${written(store.rows, 0)} evaluations, best ${name} ${shown}${unit ? ` ${unit}` : ""}.`);
      words.push({ running: "It goes on.", over: "It is over.", waiting: "" }[told.state]);
    } else if (told.charts.steps) {
      words.push(`Training: ${written(told.charts.steps.at(-1), 0)} steps.`, told.state === "over" ? "It is over." : "It goes on.");
    } else words.push("Nothing was evaluated yet.");
    const text = words.join(" ");
    if (this.said !== `${text} ${told.report}`) {
      this.said = `${text} ${told.report}`;
      this.state.replaceChildren(text, ...(told.report ? [" ", el("a", { href: "report.html" }, "The report"), "."] : []));
    }
    document.getElementById("explore").hidden = !store.rows;
    if (store.rows) {
      this.best.show(about.strategies.map((name, place) => ({ name, colour: store.colours[place], ...bestSoFar(store, place) })));
    }
    this.charts(told.charts);
  }

  // The log of a training: a chart each of what it measures.
  charts(charts) {
    const x = charts.steps ?? charts.queries;
    if (!x) return;
    for (const [name, values] of Object.entries(charts)) {
      if (values === x || name === "seconds" || values.filter((value) => value !== null).length < 2) continue;
      if (!this.training.has(name)) {
        const lines = new Lines(name.replace("charts/", "").replaceAll("_", " "));
        this.training.set(name, lines);
        this.now.append(lines.node);
      }
      this.training.get(name).show([{ name, colour: "blue", x, y: values.map(number) }]);
    }
  }
}
