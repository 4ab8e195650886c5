"""Sanity of a score: what would make a person doubt it. It informs and decides nothing.

All of it is a pure function of the score's own figures and of the training rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

from shared.documents import EvaluationDocument, Label, SanityDocument
from shared.formats.row_errors import listed
from shared.quality.lost_rows import lost_of_all
from shared.settings import Duplicates
from shared.tables.dataset import Dataset
from shared.tables.encoding import Encoding

TOO_GOOD: Final = 0.99  # F1 of one column alone
TOO_WIDE: Final = 0.2  # of the interval of F1
ENOUGH_ROWS: Final = 30  # of fewer rows, and fewer than a row a fold of each class, one column is soon good enough
FOLDS: Final = 5
SAMPLED_ROWS: Final = 2_000
DEPTH: Final = 2
SEED: Final = 42

Doubt = Literal[
    "never_predicted", "no_better_than_constant", "one_column_decides", "most_rows_gone", "test_set_too_small"
]
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class SanityWarning:
    """A reason to doubt a score. `column` names the one that it is about."""

    doubt: Doubt
    text: str
    column: str | None = None

    def as_document(self) -> SanityDocument:
        """The warning as it is in documents."""
        return {"doubt": self.doubt, "text": self.text, "column": self.column}


def doubts_of_score(evaluation: EvaluationDocument) -> list[SanityWarning]:
    """What the figures of a score say themselves."""
    f1, counts = evaluation["f1"], np.asarray(evaluation["confusion"]["matrix"])
    low, high = evaluation["interval"]
    return [
        *_never_predicted(counts, evaluation["confusion"]["labels"]),
        *_no_better_than_constant(f1, evaluation["baseline"]),
        *_too_small(f1, low, high, int(counts.sum())),
    ]


def doubts_of_rows(dataset: Dataset, duplicates: Duplicates) -> list[SanityWarning]:
    """Whether most rows of the uploads were gone before training."""
    return [SanityWarning("most_rows_gone", text) for text in lost_of_all(dataset, duplicates)]


def doubts_of_columns(
    encoding: Encoding, values: NDArray[np.float64], codes: Codes, scored: Sequence[int]
) -> list[SanityWarning]:
    """The columns that decide the label alone: `values` (rows, features) and `codes` (rows,) are those of training."""
    found = deciding_columns(encoding, values, codes, scored)
    return [SanityWarning("one_column_decides", _decides(name, f1), name) for name, f1 in found.items()]


def deciding_columns(
    encoding: Encoding, values: NDArray[np.float64], codes: Codes, scored: Sequence[int]
) -> Mapping[str, float]:
    """F1 of each column that alone predicts the label almost without a mistake, cross-validated on a sample of rows.

    The model is a tree of depth 2; of more than two classes one of four leaves, or a leaf for each class. Categories
    are put in the order of the classes that they mostly have, so that a tree can split between any of them.
    """
    rows = _sampled(codes)
    classes, sample = codes[rows], values[rows]
    counts = np.bincount(classes)
    present = counts[counts > 0]
    if len(classes) < ENOUGH_ROWS or len(present) < 2 or present.min() < FOLDS:
        return {}
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(classes, classes))
    tree = _tree_for(len(present))
    found = {}
    for position, column in enumerate(encoding.columns):
        own = _Column(sample[:, position], classes, tree, is_category=column.is_category)
        every = np.arange(len(classes))
        if _f1(classes, own.predicted(every, every), scored) < TOO_GOOD:
            continue  # what does not even fit the rows that it has seen; most columns end here
        guessed = np.empty_like(classes)
        for train, held_out in folds:
            guessed[held_out] = own.predicted(train, held_out)
        if (f1 := _f1(classes, guessed, scored)) >= TOO_GOOD:
            found[column.name] = f1
    return found


def _tree_for(classes: int) -> DecisionTreeClassifier:
    if classes == 2:
        return DecisionTreeClassifier(max_depth=DEPTH, random_state=SEED)
    return DecisionTreeClassifier(max_leaf_nodes=max(2**DEPTH, classes), random_state=SEED)


@dataclass(frozen=True, eq=False)
class _Column:
    """One column and the label: `values` and `classes` have shape (rows,). `tree` is fitted again each time."""

    values: NDArray[np.float64]
    classes: Codes
    tree: DecisionTreeClassifier
    is_category: bool

    def predicted(self, train: NDArray[np.int64], held_out: NDArray[np.int64]) -> Codes:
        """The classes of some rows (rows,), by a tree that was fitted to others."""
        values = self._ordered(train) if self.is_category else self.values
        self.tree.fit(values[train, None], self.classes[train])
        return np.asarray(self.tree.predict(values[held_out, None]), np.int32)

    def _ordered(self, train: NDArray[np.int64]) -> NDArray[np.float64]:
        """Each row's category as a rank: by the most frequent class, then by its share, in the training rows."""
        category = np.where(np.isnan(self.values), -1, self.values).astype(np.int64) + 1
        counts = np.zeros((category.max() + 1, self.classes.max() + 1))
        np.add.at(counts, (category[train], self.classes[train]), 1)
        share = counts.max(axis=1) / np.maximum(1, counts.sum(axis=1))
        rank = np.empty(len(counts))
        rank[np.lexsort((share, counts.argmax(axis=1)))] = np.arange(len(counts))
        return np.asarray(rank[category])


def _sampled(codes: Codes) -> NDArray[np.int64]:
    if len(codes) <= SAMPLED_ROWS:
        return np.arange(len(codes))
    return np.sort(np.random.default_rng(SEED).choice(len(codes), SAMPLED_ROWS, replace=False))


def _f1(truth: Codes, guessed: Codes, scored: Sequence[int]) -> float:
    return float(f1_score(truth, guessed, labels=list(scored), average="macro", zero_division=0))


def _decides(name: str, f1: float) -> str:
    return (
        f"column {name} alone decides the label (F1 {f1:.4f}): is it known before the label is? If not, add it to "
        "VINTNER_IGNORE"
    )


def _never_predicted(counts: NDArray[np.int64], labels: Sequence[Label]) -> Iterator[SanityWarning]:
    never = np.flatnonzero((counts.sum(axis=1) > 0) & (counts.sum(axis=0) == 0))
    if len(never):
        names = listed([_name(labels[label]) for label in never])
        rows, total = int(counts[never].sum()), int(counts.sum())
        text = f"never predicted: {names}, which is right for {rows:,} of {total:,} test rows. Upload more such rows"
        yield SanityWarning("never_predicted", text)


def _no_better_than_constant(f1: float, baseline: float) -> Iterator[SanityWarning]:
    if f1 <= baseline:
        text = f"no better than a constant answer: F1 {f1:.4f}, the best constant answer has {baseline:.4f}"
        yield SanityWarning("no_better_than_constant", text)


def _too_small(f1: float, low: float, high: float, rows: int) -> Iterator[SanityWarning]:
    if high - low > TOO_WIDE:
        text = (
            f"the test set is too small to tell: with {rows:,} rows F1 {f1:.4f} means {low:.2f} to {high:.2f} "
            "(95 % interval). Upload more test rows"
        )
        yield SanityWarning("test_set_too_small", text)


def _name(label: Label) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)
