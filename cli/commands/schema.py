"""``vintner schema``: what the columns of the current test set are, and how a person changes that."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.console.output import first_few, json_option, line, print_json, table
from cli.console.receipts import show_step
from cli.schema_override.column_options import KIND_HELP, MISSING_HELP, ColumnOptions, Pair
from cli.stages.follow import Followed, follow
from cli.stages.target import Target, stage_option
from shared.documents import Document

if TYPE_CHECKING:
    from cli.schema_override.proposal import Proposal
    from shared.tables.held_out import Reference

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command(short_help="Show or change what the columns are.")
@click.option("--set", "kinds", metavar="COLUMN=KIND", multiple=True, type=Pair("kind"), help=KIND_HELP)
@click.option("--missing", metavar="COLUMN=SPELLING", multiple=True, type=Pair("spelling"), help=MISSING_HELP)
@click.option("--unset", metavar="COLUMN", multiple=True, help="Let the values decide what a column is. Repeatable.")
@click.option("--file", "path", metavar="FILE", type=FILE, help="Start from this file instead of what was said before.")
@click.option("--wait", is_flag=True, help="Show each receipt, and what became of the candidate.")
@click.option("--timeout", default=900.0, show_default=True, help="Seconds to wait at most.")
@stage_option
@json_option
def schema(
    *,
    kinds: tuple[tuple[str, str], ...],
    missing: tuple[tuple[str, str], ...],
    unset: tuple[str, ...],
    path: Path | None,
    wait: bool,
    timeout: float,
    stage: str,
    as_json: bool,
) -> None:
    """Show what the columns of the current test set are and why, or change what they are.

    The values in the test set decide, unless you say what a column is; that is kept in data/schema.json. After a
    change every upload is read again, and a new candidate is trained.
    """
    from cli.schema_override.proposal import current_reference, propose, save  # noqa: PLC0415  (loads pandas)

    target = Target.of(stage)
    options = ColumnOptions(kinds, missing, unset)
    if not options and path is None:
        _show(current_reference(target), as_json=as_json)
        return
    proposal = propose(target, options, path)
    keys = save(target.store, proposal.override)
    if not as_json:
        _show_proposal(proposal)
    steps: list[Followed] = []
    for step in follow(target.store, target.settings, keys, seconds=timeout) if wait else ():
        steps.append(step)
        if not as_json:
            show_step(step)
    if as_json:
        own = proposal.reference.schema.as_document() if proposal.reference else []
        override = proposal.override.as_document()["columns"]
        followed = [vars(step) for step in steps]
        print_json({"override": override, "schema": own, "notes": list(proposal.notes), "followed": followed})


def _show(reference: "Reference", *, as_json: bool) -> None:
    from cli.inspection.column_summary import hint_at_zeros, summarize  # noqa: PLC0415  (loads pandas)

    summaries = [summarize(column, reference.tests) for column in reference.schema.columns]
    documents = [
        {**column, "values": summary.text}
        for column, summary in zip(reference.schema.as_document(), summaries, strict=True)
    ]
    hint = hint_at_zeros(summaries)
    if as_json:
        print_json({"schema": documents, "hints": [hint] if hint else []})
        return
    table(["column", "kind", "values", "missing", "why"], map(_cells, documents))
    if hint:
        line(f"\nnote: {hint}")


def _cells(column: Document) -> list[str]:
    why = column.get("why", "its values")
    values = "" if column["values"] == why else column["values"]
    return [column["name"], column["kind"], values, ", ".join(column.get("missing", [])), why]


def _show_proposal(proposal: "Proposal") -> None:
    """Print what is said of columns from now on, and what follows."""
    for note in first_few(proposal.notes):
        line(f"note: {note}")
    columns = proposal.override.columns
    if not columns:
        line("removed data/schema.json: each column is what its values in the test set say")
    for name, column in columns.items():
        parts = [column.kind, column.date_format if column.kind == "date" else ""]
        parts.append(f"missing where it is {', '.join(column.missing)}" if column.missing else "")
        line(f"{name}: {', '.join(part for part in parts if part)}")
    line("every upload is read again, and a new candidate is trained: see vintner status")
