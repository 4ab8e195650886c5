"""What ``vintner new`` decided: written as settings and files, told to a person."""

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cli.columns import MAX_LIKELY_CLASSES, Inspection
from cli.output import fact, line, plural
from cli.splitting import Indices
from shared.dataset import Label
from shared.documents import Document
from shared.settings import Positive

SHOWN_CLASSES = 12


@dataclass(frozen=True, eq=False)
class Decided:
    """A CSV, what each of its columns is for, and which of its rows are held out."""

    path: Path
    label: str
    positive: Positive | None
    found: Inspection
    test: Indices
    slots: tuple[Indices, ...]
    seed: int

    def variables(self) -> dict[str, str]:
        """The settings that follow."""
        return {
            "VINTNER_LABEL": self.label,
            "VINTNER_POSITIVE": str(self.positive or ""),
            "VINTNER_IGNORE": ",".join(self.found.ignored),
        }

    def write_data(self, folder: Path) -> None:
        """Write the test set and the slots, their cells as they stood."""
        for name, rows in self._files():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self.found.texts.iloc[rows].to_csv(path, index=False)

    def _files(self) -> Iterator[tuple[str, Indices]]:
        yield "test/test.csv", self.test
        yield from ((f"slots/slot_{number}.csv", rows) for number, rows in enumerate(self.slots, 1))

    def document(self, directory: Path) -> Document:
        """Everything that was decided, for a program."""
        return {
            "directory": str(directory),
            "csv": str(self.path),
            "rows": len(self.found.codes),
            "settings": self.variables(),
            "label": {"column": self.label, "classes": [{"class": one, "rows": n} for one, n in self.found.counts()]},
            "metric": self._metric(),
            "features": list(self.found.table.features),
            "ignored": [{"column": name, "reason": reason} for name, reason in self.found.ignored.items()],
            "files": [{"file": f"data/{name}", "rows": len(rows)} for name, rows in self._files()],
            "seed": self.seed,
            "warnings": list(self._warnings()),
            "next": self._next(directory),
        }

    def show(self, directory: Path) -> None:
        """Tell a person what was decided and why, and what to type next."""
        fact(
            "read",
            f"{self.path}: {plural(len(self.found.codes), 'row')}, {plural(len(self.found.texts.columns), 'column')}",
        )
        fact("label", f"{self.label}, {self._kind()} ({self._classes()})")
        fact("score", self._metric())
        features = self.found.table.features
        fact("features", f"{plural(len(features), 'column')} of numbers: {', '.join(features)}")
        for number, (name, reason) in enumerate(self.found.ignored.items()):
            fact("" if number else "ignored", f"{name}: {reason}")
        fact(
            "test set",
            f"{plural(len(self.test), 'row')}, drawn from every class alike (seed {self.seed}), never trained on",
        )
        repeats = len(self.found.codes) - len(np.unique(self.found.groups()))
        together = f"; rows of the same features stay on one side ({repeats} of these)" if repeats else ""
        fact("slots", f"{len(self.slots)} of {_range([len(rows) for rows in self.slots])} rows{together}")
        for number, text in enumerate(self._warnings()):
            fact("" if number else "mind", text)
        fact("written", f"{directory}: the settings in .chalice/config.json, the rows in data, the code")
        line("\nnext")
        for command in self._next(directory):
            line(f"  {command}")

    def _kind(self) -> str:
        count = len(self.found.classes)
        if self.positive:
            return f"two classes by the rule '{self.positive}'"
        return f"{count} classes, each a {'text' if isinstance(self.found.classes[0], str) else 'number'}"

    def _classes(self) -> str:
        counts = self.found.counts()
        shown = ", ".join(f"{_spelled(one)}: {plural(rows, 'row')}" for one, rows in counts[:SHOWN_CLASSES])
        return shown + (f" and {len(counts) - SHOWN_CLASSES} more" if len(counts) > SHOWN_CLASSES else "")

    def _tested(self) -> list[Label]:
        """The classes that the test set has: these alone are scored."""
        return [self.found.classes[code] for code in np.unique(self.found.codes[self.test])]

    def _metric(self) -> str:
        first, last = self._tested()[0], self._tested()[-1]
        if self.positive:
            return "F1 of the rows for which the rule holds"
        if len(self._tested()) == 2:
            return f"F1 of {_spelled(last)}, which sorts last; --positive '== {_spelled(first)}' makes it the other one"
        return "F1, the mean over the classes (macro)"

    def _warnings(self) -> Iterator[str]:
        tested = self._tested()
        for name, rows in self.found.counts():
            if name not in tested:
                why = "has a single row" if rows == 1 else f"has {rows} rows that repeat each other"
                yield (
                    f"class {_spelled(name)} {why}: it is trained on and never tested, so the score says nothing "
                    "about it; bring more such rows, or leave it out"
                )
        if len(self.found.classes) > MAX_LIKELY_CLASSES and not isinstance(self.found.classes[0], str):
            middle = self.found.classes[len(self.found.classes) // 2]
            yield f"if {self.label} is a quantity and no class, make two classes of it: --positive '> {middle}'"
        for name, value in self.variables().items():
            if os.environ.get(name, value) != value:
                yield f"{name} is set in this shell and wins over the project's: unset {name}"

    def _next(self, directory: Path) -> list[str]:
        place = os.path.relpath(directory)
        return [
            f"cd {shlex.quote(place if len(place) < len(str(directory)) else str(directory))}",
            "vintner up        # and in another terminal, in the same directory:",
            "vintner upload --test data/test/test.csv",
            "vintner upload data/slots/slot_1.csv --wait"
            + ("        # and so on, one by one or all at once" if len(self.slots) > 1 else ""),
            "vintner predict data/test/test.csv",
        ]


def _spelled(label: Label) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)


def _range(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
