// The parts of the page that show the status: production, the candidate, decisions.

import { age, badge, between, breakable, byId, count, el, fact, keyed, moment, onChange, plural, score, svg } from "./dom.js";
import { FEW, folded, longList, texts } from "./lists.js";

const decisionList = longList("decisions");

// Production

export const renderProduction = onChange((production, uploads, candidate, decision) => {
  const body = production ? serving(production) : firstSteps(uploads, candidate, decision);
  byId("production-body").replaceChildren(...body);
});

function serving(production) {
  const { train_rows: trained, test_rows: tested, lineage = [], interval, baseline, warnings = [], fresh = [] } = production;
  return [
    el("p", { class: "score" }, score(production.score)),
    el("p", { class: "score-name" }, "F1 score on the test set", interval && `, 95 % interval ${between(interval)}`),
    interval && scale(production.score, interval, baseline),
    el(
      "dl",
      { class: "facts" },
      fact("In production since", moment(production.promoted_at), " (", age(production.promoted_at), ")"),
      fact("Trained on", `${plural(trained, "row")} of ${plural(lineage.length, "slot")}`),
      fact("Scored on", plural(tested, "test row")),
      typeof production.threshold === "number" && fact("Threshold", ...threshold(production)),
      fact("Model", el("code", {}, production.model_id), `, generation ${production.generation}`),
    ),
    fresh.length > 0 && onArrivals(fresh),
    warnings.length > 0 && doubts(warnings),
    production.hold && hold(),
    production.stale && stale(production.gone),
  ].filter(Boolean);
}

/** From which probability on the second class is the answer; at 0.5 the model decides as it is. */
function threshold({ threshold: from, f1_at_half: half, confusion }) {
  const name = confusion ? el("code", {}, `${confusion.labels.at(-1)}`) : "the second class";
  const other = from !== 0.5 && typeof half === "number" && `; at 0.5 its F1 is ${score(half)}`;
  return [name, ` from a probability of ${from} on`, other];
}

/** F1 from 0 to 1: the interval as a bar, the score on it, and what the best constant answer has. */
function scale(f1, [low, high], baseline) {
  const at = (value) => value * 100;
  const said = `F1 ${score(f1)}, between ${score(low)} and ${score(high)}` +
    (typeof baseline === "number" ? `; the best constant answer has ${score(baseline)}` : "");
  return el("figure", { class: "scale" },
    svg("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", role: "img", "aria-label": said },
      svg("rect", { class: "whole", x: 0, y: 2, width: 100, height: 4 }),
      svg("rect", { class: "interval", x: at(low), y: 2, width: Math.max(0.4, at(high) - at(low)), height: 4 }),
      typeof baseline === "number" && svg("rect", { class: "baseline", x: at(baseline) - 0.3, y: 0, width: 0.6, height: 8 }),
      svg("rect", { class: "here", x: at(f1) - 0.5, y: 0.5, width: 1, height: 7 })),
    typeof baseline === "number" && el("figcaption", { class: "quiet" }, `The best constant answer has ${score(baseline)} (thin line).`));
}

/** What production did on the slots that arrived since it was trained, the latest first. */
function onArrivals(fresh) {
  const line = ({ upload, f1, interval: range, rows, reason }) =>
    fact(breakable(upload.split("/").at(-1)), typeof f1 === "number" ?
      `${score(f1)}, 95 % interval ${between(range)}, ${plural(rows, "new row")}` : reason);
  const draw = (some) => el("dl", { class: "facts" }, some.map(line));
  const warned = fresh.find(({ f1 }) => typeof f1 === "number")?.warning;
  return el("section", { class: "fresh" },
    el("h3", {}, "On slots that arrived since"),
    el("p", { class: "quiet" }, "F1 on their new rows, before anything was trained on them."),
    folded(fresh, draw, 3),
    warned && el("p", { class: "note rejected" }, el("strong", {}, "Below the test score. "), warned));
}

const doubts = (warnings) =>
  el("div", { class: "note rejected" }, el("strong", {}, "Reasons to doubt this score:"), folded(warnings, texts(null)));

function hold() {
  return el(
    "div",
    { class: "note waiting" },
    el("strong", {}, "On hold after a rollback."),
    " Later candidates wait until ",
    el("code", {}, "vintner release"),
    " lets them be judged.",
  );
}

function stale(gone) {
  return el(
    "div",
    { class: "note rejected" },
    el("strong", {}, "Stale lineage."),
    " This model was trained on uploads that were removed or replaced since:",
    el("ul", { class: "keys" }, gone.slice(0, FEW).map((key) => el("li", {}, el("code", {}, key)))),
    gone.length > FEW && el("p", {}, `and ${count(gone.length - FEW)} more.`),
    el("p", {}, "It serves until a candidate without them scores better. To take it out now, run ",
      el("code", {}, "vintner rollback"), "."),
  );
}

