// A form made from the production model's own features.

import { breakable, byId, el, onChange } from "./dom.js";
import { bars } from "./sections.js";

let model = null;
let address = null;

const field = (index) => byId(`field-${index}`);

/** Draws the form for a model; what was typed into a field of the same name stays there. */
const draw = onChange((features, medians) => {
  const typed = new Map([...byId("fields").querySelectorAll("input")].map((input) => [input.name, input.value]));
  const focused = document.activeElement?.name;
  byId("fields").replaceChildren(...features.map((name, index) => drawField(name, index, medians[name])));
  features.forEach((name, index) => {
    field(index).value = typed.get(name) ?? "";
    if (name === focused) field(index).focus();
  });
});

function drawField(name, index, median) {
  const id = `field-${index}`;
  const input = el("input", {
    id, name, type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false",
    placeholder: median === undefined ? null : `${Number(median.toPrecision(6))}`, "aria-describedby": `${id}-error fields-hint`,
  });
  input.addEventListener("input", () => complain(index, ""));
  return el("div", { class: "field" }, el("label", { for: id }, breakable(name)), input,
    el("p", { class: "error", id: `${id}-error` }));
}

function complain(index, text) {
  const error = byId(`field-${index}-error`);
  if (error.textContent === text) return;
  error.textContent = text;
  if (text) field(index).setAttribute("aria-invalid", "true");
  else field(index).removeAttribute("aria-invalid");
}

/** Shows the form of the production model, or none. `medians` names what stands in for a missing value. */
export function renderForm(present, medians, root) {
  model = present;
  address = new URL("predict", root);
  byId("form").hidden = !model;
  byId("form-empty").hidden = Boolean(model);
  if (model) draw(model.features, medians);
}

/** The row as it was typed, or null with a complaint at each field that is no number. */
function readRow() {
  const row = {};
  let bad = null;
  model.features.forEach((name, index) => {
    const text = field(index).value.trim();
    const number = text === "" ? null : Number(text);
    const wrong = number !== null && !Number.isFinite(number);
    complain(index, wrong ? `Expected a number such as 0.5, found ${text}` : "");
    if (wrong) bad ??= index;
    // Own even where the name is one that objects inherit.
    Object.defineProperty(row, name, { value: number, enumerable: true });
  });
  if (bad === null) return row;
  field(bad).focus();
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
  if (response.ok) showAnswer(answer, elapsed);
  else showProblem(answer);
}

function showAnswer(answer, elapsed) {
  const rule = model.settings?.positive;
  const meaning = rule ? `${model.label} ${rule}` : model.label;
  const ranked = Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]);
  byId("answer").replaceChildren(
    el("p", { class: "kicker" }, meaning),
    el("p", { class: "figure" }, `${answer.prediction}`),
    bars(ranked),
    el("p", { class: "quiet" }, "Model ", el("code", {}, answer.model_id), `, there and back in ${elapsed.toFixed(1)} ms`),
  );
}

function showProblem({ title, detail, errors = [] }) {
  const names = model.features;
  const elsewhere = errors.filter(({ pointer, detail: text }) => {
    const index = names.indexOf(pointer.slice(1).replaceAll("~1", "/").replaceAll("~0", "~"));
    if (index >= 0) complain(index, text);
    return index < 0;
  });
  byId("answer").replaceChildren(
    el("div", { class: "note rejected" }, el("strong", {}, title ?? "Refused"), " ", detail ?? "",
      elsewhere.length > 0 && el("ul", {}, elsewhere.map((error) => el("li", {}, `${error.pointer} ${error.detail}`)))),
  );
}

export function startForm() {
  byId("form").addEventListener("submit", submit);
  byId("form").addEventListener("reset", () => {
    model?.features.forEach((_, index) => complain(index, ""));
    byId("answer").replaceChildren();
  });
}
