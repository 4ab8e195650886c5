// The score of every candidate, in the order of the decisions, with production's stepping up beside it.

import { age, badge, between, byId, el, onChange, score, setText, svg, tick } from "./dom.js";

const NAMES = { promoted: "Promoted", kept: "Kept out", waiting: "Waiting", rolled_back: "Rolled back to" };
const MARGIN = { top: 18, right: 58, bottom: 34, left: 48 };

let points = [];
let selected = null; // the key of a decision; null follows the newest one

const moves = (decision) => decision.decision === "promoted" || decision.decision === "rolled_back";

/** Oldest first. What moved the pointer ends its generation: everything else there was judged before it. */
function inOrder(decisions) {
  return [...decisions].sort(
    (a, b) => a.generation - b.generation || moves(a) - moves(b) || a.at.localeCompare(b.at),
  );
}

function ticksOf(low, high) {
  const rough = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const digits = step < 0.01 || `${step / power}` === "2.5" ? 3 : 2;
  return Array.from({ length: last - first + 1 }, (_, i) => [(first + i) * step, ((first + i) * step).toFixed(digits)]);
}

function scalesOf(width, height) {
  const shown = (point) => [point.candidate_score, point.production_score, ...(point.interval ?? [])];
  const scores = points.flatMap(shown).filter(Number.isFinite);
  const lowest = Math.min(...scores, 1);
  const highest = Math.max(...scores, 0);
  const room = Math.max((highest - lowest) * 0.12, 0.01);
  const [low, high] = [Math.max(0, lowest - room), Math.min(1, highest + room)];
  const step = (width - MARGIN.left - MARGIN.right) / points.length;
  return {
    step,
    ticks: ticksOf(low, high),
    x: (index) => MARGIN.left + (index + 0.5) * step,
    y: (value) => height - MARGIN.bottom - ((value - low) / (high - low)) * (height - MARGIN.top - MARGIN.bottom),
  };
}

/** Production before and after each decision. */
function production(point) {
  return [point.production_score, moves(point) ? point.candidate_score : point.production_score];
}

function drawLine({ x, y, step }, height) {
  let line = "";
  let area = "";
  let start = null;
  points.forEach((point, index) => {
    const [before, after] = production(point);
    if (before !== null) line += start === null ? `M${x(index) - step / 2},${y(before)}H${x(index)}` : `V${y(before)}`;
    if (before !== null && start === null) start = x(index) - step / 2;
    if (after === null) return;
    line += start === null ? `M${x(index)},${y(after)}` : `V${y(after)}`;
    start ??= x(index);
    line += `H${index === points.length - 1 ? x(index) + step / 2 : x(index + 1)}`;
  });
  if (start === null) return [];
  const floor = height - MARGIN.bottom;
  area = `${line}V${floor}H${start}Z`;
  const latest = production(points.at(-1))[1];
  return [
    svg("path", { class: "area", d: area }),
    svg("path", { class: "line", d: line }),
    svg("text", { class: "now", x: x(points.length - 1) + step / 2 + 6, y: y(latest) + 4 }, score(latest)),
  ];
}

function drawMark(kind, x, y, size) {
  const around = (...corners) => corners.map(([dx, dy]) => `${x + dx * size},${y + dy * size}`).join(" ");
  if (kind === "waiting") {
    return svg("polygon", { class: kind, points: around([0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]) });
  }
  if (kind === "rolled_back") {
    return svg("polygon", { class: kind, points: around([-1.2, -1], [1.2, -1], [0, 1.2]) });
  }
  return svg("circle", { class: kind, cx: x, cy: y, r: size });
}

/** The 95 % interval of a candidate's score: a stroke with ends; faint, but for the selected one. */
function drawInterval({ x, y, step }, point, index, here) {
  if (!point.interval) return [];
  const [low, high] = point.interval.map(y);
  const [at, reach] = [x(index), Math.min(4, step * 0.3)];
  const path = `M${at},${low}V${high}M${at - reach},${low}h${2 * reach}M${at - reach},${high}h${2 * reach}`;
  return [svg("path", { class: index === here ? "interval chosen" : "interval", d: path })];
}

