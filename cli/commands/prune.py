"""``vintner prune``: remove models that nothing refers to any more."""

from datetime import UTC, datetime, timedelta

import click

from cli.console.output import json_option, line, plural, print_json, table
from cli.stages.target import Target, stage_option
from functions.prune import Prunable, prunable, remove


@click.command(short_help="Remove models that nothing refers to any more.")
@click.option(
    "--min-age",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=1),
    metavar="DAYS",
    help="Keep everything that is younger.",
)
@click.option("--rows", is_flag=True, help="Also remove the cleaned rows of uploads that are gone.")
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
@stage_option
@json_option
def prune(*, min_age: float, rows: bool, dry_run: bool, stage: str, as_json: bool) -> None:
    """Remove models that neither production nor its history nor a minimum age protects. Uploads are never touched."""
    target = Target.of(stage)
    before = datetime.now(UTC) - timedelta(days=min_age)
    prunables = prunable(target.store, target.settings, before=before, rows=rows)
    if not dry_run:
        remove(target.store, prunables)
    if as_json:
        print_json({"removed": not dry_run, "objects": [vars(entry) for entry in prunables]})
        return
    _show(prunables, dry_run=dry_run)


def _show(prunables: list[Prunable], *, dry_run: bool) -> None:
    if not prunables:
        line("nothing to remove")
        return
    table(["object", "bytes", "why"], [[entry.key, entry.size, entry.why] for entry in prunables], numbers=["bytes"])
    verb = "would be removed" if dry_run else "removed"
    line(f"{plural(len(prunables), 'object')} {verb}, {sum(entry.size for entry in prunables)} bytes")
