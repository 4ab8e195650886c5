"""``vintner predict``: rows in, predictions out."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from cli.console.output import decimal, in_lines, json_option, line, print_json, table
from cli.inspection.csv_file import opened
from cli.stages.client import ask, feature_kinds
from cli.stages.target import Target, stage_option
from shared.errors import VintnerError
from shared.formats.values import as_number, column_name


@click.command(short_help="Ask the endpoint for predictions.")
@click.argument("values", metavar="FILE.csv[.gz] | FIELD=VALUE...", nargs=-1, required=True)
@click.option("--explain", is_flag=True, help="Say what each feature contributed; for one row.")
@stage_option
@json_option
def predict(values: tuple[str, ...], *, explain: bool, stage: str, as_json: bool) -> None:
    """Ask the endpoint: for the rows of a CSV file, or for one row given as FIELD=VALUE pairs.

    A value is read as the kind of its feature: grade=A, since=2026-03-01, member=yes, age=41. FIELD= is a missing
    value.
    """
    rows = _rows(values)
    if explain and isinstance(rows, bytes):
        raise click.UsageError("expected one row as FIELD=VALUE pairs with --explain, found a file")
    target = Target.of(stage)
    answer = ask(target, *_body(rows, target), explain=explain)
    if as_json:
        print_json(answer)
        return
    for warning in answer.get("warnings", []):
        click.echo(f"warning: {warning}", err=True)
    if "predictions" in answer:
        lines = [
            (number, _plain(prediction["prediction"]), decimal(prediction["probability"]))
            for number, prediction in enumerate(answer["predictions"], 1)
        ]
        table(["row", "prediction", "probability"], lines, numbers=["row", "probability"])
    else:
        line(f"{_plain(answer['prediction'])} (probability {answer['probability']:.4f}, model {answer['model_id']})")
        _show_contributions(answer)


def _show_contributions(answer: Mapping[str, Any]) -> None:
    """What each feature added, the largest first, where the answer says it."""
    if "contributions" not in answer:
        return
    about, contributions = answer["explanation"], answer["contributions"]
    ranked = sorted(contributions.items(), key=lambda item: -abs(item[1]))
    name, unit = _plain(about["class"]), about["unit"].replace("_", " ")
    rows = [["(base)", f"{about['base']:+.4f}"], *([feature, f"{value:+.4f}"] for feature, value in ranked)]
    rows.append(["(all)", f"{about['base'] + sum(contributions.values()):+.4f}"])
    exact = "exact" if about["method"] == "additive" else "along the paths of its trees"
    line(f"\nwhat speaks for {name}: {unit}, {exact}")
    table(["feature", unit], rows, numbers=[unit])


def _plain(label: object) -> str:
    return json.dumps(label) if not isinstance(label, str) else label


def _rows(values: Sequence[str]) -> dict[str, str] | bytes:
    """The fields of one row, or the bytes of a file of rows."""
    pairs = [value.partition("=") for value in values]
    if all(separator for _, separator, _ in pairs):
        return {name: text for name, _, text in pairs}
    if len(values) > 1:
        raise click.UsageError("expected one CSV file, or FIELD=VALUE pairs alone")
    path = Path(values[0])
    if not path.is_file():
        raise VintnerError(f"expected a CSV file or FIELD=VALUE pairs, found {values[0]!r}, which is not a file")
    return _as_utf8(path)


def _body(rows: dict[str, str] | bytes, target: Target) -> tuple[bytes, str]:
    """What is posted, and its media type."""
    if isinstance(rows, bytes):
        return rows, "text/csv"
    kinds = feature_kinds(target)
    row = {name: _typed(text, kinds.get(column_name(name)), target) for name, text in rows.items()}
    return json.dumps(row).encode(), "application/json"


def _as_utf8(path: Path) -> bytes:
    """The rows as they are, but uncompressed and in UTF-8, which is what a gateway takes any text for."""
    body = path.read_bytes()
    try:
        text = opened(body)
    except VintnerError as error:
        raise VintnerError(f"{path}: {in_lines(error)}") from None
    return body if text.encoding == "UTF-8" and not text.compression else text.text.encode()


def _typed(text: str, kind: str | None, target: Target) -> float | str | None:
    """A value as the model takes it: a number where that is what the feature is, else the text itself."""
    if text.strip() in target.settings.missing:
        return None
    number = as_number(text) if kind in {"number", None} else None
    return text if number is None else number
