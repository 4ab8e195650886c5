"""``vintner status``: where everything stands, as the page shows it."""

import json
from collections import Counter
from collections.abc import Sequence

import click

from cli.console.output import decimal, fact, first_few, json_option, line, moment, plural, print_json, table
from cli.console.receipts import told_reasons
from cli.stages.target import Target, stage_option
from functions.status import status as status_view
from local.events.resources import dead_letters
from shared.bucket.store import Reader
from shared.documents import Document
from shared.formats.columns import KINDS
from shared.registry.models import read_score

SHOWN = 10


@click.command(short_help="Show where everything stands.")
@stage_option
@json_option
def status(*, stage: str, as_json: bool) -> None:
    """Show what is in production, the candidate, the latest decisions and uploads, and events that failed."""
    target = Target.of(stage)
    view = status_view(target.store)
    letters = dead_letters(target.cloud) if target.cloud else []
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
        table(["function", "error", "at"], [[one["function"], one["error"], one["at"]] for one in letters])


def _show_production(production: Document | None) -> None:
    if production is None:
        fact("production", "none: upload a test set (vintner upload --test FILE) and a slot (vintner upload FILE)")
        return
    rows, slots = plural(production["train_rows"], "row"), plural(len(production["lineage"]), "slot")
    fact(
        "production",
        f"{production['model_id']}  F1 {production['score']:.4f}  since {moment(production['promoted_at'])}  "
        f"trained on {rows} of {slots}, scored on {plural(production['test_rows'], 'test row')}",
    )
    figures = [f"{name.replace('_', ' ')} {value:.4f}" for name, value in production["metrics"].items() if name != "f1"]
    if figures:
        fact("", "  ".join(figures))
    if production["stale"]:
        fact("", f"stale: trained on uploads that were removed or replaced: {', '.join(production['gone'])}")
    if production["hold"]:
        fact("", "promotion is held after a rollback: vintner release lets candidates in again")


def _show_schema(store: Reader, production: Document | None) -> None:
    """How many columns the production model has of each kind."""
    score = read_score(store, production["model_id"]) if production else None
    kinds = Counter(column["kind"] for column in (score or {}).get("schema", []))
    told = [plural(kinds[kind], kind) if kind != "unused" else f"{kinds[kind]} unused" for kind in KINDS if kinds[kind]]
    if told:
        fact("columns", f"{', '.join(told)}: see vintner schema")


def _show_candidate(view: Document) -> None:
    candidate = view["candidate"]
    parts = [candidate["state"], candidate["model_id"], _f1(candidate), candidate["reason"]]
    fact("candidate", "  ".join(part for part in parts if part))
    for warning in first_few(candidate.get("warnings", [])):
        fact("", f"warning: {warning}")
    about = [one for one in view["decisions"] if one["model_id"] == candidate["model_id"]]
    if about and candidate["state"] == "trained":
        latest = max(about, key=lambda decision: str(decision["at"]))
        fact("", f"{latest['decision']}: {latest['reason']}")


def _f1(candidate: Document) -> str | None:
    return f"F1 {candidate['f1']:.4f}" if candidate.get("f1") is not None else None


def _show_uploads(view: Document) -> None:
    counts = view["uploads"]
    tests, slots = plural(counts["tests"], "test set"), plural(counts["slots"], "slot")
    fact("uploads", f"{slots}, {tests}, {counts['rejected']} rejected")
    if not view["receipts"]:
        return
    line("")
    receipts = view["receipts"][:SHOWN]
    rows = [
        [one["status"], one["upload"], one["rows"]["read"], one["rows"]["new"], moment(one["at"])] for one in receipts
    ]
    table(["status", "upload", "rows", "new", "at"], rows, numbers=["rows", "new"], whole=["status", "at"])
    for receipt in receipts:
        for reason in told_reasons(receipt):
            line(f"  {receipt['upload']}: {reason}")
        for warning in first_few(receipt["warnings"]):
            line(f"  {receipt['upload']}: warning: {warning}")


def _show_confusion(production: Document | None) -> None:
    """The confusion matrix, unless it is too wide to be read."""
    confusion = production["confusion"] if production else None
    if not confusion or len(confusion["labels"]) > SHOWN:
        return
    line("")
    names = [label if isinstance(label, str) else json.dumps(label) for label in confusion["labels"]]
    rows = [[name, *counts] for name, counts in zip(names, confusion["matrix"], strict=True)]
    table(["truth \\ predicted", *names], rows, numbers=names)


def _show_decisions(decisions: Sequence[Document]) -> None:
    if not decisions:
        return
    line("")
    rows = [
        [one["decision"], one["model_id"], decimal(one["candidate_score"]), moment(one["at"]), one["reason"]]
        for one in decisions[:SHOWN]
    ]
    table(["decision", "model", "F1", "at", "why"], rows, numbers=["F1"], whole=["decision", "model", "at"])
