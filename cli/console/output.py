"""The output of commands: tables and colour on a terminal, plain lines in a pipe, JSON with ``--json``."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import click
from rich.console import Console, JustifyMethod
from rich.markup import escape
from rich.table import Table

Command = TypeVar("Command", bound=Callable[..., Any])

STYLES: Final = {
    "accepted": "green",
    "promoted": "bold green",
    "duplicate": "yellow",
    "waiting": "yellow",
    "rolled_back": "yellow",
    "kept": "default",
    "rejected": "bold red",
    "refused": "bold red",
}

console = Console(highlight=False, soft_wrap=True)


def on_terminal() -> bool:
    """Whether a person looks at it on a terminal that can draw: tables and progress bars are for these alone."""
    return console.is_terminal and not console.is_dumb_terminal


def json_option(command: Command) -> Command:
    """Add ``--json`` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(command)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, default=str))


def line(text: str, end: str = "\n") -> None:
    """Print text as it is."""
    console.print(text, markup=False, end=end)


def styled(word: str) -> str:
    """A status word in its colour; what surrounds it must be escaped."""
    return f"[{STYLES.get(word, 'default')}]{escape(word)}[/]"


def fact(name: str, text: str) -> None:
    """Print a line with a name; without one it continues the line before."""
    marked(f"[bold]{name:<11}[/] ", end="")
    line(text)


def marked(text: str, end: str = "\n") -> None:
    """Print markup."""
    console.print(text, end=end)


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:
    """Print rows: a table on a terminal, lines with tabs in a pipe.

    On a terminal the columns in `numbers` are right-aligned, and those in `whole` are never folded.
    """
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not on_terminal():
        for row in [list(header), *texts]:
            click.echo("\t".join(row))
        return
    grid = Table(box=None, header_style="bold", pad_edge=False)
    for name in header:
        justify: JustifyMethod = "right" if name in numbers else "left"
        grid.add_column(escape(name), justify=justify, overflow="fold", no_wrap=name in numbers or name in whole)
    for row in texts:
        grid.add_row(*(styled(cell) if cell in STYLES else escape(cell) for cell in row))
    console.print(grid)


def plural(number: int, noun: str) -> str:
    """A number of things: ``1 row``, ``2 rows``, ``2 categories``."""
    return (
        f"{number} {noun}"
        if number == 1
        else f"{number} {noun.removesuffix('y')}{'ies' if noun.endswith('y') else 's'}"
    )


def moment(at: str) -> str:
    """A time: to the second on a terminal, unchanged in a pipe."""
    return f"{at[:10]} {at[11:19]}" if on_terminal() else at


def decimal(value: float | None) -> str:
    """A score with four places."""
    return "" if value is None else f"{value:.4f}"


def f1_text(f1: float, interval: Sequence[float] | None) -> str:
    """A score and its 95 % interval; a model that an earlier version scored has none."""
    return f"F1 {f1:.4f}" + (f" ({interval[0]:.4f} to {interval[1]:.4f})" if interval else "")


def threshold_text(threshold: float, f1_at_half: float | None) -> str:
    """From which probability on the second class is the answer, and what the model scores at 0.5 instead."""
    return f"threshold {threshold:g}" + (f" (F1 at 0.5 {f1_at_half:.4f})" if f1_at_half is not None else "")


def read_as(detected: Mapping[str, object]) -> str:
    """How a file was read where that is unusual: ``Windows-1252, semicolons, decimal commas, gzip``."""
    parts = [str(detected["encoding"])] if detected["encoding"] != "UTF-8" else []
    if detected["delimiter"] != "comma":
        parts.append(f"{detected['delimiter']}s")
    if detected["decimal"] != "point":
        parts.append("decimal commas")
    if detected["compression"]:
        parts.append(str(detected["compression"]))
    return ", ".join(parts)


def first_few(texts: Sequence[str], limit: int = 10) -> list[str]:
    """The first of some texts, and how many more there are."""
    more = len(texts) - limit
    return [*texts[:limit], *([f"and {more} more"] if more > 0 else [])]


def first_reasons(reasons: Iterable[tuple[int | None, str]], limit: int = 10) -> list[str]:
    """The first of the reasons (line, text) that have a line, and those of the whole upload."""
    lines: list[str] = []
    whole: list[str] = []
    for number, text in reasons:
        (lines if number else whole).append(text)
    return [*first_few(lines, limit), *whole]


def in_lines(error: Exception, headline: str = "it cannot be read") -> str:
    """The error's text; of an upload's many reasons the first few, each on a line of its own."""
    reasons = getattr(error, "reasons", ())
    if len(reasons) < 2:
        return str(error)
    return "\n  ".join([headline, *first_reasons((reason.line, str(reason)) for reason in reasons)])
