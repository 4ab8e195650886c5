"""The merge of what a person says of columns with what they said before."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cli.schema_override.column_options import ColumnOptions
from shared.bucket import keys
from shared.errors import VintnerError
from shared.formats.columns import Column
from shared.formats.commands import option
from shared.formats.row_errors import listed
from shared.formats.values import category_text, column_name, number_text
from shared.tables.schema import Override, infer_column
from shared.tables.table import Table, sorted_texts


def merge(before: Override, options: ColumnOptions, tables: Sequence[Table]) -> Override:
    """The override with what is said now; raise Rejected when it cannot be said.

    `tables` are the rows from which a column's kind follows where a person says nothing but a missing value.
    """
    document: dict[str, dict[str, Any]] = {name: column.as_document() for name, column in before.columns.items()}
    for name in map(column_name, options.unset):
        if document.pop(name, None) is None:
            names = f"only {listed(sorted(document))}" if document else "no column"
            raise VintnerError(f"--unset {name}: expected a column of {keys.OVERRIDE}, which has {names}")
    for name, kind in options.kinds:
        document[name] = _fields(kind) | _only_missing(document.get(name, {}))
    for name, spelling in options.missing:
        spellings = [*document.get(name, {}).get("missing", []), spelling]
        known = document.get(name) or _kind_without(name, tables, spellings).as_document()
        document[name] = {**known, "missing": spellings}
    return Override.parse(json.dumps({"columns": document}).encode(), keys.OVERRIDE)


def _fields(kind: str) -> dict[str, Any]:
    """``date:%d/%m/%Y`` as the fields of a column."""
    name, _, date_format = kind.partition(":")
    return {"kind": name, "format": date_format} if date_format else {"kind": name}


def _only_missing(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"missing": fields["missing"]} if "missing" in fields else {}


def _kind_without(name: str, tables: Sequence[Table], spellings: Sequence[str]) -> Column:
    """What a column is when these spellings say nothing of it."""
    if not tables or any(name not in table.features for table in tables):
        raise VintnerError(
            f"{option('--missing', f'{name}={spellings[-1]}')}: expected a column whose kind is known, found none of "
            f"this name in a test set: check the name, or say the kind as well, with "
            f"{option('--set', f'{name}=number')}"
        )
    return infer_column(
        name, [_emptied(table, name, {category_text(spelling) for spelling in spellings}) for table in tables]
    )


def _emptied(table: Table, name: str, spellings: set[str]) -> Table:
    """The column alone, without the cells that mean a missing value."""
    position = table.features.index(name)
    values, vocabulary = table.values[:, position], table.vocabularies[position]
    distinct = np.unique(values[~np.isnan(values)])
    texts = [number_text(value) if vocabulary is None else vocabulary[int(value)] for value in distinct.tolist()]
    gone = distinct[[text in spellings for text in texts]]
    left, words = sorted_texts(np.where(np.isin(values, gone), np.nan, values), vocabulary)
    return replace(table, features=(name,), values=left[:, None], vocabularies=(words,))
