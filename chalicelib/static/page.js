// Asks for the status every few seconds while the page can be seen, and hands it to the parts of the page.

import { renderChart, startChart } from "./chart.js";
import { renderData } from "./data.js";
import { byId, renewAges, score, setText } from "./dom.js";
import { featuresOf } from "./fields.js";
import { renderForm, startForm } from "./form.js";
import { renderQuality } from "./quality.js";
import { renderCandidate, renderDecisions, renderProduction } from "./sections.js";
import { renderReceipts } from "./uploads.js";

const PERIOD = 2500;
const PATIENCE = 10000;
const ROOT = new URL("../../", import.meta.url);
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

let model = null;
let profile = null;
let features = [];
let timer = null;
let asking = false;
let answered = null;

async function ask(name) {
  const response = await fetch(new URL(name, ROOT), { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response.json();
}

/** The model behind the form, and its features; read again after each change of production. */
async function followModel(production) {
  if (!production) model = profile = null;
  if (!production || model?.generation === production.generation) return;
  const none = () => null; // of a model that an earlier version trained
  const [answered, api, drawn] = await Promise.all([ask("model"), ask("openapi.json"), ask("profile").catch(none)]);
  [model, profile] = [answered, drawn];
  features = featuresOf(answered, api);
}

/** The newest decision on a candidate. */
function verdictOn(modelId, decisions) {
  const own = decisions.filter((decision) => decision.model_id === modelId);
  return own.sort((a, b) => b.at.localeCompare(a.at))[0] ?? null;
}

function emptyChart({ candidate }) {
  if (candidate.state === "training") return "The first candidate is being trained. Its score appears here.";
  if (candidate.state === "trained") return "The first candidate is scored and will be compared with production next.";
  return "No candidate has been scored yet. Once there is a test set, each upload of labelled rows adds one.";
}

function render(status) {
  const { production, candidate, uploads, receipts, decisions } = status;
  document.title = production ? `Vintner: F1 ${score(production.score)}` : "Vintner: nothing in production";
  const verdict = verdictOn(candidate.model_id, decisions);
  renderProduction(production, uploads, candidate, verdict);
  renderCandidate(candidate, verdict, uploads);
  renderChart(decisions, emptyChart(status));
  renderReceipts(receipts, uploads);
  renderDecisions(decisions);
  renderQuality(production, model);
  renderData(profile, model);
  renderForm(model, features, ROOT);
}

function showFreshness(trouble) {
  setText(byId("trouble"), trouble);
  byId("trouble").hidden = !trouble;
  if (answered) setText(byId("clock"), `Updated at ${CLOCK.format(answered)}`);
}

async function renew() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  try {
    const status = await ask("status");
    answered = new Date();
    render(status);
    await followModel(status.production).then(() => render(status), () => {});
    showFreshness("");
  } catch {
    const last = answered ? `What you see is from ${CLOCK.format(answered)}.` : "";
    showFreshness(`The server does not answer properly. ${last} Trying again.`);
  }
  renewAges();
  asking = false;
  if (!document.hidden) timer = setTimeout(renew, PERIOD);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) renew();
});

startChart();
startForm();
renew();
