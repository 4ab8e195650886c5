"""The best stump for any weights of the rows, found without sorting them again.

scikit-learn chooses the split with the greatest Gini proxy g(l) = sum(l_k^2) / sum(l_k) + sum(r_k^2) / sum(r_k), where
l_k are the weights of class k on the left, r_k = T_k - l_k those on the right, and T_k those of all rows.

Why bins are enough. Each term is a square over a linear function, which is convex (Boyd and Vandenberghe, "Convex
Optimization", 2004, 3.1.5 and 3.2.2). In a bin of a feature, every l_k lies between its values at the two edges of the
bin. A convex function on a box is greatest at a corner (Rockafellar, "Convex Analysis", 1970, 32.3), so the greatest
corner bounds all splits of the bin: a bin whose bound is below the best split known holds no better one.

Why rounding does not matter. A sum of n weights in any order is wrong by at most n * u of it (Higham, "Accuracy and
Stability of Numerical Algorithms", 2002, 4.2; u = 2^-53). With partial derivatives of at most 2, scikit-learn's proxy
is wrong by at most 21 * n * u * sum(T) and ours by n * u * sum(T), where neither side is as light as rounding itself.
A split that leads by more than 64 * n * u * sum(T) is scikit-learn's choice; `_leads` has the closer calls in one
feature, `_may_be_wild` the light sides. Where neither can tell, `best` says so and the caller asks scikit-learn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.training.feature_bins import Bins, Values, are_apart

MAX_CLASSES: Final = 4
BLOCK: Final = 65_536  # rows that are counted at once: they stay in the processor's cache
MAX_CLOSE: Final = 64

_U: Final = 2.0**-53
_CLEAR: Final = 64
_LIGHT: Final = 192  # a side with at least so much * n * u * sum(T) has no more than the error above
_GAIN_OF_LIGHT: Final = 2_048  # what a light side of at least 6 * n * u * sum(T) can gain, in n * u * sum(T)
_GAIN_OF_NOTHING: Final = 170  # what a lighter one can, in n^2 * u * sum(T): its weight may be one unit of rounding

Weights = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Split:
    """A split between two neighbouring values of a feature; `left` and `right` are the weights by class (classes,)."""

    feature: int
    before: float
    after: float
    left: Weights
    right: Weights
    gain: float

    @property
    def threshold(self) -> np.float64:
        """Where scikit-learn splits: in the middle, in float64.

        A plain float would be rounded to float32 where it is compared with float32, and meet one of the two values.
        """
        return np.float64(self.before / 2.0 + self.after / 2.0)


def proxy(left: Weights, right: Weights) -> Weights:
    """Gini's proxy of splits (splits,) with these weights by class (classes, splits) on both sides."""
    return _share_of_squares(left) + _share_of_squares(right)


def _share_of_squares(weights: Weights) -> Weights:
    total = weights.sum(axis=0)
    squares = np.square(weights).sum(axis=0)
    shares: Weights = np.divide(squares, total, out=np.zeros_like(total), where=total > 0)
    return shares


