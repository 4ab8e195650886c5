"""The label column: its classes, rows without a label, and spellings of the classes that the test set has."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.formats.labels import folded, nearest, truth_of
from shared.formats.row_errors import BadTable, Reason, listed, shortened
from shared.formats.values import UNLABELLED, as_number, category_text
from shared.settings import Positive, ReadingSettings

SHARED: Final = 0.05  # a missing spelling that at least this share of the labels has is a class
REPEATED: Final = 2


@dataclass(frozen=True, eq=False)
class LabelColumn:
    """Sorted label texts (``true`` and ``false`` under a rule) and codes into them (rows,).

    `bad` has (row, problem) of each row that cannot be used, `unlabelled` the rows without a label, which are nobody's
    mistake.
    """

    texts: tuple[str, ...]
    codes: NDArray[np.int32]
    bad: list[tuple[int, str]]
    unlabelled: NDArray[np.int64]
    notes: list[str]


def read_labels(
    column: "pd.Series[str]", settings: ReadingSettings, decimal: str, known: Collection[str] | None
) -> LabelColumn:
    """Read the labels of an upload. `known` are those of the test set, for a slot.

    Raise BadTable when the test set has none of the labels, however they are spelled.
    """
    codes, distinct = pd.factorize(column.to_numpy(object))
    texts = [_label_text(str(text), decimal) for text in distinct]
    cells = dict.fromkeys(texts, 0)
    for text, times in zip(texts, np.bincount(codes, minlength=len(texts)).tolist(), strict=True):
        cells[text] += times
    gone, mistaken, notes = _without_label(cells, settings.positive, known)
    present = [text for text in cells if text not in gone and text not in mistaken]
    meant, renamed = _as_known(present, settings.positive, known)
    problems = dict.fromkeys(gone, "expected a label, found nothing")
    problems |= {text: _mistaken(text) for text in mistaken}
    labels: dict[str, str] = {}
    for text in present:
        labels[text] = meant.get(text, text)
        if settings.positive is not None:
            truth = settings.positive.holds(labels[text])
            labels[text] = str(truth).lower()
            if truth is None:
                problems[text] = f"expected a number for the rule '{settings.positive}', found {shortened(text)}"
    names, position = np.unique(np.array([labels.get(text, text) for text in texts], dtype=str), return_inverse=True)
    of_rows = [(int(row), texts[codes[row]]) for row in np.flatnonzero(_is_among(texts, problems)[codes])]
    return LabelColumn(
        tuple(names.tolist()),
        position[codes].astype(np.int32),
        [(row, problems[text]) for row, text in of_rows],
        np.array([row for row, text in of_rows if text in gone], np.int64),
        [*notes, *renamed],
    )


def _is_among(texts: list[str], some: Collection[str]) -> NDArray[np.bool_]:
    return np.array([text in some for text in texts], bool)


def _label_text(text: str, decimal: str) -> str:
    """A label as it is written, but for a decimal comma."""
    return category_text(text, decimal) if decimal == "," else text.strip()


def _mistaken(text: str) -> str:
    return (
        f"expected a label, found {shortened(text)}, which means a missing value in so few rows: leave the cell empty, "
        "or spell the class in another way"
    )


def _without_label(
    cells: Mapping[str, int], positive: Positive | None, known: Collection[str] | None
) -> tuple[set[str], set[str], list[str]]:
    """The texts that say that there is no label, those that are mistakes, and what is worth a look.

    A spelling of a missing value that many labels share, or that the test set has, is a class. Where the labels are
    numbers it never is.
    """
    gone, notes = {""} & cells.keys(), []
    mistaken: set[str] = set()
    labelled = sum(cells.values()) - cells.get("", 0)
    spellings = [text for text in cells if text and text in UNLABELLED]
    others = [text for text in cells if text and text not in UNLABELLED]
    numeric = bool(others) and all(as_number(text) is not None for text in others)
    for text in spellings:
        if positive is not None and text == positive.operand:
            continue
        many = cells[text] >= max(REPEATED, SHARED * labelled)
        if known is not None and positive is None:
            if text not in known:
                (gone if many else mistaken).add(text)
        elif not many:
            mistaken.add(text)
        elif numeric:
            gone.add(text)
        else:
            notes.append(
                f"{cells[text]} of {labelled} labels are {shortened(text)}, which is taken for a class; if it means "
                "that there is no label, leave these cells empty"
            )
    return gone, mistaken, notes


def _as_known(
    texts: Collection[str], positive: Positive | None, known: Collection[str] | None
) -> tuple[dict[str, str], list[str]]:
    """The test set's spelling of each label, where all of them can be found there; and a note on that."""
    if positive is not None:
        if positive.comparison != "==":
            return {}, []
        meant = _folded_to(texts, [positive.operand], all_of_them=False)
    else:
        if known is None or not texts or set(texts) <= set(known):
            return {}, []
        meant = _folded_to(texts, known, all_of_them=True)
        if not meant and set(texts).isdisjoint(known):
            raise BadTable([Reason(_all_unknown(sorted(texts), sorted(known)))])
    changed = [f"{text} as {label}" for text, label in sorted(meant.items()) if text != label]
    return meant, [f"labels are read as they are spelled in the test set: {listed(changed)}"] if changed else []


def _all_unknown(texts: list[str], known: list[str]) -> str:
    near = [f"{text} as {match[0]}" for text in texts if (match := nearest(text, known))]
    hint = f" (perhaps {listed(near)})" if near else ""
    return (
        f"expected labels of the test set ({listed(known)}), found none of them but {listed(texts)}: write them as the "
        f"test set does{hint}, or upload a test set that has these classes"
    )


def _folded_to(texts: Collection[str], known: Collection[str], *, all_of_them: bool) -> dict[str, str]:
    """The known label of each text: by case, space, a trailing point and numbers; else by truth values."""
    for fold in (folded, truth_of):
        labels: dict[str, list[str]] = {}
        for label in known:
            labels.setdefault(fold(label), []).append(label)
        labels.pop("", None)
        meant = {text: labels[fold(text)][0] for text in texts if len(labels.get(fold(text), ())) == 1}
        whole = fold is folded or not any(fold(text) == "" for text in (*texts, *known))
        if meant and whole and (len(meant) == len(texts) or not all_of_them):
            return meant
    return {}
