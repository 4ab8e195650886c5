"""``vintner new``: from one CSV to a project that runs."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import json_option, print_json, table
from shared.errors import VintnerError
from shared.settings import Positive

if TYPE_CHECKING:
    from cli.decided import Decided

CSV = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
SHOWN_REASONS = 10
DIRECTORY = click.Path(path_type=Path)


class _Rule(click.ParamType[Positive]):
    """A rule such as ``> 5``."""

    name = "rule"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Positive:  # noqa: ANN401
        """Read the rule, or fail with what is allowed."""
        try:
            return value if isinstance(value, Positive) else Positive.parse(value)
        except ValueError:
            self.fail(f"expected a rule such as '> 5', '<= 5' or '== yes', found {value!r}", param, ctx)


@click.command(short_help="Make a project from one CSV: settings, test set, slots.")
@click.argument("directory", metavar="DIR", type=DIRECTORY)
@click.option("--csv", "path", metavar="FILE", required=True, type=CSV, help="The labelled rows.")
@click.option("--label", metavar="COLUMN", help="The column to predict; without it the columns are listed.")
@click.option("--positive", metavar="RULE", type=_Rule(), help="Make two classes of the label, such as '> 5'.")
@click.option("--use", metavar="COLUMN", multiple=True, help="Make a feature of what would be ignored. Repeatable.")
@click.option("--ignore", metavar="COLUMN", multiple=True, help="Ignore one more column. Repeatable.")
@click.option(
    "--test-share",
    default=0.25,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of the rows that is held out to score every model.",
)
@click.option("--slots", default=3, show_default=True, type=click.IntRange(1, 1000), help="How many slots.")
@click.option("--seed", default=42, show_default=True, type=click.IntRange(min=0), help="Seed of the split.")
@json_option
@click.pass_context
def new(
    context: click.Context,
    *,
    directory: Path,
    path: Path,
    label: str | None,
    positive: Positive | None,
    use: tuple[str, ...],
    ignore: tuple[str, ...],
    test_share: float,
    slots: int,
    seed: int,
    as_json: bool,
) -> None:
    """Make a project in DIR from one CSV: the settings, a test set and slots, and the code that runs and deploys.

    It says what it decided and why, and what to type next. A directory that is not empty is never touched.
    """
    from cli.scaffold import check_free, write_project  # noqa: PLC0415  (loads what only this command needs)

    directory = Path(os.path.abspath(directory))  # noqa: PTH100  (resolve() would follow a link that is in the way)
    check_free(directory)
    try:
        if label is None:
            context.exit(_ask_for_label(path, as_json=as_json))
        decided = _decide(
            path, label, positive=positive, use=use, ignore=ignore, test_share=test_share, slots=slots, seed=seed
        )
    except VintnerError as error:
        raise VintnerError(f"{path}: {_shortly(error)}") from None
    write_project(directory, decided.variables(), decided.write_data)
    if as_json:
        print_json(decided.document(directory))
    else:
        decided.show(directory)


def _shortly(error: VintnerError) -> str:
    """The error's text; of an upload's many reasons the first few, each on a line of its own."""
    reasons = [str(reason) for reason in getattr(error, "reasons", ())]
    if len(reasons) < 2:
        return str(error)
    more = [f"and {len(reasons) - SHOWN_REASONS} more"] if len(reasons) > SHOWN_REASONS else []
    return "\n  ".join(["it cannot be read", *reasons[:SHOWN_REASONS], *more])


def _ask_for_label(path: Path, *, as_json: bool) -> int:
    """List the columns, say which of them may be the label, and return the exit code of wrong usage."""
    from cli.columns import read_texts  # noqa: PLC0415  (loads pandas)
    from cli.labels import describe, likely_labels  # noqa: PLC0415

    columns = describe(read_texts(path.read_bytes()))
    likely = [column.name for column in likely_labels(columns)]
    if as_json:
        print_json({"columns": [vars(column) for column in columns], "likely_labels": likely})
    else:
        rows = [[one.name, one.kind, one.distinct, one.examples] for one in columns]
        table(["column", "kind", "values", "for example"], rows, numbers=["values"])
    hint = f"the likeliest: {', '.join(map(repr, likely[:3]))}"
    if not likely:
        hint = "none has 2 to 20 values, but --positive '> 5' makes two classes of a number"
    click.echo(f"Error: expected --label COLUMN, the column to predict, found none; {hint}", err=True)
    return 2


def _decide(
    path: Path,
    label: str,
    *,
    positive: Positive | None,
    use: tuple[str, ...],
    ignore: tuple[str, ...],
    test_share: float,
    slots: int,
    seed: int,
) -> "Decided":
    from cli.columns import inspect  # noqa: PLC0415  (loads pandas)
    from cli.decided import Decided  # noqa: PLC0415
    from cli.splitting import split  # noqa: PLC0415

    found = inspect(path.read_bytes(), label, positive=positive, use=use, ignore=ignore)
    test, parts = split(found.groups(), found.codes, test_share=test_share, slots=slots, seed=seed)
    smallest = min(map(len, [test, *parts]))
    if not smallest:
        raise VintnerError(
            f"expected rows for a test set and {slots} slots, found only {len(found.codes)}, or too many that repeat "
            "another: name fewer --slots, or bring more rows"
        )
    return Decided(path, label, positive, found, test, tuple(parts), seed)
