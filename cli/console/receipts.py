"""Receipts, scores and decisions as a person reads them."""

from cli.console.output import f1_text, first_few, first_reasons, line, marked, plural, read_as, styled
from cli.stages.follow import Followed
from shared.documents import ReasonDocument, ReceiptDocument
from shared.registry.fresh_scores import FreshDocument


def show_step(step: Followed) -> None:
    """Print a receipt, a decision, or why there is none."""
    if step.receipt:
        show_receipt(step.receipt)
    if step.score and step.decision:
        score = step.score
        line(
            f"  model {score['model_id']}: {f1_text(score['f1'], score.get('interval'))} "
            f"on {score['test_rows']} test rows, "
            f"trained on {score['train_rows']} rows"
        )
        show_warnings(score.get("warnings", []))
        marked(f"  {styled(step.decision['decision'])}: ", end="")
        line(step.decision["reason"])
    if step.reason:
        line(f"  nothing was trained: {step.reason}")


def fresh_text(fresh: FreshDocument) -> str:
    """What production did on the new rows of a slot, or why that is not known."""
    if fresh["f1"] is None:
        return f"{fresh['upload']}: {fresh['reason']}"
    return f"{f1_text(fresh['f1'], fresh['interval'])} on {plural(fresh['rows'], 'new row')} of {fresh['upload']}"


def show_receipt(receipt: ReceiptDocument) -> None:
    """Print what became of one upload, how it was read, and the first reasons and warnings."""
    marked(f"{styled(receipt['status'])} ", end="")
    line(f"{receipt['upload']}: {_summary(receipt)}")
    for reason in reason_lines(receipt):
        line(f"  {reason}")
    show_warnings(receipt["warnings"])


def show_warnings(warnings: list[str]) -> None:
    """Print the first warnings."""
    for warning in first_few(warnings):
        line(f"  warning: {warning}")


def _summary(receipt: ReceiptDocument) -> str:
    if receipt.get("kind") == "schema":
        return "every upload is read again" if receipt["slot"] else "it is not used"
    rows = receipt["rows"]
    way = read_as(receipt["detected"]) if "detected" in receipt else ""
    kept = f", {rows['kept']} kept" if receipt["slot"] and rows["kept"] < rows["read"] else ""
    return f"{plural(rows['read'], 'row')} read{kept}, {rows['new']} new{f' ({way})' if way else ''}"


def reason_lines(receipt: ReceiptDocument) -> list[str]:
    """The first reasons of a receipt, and where each applies."""
    return first_reasons((reason["line"], f"{_place(reason)}{reason['problem']}") for reason in receipt["reasons"])


def _place(reason: ReasonDocument) -> str:
    parts = [
        f"line {reason['line']}" if reason["line"] else "",
        f"column {reason['column']}" if reason["column"] else "",
    ]
    where = ", ".join(part for part in parts if part)
    return f"{where}: " if where else ""
