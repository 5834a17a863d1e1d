// Small helpers: elements, numbers as people write them, colours of the page.
// Text comes into the page as text alone (textContent, attributes), never as markup.

const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};

const option = (value, text) => el("option", { value }, text);

const picker = (label, onchange) => {
  const select = el("select", { onchange: () => onchange(select.value) });
  return { select, node: el("label", { class: "x-pick" }, `${label} `, select) };
};

// The options of a select, without losing what is chosen.
const setOptions = (select, pairs) => {
  const before = select.value;
  select.replaceChildren(...pairs.map(([value, text]) => option(value, text)));
  if (pairs.some(([value]) => value === before)) select.value = before;
};

// As report/values.py writes: two decimals, none from thousands on, three digits of what is small.
const decimalsOf = (values, unit) => {
  let largest = 0, whole = true;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (Math.abs(value) > largest) largest = Math.abs(value);
    if (whole && !Number.isInteger(value)) whole = false;
  }
  if (whole) return 0;
  if (unit === "%" || largest === 0 || (largest >= 0.1 && largest < 1000)) return 2;
  return largest >= 1000 ? 0 : Math.min(12, 2 - Math.floor(Math.log10(largest)));
};

const written = (value, decimals) => {
  if (!Number.isFinite(value)) return "–";
  const [whole, rest] = Math.abs(value).toFixed(decimals).split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? `.${rest}` : "");
  return value < 0 && Number(text.replace(/[,.0]/g, "")) ? `−${text}` : text;
};


const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// Colours: those of the page by name, and viridis for values from 0 to 1.
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"]
  .map((text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)));

const SHADES = Array.from({ length: 64 }, (_, place) => {
  const at = (place / 63) * (VIRIDIS.length - 1), low = Math.min(Math.floor(at), VIRIDIS.length - 2), part = at - low;
  return `rgb(${VIRIDIS[low].map((value, c) => Math.round(value + part * (VIRIDIS[low + 1][c] - value))).join()})`;
});

// Where values lie between a low percentile and the best: a few outliers would leave one colour to all others.
const shadesOf = (values, higher) => {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (!known.length) return { low: 0, high: 0, at: () => "transparent" };
  const bound = (share) => known[Math.round(share * (known.length - 1))];
  const [low, high] = higher ? [bound(0.2), known.at(-1)] : [bound(0.8), known[0]];
  const at = (value) => {
    if (!Number.isFinite(value)) return colour("grey");
    const part = high === low ? 1 : clamp((value - low) / (high - low), 0, 1);
    return SHADES[Math.round(63 * part)];
  };
  return { low, high, at };
};

// Round numbers on an axis, some four of them.
const ticksOf = (low, high, most = 5, whole = false) => {
  if (!(high > low)) return [low];
  const raw = Math.max((high - low) / most, whole ? 1 : 0), power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((part) => part * power).find((part) => part >= raw);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9 * step; at++) found.push(at * step);
  return found;
};

const tickText = (value, ticks) => {
  const step = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : Math.abs(value) || 1;
  if (step < 1e-6) return value.toPrecision(3).replace("-", "−");
  for (const [size, letter] of [[1e9, "G"], [1e6, "M"]]) {
    if (ticks.some((tick) => Math.abs(tick) >= size)) return value ? `${written(value / size, step < size ? 1 : 0)} ${letter}` : "0";
  }
  return written(value, clamp(-Math.floor(Math.log10(step) + 1e-9), 0, 6));
};
