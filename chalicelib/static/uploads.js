// The uploads with what became of them: how they were read, what is worth a look, what was left out.

import { age, badge, breakable, byId, count, el, keyed, onChange, plural, setText } from "./dom.js";
import { folded, longList, texts } from "./lists.js";

const KINDS = { slot: "slot", test: "test set", schema: "schema of the columns" };
const FEW_REASONS = 3;
const LEAST_SHOWN = 0.0001;

const receiptList = longList("receipts");

export const renderReceipts = onChange((receipts, uploads) => {
  const more = uploads.total > receipts.length ? `, the newest ${receipts.length} shown` : "";
  setText(byId("receipts-count"), receipts.length ? `${plural(uploads.total, "upload")} in the bucket${more}` : "");
  byId("receipts-empty").hidden = Boolean(receipts.length);
  keyed(receiptList.list, receipts, (receipt) => receipt.receipt, drawReceipt);
  receiptList.limit();
});

function drawReceipt(receipt) {
  const { kind, status, warnings = [], reasons = [], drift = {}, detected } = receipt;
  const drifted = Object.entries(drift).sort(([, a], [, b]) => b.psi - a.psi);
  const facts = [KINDS[kind] ?? "neither slot nor test set", used(receipt)].filter(Boolean).join(", ");
  return el(
    "li",
    {},
    el("div", { class: "line" }, badge(status), drifted.length > 0 && badge("waiting", "drift"),
      el("code", { class: "key" }, receipt.upload)),
    el("p", { class: "quiet" }, facts, ", ", age(receipt.at)),
    detected && reading(detected),
    status === "duplicate" && el("p", { class: "quiet" }, "The same rows are in another upload; they count once."),
    ...listed(warnings.filter((text) => !isOf(drifted, text))),
    ...(drifted.length ? drawDrift(drifted) : []),
    ...(reasons.length ? drawReasons(reasons, status) : []),
  );
}

const listed = (warnings) => (warnings.length ? folded(warnings, texts("warnings")) : []);

/** A drifted feature has its warning too; the table says the same in less room. */
const isOf = (drifted, text) => drifted.some(([name]) => text.startsWith(`column ${name} `) && text.includes("distribut"));

function used({ kind, status, rows }) {
  if (status === "rejected") return "nothing used";
  if (kind === "schema") return null;
  const kept = rows.kept === rows.read ? "all kept" : `${count(rows.kept)} kept`;
  return `${plural(rows.read, "row")} read, ${kept}, ${count(rows.new)} new`;
}

/** How a CSV was read, where that is not as usual. */
function reading({ encoding, delimiter, decimal, compression }) {
  const unusual = [
    compression,
    encoding !== "UTF-8" && encoding,
    delimiter !== "comma" && `separated by ${delimiter}s`,
    decimal !== "point" && `with decimal ${decimal}s`,
  ].filter(Boolean);
  return unusual.length > 0 && el("p", { class: "quiet" }, `Read as ${unusual.join(", ")}`);
}

function drawDrift(drifted) {
  const heads = ["Feature", "Stability index", "Adjusted p"].map((head) => el("th", { scope: "col" }, head));
  const table = (some) => el("table", { class: "facts-table drift" },
    el("caption", {}, "Different distribution from the test set"),
    el("thead", {}, el("tr", {}, heads)),
    el("tbody", {}, some.map(([name, { psi, p_value: p, test }]) => el("tr", {},
      el("th", { scope: "row" }, breakable(name)), el("td", {}, psi.toFixed(2)), el("td", { title: test }, probability(p))))));
  return folded(drifted, table);
}

const probability = (p) => (p < LEAST_SHOWN ? `< ${LEAST_SHOWN}` : p.toPrecision(2));

function drawReasons(reasons, status) {
  const list = (some) => el("ul", { class: "reasons" }, some.map(drawReason));
  if (status === "rejected") return folded([...reasons].sort((a, b) => isOfAll(b) - isOfAll(a)), list);
  return [el("p", { class: "lead" }, "Rows left out"), ...folded(reasons, list, FEW_REASONS)];
}

/** The reason why all of it is rejected comes first, whatever its line. */
const isOfAll = ({ line, column, problem }) => line === null && column === null && !problem.startsWith("and ");

function drawReason({ line, column, problem }) {
  const places = [line !== null && `line ${count(line)}`, column !== null && `column ${column}`].filter(Boolean);
  return el("li", {}, el("span", { class: "place" }, places.join(", ") || "whole upload"), " ", problem);
}
