"""The plan of a new project: settings, columns and files, as ``vintner new`` decided them."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from cli.inspection.column_summary import ColumnSummary, summarize
from cli.inspection.inspect import Inspection
from cli.scaffolding.csv_files import CsvFiles
from cli.scaffolding.split import Indices
from shared.documents import FORMAT, Document, Label
from shared.formats.columns import Column
from shared.formats.commands import option
from shared.formats.values import column_name
from shared.settings import ReadingSettings

OVERRIDE_FILE: Final = "schema.json"


@dataclass(frozen=True, eq=False)
class Plan:
    """A file, what each of its columns is for, and which of its rows are in which part, the test set first."""

    path: Path
    files: CsvFiles
    parts: dict[str, Indices]
    seed: int

    @property
    def inspection(self) -> Inspection:
        """The inspection of the file."""
        return self.files.inspection

    @cached_property
    def columns(self) -> list[ColumnSummary]:
        """The summaries of the columns that the schema knows."""
        why = self.inspection.why
        columns = (
            Column(column.name, "unused", why=why[column.name]) if column.name in why else column
            for column in self.inspection.schema.columns
        )
        return [summarize(column, [self.inspection.reading.table]) for column in columns]

    @property
    def ignored(self) -> dict[str, str]:
        """Why each column that VINTNER_IGNORE names is not a feature, by the name in the file."""
        return {self.inspection.source.as_spelled(name): self.inspection.why[name] for name in self.inspection.ignored}

    @property
    def tested(self) -> list[Label]:
        """The classes that the test set has: these alone are scored."""
        test = next(iter(self.parts.values()))
        return [self.inspection.classes[code] for code in np.unique(self.inspection.codes[test])]

    @property
    def metric(self) -> str:
        """What the score is."""
        first, last = self.tested[0], self.tested[-1]
        if self.inspection.request.positive:
            return "F1 of the rows for which the rule holds"
        if len(self.tested) == 2:
            other = option("--positive", f"== {spelled(first)}")
            return f"F1 of {spelled(last)}, which sorts last; {other} makes it the other class"
        return "F1, the mean over the classes (macro)"

    def variables(self) -> dict[str, str]:
        """The settings that follow."""
        source, request = self.inspection.source, self.inspection.request
        # The parts are cut from one file, so they never overlap.
        counted = {"VINTNER_DUPLICATES": "sum"} if self.inspection.repeats_by_nature else {}
        return {
            "VINTNER_LABEL": source.as_spelled(column_name(request.label)),
            "VINTNER_POSITIVE": str(request.positive or ""),
            "VINTNER_IGNORE": ",".join(self.ignored),
            **counted,
            **self._reading_variables(),
        }

    def _reading_variables(self) -> dict[str, str]:
        """What the shell says of missing values and bad rows, and the file was read by."""
        usual, own = ReadingSettings(""), self.inspection.settings
        missing = {"VINTNER_MISSING": ",".join(filter(None, own.missing))} if own.missing != usual.missing else {}
        share = {"VINTNER_MAX_BAD_SHARE": f"{own.max_bad_share:g}"} if own.max_bad_share != usual.max_bad_share else {}
        return missing | share

    def write_data(self, folder: Path) -> None:
        """Write the test set, the slots, and what has to be said of columns."""
        for name, body in self.files.bodies.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        if self.inspection.override.columns:
            text = json.dumps(
                {"format": FORMAT, **self.inspection.override.as_document()}, indent=2, ensure_ascii=False
            )
            (folder / OVERRIDE_FILE).write_text(text + "\n", encoding="utf-8")

    def document(self) -> Document:
        """Everything that was decided, for a program."""
        reading = self.inspection.reading
        counts = [{"class": label, "rows": rows} for label, rows in self.inspection.counts()]
        return {
            "csv": str(self.path),
            "detected": self.inspection.source.text.as_document(),
            "rows": len(self.inspection.codes),
            "left_out": {
                "rows": reading.rows - len(reading.table),
                "reasons": [reason.as_document() for reason in reading.left_out],
            },
            "settings": self.variables(),
            "label": {"column": self.variables()["VINTNER_LABEL"], "classes": counts},
            "metric": self.metric,
            "features": [column.name for column in self.inspection.schema.features],
            "columns": [
                {"name": summary.column.name, **summary.column.as_document(), "values": summary.text}
                for summary in self.columns
            ],
            "ignored": [{"column": name, "reason": reason} for name, reason in self.ignored.items()],
            "files": [{"file": f"data/{name}", "rows": len(rows)} for name, rows in self.parts.items()],
            "schema": self.inspection.override.as_document()["columns"] or None,
            "seed": self.seed,
        }


def spelled(label: Label) -> str:
    """A class as a person writes it."""
    return str(label).lower() if isinstance(label, bool) else str(label)
