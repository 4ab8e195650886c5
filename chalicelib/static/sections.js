// The parts of the page that show the status: production, the candidate, uploads, decisions, quality.

import { age, badge, breakable, byId, count, el, keyed, moment, onChange, plural, score, setText } from "./dom.js";

const FEW = 6;

// Production

export const renderProduction = onChange((production, uploads, candidate, decision) => {
  const body = production ? serving(production) : firstSteps(uploads, candidate, decision);
  byId("production-body").replaceChildren(...body);
});

function serving(production) {
  const { train_rows: trained, test_rows: tested, lineage = [] } = production;
  return [
    el("p", { class: "score" }, score(production.score)),
    el("p", { class: "score-name" }, "F1 score on the test set"),
    el(
      "dl",
      { class: "facts" },
      fact("In production since", moment(production.promoted_at), " (", age(production.promoted_at), ")"),
      fact("Trained on", `${plural(trained, "row")} of ${plural(lineage.length, "slot")}`),
      fact("Scored on", plural(tested, "test row")),
      fact("Model", el("code", {}, production.model_id), `, generation ${production.generation}`),
    ),
    production.hold && hold(),
    production.stale && stale(production.gone),
  ].filter(Boolean);
}

const fact = (name, ...value) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value));

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
        "Each one is a reason to train anew."),
      el("li", { class: scored ? "done" : "" }, el("strong", {}, "The candidate is trained and scored"),
        done(scored), el("p", {}, "That starts by itself. The first one goes into production, unless approval is manual.")),
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
  none: ["kept", "no candidate", "No function has looked at the bucket yet. The first upload rings the bell."],
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
  if (candidate.left_out?.length) body.push(leftOut(candidate.left_out));
  if (candidate.model_id) body.push(el("p", { class: "quiet" }, "Model ", el("code", {}, candidate.model_id)));
  byId("candidate-body").replaceChildren(...body, totals(uploads));
});

function trained(candidate, decision) {
  const result = el("p", {}, "F1 ", el("strong", {}, score(candidate.f1)), ` after training on ${plural(candidate.train_rows, "row")}.`);
  if (!decision) return [result, el("p", {}, "It is about to be judged against production.")];
  return [result, el("p", {}, badge(decision.decision), " ", el("span", { class: "said" }, decision.reason))];
}

function leftOut(uploads) {
  const lines = uploads.map(({ upload, reason }) => el("li", {}, el("code", {}, upload), " ", reason));
  return el("div", { class: "note waiting" }, el("strong", {}, "Left out of the training:"), el("ul", {}, lines));
}

function totals(uploads) {
  const name = (number, one) => (number === 1 ? one : `${one}s`);
  const parts = [
    [name(uploads.slots, "slot"), uploads.slots],
    [name(uploads.tests, "test upload"), uploads.tests],
    ["rejected", uploads.rejected],
  ];
  return el("dl", { class: "totals" }, parts.map(([what, number]) => el("div", {}, el("dt", {}, what), el("dd", {}, count(number)))));
}

// Lists that show a few, and all on demand

function longList(name) {
  const list = byId(name);
  const button = byId(`${name}-more`);
  const limit = () => {
    const rows = [...list.children];
    const open = button.getAttribute("aria-expanded") === "true";
    rows.forEach((row, index) => { row.hidden = !open && index >= FEW; });
    button.hidden = rows.length <= FEW;
    setText(button, open ? "Show fewer" : `Show all ${rows.length}`);
  };
  button.addEventListener("click", () => {
    button.setAttribute("aria-expanded", button.getAttribute("aria-expanded") !== "true");
    limit();
  });
  return { list, limit };
}

const receiptList = longList("receipts");
const decisionList = longList("decisions");

// Uploads

const KINDS = { slot: "slot", test: "test set" };

export const renderReceipts = onChange((receipts, uploads) => {
  const more = uploads.total > receipts.length ? `, the newest ${receipts.length} shown` : "";
  setText(byId("receipts-count"), receipts.length ? `${plural(uploads.total, "upload")} in the bucket${more}` : "");
  byId("receipts-empty").hidden = Boolean(receipts.length);
  keyed(receiptList.list, receipts, (receipt) => receipt.receipt, drawReceipt);
  receiptList.limit();
});

