"""What ``vintner new`` decided: written as settings and files."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from cli.inspection.column_summary import Described, describe
from cli.inspection.inspect import Inspection
from cli.scaffolding.csv_files import Written
from cli.scaffolding.split import Indices
from shared.documents import FORMAT, Document
from shared.formats.columns import Column
from shared.formats.values import column_name
from shared.tables.dataset import Label

OVERRIDE_FILE: Final = "schema.json"


@dataclass(frozen=True, eq=False)
class Decided:
    """A file, what each of its columns is for, and which of its rows are in which part, the test set first."""

    path: Path
    written: Written
    parts: dict[str, Indices]
    seed: int

    @property
    def found(self) -> Inspection:
        """What was found in the file."""
        return self.written.found

    @cached_property
    def columns(self) -> list[Described]:
        """The columns that the schema knows, in words."""
        why = self.found.why
        told = (Column(one.name, "unused", why=why[one.name]) if one.name in why else one for one in self._schema())
        return [describe(column, [self.found.reading.table]) for column in told]

    def _schema(self) -> tuple[Column, ...]:
        return self.found.schema.columns

    @property
    def ignored(self) -> dict[str, str]:
        """Why each column that VINTNER_IGNORE names is none, by the name in the file."""
        return {self.found.source.as_spelled(name): self.found.why[name] for name in self.found.ignored}

    @property
    def tested(self) -> list[Label]:
        """The classes that the test set has: these alone are scored."""
        test = next(iter(self.parts.values()))
        return [self.found.classes[code] for code in np.unique(self.found.codes[test])]

    @property
    def metric(self) -> str:
        """What the score is."""
        first, last = self.tested[0], self.tested[-1]
        if self.found.wanted.positive:
            return "F1 of the rows for which the rule holds"
        if len(self.tested) == 2:
            return f"F1 of {spelled(last)}, which sorts last; --positive '== {spelled(first)}' makes it the other one"
        return "F1, the mean over the classes (macro)"

    def variables(self) -> dict[str, str]:
        """The settings that follow."""
        source, wanted = self.found.source, self.found.wanted
        return {
            "VINTNER_LABEL": source.as_spelled(column_name(wanted.label)),
            "VINTNER_POSITIVE": str(wanted.positive or ""),
            "VINTNER_IGNORE": ",".join(self.ignored),
        }

    def write_data(self, folder: Path) -> None:
        """Write the test set, the slots, and what has to be said of columns."""
        for name, body in self.written.bodies.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        if self.found.override.columns:
            text = json.dumps({"format": FORMAT, **self.found.override.document()}, indent=2, ensure_ascii=False)
            (folder / OVERRIDE_FILE).write_text(text + "\n", encoding="utf-8")

    def document(self) -> Document:
        """Everything that was decided, for a program."""
        reading = self.found.reading
        counts = [{"class": one, "rows": rows} for one, rows in self.found.counts()]
        return {
            "csv": str(self.path),
            "detected": self.found.source.text.as_document(),
            "rows": len(self.found.codes),
            "left_out": {
                "rows": reading.rows - len(reading.table),
                "reasons": [reason.as_document() for reason in reading.left_out],
            },
            "settings": self.variables(),
            "label": {"column": self.variables()["VINTNER_LABEL"], "classes": counts},
            "metric": self.metric,
            "features": [column.name for column in self.found.schema.features],
            "columns": [
                {"name": one.column.name, **one.column.as_document(), "values": one.text} for one in self.columns
            ],
            "ignored": [{"column": name, "reason": reason} for name, reason in self.ignored.items()],
            "files": [{"file": f"data/{name}", "rows": len(rows)} for name, rows in self.parts.items()],
            "schema": self.found.override.document()["columns"] or None,
            "seed": self.seed,
        }


def spelled(label: Label) -> str:
    """A class as a person writes it."""
    return str(label).lower() if isinstance(label, bool) else str(label)
