"""``vintner batch``: a file of any size to the bucket, and the same rows with predictions back."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from cli.console.output import console, in_lines, json_option, line, on_terminal, plural, print_json
from cli.stages.target import Target, stage_option
from shared.bucket import keys
from shared.bucket.store import FileStore, read_document
from shared.documents import Document
from shared.errors import NotFound, VintnerError

PART_BYTES: Final = 8_000_000
SHOWN: Final = 5  # reasons


@click.command(short_help="Predict a whole file, of any size.")
@click.argument(
    "file", metavar="FILE.csv[.gz]", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
)
@click.option(
    "--out", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Default: FILE.predictions.csv."
)
@click.option("--timeout", default=900.0, show_default=True, help="Seconds to wait at most.")
@stage_option
@json_option
def batch(file: Path, *, out: Path | None, timeout: float, stage: str, as_json: bool) -> None:
    """Predict the rows of a file through the bucket: upload, wait, and fetch the same rows with predictions.

    A row that cannot be read keeps its place, with its problem. Where the label is there, the answer is scored. A file
    of the same name replaces the earlier one.
    """
    if not file.name.lower().endswith(keys.SUFFIXES):
        raise VintnerError(f"{file}: expected a name that ends in .csv or .csv.gz: rename the file")
    target = Target.of(stage)
    key = f"{keys.BATCH}{file.name}"
    answer_key, _ = keys.prediction_keys(key)
    _send(target, key, file, quiet=as_json)
    etag = next(entry.etag for entry in target.store.list(key) if entry.key == key)
    try:
        report = wait_for(target.store, key, etag, seconds=timeout)
    except KeyboardInterrupt:
        raise VintnerError(f"stopped waiting; the answer will be in {answer_key}") from None
    place = out or file.with_name(f"{answer_key.rpartition('/')[2].removesuffix('.csv')}.predictions.csv")
    if report["status"] == "answered":
        _fetch(target.store, answer_key, report, place)
    if as_json:
        print_json(report)
    else:
        _show(report, place)
    if report["status"] != "answered":
        raise click.exceptions.Exit(1)


def wait_for(
    store: FileStore, key: str, etag: str, *, seconds: float, pause: Callable[[float], None] = time.sleep
) -> Document:
    """The report on an upload of this content; raise VintnerError when there is none after so many seconds."""
    _, report_key = keys.prediction_keys(key)
    end = time.monotonic() + seconds
    wait = 0.1
    while True:
        try:
            report = read_document(store, report_key, Document)
            if (report["upload"], report["etag"]) == (key, etag):
                return report
        except NotFound:
            pass
        if time.monotonic() >= end:
            why = "" if any(True for _ in store.list(keys.PRODUCTION)) else "; no model is in production yet, it waits"
            raise VintnerError(f"expected {report_key} after {seconds:g} s, found none{why}: see vintner status")
        pause(wait)
        wait = min(2.0, wait * 1.5)


def _send(target: Target, key: str, file: Path, *, quiet: bool) -> None:
    if not on_terminal() or quiet:
        target.store.upload(key, file)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(file.name, total=file.stat().st_size)
        target.store.upload(key, file, partial(bar.advance, task))


def _fetch(store: FileStore, key: str, report: Document, place: Path) -> None:
    """The answer that the report names, into a file that is there only as a whole."""
    etag = str(report["predictions_etag"])
    size = next((entry.size for entry in store.list(key) if entry.key == key), 0)
    partial_file = place.with_name(f"{place.name}.part")
    with partial_file.open("wb") as file:
        for start in range(0, size, PART_BYTES):
            file.write(store.read_part(key, etag, start, min(PART_BYTES, size - start)))
    partial_file.replace(place)


def _show(report: Document, place: Path) -> None:
    for reason in report["reasons"][:SHOWN]:
        where = f"line {reason['line']}: " if reason["line"] else ""
        click.echo(in_lines(VintnerError(f"{where}{reason['problem']}")), err=True)
    for warning in report["warnings"]:
        click.echo(f"warning: {warning}", err=True)
    if report["status"] != "answered":
        line(f"{report['status']}: {report['upload']}")
        return
    rows = report["rows"]
    problems = f", {plural(rows['problems'], 'problem')}" if rows["problems"] else ""
    line(f"{plural(rows['read'], 'row')}{problems} by model {report['model_id']}: {place}")
    if metrics := report.get("metrics"):
        low, high = metrics["interval"]
        line(f"F1 {metrics['f1']:.4f} ({low:.4f} to {high:.4f}) on {plural(metrics['rows'], 'labelled row')}")
