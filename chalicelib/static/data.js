// The data of the production model: how each column and the classes are distributed, the most shifted first.

import { breakable, byId, count, el, onChange, plural, svg } from "./dom.js";
import { folded } from "./lists.js";

const LARGE = 0.25; // a population stability index that is worth a look
const FEW = 8; // columns shown at first
const WIDTH = 160;
const HEIGHT = 56;

export function renderData(profile, model) {
  byId("data").hidden = !model;
  if (model) draw(profile, model.model_id);
}

const draw = onChange((profile, id) => byId("data-body").replaceChildren(...(profile ? drawn(profile) : none(id))));

const none = (id) => [el("p", { class: "quiet" }, "There are no pictures of the data of model ", el("code", {}, id),
  ": an earlier version trained it. The next model has them.")];

function drawn(profile) {
  const { rows, slots, columns, left_out: more, classes } = profile;
  return [
    el("p", { class: "quiet" }, `Each column in ${plural(rows.train, "training row")} (filled) and ${plural(rows.test, "test row")} (line), `,
      "those that differ most first. A dotted line is the newest slot that differs from the test set."),
    ...folded(columns, (some) => el("ul", { class: "columns" }, some.map((column) => card(column, rows, slots))), FEW),
    ...(more > 0 ? [el("p", { class: "quiet" }, `${count(more)} more columns are not drawn.`)] : []),
    el("h3", {}, "Classes"),
    balance(classes, slots),
  ];
}

function card(column, rows, slots) {
  const odd = column.slots.findIndex(({ shift }) => shift >= LARGE);
  const layers = [["test", column.test], ...(odd < 0 ? [] : [["slot", column.slots[odd].counts]])];
  return el("li", {},
    el("p", { class: "column" }, el("strong", {}, breakable(column.name)), el("span", { class: "quiet" }, column.kind)),
    histogram(column, layers),
    el("p", { class: "ends quiet" }, el("span", {}, ends(column)[0]), el("span", {}, ends(column)[1])),
    column.shift >= LARGE && el("p", { class: "odd" }, `Training rows differ from the test set (PSI ${column.shift.toFixed(2)})`),
    odd >= 0 && el("p", { class: "odd" }, `${slots[odd].upload.split("/").at(-1)} differs (PSI ${column.slots[odd].shift.toFixed(2)})`),
    missing(column, rows));
}

/** Shares as bars for the training rows, and as lines for the other layers. */
function histogram({ name, train }, layers) {
  const shares = (counts) => counts.map((number) => number / (counts.reduce((sum, one) => sum + one, 0) || 1));
  const all = [shares(train), ...layers.map(([, counts]) => shares(counts))];
  const top = Math.max(...all.flat(), 1e-9);
  const [x, y] = [(index) => (index / train.length) * WIDTH, (share) => HEIGHT - (share / top) * (HEIGHT - 2)];
  const bars = all[0].map((share, index) =>
    svg("rect", { class: "train", x: x(index) + 0.5, width: Math.max(0.5, WIDTH / train.length - 1), y: y(share), height: HEIGHT - y(share) }));
  const lines = layers.map(([kind], layer) => svg("path", { class: kind, d: all[layer + 1]
    .map((share, index) => `${index ? "V" : `M${x(0)},`}${y(share)}H${x(index + 1)}`).join("") }));
  return svg("svg", { class: "histogram", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
    "aria-label": `Distribution of ${name}` }, bars, lines);
}

function ends({ edges, categories }) {
  if (categories) return [categories[0] ?? "", categories.length > 1 ? categories.at(-1) : ""];
  if (!edges?.length) return ["one value", ""];
  return [`below ${number(edges[0])}`, `from ${number(edges.at(-1))}`];
}

const number = (value) => (Number.isInteger(value) ? `${value}` : `${Number(value.toPrecision(4))}`);

function missing({ missing: { train, test } }, rows) {
  if (!train && !test) return false;
  const share = (part, whole) => `${Math.round((part / (whole || 1)) * 100)} %`;
  return el("p", { class: "quiet" }, `Missing: ${share(train, rows.train)} of training rows, ${share(test, rows.test)} of test rows`);
}

/** The share of each class in training rows, test set and the newest slots. */
function balance({ labels, train, test, slots: own }, slots) {
  const lines = [["Training rows", train], ["Test set", test], ...own.map((counts, index) => [slots[index].upload.split("/").at(-1), counts])];
  const cell = (counts) => (rows) =>
    el("td", {}, count(rows), el("small", {}, ` ${Math.round((rows / (counts.reduce((sum, one) => sum + one, 0) || 1)) * 100)} %`));
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Classes" },
    el("table", { class: "facts-table" },
      el("caption", {}, "How many rows each class has"),
      el("thead", {}, el("tr", {}, el("td", {}), labels.map((label) => el("th", { scope: "col" }, `${label}`)))),
      el("tbody", {}, lines.map(([name, counts]) => el("tr", {}, el("th", { scope: "row" }, breakable(name)), counts.map(cell(counts)))))));
}
