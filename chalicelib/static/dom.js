// Making elements. Whatever comes from a bucket or a CSV becomes a text node, never markup.

const SVG = document.getElementById("marks").namespaceURI;

function make(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function el(name, attributes = {}, ...children) {
  return make(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return make(document.createElementNS(SVG, name), attributes, children);
}

export const byId = (id) => document.getElementById(id);

/** Calls `draw` only when the data is not what it was: what is there keeps focus, selection and scroll. */
export function onChange(draw) {
  let last;
  return (...data) => {
    const text = JSON.stringify(data);
    if (text !== last) {
      last = text;
      draw(...data);
    }
  };
}

/** Brings a list into the order of `items`; an item's element is made once and kept. */
export function keyed(list, items, keyOf, create) {
  const existing = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map((item) => {
    const key = keyOf(item);
    const node = existing.get(key) ?? create(item);
    node.dataset.key = key;
    existing.delete(key);
    return node;
  });
  for (const node of existing.values()) node.remove();
  wanted.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}

/** A name that may be broken after its underscores. */
export const breakable = (name) => name.split(/(?<=_)/).flatMap((part, index) => (index ? [el("wbr"), part] : [part]));

/** Text that changes in place, and only when it changes. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Numbers and times

const COUNT = new Intl.NumberFormat("en");
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const TICK = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

export const count = (number) => (typeof number === "number" ? COUNT.format(number) : "unknown");
export const score = (number) => (typeof number === "number" ? number.toFixed(4) : "none");
export const between = ([low, high]) => `${score(low)} to ${score(high)}`;
export const plural = (number, singular, many = `${singular}s`) => `${count(number)} ${number === 1 ? singular : many}`;
export const tick = (iso) => TICK.format(new Date(iso));
export const moment = (iso) => MOMENT.format(new Date(iso));

function ago(iso) {
  const seconds = Math.max(0, (Date.now() - new Date(iso)) / 1000);
  const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? [];
  return unit ? AGO.format(-Math.floor(seconds / length), unit) : "just now";
}

/** How long ago something was; `renewAges` keeps it true. */
export function age(iso) {
  return el("time", { datetime: iso, title: moment(iso), "data-ago": true }, ago(iso));
}

export function renewAges() {
  for (const node of document.querySelectorAll("time[data-ago]")) setText(node, ago(node.dateTime));
}

export const badge = (kind, text = kind.replace("_", " ")) => el("span", { class: `badge ${kind}` }, text);

export const fact = (name, ...value) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value));
