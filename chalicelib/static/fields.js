// One field of the form: drawn and read by the kind of its feature. An empty field is a missing value.

import { breakable, byId, el, setText } from "./dom.js";

const SHOWN_CATEGORIES = 100; // the API's description names no more
const DIRECTIVES = { "%Y": "yyyy", "%y": "yy", "%m": "mm", "%d": "dd", "%H": "hh", "%M": "mm", "%S": "ss" };
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export const input = (index) => byId(`field-${index}`);

/** The model's features, each with its kind, what is typical of it, and the spellings of a missing value. */
export function featuresOf(model, api) {
  const { Row, Missing } = api.components?.schemas ?? {};
  const columns = new Map((model.schema ?? []).map((column) => [column.name, column]));
  return model.features.map((name) => {
    const { kind = "number", format = "iso", missing = [] } = columns.get(name) ?? {};
    const own = Object.hasOwn(Row?.properties ?? {}, name) ? Row.properties[name] : {};
    return { name, kind, format, missing: [...(Missing?.enum ?? []), ...missing], examples: own.examples ?? [] };
  });
}

/** What an empty field means, for the kinds that the form has. */
export function meaningOfEmpty(features) {
  const has = (kind) => features.some((feature) => feature.kind === kind);
  const typed = [has("number") && "a number", has("date") && "a date"].filter(Boolean).join(" or ");
  const gap = [has("category") && "category", has("boolean") && "truth value"].filter(Boolean).join(" or a ");
  return [
    "An empty field is a missing value.",
    typed && `For ${typed}, the median of the training rows (shown in grey) is used.`,
    gap && `A ${gap} may be missing.`,
    has("category") && "A category may be new to the model.",
  ].filter(Boolean).join(" ");
}

const DRAWN = {
  number: (attributes, { examples: [median] }) =>
    el("input", { ...attributes, type: "text", inputmode: "decimal", placeholder: shown(median) }),
  date: (attributes, { examples: [median] }) => el("input", { ...attributes, type: "text", placeholder: median }),
  boolean: (attributes) => el("select", attributes,
    el("option", { value: "" }, "missing"), ["true", "false"].map((word) => el("option", { value: word }, word))),
  category: (attributes, { examples }) => [
    el("input", { ...attributes, type: "text", list: `${attributes.id}-known`, placeholder: "missing" }),
    el("datalist", { id: `${attributes.id}-known` }, examples.map((text) => el("option", { value: text }))),
  ],
};

const shown = (median) => (typeof median === "number" ? `${Number(median.toPrecision(6))}` : null);

/** The field of a feature, with its label, a hint and a place for a complaint. */
export function drawField(feature, index) {
  const id = `field-${index}`;
  const attributes = {
    id, name: feature.name, autocomplete: "off", spellcheck: "false", "aria-describedby": `${id}-hint ${id}-error fields-hint`,
  };
  const field = el("div", { class: "field" },
    el("div", { class: "head" }, el("label", { for: id }, breakable(feature.name)),
      el("span", { class: "hint", id: `${id}-hint` }, feature.kind === "date" && spelled(feature.format))),
    (DRAWN[feature.kind] ?? DRAWN.number)(attributes, feature),
    el("p", { class: "error", id: `${id}-error` }));
  field.addEventListener("input", () => {
    complain(index, "");
    remark(feature, index);
  });
  return field;
}

function spelled(format) {
  return format === "iso" ? "yyyy-mm-dd" : format.replace(/%./g, (directive) => DIRECTIVES[directive] ?? directive);
}

/** Says at a category what the model will take it for. */
export function remark({ kind, examples, missing }, index) {
  if (kind !== "category") return;
  const text = input(index).value.trim();
  const number = NUMBER.test(text) ? `${Number(text)}` : text;
  const known = examples.length >= SHOWN_CATEGORIES || examples.includes(text) || examples.includes(number);
  const gap = text !== "" && missing.includes(text);
  setText(byId(`field-${index}-hint`), gap ? "counts as missing" : text === "" || known ? "" : "new to the model");
}

/** The value as JSON has it; an Error where nothing of the kind was typed. */
export function readField({ kind }, index) {
  const text = input(index).value.trim();
  if (text === "") return null;
  if (kind === "boolean") return text === "true";
  if (kind !== "number") return text;
  const number = Number(text);
  return NUMBER.test(text) && Number.isFinite(number) ? number : new Error(`Expected a number such as 0.5, found ${text}`);
}

/** Puts back what was typed into a field of the same name, where the new field can hold it. */
export function restore(feature, index, text) {
  const node = input(index);
  if (text && (node.tagName !== "SELECT" || ["true", "false"].includes(text))) node.value = text;
  remark(feature, index);
}

/** A complaint at a field, or none. */
export function complain(index, text) {
  setText(byId(`field-${index}-error`), text);
  if (text) input(index).setAttribute("aria-invalid", "true");
  else input(index).removeAttribute("aria-invalid");
}
