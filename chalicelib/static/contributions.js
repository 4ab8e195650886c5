// Why a row is answered so: what each feature adds, for the class to the right and against it to the left.

import { breakable, el } from "./dom.js";
import { folded } from "./lists.js";

const SHOWN = 8;
const UNITS = { log_odds: "log odds", probability: "probability", sum: "sum" };
const SIGNED = new Intl.NumberFormat("en", { signDisplay: "exceptZero", minimumFractionDigits: 3, maximumFractionDigits: 3 });

const signed = (value) => SIGNED.format(value).replace("-", "\u2212");

/** The contributions of an answer as bars, the largest first; `missing` names the features that were left empty. */
export function explained({ contributions, explanation }, missing) {
  const ranked = Object.entries(contributions).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const full = Math.abs(ranked[0]?.[1] ?? 0) || 1;
  const name = el("code", {}, `${explanation.class}`);
  return [
    el("h3", {}, "What speaks for ", name),
    ...folded(ranked, (some) => bars(some, full, missing), SHOWN),
    el("p", { class: "quiet" }, summary(explanation, ranked)),
  ];
}

function bars(named, full, missing) {
  const line = ([name, value]) => {
    const fill = el("span", { class: value < 0 ? "fill against" : "fill" });
    const length = (Math.abs(value) / full) * 50;
    fill.style.width = `${length}%`;
    fill.style.marginLeft = `${value < 0 ? 50 - length : 50}%`;
    return el("div", {},
      el("dt", {}, breakable(name), missing.has(name) && el("span", { class: "hint" }, " (missing)")),
      el("dd", {}, el("span", { class: "bar both", "aria-hidden": "true" }, fill), el("span", { class: "number" }, signed(value))));
  };
  return el("dl", { class: "bars" }, named.map(line));
}

function summary({ unit, method, base }, ranked) {
  const whole = ranked.reduce((sum, [, value]) => sum + value, base);
  const exact = method === "additive"
    ? "These are the model's own parts."
    : "Counted along the paths through its trees: features that act together share what they add.";
  return `The ${UNITS[unit] ?? unit}: ${signed(base)} before any feature, ${signed(whole)} with all of them. ${exact}`;
}
