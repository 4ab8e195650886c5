"""``vintner prune``: remove models that nothing refers to any more."""

from datetime import UTC, datetime, timedelta

import click

from cli.console.output import json_option, line, print_json, table
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
    found = prunable(target.store, target.settings, before=before, rows=rows)
    if not dry_run:
        remove(target.store, found)
    if as_json:
        print_json({"removed": not dry_run, "objects": [vars(one) for one in found]})
        return
    _show(found, dry_run=dry_run)


def _show(found: list[Prunable], *, dry_run: bool) -> None:
    if not found:
        line("nothing to remove")
        return
    table(["object", "bytes", "why"], [[one.key, one.size, one.why] for one in found], numbers=["bytes"])
    verb = "would be removed" if dry_run else "removed"
    line(f"{len(found)} objects {verb}, {sum(one.size for one in found)} bytes")
