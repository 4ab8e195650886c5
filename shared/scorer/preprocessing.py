"""From the values of a row to what the classifier sees, as the fitted preprocessing does it, in plain Python.

A missing number takes the imputer's fill; each number is scaled as ``(value - mean) / scale`` in float64. It is rounded
to float32 for the classifiers whose trees hold that in scikit-learn, and must fit into it for all. Folding the scaler
into the thresholds would be cheaper and would sometimes decide differently. A category becomes the 0 and 1 of its
one-hot columns, which come after the numbers.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import sub, truediv
from typing import Any

from shared.formats.columns import Column, Value
from shared.formats.dates import ISO, date_text
from shared.formats.numbers import number_format
from shared.formats.values import TRUE
from shared.scorer.classifiers.probabilities import check_finite

Vector = Sequence[float]


class OutOfRange(ValueError):
    """A value is so far from the training data that float32 cannot hold it after scaling."""

    def __init__(self, feature: str) -> None:
        super().__init__(f"feature {feature} is too large for float32 after scaling")
        self.feature = feature


@dataclass(frozen=True)
class Category:
    """A category's one-hot columns: the texts that have one, those that share the last one, and what fills a gap."""

    categories: tuple[str, ...]
    rare: tuple[str, ...]
    fill: str

    @property
    def known(self) -> tuple[str, ...]:
        """Every text that training has seen."""
        return (*self.categories, *self.rare)

    @property
    def typical(self) -> str:
        """A text that training has seen, if it can be one that does not stand for a gap."""
        return next((text for text in self.known if text != self.fill), self.fill)

    @property
    def width(self) -> int:
        """The number of its columns."""
        return len(self.categories) + bool(self.rare)

    def places(self, first: int) -> tuple[dict[Value, int], int | None]:
        """Which column is 1 for each text, and for a text that training has not seen; `first` is its first column."""
        known: dict[Value, int] = {text: first + number for number, text in enumerate(self.categories)}
        shared = first + len(self.categories) if self.rare else None
        if shared is not None:
            known |= dict.fromkeys(self.rare, shared)
        if (of_missing := known.get(self.fill, shared)) is not None:
            known[None] = of_missing
        return known, shared


@dataclass(frozen=True)
class Inputs:
    """The features in order, and what the preprocessing knows of each: of numbers fill, mean and scale.

    `fills`, `means` and `scales` are those of the features that are no category, in order; `categories` those of the
    others. `is_single` says that the classifier sees float32 values, else float64.
    """

    columns: tuple[Column, ...]
    fills: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    categories: tuple[Category, ...]
    is_single: bool = True

    @classmethod
    def load(cls, document: dict[str, Any]) -> "Inputs":
        """Read them from a scorer's document; raise ValueError, KeyError or TypeError when they are not whole."""
        own = document.get("columns", {})
        columns = tuple(_column(name, own.get(name, {})) for name in document["features"])
        fills, means, scales = (tuple(map(float, document[name])) for name in ("fills", "means", "scales"))
        categories = tuple(_category(own[column.name]) for column in columns if column.is_category)
        if {len(fills), len(means), len(scales)} != {len(columns) - len(categories)}:
            raise ValueError("features, fills, means and scales differ in length")
        check_finite([*fills, *means, *(1 / scale for scale in scales)])
        precision = document.get("precision", "float32")
        if precision not in {"float32", "float64"}:
            raise ValueError(f"the inputs are of the unknown precision {precision!r}")
        return cls(columns, fills, means, scales, categories, precision == "float32")

    @property
    def typical(self) -> tuple[bool | float | str, ...]:
        """A value of each feature as a request spells it: the median of numbers and dates, a category that is known."""
        fills, categories = iter(self.fills), iter(self.categories)
        return tuple(
            _spelled(next(categories).typical if column.is_category else next(fills), column) for column in self.columns
        )

    @property
    def width(self) -> int:
        """How many values the classifier sees."""
        return len(self.fills) + sum(category.width for category in self.categories)

    @property
    def sources(self) -> list[int]:
        """The feature behind each value that the classifier sees, by its position among the columns."""
        positions = [position for position, column in enumerate(self.columns) if not column.is_category]
        of_categories = [position for position, column in enumerate(self.columns) if column.is_category]
        for position, category in zip(of_categories, self.categories, strict=True):
            positions += [position] * category.width
        return positions

    def transform(self) -> Callable[[Sequence[Value]], Vector]:
        """What turns the values of a row, in the order of the features, into what the classifier sees."""
        return self._numbers() if not self.categories else self._mixed()

    def _numbers(self) -> Callable[[Sequence[Any]], Vector]:
        fills, means, scales, rounded = self.fills, self.means, self.scales, self._rounded()

        def transform(row: Sequence[Any]) -> Vector:
            try:
                return rounded(map(truediv, map(sub, row, means), scales))
            except TypeError:  # a value is missing
                return transform([fill if value is None else value for value, fill in zip(row, fills, strict=True)])

        return transform

    def _mixed(self) -> Callable[[Sequence[Value]], Vector]:
        numbers = self._numbers()
        of_numbers = [position for position, column in enumerate(self.columns) if not column.is_category]
        of_categories = [position for position, column in enumerate(self.columns) if column.is_category]
        places = []
        first = len(self.fills)
        for position, category in zip(of_categories, self.categories, strict=True):
            places.append((position, *category.places(first)))
            first += category.width
        zeros = (0.0,) * (first - len(self.fills))

        def transform(row: Sequence[Value]) -> Vector:
            vector = [*numbers([row[position] for position in of_numbers]), *zeros]
            for position, known, unknown in places:
                place = known.get(row[position], unknown)
                if place is not None:
                    vector[place] = 1.0
            return vector

        return transform

    def _rounded(self) -> Callable[[Iterable[float]], Vector]:
        """What rounds to the nearest float32 (ties to even) like numpy, or only sees that the values fit."""
        layout = struct.Struct(f"<{len(self.fills)}f")  # without "<" what is too large would silently become infinite
        pack, unpack, is_single = layout.pack, layout.unpack, self.is_single
        numbers = [column.name for column in self.columns if not column.is_category]

        def rounded(iterable: Iterable[float]) -> Vector:
            values = tuple(iterable)
            try:
                packed = pack(*values)
            except OverflowError:
                raise OutOfRange(
                    next(name for name, value in zip(numbers, values, strict=True) if not _fits(value))
                ) from None
            return unpack(packed) if is_single else values

        return rounded


def _spelled(value: float | str, column: Column) -> bool | float | str:
    if column.kind == "boolean":
        return value == TRUE
    return date_text(value, column.date_format) if isinstance(value, float) and column.kind == "date" else value


def _column(name: str, document: dict[str, Any]) -> Column:
    kind = document.get("kind", "number")
    if kind not in {"number", "boolean", "date", "category"}:
        raise ValueError(f"a feature is of the unknown kind {kind!r}")
    written = document.get("format", "") if kind == "number" else ""
    date_format = document.get("format", ISO) if kind == "date" else ISO
    missing = tuple(document.get("missing", ()))
    if written:
        number_format(written)  # a damaged one is refused now, not with a request
    return Column(name, kind, date_format, missing, number_format=written, exact=bool(document.get("exact")))


def _category(document: dict[str, Any]) -> Category:
    category = Category(tuple(document["categories"]), tuple(document["rare"]), document["fill"])
    if not category.width:
        raise ValueError("a category has no values")
    return category


def _fits(value: float) -> bool:
    try:
        struct.pack("<f", value)
    except OverflowError:
        return False
    return True
