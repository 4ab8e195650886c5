"""The report of ``vintner new``: what it found, what it decided and why, warnings, and what to type next."""

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from cli.console.output import fact, first_reasons, line, plural, read_as
from cli.inspection.column_summary import ColumnSummary, hint_at_zeros
from cli.inspection.label_candidates import MAX_LIKELY_CLASSES
from cli.scaffolding.plan import OVERRIDE_FILE, Plan, spelled
from shared.formats.columns import KINDS, Column
from shared.formats.commands import SCHEMA_COMMAND, option
from shared.formats.row_errors import listed
from shared.formats.values import as_number

SHOWN_CLASSES: Final = 12
SHOWN_REASONS: Final = 5
SHOWN_NUMBERS: Final = 16  # more columns of numbers are named on one line


def show(plan: Plan, directory: Path) -> None:
    """Print what was decided and why, and what to type next."""
    inspection = plan.inspection
    way = read_as(inspection.source.text.as_document())
    rows, columns = plural(inspection.reading.rows, "row"), plural(len(inspection.source.names), "column")
    fact("read", f"{plan.path}: {rows}, {columns}{f' ({way})' if way else ''}")
    _facts("left out", _left_out(plan))
    fact("label", f"{plan.variables()['VINTNER_LABEL']}, {_kind(plan)} ({_classes(plan)})")
    fact("score", plan.metric)
    _show_columns(plan)
    _show_rows(plan)
    _facts("note", list(warnings(plan)))
    fact("written", f"{directory}: the settings in .chalice/config.json, the rows in data, the code")
    line("\nnext")
    for command in commands(plan, directory):
        line(f"  {command}")


def show_doubts(texts: Sequence[str]) -> None:
    """Print why a score will mean little; before anything is written."""
    _facts("warning", texts)


def _facts(name: str, texts: Sequence[str]) -> None:
    for number, text in enumerate(texts):
        fact("" if number else name, text)


def _left_out(plan: Plan) -> list[str]:
    reading = plan.inspection.reading
    left_out = reading.rows - len(reading.table) - reading.unlabelled
    if not left_out:
        return []
    reasons = first_reasons(((reason.line, str(reason)) for reason in reading.left_out), SHOWN_REASONS)
    if any(reason.kind == "number" for reason in reading.left_out):
        reasons.append("if such a cell means a missing value, --missing COLUMN=SPELLING keeps its row")
    return [f"{left_out} of {plural(reading.rows, 'row')}, which cannot be used", *reasons]


def _show_columns(plan: Plan) -> None:
    summaries = plan.columns
    features = sum(summary.column.is_feature for summary in summaries)
    others = len(plan.inspection.source.names) - 1
    fact("features", f"{features} of {plural(others, 'column')}" if features < others else plural(others, "column"))
    ignored = [ColumnSummary(Column(name, "unused"), reason) for name, reason in plan.ignored.items()]
    width = max(len(summary.column.name) for summary in [*summaries, *ignored])
    for kind in KINDS:
        of_kind = [summary for summary in summaries if summary.column.kind == kind]
        _facts(kind, _lines(of_kind, width))
    if any(not summary.column.is_feature for summary in summaries):
        fact("", "--use COLUMN uses it anyway, as categories")
    _facts("ignored", _lines(ignored, width))


def _lines(summaries: Sequence[ColumnSummary], width: int) -> list[str]:
    if len(summaries) > SHOWN_NUMBERS and all(summary.column.kind == "number" for summary in summaries):
        return [f"{len(summaries)} columns: {', '.join(summary.column.name for summary in summaries)}"]
    return [f"{summary.column.name:<{width}}  {summary.text}" for summary in summaries]


