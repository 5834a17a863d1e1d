// A canvas that is as sharp as the screen, redrawn when it, its data or the colours change.

const extent = (values) => {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? [0, 1] : low === high ? [low - (Math.abs(low) || 1) * 0.05, high + (Math.abs(high) || 1) * 0.05] : [low, high];
};

const PLOTS = new Set();

class Plot {
  constructor({ height, label, draw }) {
    Object.assign(this, { tall: height, height: 0, drawing: draw, margins: { left: 58, right: 26, top: 12, bottom: 34 } });
    this.stale = true;
    this.seen = false;
    this.canvas = el("canvas", { role: "img", "aria-label": label });
    this.node = el("div", { class: "x-plot" }, this.canvas);
    this.context = this.canvas.getContext("2d");
    new ResizeObserver(() => this.soon()).observe(this.node);
    new IntersectionObserver((seen) => this.inSight(seen.at(-1).isIntersecting), { rootMargin: "200px" }).observe(this.node);
    PLOTS.add(this);
  }

  // It is drawn when the table is, and only where somebody can see it.
  soon() {
    this.stale = true;
    if (!this.seen || this.asked) return;
    this.asked = requestAnimationFrame(() => setTimeout(() => {
      this.asked = null;
      if (this.stale) this.draw();
    }));
  }

  inSight(seen) {
    this.seen = seen;
    if (seen && this.stale) this.soon();
  }

  draw() {
    const width = this.node.clientWidth, scale = devicePixelRatio || 1;
    if (!width) return;
    this.stale = false;
    this.width = width;
    this.height = typeof this.tall === "function" ? this.tall(width) : this.tall;
    this.canvas.style.height = `${this.height}px`;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(this.height * scale);
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.context.clearRect(0, 0, width, this.height);
    this.context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    this.drawing(this);
  }

  get inner() {
    const { left, right, top, bottom } = this.margins;
    return { left, top, right: this.width - right, bottom: this.height - bottom };
  }

  // Scales for both axes, with grid lines and round numbers.
  frame([lowX, highX], [lowY, highY], titles = {}) {
    const { left, right, top, bottom } = this.inner, { context } = this;
    this.x = (value) => left + ((value - lowX) / (highX - lowX)) * (right - left);
    this.y = (value) => bottom - ((value - lowY) / (highY - lowY)) * (bottom - top);
    context.lineWidth = 1;
    context.strokeStyle = colour("grid");
    context.fillStyle = colour("muted");
    const upwards = ticksOf(lowY, highY, 5), most = Math.max(2, Math.floor(this.width / 110));
    const sideways = ticksOf(lowX, highX, most, titles.whole);
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const value of upwards) {
      const y = Math.round(this.y(value)) + 0.5;
      context.beginPath();
      context.moveTo(left, y);
      context.lineTo(right, y);
      context.stroke();
      context.fillText(tickText(value, upwards), left - 8, y);
    }
    context.textBaseline = "top";
    context.textAlign = "center";
    for (const value of sideways) context.fillText(tickText(value, sideways), this.x(value), bottom + 6);
    if (titles.x) {
      context.textAlign = "right";
      context.fillText(titles.x, right, bottom + 20);
    }
    if (titles.y) {
      context.textAlign = "left";
      context.textBaseline = "bottom";
      context.fillText(titles.y, 4, top - 4);
    }
  }

  dot(x, y, radius, fill, ring = null) {
    const { context } = this;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    if (fill) {
      context.fillStyle = fill;
      context.fill();
    }
    if (ring) {
      context.strokeStyle = ring;
      context.stroke();
    }
  }

  // Where a pointer is, in pixels of the plot.
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}

const redrawAll = () => PLOTS.forEach((plot) => plot.soon());
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
prefersDark.addEventListener("change", redrawAll);

// Light or dark, whatever the system prefers: a button in the head of the page.
const themeButton = () => {
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
  const button = el("button", { type: "button", class: "x-button x-theme", onclick: () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    tell();
    redrawAll();
  } });
  const tell = () => (button.textContent = isDark() ? "light" : "dark");
  prefersDark.addEventListener("change", tell);
  tell();
  return button;
};
