"""What ``vintner new`` tells a person: what it found, what it decided and why, what to mind, and what to type next."""

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from cli.console.output import fact, first_reasons, line, plural, read_as
from cli.inspection.column_summary import Described, hint_at_zeros
from cli.inspection.label_candidates import MAX_LIKELY_CLASSES
from cli.scaffolding.plan import OVERRIDE_FILE, Decided, spelled
from shared.formats.columns import KINDS, Column
from shared.formats.row_errors import listed
from shared.formats.values import as_number

SHOWN_CLASSES: Final = 12
SHOWN_REASONS: Final = 5
SHOWN_NUMBERS: Final = 16  # more columns of numbers are named on one line


def show(decided: Decided, directory: Path) -> None:
    """Tell a person what was decided and why, and what to type next."""
    found = decided.found
    way = read_as(found.source.text.as_document())
    rows, columns = plural(found.reading.rows, "row"), plural(len(found.source.names), "column")
    fact("read", f"{decided.path}: {rows}, {columns}{f' ({way})' if way else ''}")
    _facts("left out", _left_out(decided))
    fact("label", f"{decided.variables()['VINTNER_LABEL']}, {_kind(decided)} ({_classes(decided)})")
    fact("score", decided.metric)
    _show_columns(decided)
    _show_rows(decided)
    _facts("mind", list(warnings(decided)))
    fact("written", f"{directory}: the settings in .chalice/config.json, the rows in data, the code")
    line("\nnext")
    for command in commands(decided, directory):
        line(f"  {command}")


def _facts(name: str, texts: Sequence[str]) -> None:
    for number, text in enumerate(texts):
        fact("" if number else name, text)


def _left_out(decided: Decided) -> list[str]:
    reading = decided.found.reading
    left_out = reading.rows - len(reading.table)
    if not left_out:
        return []
    reasons = first_reasons(((reason.line, str(reason)) for reason in reading.left_out), SHOWN_REASONS)
    if any("expected a finite number" in reason for reason in reasons):
        reasons.append("if such a cell means a missing value, --missing COLUMN=SPELLING keeps its row")
    return [f"{left_out} of {plural(reading.rows, 'row')}, which cannot be used", *reasons]


def _show_columns(decided: Decided) -> None:
    described = [*decided.columns]
    features = sum(one.column.is_feature for one in described)
    others = len(decided.found.source.names) - 1
    fact("features", f"{features} of {plural(others, 'column')}" if features < others else plural(others, "column"))
    ignored = [Described(Column(name, "unused"), reason) for name, reason in decided.ignored.items()]
    width = max(len(one.column.name) for one in [*described, *ignored])
    for kind in KINDS:
        of_kind = [one for one in described if one.column.kind == kind]
        _facts(kind, _lines(of_kind, width))
    if any(not one.column.is_feature for one in described):
        fact("", "--use COLUMN makes it one of categories all the same")
    _facts("ignored", _lines(ignored, width))


def _lines(columns: Sequence[Described], width: int) -> list[str]:
    if len(columns) > SHOWN_NUMBERS and all(one.column.kind == "number" for one in columns):
        return [f"{len(columns)} columns: {', '.join(one.column.name for one in columns)}"]
    return [f"{one.column.name:<{width}}  {one.text}" for one in columns]


def _show_rows(decided: Decided) -> None:
    test, *slots = decided.parts.values()
    fact(
        "test set",
        f"{plural(len(test), 'row')}, drawn from every class alike (seed {decided.seed}), never trained on",
    )
    repeats = len(decided.found.codes) - len(np.unique(decided.found.groups))
    together = f"; rows of the same features stay on one side ({repeats} of these)" if repeats else ""
    fact("slots", f"{len(slots)} of {_range([len(rows) for rows in slots])} rows{together}")
    if names := list(decided.found.override.columns):
        fact("schema", f"data/{OVERRIDE_FILE} says what the test set alone does not, of {listed(names)}: upload it too")


def _kind(decided: Decided) -> str:
    classes, positive = decided.found.classes, decided.found.wanted.positive
    if positive:
        return f"two classes by the rule '{positive}'"
    return f"{len(classes)} classes, each a {'text' if isinstance(classes[0], str) else 'number'}"


def _classes(decided: Decided) -> str:
    counts = decided.found.counts()
    shown = ", ".join(f"{spelled(one)}: {plural(rows, 'row')}" for one, rows in counts[:SHOWN_CLASSES])
    return shown + (f" and {len(counts) - SHOWN_CLASSES} more" if len(counts) > SHOWN_CLASSES else "")


def _range(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def warnings(decided: Decided) -> Iterator[str]:
    """What deserves a look before anything is uploaded."""
    yield from decided.found.reading.warnings
    yield from _mostly_numbers(decided)
    yield from _either_way(decided)
    if hint := hint_at_zeros(decided.columns):
        yield hint
    yield from _classes_to_mind(decided)
    for name, value in decided.variables().items():
        if os.environ.get(name, value) != value:
            yield f"{name} is set in this shell and wins over the project's: unset {name}"


def _mostly_numbers(decided: Decided) -> Iterator[str]:
    """Columns that are read as text because too many of their values are no numbers."""
    table = decided.found.reading.table
    for name in decided.found.as_text:
        vocabulary = table.vocabularies[table.features.index(name)] or ()
        odd = next((text for text in vocabulary if as_number(text) is None), "")
        yield (
            f"column {name}: most values are numbers, but too many are not, such as {odd!r}: it is read as text; "
            f"if such a value means a missing one, add --missing {shlex.quote(f'{name}={odd}')}"
        )


def _either_way(decided: Decided) -> Iterator[str]:
    for column in decided.found.schema.features:
        if column.kind == "date" and "would fit as well" in column.why:
            other = column.date_format.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")
            yield (
                f"column {column.name}: read with the day first ({column.date_format}), and the month first would fit "
                f"as well; if that is meant, add --set {column.name}=date:{other}"
            )


def _classes_to_mind(decided: Decided) -> Iterator[str]:
    found, tested = decided.found, decided.tested
    for name, rows in found.counts():
        if name not in tested:
            why = "has a single row" if rows == 1 else f"has {rows} rows that repeat each other"
            yield (
                f"class {spelled(name)} {why}: it is trained on and never tested, so the score says nothing "
                "about it; bring more such rows, or leave it out"
            )
    if len(found.classes) > MAX_LIKELY_CLASSES and not isinstance(found.classes[0], str):
        middle = found.classes[len(found.classes) // 2]
        yield f"if {found.wanted.label} is a quantity and no class, make two classes of it: --positive '> {middle}'"


def commands(decided: Decided, directory: Path) -> list[str]:
    """What to type next."""
    place = os.path.relpath(directory)
    several = len(decided.parts) > 2
    return [
        f"cd {shlex.quote(place if len(place) < len(str(directory)) else str(directory))}",
        "vintner up        # and in another terminal, in the same directory:",
        *([f"vintner upload data/{OVERRIDE_FILE}"] if decided.found.override.columns else []),
        "vintner upload --test data/test/test.csv",
        "vintner upload data/slots/slot_1.csv --wait"
        + ("        # and so on, one by one or all at once" if several else ""),
        "vintner predict data/test/test.csv",
    ]
