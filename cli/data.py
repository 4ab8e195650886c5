"""``vintner upload`` and ``vintner predict``: rows in, predictions out."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from cli.following import Followed, follow
from cli.output import console, decimal, json_option, line, marked, on_terminal, plural, print_json, styled, table
from cli.target import Target, stage_option
from shared import layout
from shared.documents import Document
from shared.errors import Unavailable, VintnerError
from shared.values import as_number

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command(short_help="Upload CSV files as slots, or as the test set.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--test", "is_test", is_flag=True, help="Upload held-out rows that score every model.")
@click.option("--wait", is_flag=True, help="Show each receipt, and what became of the candidate.")
@click.option("--timeout", default=900.0, show_default=True, help="Seconds to wait at most.")
@stage_option
@json_option
def upload(files: tuple[Path, ...], *, is_test: bool, wait: bool, timeout: float, stage: str, as_json: bool) -> None:
    """Upload CSV files as slots of labelled rows.

    A file of the same name replaces the one that was uploaded before.
    """
    target = Target.of(stage)
    prefix = layout.TEST_UPLOADS if is_test else layout.SLOT_UPLOADS
    keys = {f"{prefix}{path.name}": path for path in files}
    if len(keys) < len(files):
        raise VintnerError("expected files with different names, found the same name twice: the name is the key")
    _send(target, keys, quiet=as_json)
    followed = []
    try:
        for step in follow(target.store, target.settings, list(keys), seconds=timeout) if wait else ():
            followed.append(step)
            if not as_json:
                show_step(step)
    except KeyboardInterrupt:
        told = f"{plural(len(keys), 'upload')} and everything that follows from it"
        raise VintnerError(f"stopped waiting; {told} goes on without you: see vintner status") from None
    if as_json:
        print_json({"uploaded": list(keys), "followed": [vars(step) for step in followed]})
    if any(step.receipt and step.receipt["status"] == "rejected" for step in followed):
        raise click.exceptions.Exit(1)


def _send(target: Target, keys: dict[str, Path], *, quiet: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar = Progress(*columns, console=console) if on_terminal() and not quiet else None
    with bar or nullcontext():
        for key, path in keys.items():
            if bar:
                task = bar.add_task(path.name, total=path.stat().st_size)
                target.store.upload(key, path, partial(bar.advance, task))
            else:
                target.store.upload(key, path)
                if not quiet:
                    line(f"uploaded {path} to s3://{target.settings.bucket}/{key}")


def show_step(step: Followed) -> None:
    """Print a receipt, a decision, or why there is none."""
    if step.receipt:
        show_receipt(step.receipt)
    if step.score and step.decision:
        score = step.score
        line(
            f"  model {score['model_id']}: F1 {score['f1']:.4f} on {score['test_rows']} test rows, "
            f"trained on {score['train_rows']} rows"
        )
        for left in score["left_out"]:
            line(f"  left out {left['upload']}: {left['reason']}")
        marked(f"  {styled(step.decision['decision'])}: ", end="")
        line(step.decision["reason"])
    if step.reason:
        line(f"  nothing was trained: {step.reason}")


def show_receipt(receipt: Document) -> None:
    """Print what became of one upload, with every reason and warning."""
    rows = receipt["rows"]
    marked(f"{styled(receipt['status'])} ", end="")
    line(f"{receipt['upload']}: {rows['read']} rows read, {rows['new']} new")
    for reason in receipt["reasons"]:
        line(f"  {place(reason)}{reason['problem']}")
    for warning in receipt["warnings"]:
        line(f"  warning: {warning}")


def place(reason: Document) -> str:
    """Where in an upload a reason applies."""
    parts = [
        f"line {reason['line']}" if reason["line"] else "",
        f"column {reason['column']}" if reason["column"] else "",
    ]
    where = ", ".join(part for part in parts if part)
    return f"{where}: " if where else ""


@click.command(short_help="Ask the endpoint for predictions.")
@click.argument("values", metavar="FILE.csv | FIELD=VALUE...", nargs=-1, required=True)
@stage_option
@json_option
def predict(values: tuple[str, ...], *, stage: str, as_json: bool) -> None:
    """Ask the endpoint: for the rows of a CSV file, or for one row given as FIELD=VALUE pairs."""
    body, media_type = _body(values)
    answer = ask(Target.of(stage), body, media_type)
    if as_json:
        print_json(answer)
    elif "predictions" in answer:
        rows = [
            (number, _plain(one["prediction"]), decimal(one["probability"]))
            for number, one in enumerate(answer["predictions"], 1)
        ]
        table(["row", "prediction", "probability"], rows, numbers=["row", "probability"])
    else:
        line(f"{_plain(answer['prediction'])} (probability {answer['probability']:.4f}, model {answer['model_id']})")


def _plain(label: object) -> str:
    return json.dumps(label) if not isinstance(label, str) else label


def _body(values: Sequence[str]) -> tuple[bytes, str]:
    pairs = [value.partition("=") for value in values]
    if all(separator for _, separator, _ in pairs):
        return json.dumps({name: _typed(text) for name, _, text in pairs}).encode(), "application/json"
    if len(values) == 1:
        path = Path(values[0])
        if not path.is_file():
            raise VintnerError(f"expected a CSV file or FIELD=VALUE pairs, found {values[0]!r}, which is no file")
        return path.read_bytes(), "text/csv"
    raise click.UsageError("expected one CSV file, or FIELD=VALUE pairs alone")


def _typed(text: str) -> float | str | None:
    number = as_number(text)
    return (text or None) if number is None else number


def ask(target: Target, body: bytes, media_type: str) -> dict[str, Any]:
    """Post a body to ``/predict``; raise VintnerError that tells every bad field."""
    url = target.endpoint() + "/predict"
    headers = {"Content-Type": media_type, "Accept": "application/json"}
    request = urllib.request.Request(url, body, headers)  # noqa: S310  (the URL is the stage's own)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        raise VintnerError(_explained(error)) from None
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise Unavailable(f"{url} cannot be reached ({reason}): is it up? see vintner status") from None


def _explained(error: urllib.error.HTTPError) -> str:
    text = error.read().decode("utf-8", "replace")
    try:
        problem = json.loads(text)
        lines = [f"{one['pointer']}: {one['detail']}" for one in problem.get("errors", [])]
        # Beside the lines the detail would tell the same again.
        detail = "" if lines else f": {problem['detail']}"
        return "\n  ".join([f"{error.code} {problem['title']}{detail}", *lines])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{error.code} {error.reason}: {text[:200]}"