def _show_rows(plan: Plan) -> None:
    test, *slots = plan.parts.values()
    fact(
        "test set",
        f"{plural(len(test), 'row')}, drawn from every class alike (seed {plan.seed}), never trained on",
    )
    repeats = len(plan.inspection.codes) - len(np.unique(plan.inspection.groups))
    together = f"; rows of the same features stay on one side ({repeats} of these)" if repeats else ""
    if plan.inspection.repeats_by_nature:
        together = f"; {repeats} rows repeat another: each counts as an observation (VINTNER_DUPLICATES=sum)"
    fact("slots", f"{len(slots)} of {_range([len(rows) for rows in slots])} rows{together}")
    if names := list(plan.inspection.override.columns):
        fact("schema", f"data/{OVERRIDE_FILE} says what the test set alone does not, of {listed(names)}: upload it too")


def _kind(plan: Plan) -> str:
    classes, positive = plan.inspection.classes, plan.inspection.request.positive
    if positive:
        return f"two classes by the rule '{positive}'"
    return f"{len(classes)} classes, each a {'text' if isinstance(classes[0], str) else 'number'}"


def _classes(plan: Plan) -> str:
    counts = plan.inspection.counts()
    shown = ", ".join(f"{spelled(label)}: {plural(rows, 'row')}" for label, rows in counts[:SHOWN_CLASSES])
    return shown + (f" and {len(counts) - SHOWN_CLASSES} more" if len(counts) > SHOWN_CLASSES else "")


def _range(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def warnings(plan: Plan) -> Iterator[str]:
    """Warnings that deserve a look before anything is uploaded."""
    for warning in plan.inspection.reading.warnings:
        yield _with_own_options(warning)
    yield from _mostly_numbers(plan)
    yield from _either_way(plan)
    if hint := hint_at_zeros(plan.columns):
        yield hint
    yield from _classes_to_note(plan)
    for name, value in plan.variables().items():
        if os.environ.get(name, value) != value:
            yield f"{name} is set in this shell and wins over the project's: unset {name}"


def _mostly_numbers(plan: Plan) -> Iterator[str]:
    """Columns that are read as text because too many of their values are not numbers."""
    table = plan.inspection.reading.table
    for name in plan.inspection.as_text:
        vocabulary = table.vocabularies[table.features.index(name)] or ()
        odd = next((text for text in vocabulary if as_number(text) is None), "")
        yield (
            f"column {name}: most values are numbers, but too many are not, such as {odd!r}: it is read as text; "
            f"if such a value means a missing value, add {option('--missing', f'{name}={odd}')}"
        )


def _either_way(plan: Plan) -> Iterator[str]:
    """Columns whose values could be read in another way as well."""
    asked = plan.inspection.request.options.names
    for column in plan.inspection.schema.features:
        if column.why and column.name not in asked:
            yield _with_own_options(f"column {column.name}: {column.why}")


def _with_own_options(text: str) -> str:
    """A message about a bucket, which is not there yet: this command has the same options."""
    for command in (SCHEMA_COMMAND, "vintner upload"):
        text = text.replace(f"{command} --", "add --")
    return text


def _classes_to_note(plan: Plan) -> Iterator[str]:
    inspection, tested = plan.inspection, plan.tested
    for name, rows in inspection.counts():
        if name not in tested:
            why = "has a single row" if rows == 1 else f"has {rows} rows that repeat each other"
            yield (
                f"class {spelled(name)} {why}: it is trained on and never tested, so the score says nothing "
                "about it; bring more such rows, or leave it out"
            )
    if len(inspection.classes) > MAX_LIKELY_CLASSES and not isinstance(inspection.classes[0], str):
        middle = inspection.classes[len(inspection.classes) // 2]
        label = inspection.request.label
        yield f"if {label} is a quantity and not a class, make two classes of it: --positive '> {middle}'"


def commands(plan: Plan, directory: Path) -> list[str]:
    """What to type next."""
    place = os.path.relpath(directory)
    several = len(plan.parts) > 2
    return [
        f"cd {shlex.quote(place if len(place) < len(str(directory)) else str(directory))}",
        "vintner up        # and in another terminal, in the same directory:",
        *([f"vintner upload data/{OVERRIDE_FILE}"] if plan.inspection.override.columns else []),
        "vintner upload --test data/test/test.csv",
        "vintner upload data/slots/slot_1.csv --wait"
        + ("        # and so on, one by one or all at once" if several else ""),
        "vintner predict data/test/test.csv",
    ]
