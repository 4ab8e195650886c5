// The production model on the test set: metrics, confusion matrix, what it looks at, what it was trained on.

import { breakable, byId, count, el, fact, onChange, plural, score } from "./dom.js";
import { folded, texts } from "./lists.js";

const METRICS = {
  f1: "F1", precision: "Precision", recall: "Recall", accuracy: "Accuracy",
  balanced_accuracy: "Balanced accuracy", roc_auc: "ROC AUC",
};
const MOST = 12; // features shown, and classes whose matrix is open at first
const WIDE = 4; // classes whose matrix fits without scrolling

export function renderQuality(production, model) {
  byId("quality").hidden = !production?.confusion;
  if (!production?.confusion) return;
  const { importances = {}, warnings = [], schema = [] } = model ?? {};
  drawScores(production.metrics, production.confusion, importances);
  drawRows(schema, warnings);
}

const drawScores = onChange((metrics, { labels, matrix }, importances) => {
  const known = Object.keys(METRICS).filter((name) => typeof metrics[name] === "number");
  const meant = labels.length === 2 ? `for the class ${labels[1]}` : "as averages over the classes";
  byId("quality-body").replaceChildren(
    el("dl", { class: "metrics" }, known.map((name) => fact(METRICS[name], score(metrics[name])))),
    el("p", { class: "quiet" }, `F1, precision and recall ${meant}.`),
    ...(labels.length > MOST ? foldedConfusion(labels, matrix) : [openConfusion(labels, matrix)]),
    ...drawImportances(importances),
  );
});

const drawRows = onChange((schema, warnings) => {
  byId("quality-rows").replaceChildren(
    ...(schema.length ? [drawSchema(schema)] : []),
    ...(warnings.length ? [drawWarnings(warnings)] : []),
  );
});

// The confusion matrix

function openConfusion(labels, matrix) {
  const wide = labels.length > WIDE;
  return el("div", { class: "scroll", tabindex: wide && "0", role: wide && "group", "aria-label": wide && "Confusion matrix" },
    confusion(labels, matrix));
}

/** What is confused most, and the whole matrix on demand. */
function foldedConfusion(labels, matrix) {
  const pairs = matrix.flatMap((row, truth) =>
    row.map((number, guess) => [number, truth, guess]).filter(([number, , guess]) => number > 0 && guess !== truth));
  const worst = pairs.sort((a, b) => b[0] - a[0]).slice(0, MOST / 2);
  const line = ([number, truth, guess]) =>
    el("li", {}, el("strong", {}, count(number)), ` of ${labels[truth]} taken for ${labels[guess]}`);
  return [
    worst.length > 0 && el("h3", {}, "What it confuses most"),
    worst.length > 0 && el("ol", { class: "pairs" }, worst.map(line)),
    el("details", {}, el("summary", {}, `Confusion matrix of ${labels.length} classes`),
      el("div", { class: "scroll large", tabindex: "0", role: "group", "aria-label": "Confusion matrix" },
        confusion(labels, matrix))),
  ].filter(Boolean);
}

function confusion(labels, matrix) {
  const many = labels.length > MOST;
  const cells = (row) => {
    const total = row.reduce((sum, number) => sum + number, 0) || 1;
    return row.map((number) => {
      const share = el("small", {}, ` ${Math.round((number / total) * 100)} %`);
      const cell = el("td", { class: number === 0 && "none" }, count(number), number > 0 && !many && share);
      cell.style.setProperty("--share", `${((number / total) * 28).toFixed(1)}%`);
      return cell;
    });
  };
  return el(
    "table",
    { class: many ? "confusion many" : "confusion" },
    el("caption", {}, `${many ? "" : "Confusion matrix: "}each row a true class, each column a predicted one`),
    el("thead", {}, el("tr", {}, el("td", {}), labels.map((label) => el("th", { scope: "col" }, `${label}`)))),
    el("tbody", {}, matrix.map((row, index) =>
      el("tr", {}, el("th", { scope: "row" }, `${labels[index]}`), cells(row)))),
  );
}

// What it looks at, and what it was trained on

function drawImportances(importances) {
  const ranked = Object.entries(importances).sort((a, b) => b[1] - a[1]).slice(0, MOST);
  if (!ranked.length) return [];
  return [el("h3", {}, "What the model looks at"), bars(ranked, Math.max(...ranked.map(([, value]) => value)))];
}

function drawSchema(columns) {
  const features = columns.filter(({ kind }) => kind !== "unused").length;
  const heads = ["Column", "Kind", "Remark"].map((head) => el("th", { scope: "col" }, head));
  const line = (column) => el("tr", { class: column.kind === "unused" && "none" },
    el("th", { scope: "row" }, breakable(column.name)), el("td", {}, column.kind), el("td", {}, remarkOn(column)));
  return el("details", {},
    el("summary", {}, `${plural(columns.length, "column")}, ${plural(features, "feature")}`),
    el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Columns" },
      el("table", { class: "facts-table" },
        el("caption", {}, "What each column is, from the test set"),
        el("thead", {}, el("tr", {}, heads)),
        el("tbody", {}, columns.map(line)))));
}

function remarkOn({ format, missing = [], why }) {
  const reason = why === "data/schema.json" ? "as data/schema.json says" : why;
  return [format && (format === "iso" ? "ISO 8601" : format), missing.length > 0 && `missing: ${missing.join(", ")}`, reason]
    .filter(Boolean).join("; ");
}

const drawWarnings = (warnings) =>
  el("details", {}, el("summary", {}, plural(warnings.length, "remark"), " on its training rows"),
    folded(warnings, texts("warnings"), MOST));

/** Named shares as bars; `full` is the value of a whole bar. */
export function bars(named, full = 1) {
  const line = ([name, value]) => {
    const fill = el("span", { class: "fill" });
    fill.style.width = `${Math.max(0, Math.min(1, value / full)) * 100}%`;
    return el("div", {}, el("dt", {}, breakable(name)), el("dd", {}, el("span", { class: "bar", "aria-hidden": "true" }, fill),
      el("span", { class: "number" }, value.toFixed(4))));
  };
  return el("dl", { class: "bars" }, named.map(line));
}
