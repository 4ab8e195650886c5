"""The options that say what a column is: ``--set``, ``--missing`` and ``--unset``."""

from dataclasses import dataclass
from typing import Any, Final

import click

from shared.formats.columns import KINDS
from shared.formats.values import column_name

KIND_HELP: Final = (
    f"Say what a column is: {', '.join(KINDS)}, date:%d/%m/%Y for a format of dates, or number:$1,234.5 for one of "
    "numbers (1234.5 as the column writes it). Repeatable."
)
MISSING_HELP: Final = "Say that a spelling means a missing value in a column, such as Glucose=0. Repeatable."


class Pair(click.ParamType[tuple[str, str]]):
    """``COLUMN=something``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(
        self,
        value: Any,  # noqa: ANN401  (click's own signature)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, str]:
        """Split the pair, or fail with what is allowed."""
        if isinstance(value, tuple):
            return value
        name, separator, text = value.partition("=")
        if not separator or not name.strip():
            self.fail(f"expected COLUMN={self.name.upper()}, found {value!r}", param, ctx)
        return column_name(name), text.strip()


@dataclass(frozen=True)
class ColumnOptions:
    """What a person says now: the kinds of columns, spellings of missing values in them, columns to say nothing of."""

    kinds: tuple[tuple[str, str], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    unset: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The columns that get a meaning."""
        return [name for name, _ in (*self.kinds, *self.missing)]

    def __bool__(self) -> bool:
        return bool(self.kinds or self.missing or self.unset)
