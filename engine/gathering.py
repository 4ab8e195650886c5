"""Gathering: from the slots in the bucket to counted rows, and to a sample of them as a dataset.

The workers see all rows, a part of the slots at a time; the driver sees counts and the sample. Where there are no more
rows than the sample may have, it is all of them, and everything that is said of it is said of all.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.counting import (
    Counted,
    Named,
    PartFacts,
    Sampled,
    bucket_of,
    by_bucket,
    count,
    facts_of,
    gone_of,
    kept_sample,
    survey,
    without_gone,
)
from engine.features import category_counts
from engine.slot_rows import OpenReader, Part, PartRows, names_of, rows_of_tables
from engine.workers import Kept, Workers
from shared.bucket.inventory import Source
from shared.documents import Label
from shared.settings import Duplicates, Settings
from shared.tables.dataset import Dataset, Rows, classes_of, scored_classes
from shared.tables.encoding import Encoding
from shared.tables.held_out import Reference
from shared.tables.table import text_places

PARTS_OF_A_WORKER: Final = 4  # or more, so that all have about the same number of rows


@dataclass(frozen=True)
class Scale:
    """How much is looked at together: bytes of slots in a part, rows in a bucket. Neither shows in a model.

    `sample_rows` does: so many rows, or few more, are what the bins, the fills and the threshold come from. And so do
    the `rounds` of boosting.
    """

    part_bytes: int = 64_000_000
    bucket_rows: int = 1_000_000
    sample_rows: int = 200_000
    rounds: int = 100


@dataclass(frozen=True)
class Gathered:
    """What is known before training. `gone` are the rows of each part that do not count, in pieces on the workers.

    `dataset` has the sample for training rows and the counts of all. `classes` counts the rows of each class (classes,)
    over all that count; `categories` those of each text, per feature.
    """

    dataset: Dataset
    parts: tuple[Part, ...]
    gone: list[list[Kept]]
    class_of_label: Mapping[str, int]
    classes: NDArray[np.int64]
    categories: list[dict[str, int] | None]


def parts_of(sources: Sequence[Source], sizes: Mapping[str, int], part_bytes: int) -> tuple[Part, ...]:
    """The slots in parts of about the same number of bytes, in order; `sizes` are bytes by digest."""
    parts: list[list[tuple[int, str]]] = []
    filled = math.inf
    for position, source in enumerate(sources):
        size = sizes.get(source.slot, 0)
        if filled + size > part_bytes:
            parts.append([])
            filled = 0
        parts[-1].append((position, source.slot))
        filled += size
    return tuple(Part(tuple(own)) for own in parts)


def gather(
    workers: Workers,
    open_reader: OpenReader,
    sources: Sequence[Source],
    sizes: Mapping[str, int],
    *,
    reference: Reference,
    settings: Settings,
    scale: Scale,
) -> Gathered:
    """Name, count and sample the rows of the slots."""
    total = sum(sizes.get(source.slot, 0) for source in sources)
    parts = parts_of(sources, sizes, min(scale.part_bytes, total // (PARTS_OF_A_WORKER * workers.count) + 1))
    columns = reference.schema.features
    about = max(1, total // (8 * len(columns) + 4))
    buckets = max(1, about // scale.bucket_rows)
    share = 1.0 if about <= scale.sample_rows else scale.sample_rows / about
    surveyed = [
        workers.submit(place, survey, open_reader, part, columns, buckets, share) for place, part in enumerate(parts)
    ]
    workers.wait(surveyed, "parts read")
    facts: list[PartFacts] = workers.fetch([workers.submit(place, facts_of, one) for place, one in enumerate(surveyed)])
    tests = rows_of_tables(reference.tests, columns)
    labels = [*tests.labels, *(label for own in facts for label in own.labels)]
    classes, class_of_label = classes_of(labels, truth=settings.positive is not None)
    counted, gone = _count(
        workers,
        surveyed,
        facts,
        tests,
        class_of_label=class_of_label,
        buckets=buckets,
        number_of_classes=len(classes),
        duplicates=settings.duplicates,
    )
    samples: list[Sampled] = workers.fetch(
        [workers.submit(place, kept_sample, one, gone[place]) for place, one in enumerate(surveyed)]
    )
    dataset = _dataset(reference, tests, facts, samples, classes=classes, class_of_label=class_of_label)
    return Gathered(
        dataset=_with_counts(dataset, counted, facts, len(sources)),
        parts=parts,
        gone=gone,
        class_of_label=class_of_label,
        classes=np.sum([own.classes for own in counted], axis=0),
        categories=category_counts([own.vocabularies for own in facts], [own.categories for own in facts]),
    )


def _count(
    workers: Workers,
    surveyed: Sequence[Kept],
    facts: Sequence[PartFacts],
    tests: PartRows,
    *,
    class_of_label: Mapping[str, int],
    buckets: int,
    number_of_classes: int,
    duplicates: Duplicates,
) -> tuple[list[Counted], list[list[Kept]]]:
    """What was counted in each bucket; and of each part the rows that do not count, a piece for each bucket."""
    translate = [np.array([class_of_label[label] for label in own.labels], np.int32) for own in facts]
    own_classes = np.array([class_of_label[label] for label in tests.labels], np.int32)
    held_out = [one._replace(codes=own_classes[one.codes]) for one in by_bucket(tests, *names_of(tests), buckets)]
    counted = []
    for bucket in range(buckets):
        pieces = [workers.submit(place, bucket_of, one, bucket) for place, one in enumerate(surveyed)]
        test: Named = held_out[bucket]
        counted.append(workers.submit(bucket, count, pieces, translate, test, duplicates, number_of_classes))
    workers.wait(counted, "buckets counted")
    gone = [[workers.submit(place, gone_of, own, place) for own in counted] for place in range(len(surveyed))]
    known = workers.fetch([workers.submit(bucket, without_gone, own) for bucket, own in enumerate(counted)])
    return known, gone


def _dataset(
    reference: Reference,
    tests: PartRows,
    facts: Sequence[PartFacts],
    samples: Sequence[Sampled],
    *,
    classes: tuple[Label, ...],
    class_of_label: Mapping[str, int],
) -> Dataset:
    """The dataset of the sample, with no counts yet. Its vocabularies have the texts of all rows."""
    columns = reference.schema.features
    found = [tests.vocabularies, *(own.vocabularies for own in facts)]
    vocabularies = tuple(
        tuple(sorted({text for own in found for text in own[place] or ()})) if column.is_category else None
        for place, column in enumerate(columns)
    )
    encoding = Encoding(tuple(columns), vocabularies)
    rows = [(own.values, own.codes, fact.vocabularies, fact.labels) for own, fact in zip(samples, facts, strict=True)]
    train = _put_together(rows, encoding, class_of_label)
    test = _put_together([(tests.values, tests.codes, tests.vocabularies, tests.labels)], encoding, class_of_label)
    return Dataset(
        encoding=encoding,
        schema=reference.schema,
        classes=classes,
        train=train,
        test=test,
        origin=np.concatenate([own.slot for own in samples]),
        used=(),
        left_out=(),
        rows=(),
        repeated=(),
        duplicates=0,
        in_test_set=0,
        scored=scored_classes(classes, test),
        test_in_slots=np.zeros(len(test), bool),
    )


_Encoded = tuple[NDArray[np.float64], NDArray[np.int32], tuple[tuple[str, ...] | None, ...], tuple[str, ...]]


def _put_together(rows: Sequence[_Encoded], encoding: Encoding, class_of_label: Mapping[str, int]) -> Rows:
    """Rows of several parts under one encoding, with classes for codes."""
    indices = [
        None if texts is None else {text: float(number) for number, text in enumerate(texts)}
        for texts in encoding.vocabularies
    ]
    matrices, codes = [], []
    for values, own_codes, vocabularies, labels in rows:
        matrix = values.copy()
        for place, (index, own) in enumerate(zip(indices, vocabularies, strict=True)):
            if index is not None:
                translate = np.array([*(index[text] for text in own or ()), np.nan])
                matrix[:, place] = translate[text_places(values[:, place], own)]
        matrices.append(matrix)
        codes.append(np.array([class_of_label[label] for label in labels], np.int32)[own_codes])
    return Rows(np.concatenate(matrices), np.concatenate(codes))


def _with_counts(dataset: Dataset, counted: Sequence[Counted], facts: Sequence[PartFacts], slots: int) -> Dataset:
    """The dataset with what was counted over all rows."""
    left_out = {position: why for own in facts for position, why in own.left_out.items()}
    rows = {position: number for own in facts for position, number in own.rows.items()}
    repeated = [sum(own.repeated.get(slot, 0) for own in counted) for slot in range(slots)]
    used = [sum(own.used.get(slot, 0) for own in counted) for slot in range(slots)]
    in_slots = np.zeros(len(dataset.test), bool)
    for own in counted:
        in_slots[own.test_rows] = own.test_in_slots
    return replace(
        dataset,
        used=tuple(None if slot in left_out else used[slot] for slot in range(slots)),
        left_out=tuple(left_out.get(slot) for slot in range(slots)),
        rows=tuple(rows.get(slot, 0) for slot in range(slots)),
        repeated=tuple(repeated),
        duplicates=sum(repeated),
        in_test_set=sum(number for own in counted for number in own.tested.values()),
        test_in_slots=in_slots,
    )
