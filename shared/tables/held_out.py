"""The reference: the current test set under its schema, which every slot is read by and checked against."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.formats.columns import Column
from shared.tables.schema import Override, Schema, infer_schema
from shared.tables.table import Table


@dataclass(frozen=True, eq=False)
class Reference:
    """The test uploads' rows and what their columns are."""

    tests: tuple[Table, ...]
    schema: Schema

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.schema.columns}

    @property
    def labels(self) -> frozenset[str]:
        """The texts of the labels that the test set has."""
        return frozenset(label for table in self.tests for label in table.labels)


def reference_of(tests: tuple[Table, ...], override: Override | None) -> Reference:
    """The reference that test uploads and an override give; raise Rejected."""
    return Reference(tests, infer_schema(tests, override))
