"""``vintner status``: the current state, as the page shows it."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from cli.console.output import (
    decimal,
    f1_text,
    fact,
    first_few,
    json_option,
    line,
    moment,
    plural,
    print_json,
    table,
    threshold_text,
)
from cli.console.receipts import fresh_text, reason_lines
from cli.stages.target import Target, stage_option
from functions.status import status as status_view
from shared.bucket.store import Reader
from shared.formats.columns import KINDS
from shared.registry.models import read_score
from shared.registry.status_documents import CandidateDocument, ListedDecision, ProductionDocument, StatusDocument

SHOWN = 10
SHOWN_FRESH = 3


@click.command(short_help="Show the current state.")
@stage_option
@json_option
def status(*, stage: str, as_json: bool) -> None:
    """Show what is in production, the candidate, the latest decisions and uploads, and events that failed."""
    target = Target.of(stage)
    view = status_view(target.store)
    letters = _dead_letters(target)
    if as_json:
        print_json({**view, "dead_letters": letters})
        return
    _show_production(view["production"])
    _show_schema(target.store, view["production"])
    _show_candidate(view)
    _show_uploads(view)
    _show_confusion(view["production"])
    _show_decisions(view["decisions"])
    if letters:
        line("\nevents that failed three times")
        rows = [[letter["function"], letter["error"], letter["at"]] for letter in letters]
        table(["function", "error", "at"], rows)


def _dead_letters(target: Target) -> list[dict[str, Any]]:
    """The events that the simulated cloud has given up; a deployed stage keeps its own."""
    if target.cloud is None:
        return []
    from local.events.resources import dead_letters  # noqa: PLC0415  (loads boto3)

    return dead_letters(target.cloud)


def _show_production(production: ProductionDocument | None) -> None:
    if production is None:
        fact("production", "none: upload a test set (vintner upload --test FILE) and a slot (vintner upload FILE)")
        return
    rows, slots = plural(production["train_rows"] or 0, "row"), plural(len(production["lineage"]), "slot")
    fact(
        "production",
        f"{production['model_id']}  {f1_text(production['score'], production.get('interval'))}  "
        f"since {moment(production['promoted_at'])}  "
        f"trained on {rows} of {slots}, scored on {plural(production['test_rows'] or 0, 'test row')}",
    )
    _show_figures(production)
    _show_fresh(production)
    if production["stale"]:
        fact("", f"stale: trained on uploads that were removed or replaced: {', '.join(production['gone'])}")
    if production["hold"]:
        fact("", "promotion is held after a rollback: vintner release lifts the hold")


def _show_figures(production: ProductionDocument) -> None:
    """The other metrics, what a constant answer scores, and the reasons to doubt the score."""
    figures = [f"{name.replace('_', ' ')} {value:.4f}" for name, value in production["metrics"].items() if name != "f1"]
    if (baseline := production.get("baseline")) is not None:
        figures.append(f"F1 of a constant answer {baseline:.4f}")
    if (threshold := production.get("threshold")) is not None:
        figures.append(threshold_text(threshold, production.get("f1_at_half")))
    if figures:
        fact("", "  ".join(figures))
    for warning in production.get("warnings", []):
        fact("", f"warning: {warning}")


def _show_fresh(production: ProductionDocument) -> None:
    """What it scored on the latest slots before they were trained on."""
    for one in production.get("fresh", [])[:SHOWN_FRESH]:
        fact("", f"fresh: {fresh_text(one)}")
        if one["warning"]:
            fact("", f"warning: {one['warning']}")


def _show_schema(store: Reader, production: ProductionDocument | None) -> None:
    """How many columns the production model has of each kind."""
    score = read_score(store, production["model_id"]) if production else None
    kinds = Counter(column["kind"] for column in (score.get("schema", []) if score else []))
    counts = [
        plural(kinds[kind], kind) if kind != "unused" else f"{kinds[kind]} unused" for kind in KINDS if kinds[kind]
    ]
    if counts:
        fact("columns", f"{', '.join(counts)}: see vintner schema")


def _show_candidate(view: StatusDocument) -> None:
    candidate = view["candidate"]
    parts = [candidate["state"], candidate["model_id"], _f1(candidate), candidate["reason"]]
    fact("candidate", "  ".join(part for part in parts if part))
    for warning in first_few(candidate.get("warnings", [])):
        fact("", f"warning: {warning}")
    if said := candidate.get("standing"):
        fact("", said)


def _f1(candidate: CandidateDocument) -> str | None:
    f1 = candidate.get("f1")
    return None if f1 is None else f1_text(f1, candidate.get("interval"))


def _show_uploads(view: StatusDocument) -> None:
    counts = view["uploads"]
    tests, slots = plural(counts["tests"], "test set"), plural(counts["slots"], "slot")
    fact("uploads", f"{slots}, {tests}, {counts['rejected']} rejected")
    if not view["receipts"]:
        return
    line("")
    receipts = view["receipts"][:SHOWN]
    rows = [
        [
            receipt["status"],
            receipt["upload"],
            receipt["rows"]["read"],
            receipt["rows"]["new"],
            moment(receipt["at"]),
        ]
        for receipt in receipts
    ]
    table(["status", "upload", "rows", "new", "at"], rows, numbers=["rows", "new"], whole=["status", "at"])
    for receipt in receipts:
        for reason in reason_lines(receipt):
            line(f"  {receipt['upload']}: {reason}")
        for warning in first_few(receipt["warnings"]):
            line(f"  {receipt['upload']}: warning: {warning}")


def _show_confusion(production: ProductionDocument | None) -> None:
    """The confusion matrix, unless it is too wide to be read."""
    confusion = production["confusion"] if production else None
    if not confusion or len(confusion["labels"]) > SHOWN:
        return
    line("")
    names = [label if isinstance(label, str) else json.dumps(label) for label in confusion["labels"]]
    rows = [[name, *counts] for name, counts in zip(names, confusion["matrix"], strict=True)]
    table(["truth \\ predicted", *names], rows, numbers=names)


def _show_decisions(decisions: Sequence[ListedDecision]) -> None:
    if not decisions:
        return
    line("")
    rows = [
        [
            decision["decision"],
            decision["model_id"],
            decimal(decision["candidate_score"]),
            moment(decision["at"]),
            decision.get("standing", decision["reason"]),
        ]
        for decision in decisions[:SHOWN]
    ]
    table(["decision", "model", "F1", "at", "now"], rows, numbers=["F1"], whole=["decision", "model", "at"])