function drawReceipt(receipt) {
  const { rows, status, warnings = [], reasons = [] } = receipt;
  const counts = `${plural(rows.read, "row")} read, ${count(rows.kept)} kept, ${count(rows.new)} new`;
  return el(
    "li",
    {},
    el("div", { class: "line" }, badge(status), el("code", { class: "key" }, receipt.upload)),
    el("p", { class: "quiet" }, `${KINDS[receipt.kind] ?? "neither slot nor test set"}, `,
      status === "rejected" ? "nothing used" : counts, ", ", age(receipt.at)),
    status === "duplicate" && el("p", { class: "quiet" }, "The same rows are in another upload; they count once."),
    warnings.length > 0 && el("ul", { class: "warnings" }, warnings.map((text) => el("li", {}, text))),
    reasons.length > 0 && drawReasons(reasons),
  );
}

function drawReasons(reasons) {
  const list = (some) => el("ul", { class: "reasons" }, some.map(drawReason));
  const rest = reasons.slice(FEW);
  return [list(reasons.slice(0, FEW)), rest.length > 0 &&
    el("details", {}, el("summary", {}, plural(rest.length, "more reason")), list(rest))];
}

function drawReason({ line, column, problem }) {
  const places = [line !== null && `line ${count(line)}`, column !== null && `column ${column}`].filter(Boolean);
  return el("li", {}, el("span", { class: "place" }, places.join(", ") || "whole upload"), " ", problem);
}

// Decisions

export const renderDecisions = onChange((decisions) => {
  const newest = [...decisions].sort((a, b) => b.at.localeCompare(a.at));
  byId("decisions-empty").hidden = Boolean(newest.length);
  keyed(decisionList.list, newest, (decision) => decision.key, drawDecision);
  decisionList.limit();
});

function drawDecision(decision) {
  return el(
    "li",
    {},
    el("div", { class: "line" }, badge(decision.decision), el("strong", { class: "number" }, score(decision.candidate_score)),
      el("code", {}, decision.model_id)),
    el("p", {}, decision.reason),
    el("p", { class: "quiet" }, `rule ${decision.rule}, read at generation ${decision.generation}, `, age(decision.at)),
  );
}

// Quality

const METRICS = {
  f1: "F1", precision: "Precision", recall: "Recall", accuracy: "Accuracy",
  balanced_accuracy: "Balanced accuracy", roc_auc: "ROC AUC",
};

export const renderQuality = onChange((production, model) => {
  byId("quality").hidden = !production?.confusion;
  if (!production?.confusion) return;
  const { labels, matrix } = production.confusion;
  const known = Object.keys(METRICS).filter((name) => typeof production.metrics[name] === "number");
  const meant = labels.length === 2 ? `for the class ${labels[1]}` : "as averages over the classes";
  byId("quality-body").replaceChildren(
    el("dl", { class: "metrics" }, known.map((name) => fact(METRICS[name], score(production.metrics[name])))),
    el("p", { class: "quiet" }, `F1, precision and recall ${meant}.`),
    el("div", { class: "scroll", tabindex: labels.length > 4 ? "0" : null, role: labels.length > 4 ? "group" : null,
      "aria-label": labels.length > 4 ? "Confusion matrix" : null }, confusion(labels, matrix)),
    ...importances(model),
  );
});

function confusion(labels, matrix) {
  const cells = (row) => {
    const total = row.reduce((sum, number) => sum + number, 0) || 1;
    return row.map((number) => {
      const share = el("small", {}, ` ${Math.round((number / total) * 100)} %`);
      const cell = el("td", {}, count(number), number > 0 && share);
      cell.style.setProperty("--share", `${((number / total) * 28).toFixed(1)}%`);
      return cell;
    });
  };
  return el(
    "table",
    { class: "confusion" },
    el("caption", {}, "Confusion matrix: each line a true class, each column what was predicted"),
    el("thead", {}, el("tr", {}, el("td", {}), labels.map((label) => el("th", { scope: "col" }, `${label}`)))),
    el("tbody", {}, matrix.map((row, index) =>
      el("tr", {}, el("th", { scope: "row" }, `${labels[index]}`), cells(row)))),
  );
}

function importances(model) {
  const found = model?.importances;
  if (!found || typeof found !== "object") return [];
  const named = Array.isArray(found) ? found.map((value, index) => [model.features[index], value]) : Object.entries(found);
  const ranked = named.filter(([, value]) => typeof value === "number").sort((a, b) => b[1] - a[1]).slice(0, 12);
  if (!ranked.length) return [];
  return [el("h3", {}, "What the model looks at"), bars(ranked, Math.max(...ranked.map(([, value]) => value)))];
}

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
