"""The promotion desk: ``vintner explain``, ``rollback``, ``release`` and ``approve``."""

from collections.abc import Sequence

import click

from cli.console.output import decimal, f1_text, json_option, line, marked, print_json, styled, table, threshold_text
from cli.console.receipts import fresh_text
from cli.stages.target import Target, stage_option
from functions import desk
from functions.promote import PromotionReport
from shared.bucket import keys
from shared.bucket.store import Reader, read_document
from shared.documents import DecisionDocument, PointerDocument, RefusalDocument
from shared.errors import NotFound, VintnerError
from shared.registry.decisions import decision_names
from shared.registry.fresh_scores import newest_fresh
from shared.registry.models import read_score
from shared.registry.pointer import Pointer, read_pointer
from shared.registry.standing import standing


@click.command(short_help="Say why a model was or was not promoted.")
@click.argument("model_id")
@stage_option
@json_option
def explain(model_id: str, *, stage: str, as_json: bool) -> None:
    """Say why a model was or was not promoted: its score, its lineage and every decision about it."""
    store = Target.of(stage).store
    score = read_score(store, model_id)
    if score is None:
        raise VintnerError(_unknown(store, model_id))
    decision_keys = [name.key for name in decision_names(store.list(keys.PROMOTIONS)) if name.model_id == model_id]
    decisions = [read_document(store, key, DecisionDocument) for key in decision_keys]
    now = _standing(store, model_id, decisions)
    if as_json:
        print_json({"score": score, "decisions": decisions, "standing": now})
        return
    f1 = f1_text(score["f1"], score.get("interval"))
    line(f"{model_id}: {f1} on {score['test_rows']} rows of test set {score['test_fingerprint'][:8]}")
    if (baseline := score.get("baseline")) is not None:
        line(f"the best constant answer has F1 {baseline:.4f}")
    if (threshold := score.get("threshold")) is not None:
        why = score["selection"]["threshold"]["why"]
        line(f"{threshold_text(threshold, score.get('f1_at_half'))}: {why}")
    line(
        f"trained on {score['train_rows']} rows; {score.get('duplicates', 0)} duplicates dropped, "
        f"{score.get('in_test_set', 0)} rows of the test set kept out"
    )
    table(["slot", "rows used"], [[slot["upload"], slot["rows"]] for slot in score["lineage"]], numbers=["rows used"])
    for warning in score.get("warnings", []):
        line(f"warning: {warning}")
    for decision in decisions:
        against = f" against {decision['production_model_id']}" if decision["production_model_id"] else ""
        marked(f"{styled(decision['decision'])} ", end="")
        line(f"at {decision['at']}{against} by rule {decision['rule']!r}: {decision['reason']}")
    for fresh in newest_fresh(store, model_id, []):
        line(f"fresh: {fresh_text(fresh)}")
    line(f"now: {now}")


def _standing(store: Reader, model_id: str, decisions: Sequence[DecisionDocument]) -> str:
    pointer = read_pointer(store)
    return standing(
        model_id,
        decisions,
        current=pointer.model_id if pointer else None,
        hold=bool(pointer and pointer.hold),
        withdrawn=pointer.withdrawn if pointer else (),
    )


def _unknown(store: Reader, model_id: str) -> str:
    try:
        refusal = read_document(store, keys.model_key(model_id, "refused.json"), RefusalDocument)
        return f"{model_id} was refused and never scored: {refusal['reason']}"
    except NotFound:
        return f"expected the id of a scored model, found {model_id!r}: see vintner status"


@click.command(short_help="Go back to an earlier model, and hold promotion.")
@click.argument("model_id", required=False)
@click.option("--list", "list_only", is_flag=True, help="List the models that it can go back to; change nothing.")
@stage_option
@json_option
def rollback(model_id: str | None, *, list_only: bool, stage: str, as_json: bool) -> None:
    """Go back to the previous model, or to MODEL_ID, and hold promotion until vintner release."""
    target = Target.of(stage)
    if list_only:
        _show_targets(target.store, as_json=as_json)
        return
    _show_report(desk.rollback(target.store, model_id), as_json=as_json)


def _show_targets(store: Reader, *, as_json: bool) -> None:
    pointer = read_pointer(store)
    model_ids = desk.rollback_targets(pointer) if pointer else []
    scores = [(model_id, score["f1"] if (score := read_score(store, model_id)) else None) for model_id in model_ids]
    if as_json:
        print_json([{"model_id": model_id, "f1": f1} for model_id, f1 in scores])
    elif scores:
        table(["model", "F1"], [[model_id, decimal(f1)] for model_id, f1 in scores], numbers=["F1"])
    else:
        line("no earlier model in the pointer's history")


@click.command(short_help="Lift the hold of a rollback.")
@stage_option
@json_option
def release(*, stage: str, as_json: bool) -> None:
    """Lift the hold of a rollback, and judge together the candidates that waited."""
    target = Target.of(stage)
    _show_report(desk.release(target.store, target.settings), as_json=as_json)


@click.command(short_help="Let a waiting winner into production.")
@click.argument("model_id", required=False)
@stage_option
@json_option
def approve(model_id: str | None, *, stage: str, as_json: bool) -> None:
    """Let a waiting winner into production: the best one, or MODEL_ID."""
    target = Target.of(stage)
    _show_report(desk.approve(target.store, target.settings, model_id), as_json=as_json)


def _show_report(report: PromotionReport, *, as_json: bool) -> None:
    if as_json:
        print_json({"decisions": report.decisions, "production": _summary(report.production)})
        return
    for decision in report.decisions:
        marked(f"{styled(decision['decision'])} ", end="")
        line(f"{decision['model_id']}: {decision['reason']}")
    if report.production:
        line(f"production  {report.production.model_id}  F1 {report.production.score:.4f}")


def _summary(pointer: Pointer | None) -> PointerDocument | None:
    return pointer.as_document() if pointer else None
