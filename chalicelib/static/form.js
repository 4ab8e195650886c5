// A form made from the production model's own features.

import { explained } from "./contributions.js";
import { byId, el, onChange, setText } from "./dom.js";
import { complain, drawField, input, meaningOfEmpty, readField, remark, restore } from "./fields.js";
import { folded } from "./lists.js";
import { bars } from "./quality.js";

const SHOWN_CLASSES = 8;

let model = null;
let features = [];
let address = null;

/** Draws the form for a model; what was typed into a field of the same name stays there. */
const draw = onChange((wanted) => {
  const typed = new Map([...byId("fields").querySelectorAll("input, select")].map((node) => [node.name, node.value]));
  const focused = document.activeElement?.name;
  byId("fields").replaceChildren(...wanted.map(drawField));
  setText(byId("fields-hint"), meaningOfEmpty(wanted));
  wanted.forEach((feature, index) => {
    restore(feature, index, typed.get(feature.name));
    if (feature.name === focused) input(index).focus();
  });
});

/** Shows the form of the production model, or none; `wanted` are its features as `featuresOf` describes them. */
export function renderForm(current, wanted, root) {
  model = current;
  features = wanted;
  address = new URL("predict?explain=true", root);
  byId("form").hidden = !model;
  byId("form-empty").hidden = Boolean(model);
  if (model) draw(features);
}

/** The row as it was typed, or null with a complaint at each field that cannot be sent. */
function readRow() {
  const row = {};
  let bad = null;
  features.forEach((feature, index) => {
    const value = readField(feature, index);
    const wrong = value instanceof Error;
    complain(index, wrong ? value.message : "");
    if (wrong) bad ??= index;
    // An own property even where objects inherit one of that name.
    Object.defineProperty(row, feature.name, { value, enumerable: true });
  });
  if (bad === null) return row;
  input(bad).focus();
  return null;
}

async function submit(event) {
  event.preventDefault();
  const row = readRow();
  if (!row) return;
  const started = performance.now();
  let response;
  let answer;
  try {
    const headers = { "Content-Type": "application/json" };
    response = await fetch(address, { method: "POST", headers, body: JSON.stringify(row), cache: "no-store" });
    answer = await response.json();
  } catch {
    showProblem({ title: "No answer", detail: "The server cannot be reached. Try again." });
    return;
  }
  const elapsed = performance.now() - started;
  if (response.ok) showAnswer(answer, elapsed, row);
  else showProblem(answer);
}

/** Why the answer may be the class with the smaller probability: where it is decided elsewhere than at 0.5. */
function threshold({ threshold: from, classes }) {
  if (typeof from !== "number" || from === 0.5) return null;
  return el("p", { class: "quiet" }, "It is ", el("code", {}, `${classes[1]}`), ` from a probability of ${from} on.`);
}

function showAnswer(answer, elapsed, row) {
  const rule = model.settings?.positive;
  const meaning = rule ? `${model.label} ${rule}` : model.label;
  const ranked = Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]);
  byId("answer").replaceChildren(
    el("p", { class: "kicker" }, meaning),
    el("p", { class: "figure" }, `${answer.prediction}`),
    ...folded(ranked, (some) => bars(some), SHOWN_CLASSES),
    ...[threshold(model)].filter(Boolean),
    ...explained(answer, new Set(Object.keys(row).filter((name) => row[name] === null))),
    el("p", { class: "quiet" }, "Model ", el("code", {}, answer.model_id), `, answered in ${elapsed.toFixed(1)} ms`),
  );
}

/** A problem, with each of its errors at its field; an error without a field is shown with the problem. */
function showProblem({ title, detail, errors = [] }) {
  const names = features.map((feature) => feature.name);
  const elsewhere = [];
  let first = null;
  for (const { pointer, detail: text } of errors) {
    const index = names.indexOf(pointer.slice(1).replaceAll("~1", "/").replaceAll("~0", "~"));
    if (index < 0) {
      elsewhere.push(`${pointer} ${text}`);
      continue;
    }
    complain(index, text);
    first ??= index;
  }
  if (first !== null) input(first).focus();
  byId("answer").replaceChildren(
    el("div", { class: "note rejected" }, el("strong", {}, title ?? "Refused"), " ", detail ?? "",
      elsewhere.length > 0 && el("ul", {}, elsewhere.map((text) => el("li", {}, text)))),
  );
}

export function startForm() {
  byId("form").addEventListener("submit", submit);
  byId("form").addEventListener("reset", () => {
    byId("answer").replaceChildren();
    // The fields are emptied after this event.
    setTimeout(() => features.forEach((feature, index) => {
      complain(index, "");
      remark(feature, index);
    }));
  });
}