function firstSteps(uploads, candidate, decision) {
  const scored = candidate.state === "trained";
  return [
    el("p", { class: "nothing" }, "Nothing is in production yet."),
    el(
      "ol",
      { class: "steps" },
      step(uploads.tests > 0, "Upload a test set", "data/test/", "vintner upload test.csv --test",
        "The rows that score every model."),
      step(uploads.slots > 0, "Upload a slot of labelled rows", "data/slots/", "vintner upload slot.csv",
        "Each slot starts a new training."),
      el("li", { class: scored ? "done" : "" }, el("strong", {}, "The candidate is trained and scored"),
        done(scored), el("p", {}, "That starts by itself. The first model goes into production, unless approval is manual.")),
    ),
    decision?.decision === "waiting" &&
      el("p", { class: "note waiting" }, el("strong", {}, "A candidate waits for you."), " Run ",
        el("code", {}, "vintner approve"), " to put it into production."),
    uploads.rejected > 0 &&
      el("p", { class: "note rejected" }, `${plural(uploads.rejected, "upload was", "uploads were")} rejected: `,
        el("a", { href: "#uploads" }, "see why"), "."),
  ].filter(Boolean);
}

function step(there, title, folder, command, why) {
  return el(
    "li",
    { class: there ? "done" : "" },
    el("strong", {}, title),
    done(there),
    el("p", {}, why, " Put a CSV under ", el("code", {}, folder), " in the bucket, or run ", el("code", {}, command), "."),
  );
}

const done = (there) => Boolean(there) && el("span", { class: "badge accepted" }, "done");

// The candidate

const STATES = {
  none: ["kept", "no candidate", "No function has looked at the bucket yet. The first upload starts one."],
  waiting: ["waiting", "waits for data", null],
  training: ["training", "training", "The model is being fitted and scored on the test set."],
  trained: ["accepted", "trained", null],
  refused: ["rejected", "refused", null],
};

export const renderCandidate = onChange((candidate, decision, uploads) => {
  const [kind, name, text] = STATES[candidate.state] ?? ["kept", candidate.state, null];
  const body = [el("p", { class: "kicker" }, badge(kind, name))];
  if (text) body.push(el("p", {}, text));
  if (candidate.state === "trained") body.push(...trained(candidate, decision));
  else if (candidate.reason) body.push(el("p", { class: "said" }, candidate.reason));
  if (candidate.state === "refused") {
    body.push(el("p", {}, "It is not tried again as it is: upload other rows, or remove or replace the upload that is at fault."));
  }
  if (candidate.warnings?.length) body.push(remarks(candidate.warnings));
  if (candidate.model_id) body.push(el("p", { class: "quiet" }, "Model ", el("code", {}, candidate.model_id)));
  byId("candidate-body").replaceChildren(...body, totals(uploads));
});

function trained(candidate, decision) {
  const sure = candidate.interval ? ` (${between(candidate.interval)})` : "";
  const result = el("p", {}, "F1 ", el("strong", {}, score(candidate.f1)), `${sure} after training on ${plural(candidate.train_rows, "row")}.`);
  if (!decision) return [result, el("p", {}, "It will be compared with production next.")];
  return [result, el("p", {}, badge(decision.decision), " ", el("span", { class: "said" }, candidate.standing ?? decision.reason))];
}

const remarks = (warnings) =>
  el("div", { class: "note waiting" }, el("strong", {}, "Worth a look:"), folded(warnings, texts(null)));

function totals(uploads) {
  const name = (number, singular) => (number === 1 ? singular : `${singular}s`);
  const parts = [
    [name(uploads.slots, "slot"), uploads.slots],
    [name(uploads.tests, "test upload"), uploads.tests],
    ["rejected", uploads.rejected],
  ];
  return el("dl", { class: "totals" }, parts.map(([what, number]) => el("div", {}, el("dt", {}, what), el("dd", {}, count(number)))));
}

// Decisions

export const renderDecisions = onChange((decisions) => {
  const newest = [...decisions].sort((a, b) => b.at.localeCompare(a.at));
  byId("decisions-empty").hidden = Boolean(newest.length);
  keyed(decisionList.list, newest, ({ key, standing }) => `${key} ${standing}`, drawDecision);
  decisionList.limit();
});

function drawDecision(decision) {
  return el(
    "li",
    {},
    el("div", { class: "line" }, badge(decision.decision), el("strong", { class: "number" }, score(decision.candidate_score)),
      el("code", {}, decision.model_id)),
    el("p", {}, decision.reason),
    decision.standing && !decision.standing.endsWith(decision.reason) && el("p", { class: "quiet" }, `Now: ${decision.standing}`),
    decision.warnings?.length > 0 && folded(decision.warnings, texts("warnings")),
    el("p", { class: "quiet" }, `rule ${decision.rule}, read at generation ${decision.generation}, `, age(decision.at)),
  );
}