function drawAxes({ x, y, ticks, step }, width, height) {
  const rows = ticks.flatMap(([value, text]) => [
    svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }),
    svg("text", { class: "tick", x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" }, text),
  ]);
  const bottom = height - 10;
  const first = svg("text", { class: "tick", x: MARGIN.left, y: bottom }, tick(points[0].at));
  const last = { class: "tick", x: width - MARGIN.right, y: bottom, "text-anchor": "end" };
  const ends = [tick(points[0].at), tick(points.at(-1).at)];
  const times = ends[0] === ends[1] ? [first] : [first, svg("text", last, ends[1])];
  const changed = points.flatMap((point, index) => {
    if (!index || point.test_fingerprint === points[index - 1].test_fingerprint) return [];
    const at = x(index) - step / 2;
    return [
      svg("line", { class: "changed", x1: at, x2: at, y1: MARGIN.top, y2: height - MARGIN.bottom }),
      svg("text", { class: "tick", x: at + 4, y: MARGIN.top + 4 }, "new test set"),
    ];
  });
  return [...rows, ...times, ...changed];
}

function draw() {
  const canvas = byId("canvas");
  if (!points.length) return canvas.replaceChildren();
  const width = Math.max(280, canvas.clientWidth);
  const height = width < 560 ? 240 : 300;
  const scales = scalesOf(width, height);
  const size = Math.min(5.5, Math.max(2.2, scales.step * 0.36));
  const here = position();
  const shown = points.map((point, index) => [point, index]).filter(([point]) => Number.isFinite(point.candidate_score));
  canvas.replaceChildren(
    svg(
      "svg",
      { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
      drawAxes(scales, width, height),
      svg("line", {
        class: "cursor", x1: scales.x(here), x2: scales.x(here), y1: MARGIN.top, y2: height - MARGIN.bottom,
      }),
      drawLine(scales, height),
      shown.flatMap(([point, index]) => drawInterval(scales, point, index, here)),
      shown.map(([point, index]) =>
        drawMark(point.decision, scales.x(index), scales.y(point.candidate_score), index === here ? size * 1.35 : size)),
    ),
  );
}

function position() {
  const found = points.findIndex((point) => point.key === selected);
  return found < 0 ? points.length - 1 : found;
}

function describe(point) {
  const against = point.production_score === null ? "" : `, production had ${score(point.production_score)}`;
  const sure = point.interval ? `, 95 % interval ${between(point.interval)}` : "";
  return `${NAMES[point.decision] ?? point.decision}: F1 ${score(point.candidate_score)}${sure}${against}. ${point.reason}`;
}

const readOut = onChange((point) => {
  const against = point.production_score === null ? "nothing" : score(point.production_score);
  byId("readout").replaceChildren(
    el("p", { class: "kicker" }, badge(point.decision), " ", age(point.at)),
    el("p", { class: "figure" }, score(point.candidate_score)),
    el("p", { class: "quiet" }, `F1, against ${against} in production`),
    ...(point.interval ? [el("p", { class: "quiet" }, `95 % interval ${between(point.interval)}`)] : []),
    el("p", { class: "said" }, point.reason),
    el("p", { class: "quiet" }, "Model ", el("code", {}, point.model_id)),
  );
});

function show() {
  const chart = byId("chart");
  chart.hidden = !points.length;
  byId("chart-empty").hidden = Boolean(points.length);
  if (points.length) {
    const here = position();
    const canvas = byId("canvas");
    canvas.setAttribute("aria-valuemax", points.length);
    canvas.setAttribute("aria-valuenow", here + 1);
    canvas.setAttribute("aria-valuetext", `Decision ${here + 1} of ${points.length}. ${describe(points[here])}`);
    readOut(points[here]);
  }
  draw();
}

function select(index) {
  const at = Math.min(points.length - 1, Math.max(0, index));
  selected = at === points.length - 1 ? null : points[at]?.key ?? null;
  show();
}

function follow(event) {
  const box = byId("canvas").getBoundingClientRect();
  const step = (box.width - MARGIN.left - MARGIN.right) / points.length;
  const index = Math.floor((event.clientX - box.left - MARGIN.left) / step);
  if (points.length && index !== position()) select(index);
}

const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

function onKey(event) {
  const target = { Home: 0, End: points.length - 1 }[event.key] ?? position() + (KEYS[event.key] ?? NaN);
  if (Number.isNaN(target)) return;
  event.preventDefault();
  select(target);
}

export function startChart() {
  const canvas = byId("canvas");
  canvas.addEventListener("keydown", onKey);
  canvas.addEventListener("pointermove", follow);
  canvas.addEventListener("pointerdown", follow);
  new ResizeObserver(draw).observe(byId("chart"));
}

export const renderChart = onChange((decisions, empty) => {
  points = inOrder(decisions);
  setText(byId("chart-empty"), empty);
  show();
});
