"""The names of a body's fields: which are the model's, which are unknown, and which one a missing one may be."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from shared.formats.columns import Column
from shared.formats.values import column_name, is_index_name
from shared.scorer.scorer import Scorer
from shared.serving.fields import short
from shared.settings import UnknownFields

_LISTED: Final = 20  # names in the warnings of one answer
_COMPARED: Final = 50  # more names than these are compared by their letters alone: each pair takes microseconds
_LONGEST: Final = 200  # letters of a name
_ALIKE: Final = 0.75


class FieldNames:
    """The names that a model takes, and those beside them that were found in one body."""

    def __init__(self, scorer: Scorer, unknown_fields: UnknownFields) -> None:
        self._known = {column_name(name) for name in (*scorer.features, *scorer.ignored, scorer.label)}
        self._are_errors = unknown_fields == "error"
        self._ignored: Counter[str] = Counter()
        self._meant: dict[tuple[str, ...], str | None] = {}  # many rows have the same mistake

    def has_any(self, names: Iterable[str]) -> bool:
        """Whether one of these is the name of a column, in capitals or not."""
        folded = {name.casefold() for name in self._known}
        return any(column_name(name).casefold() in folded for name in names)

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those that are not columns of the training data. A table's index, which has no name, is none of them."""
        pairs = ((name, column_name(name)) for name in names)
        return [name for name, canonical in pairs if canonical not in self._known and not is_index_name(canonical)]

    def refused(self, unknown: Sequence[str]) -> Sequence[str]:
        """The unknown names of a row that are errors; the others are counted for the warnings."""
        if self._are_errors:
            return unknown
        self._ignored.update(unknown)
        return ()

    def warnings(self, rows: int) -> list[str]:
        """What was ignored in a body of so many rows, each name once."""
        listed = [_ignored(short(name), times, rows) for name, times in self._ignored.most_common(_LISTED)]
        more = len(self._ignored) - len(listed)
        return [*listed, f"ignored {more} more: the model has no such features"] if more else listed

    def missing_field(self, column: Column, unknown: Sequence[str]) -> str:
        """What to say of a feature that is not there, given the unknown fields that are."""
        return f"expected {column.expected} or null, found no such field{self._offer(column.name, unknown)}"

    def missing_column(self, column: Column, unknown: Sequence[str]) -> str:
        """What to say of a feature that a table has no column of, given its unknown columns."""
        expected = f"expected a column {short(column.name)} ({column.expected})"
        return f"{expected}, found no such field{self._offer(column.name, unknown)}"

    def _offer(self, name: str, unknown: Sequence[str]) -> str:
        key = (name, *unknown)
        if key not in self._meant:
            self._meant[key] = _nearest(name, unknown)
        near = self._meant[key]
        return f"; did you mean {short(name)} by {short(near)}?" if near else ""


def _ignored(name: str, times: int, rows: int) -> str:
    where = f" in {times} of {rows} rows" if times < rows else ""
    return f"ignored {name}{where}: the model has no such feature"


def _nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is spelled like a name: in other capitals, with other marks, or nearly."""
    folded = {_folded(candidate): candidate for candidate in candidates if len(candidate) <= _LONGEST}
    wanted = _folded(name)
    if wanted in folded or not 0 < len(folded) <= _COMPARED:
        return folded.get(wanted)
    from difflib import get_close_matches  # noqa: PLC0415  (only mistakes need it)

    return next((folded[near] for near in get_close_matches(wanted, folded, n=1, cutoff=_ALIKE)), None)


def _folded(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold())) or name
