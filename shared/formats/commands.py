"""What to type: the commands that messages name, with every name and spelling quoted as a shell needs it."""

import shlex
from typing import Final

SCHEMA_COMMAND: Final = "vintner schema"


def option(name: str, value: str) -> str:
    """An option with its value."""
    return f"{name} {shlex.quote(value)}"


def set_kind(column: str, kind: str) -> str:
    """Says what a column is."""
    return f"{SCHEMA_COMMAND} {option('--set', f'{column}={kind}')}"


def set_missing(column: str, spelling: str) -> str:
    """Says that a spelling means a missing value in a column."""
    return f"{SCHEMA_COMMAND} {option('--missing', f'{column}={spelling}')}"
