"""The answer to a whole file: its rows as they are, with prediction, probability and problem, part after part."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from shared.documents import Document, ScoreDocument
from shared.evaluation.batch_rows import ADDED, BatchRows, Record
from shared.evaluation.batch_text import open_blocks
from shared.evaluation.intervals import interval
from shared.evaluation.metrics import f1_of_confusion
from shared.evaluation.vector_scorer import VectorScorer
from shared.formats.csv_dialect import CsvText
from shared.formats.labels import folded
from shared.formats.row_errors import BadTable, Reason
from shared.formats.values import column_name, column_names
from shared.serving.field_names import FieldNames
from shared.serving.fields import InvalidFields
from shared.serving.request_rows import find_columns
from shared.settings import Settings


@dataclass
class BatchAnswer:
    """`rows` counts what was read while `parts` is drained; `label` is the position of the label, None without one."""

    rows: BatchRows
    dialect: CsvText
    blocks: Iterator[str]
    names: Sequence[str]
    label: int | None
    warnings: list[str]
    settings: Settings
    first_line: int = 2
    confusion: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        many = len(self.rows.scorer.plain.classes)
        self.confusion = np.zeros((many, many), np.int64)
        self.unknown_labels = 0
        self._known: dict[str, int | None] = {}

    @classmethod
    def open(cls, parts: Iterator[bytes], scorer: VectorScorer, settings: Settings) -> "BatchAnswer":
        """Read the beginning of a file; raise BadTable when it is no CSV, or lacks columns of the model."""
        plain = scorer.plain
        dialect, blocks = open_blocks(parts, [plain.label, *plain.features])
        first = next(blocks, "")
        header, start = _header(first, dialect)
        names = column_names(header)
        fields = FieldNames(plain, settings.unknown_fields)
        try:
            positions = find_columns(names, plain, fields, "/header")
        except InvalidFields as error:
            raise BadTable([Reason(one.detail, 1) for one in error.errors]) from None
        if not first[start:].strip() and not (second := next(blocks, "")):
            raise BadTable([Reason("expected at least one row under the header, found none", 2)])
        if not first[start:].strip():
            blocks = chain([second], blocks)
        label = names.index(column_name(plain.label)) if column_name(plain.label) in names else None
        return cls(
            BatchRows(scorer, dialect, names, positions),
            dialect,
            chain([first[start:]], blocks),
            header,
            label,
            list(fields.warnings(1)),
            settings,
            first.count("\n", 0, start) + 1,
        )

    def parts(self) -> Iterator[bytes]:
        """The answer as UTF-8, with the delimiter and decimal mark of the file."""
        mark = self.dialect.delimiter
        yield (_spelled([*self.names, *ADDED], mark) + "\n").encode()
        line = self.first_line
        texts = self.rows.scorer.plain.class_names
        said = [f"{mark}{_spelled([text], mark)}{mark}" for text in texts]
        for block in self.blocks:
            records, chosen, certain = self.rows.answer(block, line)
            line += block.count("\n")
            lines = [
                f"{record.text}{said[index]}{self._probability(probability)}{mark}\n"
                if index >= 0
                else self._unanswered(record)
                for record, index, probability in zip(records, chosen.tolist(), certain.tolist(), strict=True)
            ]
            if self.label is not None:
                self._compare(records, chosen)
            yield "".join(lines).encode()

    def counts(self) -> dict[str, int]:
        """How many rows were read, predicted, and had a problem."""
        read, problems = self.rows.read, self.rows.problems
        return {"read": read, "predicted": read - problems, "problems": problems}

    def metrics(self, score: ScoreDocument) -> Document | None:
        """F1 on the rows with a known label, with its interval, as the model's own score has it; None without any."""
        if not self.confusion.sum():
            return None
        classes = self.rows.scorer.plain.classes
        of = score.get("f1_of", "macro")
        scored = [classes.index(of["positive_class"])] if isinstance(of, dict) else list(range(len(classes)))
        return {
            "f1": f1_of_confusion(self.confusion, scored),
            "interval": list(interval(self.confusion, scored)),
            "f1_of": of,
            "rows": int(self.confusion.sum()),
            "unknown_labels": self.unknown_labels,
            "confusion": {"labels": list(classes), "matrix": self.confusion.tolist()},
        }

    def _probability(self, value: float) -> str:
        return repr(value) if self.dialect.decimal == "." else repr(value).replace(".", ",")

    def _unanswered(self, record: Record) -> str:
        """A row that keeps its place: its cells, as many as the header has, and what is wrong with it."""
        width, mark = len(self.names), self.dialect.delimiter
        if len(record.cells) == width:
            return f"{record.text}{mark}{mark}{mark}{_spelled([record.problem], mark)}\n"
        cells = (record.cells or [record.text])[:width]
        return _spelled([*cells, *[""] * (width - len(cells)), "", "", record.problem], mark) + "\n"

    def _compare(self, records: Sequence[Record], chosen: NDArray[np.int64]) -> None:
        for record, index in zip(records, chosen.tolist(), strict=True):
            if index < 0 or self.label is None or not (text := record.cells[self.label].strip()):
                continue
            if text not in self._known:
                self._known[text] = _class_of(text, self.rows.scorer, self.settings)
            if (truth := self._known[text]) is None:
                self.unknown_labels += 1
            else:
                self.confusion[truth, index] += 1


def _header(text: str, dialect: CsvText) -> tuple[list[str], int]:
    """The header's names as they are spelled, and where its line ends."""
    start = len(text) - len(text.lstrip("\r\n"))
    lines = io.StringIO(text[start:], newline="")
    reader = csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=True)
    names = next(reader, [])
    return names, start + lines.tell()


def _class_of(text: str, scorer: VectorScorer, settings: Settings) -> int | None:
    """The class that a label is of, by VINTNER_POSITIVE where the model's classes are made by it; None: of none."""
    classes = scorer.plain.classes
    if settings.positive and all(isinstance(label, bool) for label in classes):
        holds = settings.positive.holds(text)
        return None if holds is None else classes.index(holds)
    known = {folded(name): place for place, name in enumerate(scorer.plain.class_names)}
    return known.get(folded(text))


def _spelled(cells: Sequence[str], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(cells)
    return text.getvalue() if cells != [""] else ""
