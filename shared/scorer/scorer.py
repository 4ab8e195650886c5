"""The portable scorer: a fitted pipeline as plain numbers, answered in plain Python.

It mimics scikit-learn step by step instead of approximating it: the preprocessing in `preprocessing`, the classifiers
in `classifiers`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import fsum
from operator import itemgetter
from typing import Any

from shared.documents import Label, decode
from shared.errors import Rejected
from shared.formats.columns import Column, Value
from shared.formats.values import MISSING
from shared.scorer.classifiers import LOADERS, Loader
from shared.scorer.classifiers.probabilities import Probabilities, Score, threshold_of
from shared.scorer.contributions import Explain, Terms, explainer_of, terms_of
from shared.scorer.preprocessing import Inputs, Vector


@dataclass(frozen=True)
class Explanation:
    """Why a row is answered so: `contributions` by feature, on top of `base`, are the sum of the class `label`."""

    label: int
    base: float
    contributions: dict[str, float]


@dataclass(frozen=True)
class Scorer:
    """A model that answers rows of plain Python values.

    `features` names the values of a row in order; `classes` names the probabilities in order. `label` and `ignored` are
    columns that a request may carry and that are not used; `missing` are the spellings of a missing value in a text.
    `pick` takes the values of the features out of a row in which every one is a number that stands for itself; None
    when a feature is something else. `threshold` is from which probability of the second of two classes on that class
    is the answer; None for more classes. `terms` says what contributions to its answers are. `body` is what all of this
    was read from, for `explain`: the decoded document would take four times its memory.
    """

    features: tuple[str, ...]
    classes: tuple[Label, ...]
    label: str
    ignored: tuple[str, ...]
    missing: frozenset[str]
    inputs: Inputs
    pick: Callable[[dict[str, Any]], tuple[Any, ...]] | None
    transform: Callable[[Sequence[Value]], Vector]
    score: Score
    threshold: float | None
    terms: Terms
    body: bytes = field(repr=False, compare=False)

    @classmethod
    def load(cls, body: bytes, key: str) -> "Scorer":
        """Read ``scorer.json``; raise Rejected when it is damaged or of a kind that this version does not know."""
        document = decode(body, key)
        kind = document.get("kind")
        if kind not in LOADERS:
            raise Rejected(f"{key}: expected a scorer of kind {' or '.join(map(repr, LOADERS))}, found {kind!r}")
        try:
            return cls._from_document(document, LOADERS[kind], body)
        except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError) as error:
            raise Rejected(f"{key}: expected a complete scorer, found none ({error!r})") from None

    @classmethod
    def _from_document(cls, document: dict[str, Any], load: Loader, body: bytes) -> "Scorer":
        inputs = Inputs.load(document)
        classes = tuple(document["classes"])
        if not inputs.columns:
            raise ValueError("no features")
        if len(classes) < 2:
            raise ValueError("fewer than two classes")
        return cls(
            features=tuple(column.name for column in inputs.columns),
            classes=classes,
            label=document["label"],
            ignored=tuple(document["ignored"]),
            missing=frozenset(document.get("missing", MISSING)),
            inputs=inputs,
            pick=_picker(inputs.columns),
            transform=inputs.transform(),
            score=load(document, inputs.width, len(classes)),
            terms=terms_of(document),
            body=body,
            threshold=(threshold_of(document) or 0.5) if len(classes) == 2 else None,
        )

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The classes as keys of a JSON object."""
        return tuple(str(label).lower() if isinstance(label, bool) else str(label) for label in self.classes)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The features in order, with their kinds."""
        return self.inputs.columns

    def answer(self, row: Sequence[Value]) -> tuple[int, Probabilities]:
        """The index of the predicted class, and the probability of each class.

        `row` has a value for each feature, in order: a string for a category, else a float; None is a missing value.
        Raise OutOfRange.
        """
        return self.score(self.transform(row))

    @cached_property
    def explainer(self) -> Explain:
        """What explains answers; made when the first one is asked for."""
        return explainer_of(decode(self.body, "scorer.json"), self.inputs.width)

    def explain(self, row: Sequence[Value]) -> Explanation:
        """What each feature adds to the sum of the second of two classes, or of the predicted one of several.

        `row` is as of `answer`; raise OutOfRange. The columns of a category count together, and what fills a gap counts
        for its feature.
        """
        vector = self.transform(row)
        label = 1 if len(self.classes) == 2 else self.score(vector)[0]
        found = self.explainer(vector, label)
        of_features: list[list[float]] = [[] for _ in self.features]
        for source, value in zip(self.inputs.sources, found.inputs, strict=True):
            of_features[source].append(value)
        contributions = dict(zip(self.features, map(fsum, of_features), strict=True))
        return Explanation(label, found.base, contributions)


def _picker(columns: Sequence[Column]) -> Callable[[dict[str, Any]], tuple[Any, ...]] | None:
    if not all(column.plain for column in columns):
        return None
    first, *others = (column.name for column in columns)
    if others:
        return itemgetter(first, *others)
    return lambda row: (row[first],)  # of one name alone itemgetter makes no tuple
