// Which decisions matter, by functional ANOVA; computed where the page is written (report/explorer/importance.py).

const SHOWN = 15;

class Importance {
  constructor() {
    this.bars = el("ol", { class: "x-bars" });
    this.said = el("p", { class: "small" });
    this.node = el("section", { class: "x-part", "aria-labelledby": "x-importance", hidden: true },
      el("h3", { id: "x-importance" }, "Importance of decisions"), this.bars, this.said);
  }

  show(found) {
    this.node.hidden = !found;
    if (!found) return;
    const most = found.rows[0].share || 1, rows = found.rows.slice(0, SHOWN), left = found.rows.length - rows.length;
    this.bars.replaceChildren(...rows.map(({ name, share, best }) => {
      const bar = el("span", { class: "x-share" });
      bar.style.width = `${(100 * share) / most}%`;
      return el("li", {}, el("span", { class: "x-name", title: name }, name), el("span", { class: "x-track" }, bar),
        el("span", { class: "x-value" }, `${(100 * share).toFixed(1)} %`), el("span", { class: "x-best" }, `best: ${best}`));
    }));
    const explained = Math.max(0, found.explained);
    this.said.textContent = "Functional ANOVA (Hutter et al. 2014) of an additive model of the ranks of the rewards: the share of the "
      + "model's variance that a decision has, all its values being equally likely. Cross-validated, the model explains "
      + `${(100 * explained).toFixed(0)} % of the ranks of ${written(found.architectures, 0)} architectures; `
      + (explained < 0.1 ? "that is next to nothing, so do not trust the bars." : "the rest is chance, or what decisions do together.")
      + (left > 0 ? ` ${left} more decisions matter less.` : "");
  }
}
