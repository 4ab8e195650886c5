"""The profile of a candidate's data: what the page's pictures of it are drawn from.

Each column's distribution in the training rows, in the test set and in each of the newest slots, its missing values,
and the share of each class. Bounded, however many columns, categories and slots there are.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.bucket.inventory import Source
from shared.documents import Document
from shared.quality.slot_checks import stability_index
from shared.tables.dataset import Dataset, Rows

SHOWN_COLUMNS: Final = 100
SHOWN_SLOTS: Final = 5
SHOWN_CLASSES: Final = 20
BINS: Final = 16
CATEGORIES: Final = 12
SHORT: Final = 60  # characters of a category or a name
OUTER: Final = (0.01, 0.99)  # what is beyond these quantiles is in the first or the last bin

Values = NDArray[np.float64]
Counts = NDArray[np.int64]


def profile(dataset: Dataset, sources: Sequence[Source]) -> Document:
    """The fields of ``profile.json``; `sources` are the slots in the dataset's order.

    The columns that are distributed most differently in training rows and test set come first; at most 100 of them.
    """
    newest = _newest(dataset, sources)
    slots = [(_short(sources[index].upload.key), dataset.origin == index) for index in newest]
    columns = [
        _column(dataset, position, name, [marked for _, marked in slots])
        for position, name in enumerate(dataset.features)
    ]
    columns.sort(key=lambda column: (-column["shift"], column["name"]))
    return {
        "rows": {"train": len(dataset.train), "test": len(dataset.test)},
        "slots": [{"upload": name, "rows": int(np.count_nonzero(marked))} for name, marked in slots],
        "columns": columns[:SHOWN_COLUMNS],
        "left_out": max(0, len(columns) - SHOWN_COLUMNS),
        "classes": _classes(dataset, [marked for _, marked in slots]),
    }


def _newest(dataset: Dataset, sources: Sequence[Source]) -> list[int]:
    """The newest slots that are trained on, the latest first."""
    used = [index for index, rows in enumerate(dataset.used) if rows]
    used.sort(key=lambda index: (sources[index].upload.modified, sources[index].upload.key), reverse=True)
    return used[:SHOWN_SLOTS]


def _column(dataset: Dataset, position: int, name: str, slots: Sequence[NDArray[np.bool_]]) -> Document:
    train, test = dataset.train.values[:, position], dataset.test.values[:, position]
    vocabulary = dataset.encoding.vocabularies[position]
    bins: Document
    if vocabulary is None:
        edges = _edges(train, test)
        places = [_place(values, edges) for values in (train, test)]
        bins, count = {"edges": [float(f"{edge:.6g}") for edge in edges]}, len(edges) + 1
    else:
        shown = _frequent(train, test, vocabulary)
        places = [_category(values, shown, len(vocabulary)) for values in (train, test)]
        rest = len(vocabulary) - len(shown)
        names = [_short(vocabulary[index]) for index in shown]
        bins, count = {"categories": [*names, f"{rest} others"] if rest else names}, len(shown) + bool(rest)
    own, held_out = (np.bincount(place, minlength=count + 1) for place in places)
    return {
        "name": _short(name),
        "kind": dataset.encoding.columns[position].kind,
        **bins,
        "train": own[:count].tolist(),
        "test": held_out[:count].tolist(),
        "missing": {"train": int(own[count]), "test": int(held_out[count])},
        "shift": _shift(own, held_out),
        "slots": [_of_slot(np.bincount(places[0][marked], minlength=count + 1), held_out) for marked in slots],
    }


def _of_slot(own: Counts, held_out: Counts) -> Document:
    return {
        "counts": own[:-1].tolist(),
        "missing": int(own[-1]),
        "shift": _shift(own, held_out),
    }


def _shift(own: Counts, held_out: Counts) -> float:
    """Population stability index of two rows of counts, less what chance alone gives it.

    Of the same distribution it is on average (bins - 1) (1 / n + 1 / m), for n and m rows (Yurdakul, 2018): 0.23 for a
    slot of 100 rows in 16 bins.
    """
    rows, others = own.sum(), held_out.sum()
    if not rows or not others:
        return 0.0
    filled = np.count_nonzero(own + held_out)
    by_chance = (filled - 1) * (1 / rows + 1 / others)
    return round(max(0.0, float(stability_index(own, held_out)) - float(by_chance)), 4)


def _edges(*parts: Values) -> Values:
    """The inner edges of the bins: around each value where there are few, else of equal width between the quantiles."""
    present = np.concatenate([values[~np.isnan(values)] for values in parts])
    distinct = np.unique(present)
    if len(distinct) <= BINS:
        return np.asarray(distinct[1:], np.float64)
    low, high = np.quantile(present, OUTER)
    inner = np.linspace(low, high, BINS + 1)[1:-1] if high > low else distinct[[1]]
    return np.asarray(np.unique(inner), np.float64)


def _place(values: Values, edges: Values) -> Counts:
    """The bin of each value (rows,); missing ones have the one after the last."""
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))


def _frequent(train: Values, test: Values, vocabulary: Sequence[str]) -> list[int]:
    """The most frequent categories by their numbers, in the vocabulary's order."""
    counts = np.zeros(len(vocabulary), np.int64)
    for values in (train, test):
        counts += np.bincount(values[~np.isnan(values)].astype(np.int64), minlength=len(vocabulary))
    return sorted(np.argsort(-counts, kind="stable")[:CATEGORIES].tolist())


def _category(values: Values, shown: Sequence[int], total: int) -> Counts:
    """The place of each category among those shown (rows,), then the others, then what is missing."""
    has_others = total > len(shown)
    places = np.full(total + 1, len(shown))
    places[list(shown)] = np.arange(len(shown))
    places[total] = len(shown) + has_others
    return places[np.where(np.isnan(values), total, values).astype(np.int64)]


def _classes(dataset: Dataset, slots: Sequence[NDArray[np.bool_]]) -> Document:
    """How many rows each class has; of more than 20 the most frequent ones."""
    total = np.bincount(dataset.train.codes, minlength=len(dataset.classes))
    shown = np.sort(np.argsort(-total, kind="stable")[:SHOWN_CLASSES])

    def counts(rows: Rows, marked: NDArray[np.bool_] | None = None) -> list[int]:
        codes = rows.codes if marked is None else rows.codes[marked]
        found: list[int] = np.bincount(codes, minlength=len(dataset.classes))[shown].tolist()
        return found

    labels = [dataset.classes[index] for index in shown]
    return {
        "labels": [_short(label) if isinstance(label, str) else label for label in labels],
        "train": counts(dataset.train),
        "test": counts(dataset.test),
        "slots": [counts(dataset.train, marked) for marked in slots],
    }


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
