"""``vintner new``: from one CSV to a project that runs."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.console.output import in_lines, json_option, print_json, table
from cli.inspection.csv_file import Header, Source, from_line, with_header
from cli.schema_override.column_options import KIND_HELP, MISSING_HELP, ColumnOptions, Pair
from shared.errors import VintnerError
from shared.settings import Positive

if TYPE_CHECKING:
    from cli.inspection.inspect import Request
    from cli.scaffolding.plan import Plan

CSV = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
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
@click.option("--header", metavar="NAME,...", type=Header(), help="Names of the columns, when the file has none.")
@click.option(
    "--header-line", metavar="N", type=click.IntRange(min=1), help="The line with the names, if it is not the first."
)
@click.option("--use", metavar="COLUMN", multiple=True, help="Use a column that would not be a feature. Repeatable.")
@click.option("--ignore", metavar="COLUMN", multiple=True, help="Ignore one more column. Repeatable.")
@click.option("--set", "kinds", metavar="COLUMN=KIND", multiple=True, type=Pair("kind"), help=KIND_HELP)
@click.option("--missing", metavar="COLUMN=SPELLING", multiple=True, type=Pair("spelling"), help=MISSING_HELP)
@click.option(
    "--test-share",
    default=0.25,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of the rows that is held out to score every model.",
)
@click.option("--slots", default=3, show_default=True, type=click.IntRange(1, 1000), help="Number of slots.")
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
    header: tuple[str, ...] | None,
    header_line: int | None,
    use: tuple[str, ...],
    ignore: tuple[str, ...],
    kinds: tuple[tuple[str, str], ...],
    missing: tuple[tuple[str, str], ...],
    test_share: float,
    slots: int,
    seed: int,
    as_json: bool,
) -> None:
    """Make a project in DIR from one CSV: the settings, a test set and slots, and the code that runs and deploys.

    The delimiter, the encoding, the decimal mark and the kind of each column are detected from the file. It
    prints what it decided and why, and what to type next. A directory that is not empty is never touched.
    """
    from cli.inspection.inspect import Request  # noqa: PLC0415  (loads what only this command needs)
    from cli.scaffolding.doubts import doubts  # noqa: PLC0415
    from cli.scaffolding.report import commands, show, show_doubts, warnings  # noqa: PLC0415
    from cli.scaffolding.scaffold import check_free, write_project  # noqa: PLC0415

    directory = Path(os.path.abspath(directory))  # noqa: PTH100  (resolve() would follow a link that is in the way)
    check_free(directory)
    try:
        body = path.read_bytes() if header_line is None else from_line(path.read_bytes(), header_line)
        body = with_header(body, header) if header else body
        if label is None:
            context.exit(_ask_for_label(body, as_json=as_json))
        request = Request(label, positive, use, ignore, ColumnOptions(kinds, missing))
        plan = _plan(path, body, request, test_share=test_share, slots=slots, seed=seed)
    except VintnerError as error:
        raise VintnerError(f"{path}: {in_lines(error)}{_counted(header, error)}") from None
    found = list(doubts(plan))
    if not as_json:
        show_doubts(found)
    write_project(directory, plan.variables(), plan.write_data)
    if as_json:
        more = {"warnings": [*found, *warnings(plan)], "next": commands(plan, directory)}
        print_json({"directory": str(directory), **plan.document(), **more})
    else:
        show(plan, directory)


def _counted(header: tuple[str, ...] | None, error: VintnerError) -> str:
    return "\n  (line 1 is the header line that you gave)" if header and getattr(error, "reasons", ()) else ""


def _ask_for_label(body: bytes, *, as_json: bool) -> int:
    """List the columns, say which of them may be the label, and return the exit code of wrong usage."""
    from cli.inspection.label_candidates import label_candidates, likely_labels  # noqa: PLC0415

    columns = label_candidates(Source.open(body))
    likely = [column.name for column in likely_labels(columns)]
    if as_json:
        print_json({"columns": [vars(column) for column in columns], "likely_labels": likely})
    else:
        rows = [[column.name, column.kind, column.distinct, column.examples] for column in columns]
        table(["column", "kind", "values", "for example"], rows, numbers=["values"])
    hint = f"most likely: {', '.join(map(repr, likely[:3]))}"
    if not likely:
        hint = "none has 2 to 20 values, but --positive '> 5' makes two classes of a number"
    click.echo(f"Error: expected --label COLUMN, the column to predict, found none; {hint}", err=True)
    return 2


def _plan(path: Path, body: bytes, request: "Request", *, test_share: float, slots: int, seed: int) -> "Plan":
    import numpy as np  # noqa: PLC0415  (loads what only this command needs)

    from cli.inspection.inspect import inspect  # noqa: PLC0415  (loads pandas)
    from cli.scaffolding.csv_files import csv_files  # noqa: PLC0415
    from cli.scaffolding.plan import Plan  # noqa: PLC0415
    from cli.scaffolding.split import split  # noqa: PLC0415

    inspection = inspect(body, request)
    groups = np.arange(len(inspection.codes)) if inspection.repeats_by_nature else inspection.groups
    test, parts = split(groups, inspection.codes, test_share=test_share, slots=slots, seed=seed)
    if not min(map(len, [test, *parts])):
        raise VintnerError(
            f"expected rows for a test set and {slots} slots, found only {len(inspection.codes)}, or too many that "
            "repeat another: name fewer --slots, or bring more rows"
        )
    files = {"test/test.csv": test, **{f"slots/slot_{number}.csv": rows for number, rows in enumerate(parts, 1)}}
    return Plan(path, csv_files(inspection, files), files, seed)
