"""``vintner predict``: rows in, predictions out."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from cli.console.output import decimal, in_lines, json_option, line, print_json, table
from cli.stages.client import ask
from cli.stages.target import Target, stage_option
from shared.errors import VintnerError
from shared.formats.csv_dialect import open_csv
from shared.formats.values import as_number, column_name


@click.command(short_help="Ask the endpoint for predictions.")
@click.argument("values", metavar="FILE.csv[.gz] | FIELD=VALUE...", nargs=-1, required=True)
@stage_option
@json_option
def predict(values: tuple[str, ...], *, stage: str, as_json: bool) -> None:
    """Ask the endpoint: for the rows of a CSV file, or for one row given as FIELD=VALUE pairs.

    A value is read as what the feature is: grade=A, since=2026-03-01, member=yes, age=41; nothing is a missing value.
    """
    asked = _asked(values)
    target = Target.of(stage)
    answer = ask(target, *_body(asked, target))
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


def _asked(values: Sequence[str]) -> dict[str, str] | bytes:
    """The fields of one row, or the bytes of a file of rows."""
    pairs = [value.partition("=") for value in values]
    if all(separator for _, separator, _ in pairs):
        return {name: text for name, _, text in pairs}
    if len(values) > 1:
        raise click.UsageError("expected one CSV file, or FIELD=VALUE pairs alone")
    path = Path(values[0])
    if not path.is_file():
        raise VintnerError(f"expected a CSV file or FIELD=VALUE pairs, found {values[0]!r}, which is no file")
    return _as_utf8(path)


def _body(asked: dict[str, str] | bytes, target: Target) -> tuple[bytes, str]:
    if isinstance(asked, bytes):
        return asked, "text/csv"
    kinds = _kinds(target)
    row = {name: _typed(text, kinds.get(column_name(name)), target) for name, text in asked.items()}
    return json.dumps(row).encode(), "application/json"


def _as_utf8(path: Path) -> bytes:
    """The rows as they stand, but not compressed or in another encoding: a gateway may take them for UTF-8 text."""
    body = path.read_bytes()
    try:
        text = open_csv(body, ())
    except VintnerError as error:
        raise VintnerError(f"{path}: {in_lines(error)}") from None
    return body if text.encoding == "UTF-8" and not text.compression else text.text.encode()


def _kinds(target: Target) -> Mapping[str, str]:
    """The kind of each of the model's features; nothing when nobody tells."""
    try:
        with urllib.request.urlopen(target.endpoint() + "/model", timeout=60) as response:  # noqa: S310
            return {column["name"]: column["kind"] for column in json.load(response)["schema"]}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _typed(text: str, kind: str | None, target: Target) -> float | str | None:
    """A value as the model takes it: a number where that is what the feature is, else the text itself."""
    if text.strip() in target.settings.missing:
        return None
    number = as_number(text) if kind in {"number", None} else None
    return text if number is None else number