class StumpSearch:
    """Finds stumps of the same rows under changing weights.

    `columns` are the features, each (rows,) float32 and finite. `codes` (rows,) are the classes of the rows, at least
    two and at most four. Memory: 2 bytes a value.
    """

    def __init__(self, columns: Sequence[Values], codes: NDArray[np.int8], classes: int) -> None:
        self.columns, self.codes, self.classes, self.rows = columns, codes, classes, len(codes)
        bins = [Bins.of(values) for values in columns]
        sizes = [len(one.low) for one in bins]
        ends = np.cumsum(sizes)
        self._slices = [slice(end - size, end) for end, size in zip(ends.tolist(), sizes, strict=True)]
        self._feature = np.repeat(np.arange(len(columns)), sizes)
        self._low, self._high = (np.concatenate([getattr(one, name) for one in bins]) for name in ("low", "high"))
        self._starts_split = np.concatenate([one.starts_split for one in bins])
        self._wide = self._low < self._high
        # The least weight on the left from the middle row on is that before this bin; see `_may_be_wild`.
        middles = [int(np.searchsorted(one.first, self.rows // 2, "right")) - 1 for one in bins]
        self._middle = np.array([part.start + at for part, at in zip(self._slices, middles, strict=True)])
        self._cells = [one.cells(values, codes, classes) for one, values in zip(bins, columns, strict=True)]

    def best(self, weights: Weights) -> Split | None:
        """The split that scikit-learn chooses for positive weights (rows,); None where rounding may decide."""
        self._weights = weights
        self._count()
        everything = self._after[:, self._slices[0]][:, :1] + self._inside[:, self._slices[0]][:, :1]
        total = float(everything.sum())
        self._unit = self.rows * _U * total
        near = _CLEAR * (self.rows + 64) * _U * total
        found = self._near_the_best(near)
        if not found:
            return None
        chosen = max(found, key=lambda split: split.gain)
        unsplit = float(proxy(everything, np.zeros_like(everything))[0])
        if self._may_be_wild(chosen.gain - unsplit) or not self._leaves_are_clear(chosen):
            return None
        others = [split for split in found if split is not chosen and split.gain >= chosen.gain - near]
        if len(others) > MAX_CLOSE or not all(self._leads(chosen, split) for split in others):
            return None
        return chosen

    def _count(self) -> None:
        """The weights (classes, bins) inside, before and after each bin. Both sides are added up from their own end."""
        width = self.classes
        self._inside = np.zeros((width, len(self._low)))
        for start in range(0, self.rows, BLOCK):
            block = self._weights[start : start + BLOCK]
            for part, cells in zip(self._slices, self._cells, strict=True):
                size = (part.stop - part.start) * width
                counted = np.bincount(cells[start : start + BLOCK], weights=block, minlength=size)
                self._inside[:, part] += counted.reshape(-1, width).T
        self._before, self._after = np.zeros_like(self._inside), np.zeros_like(self._inside)
        for part in self._slices:
            inside = self._inside[:, part]
            np.cumsum(inside[:, :-1], axis=1, out=self._before[:, part][:, 1:])
            self._after[:, part][:, :-1] = np.cumsum(inside[:, :0:-1], axis=1)[:, ::-1]

    def _near_the_best(self, near: float) -> list[Split]:
        """The splits that are at most `near` below the best, and perhaps others."""
        edges = proxy(self._before, self._after + self._inside)
        at_edges = np.where(self._starts_split, edges, -np.inf)
        best = float(at_edges.max())
        if not np.isfinite(best):
            return []
        bounds = self._bounds(edges)
        found: list[Split] = []
        candidates = np.flatnonzero(bounds >= best - near)
        for number in candidates[np.argsort(-bounds[candidates], kind="stable")].tolist():
            if bounds[number] < best - near:
                break
            for split in self._splits_inside(number, best - near):
                found.append(split)
                best = max(best, split.gain)
        return found + [self._split_at(number, at_edges[number]) for number in np.flatnonzero(at_edges >= best - near)]

    def _bounds(self, edges: Weights) -> Weights:
        """What no split inside a bin (bins,) exceeds: the greatest corner of the box between the bin's edges."""
        wide = np.flatnonzero(self._wide)
        before, inside, after = self._before[:, wide], self._inside[:, wide], self._after[:, wide]
        bounds = np.full(len(edges), -np.inf)
        bounds[wide] = np.maximum(edges[wide], edges[wide + 1])  # the last bin of a feature is never wide
        for corner in list(product((0.0, 1.0), repeat=self.classes))[1:-1]:
            on_the_left = np.array(corner)[:, None]
            at_corner = proxy(before + inside * on_the_left, after + inside * (1.0 - on_the_left))
            bounds[wide] = np.maximum(bounds[wide], at_corner)
        return bounds

    def _split_at(self, number: int, gain: float) -> Split:
        """The split before a bin."""
        left, right = self._before[:, number], self._after[:, number] + self._inside[:, number]
        before, after = float(self._high[number - 1]), float(self._low[number])
        return Split(int(self._feature[number]), before, after, left, right, float(gain))

    def _splits_inside(self, number: int, least: float) -> Iterator[Split]:
        """The splits between the values of a bin that gain at least so much."""
        feature = int(self._feature[number])
        start = (number - self._slices[feature].start) * self.classes
        cells = self._cells[feature]
        rows = np.flatnonzero((cells >= start) & (cells < start + self.classes))
        rows = rows[np.argsort(self.columns[feature][rows], kind="stable")]
        values = self.columns[feature][rows]
        ends = np.flatnonzero(are_apart(values))
        weights = np.where(np.arange(self.classes)[:, None] == self.codes[rows], self._weights[rows], 0.0)
        left = self._before[:, [number]] + np.cumsum(weights, axis=1)[:, ends]
        right = self._after[:, [number]] + np.cumsum(weights[:, ::-1], axis=1)[:, ::-1][:, ends + 1]
        gains = proxy(left, right)
        for at in np.flatnonzero(gains >= least).tolist():
            before, after = float(values[ends[at]]), float(values[ends[at] + 1])
            yield Split(feature, before, after, left[:, at], right[:, at], float(gains[at]))

    def _may_be_wild(self, lead: float) -> bool:
        """Whether a split with a side as light as rounding may win in scikit-learn. `lead` is over no split at all.

        It subtracts to get the right side, and from the middle row on perhaps the left one too, so there a light side
        may be rounding alone. Such a side gains little unless it is far lighter than the error of the sums.
        """
        last = [part.stop - 1 for part in self._slices]
        right = self._inside[:, last].sum(axis=0)
        middle = self._middle
        left = (self._before[:, middle] + np.where(self._wide[middle], 0.0, self._inside[:, middle])).sum(axis=0)
        lightest = float(min(right.min(), left.min()))
        needed = (_GAIN_OF_LIGHT + _LIGHT) * self._unit
        if lightest < 6 * self._unit:
            needed += _GAIN_OF_NOTHING * self.rows * self._unit
        return lead <= needed

    def _leaves_are_clear(self, split: Split) -> bool:
        """Whether rounding cannot change the class that a side decides for."""
        sides = np.sort(np.stack([split.left, split.right]), axis=1)
        return bool(np.all(sides[:, -1] - sides[:, -2] > 8 * self._unit))

    def _leads(self, chosen: Split, other: Split) -> bool:
        """Whether a split gains more than one of the same feature by more than rounding.

        All sums but those of the rows between the two are the same numbers for both, so their errors cancel up to
        the second derivatives, which are at most 4 / weight of a side. It holds while scikit-learn adds up from the
        left: it does when fewer rows are between them than are behind them.
        """
        if chosen.feature != other.feature:
            return False
        first, second = sorted((chosen, other), key=lambda split: split.threshold)
        values = self.columns[chosen.feature]
        between = np.flatnonzero((values > first.threshold) & (values <= second.threshold))
        if len(between) > np.count_nonzero(values > second.threshold):
            return False
        moved = np.bincount(self.codes[between], self._weights[between], self.classes)
        left, right = first.left[:, None], second.right[:, None]
        gains = [float(proxy(left, right + moved[:, None])[0]), float(proxy(left + moved[:, None], right)[0])]
        ahead = gains[0] - gains[1] if chosen is first else gains[1] - gains[0]
        lightest = float(min(left.sum(), right.sum()))
        total = float((left + right).sum() + moved.sum())
        rounding = (16 * len(between) + 256 + 64 * self.rows * float(moved.sum()) / lightest) * _U * total
        return ahead > rounding
