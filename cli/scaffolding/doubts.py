"""What will make a person doubt every score of a new project, found before anything is written."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from cli.scaffolding.plan import Plan
from shared.evaluation.intervals import interval
from shared.formats.commands import option
from shared.quality.sanity import TOO_WIDE, deciding_columns
from shared.tables.encoding import encode

RIGHT: Final = 0.95  # of a good model; a worse one has a wider interval


def doubts(plan: Plan) -> Iterator[str]:
    """The reasons, each with the option that helps."""
    yield from _deciding(plan)
    yield from _too_small(plan)


def scored(plan: Plan) -> list[int]:
    """The classes whose F1 counts, by index, as training decides it: the last of two, or all that are tested."""
    classes = plan.inspection.classes
    tested = [classes.index(label) for label in plan.tested]
    return tested[-1:] if len(tested) == 2 or plan.inspection.request.positive else tested


def _deciding(plan: Plan) -> Iterator[str]:
    """Columns that repeat the label."""
    inspection = plan.inspection
    encoding, (values,) = encode([inspection.reading.table], inspection.schema.features)
    for name, f1 in deciding_columns(encoding, values, inspection.codes, scored(plan)).items():
        ignore = option("--ignore", inspection.source.as_spelled(name))
        yield (
            f"column {name} alone decides the label (F1 {f1:.4f}): is it known before the label is? "
            f"If not, start again with {ignore}"
        )


def _too_small(plan: Plan) -> Iterator[str]:
    """A test set on which even a good model's score says little."""
    test = next(iter(plan.parts.values()))
    counts = np.bincount(plan.inspection.codes[test], minlength=len(plan.inspection.classes))
    others = max(1, len(counts) - 1)
    shares = np.where(np.eye(len(counts), dtype=bool), RIGHT, (1 - RIGHT) / others)
    low, high = interval(shares * counts[:, None], scored(plan))
    if high - low > TOO_WIDE:
        yield (
            f"the test set of {len(test):,} rows is too small to tell: of a model that is right for {RIGHT:.0%} of "
            f"each class it would say F1 {low:.2f} to {high:.2f} (95 % interval). Bring more rows, or hold out more "
            "of them with --test-share"
        )
