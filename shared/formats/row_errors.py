"""Reasons why an upload, or a row of it, cannot be used: each with its line and column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.documents import ReasonDocument
from shared.errors import Rejected

MAX_REASONS: Final = 100
LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class Reason:
    """One reason why an upload cannot be used; lines and columns count from 1, None is the whole upload.

    `kind` is that of the column that a cell does not fit, for the advice that a command gives.
    """

    problem: str
    line: int | None = None
    column: str | None = None
    kind: str | None = None

    def place(self) -> tuple[int, str]:
        """Where to find it, to be sorted by."""
        return self.line or 0, self.column or ""

    def as_document(self) -> ReasonDocument:
        """The reason in a receipt."""
        return {"problem": self.problem, "line": self.line, "column": self.column}

    def __str__(self) -> str:
        places = [f"line {self.line}" if self.line else "", f"column {self.column}" if self.column else ""]
        where = ", ".join(place for place in places if place)
        return f"{where}: {self.problem}" if where else self.problem


class BadTable(Rejected):
    """The upload cannot be read; carries every reason."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__("; ".join(map(str, reasons)))
        self.reasons = tuple(reasons)


def at_most(reasons: Sequence[Reason]) -> list[Reason]:
    """The first reasons, and how many more there are."""
    more = len(reasons) - MAX_REASONS
    return list(reasons) if more <= 0 else [*reasons[:MAX_REASONS], Reason(f"and {more} more problems")]


def shortened(text: str, limit: int = 40) -> str:
    """A text in quotes, cut where it is long."""
    return repr(text if len(text) <= limit else text[:limit] + "...")


def listed(names: Sequence[str], limit: int = 5) -> str:
    """The first of some names, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return (
        ", ".join(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..." for name in names[:limit]) + more
    )
