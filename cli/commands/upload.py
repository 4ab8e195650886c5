"""``vintner upload``: files of labelled rows into the bucket."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Final

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from cli.console.output import console, in_lines, json_option, line, on_terminal, plural, print_json
from cli.console.receipts import show_step
from cli.inspection.csv_file import Header, from_line, with_header
from cli.stages.follow import follow
from cli.stages.target import Target, stage_option
from shared.bucket import keys
from shared.errors import VintnerError

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
TEXT_SUFFIXES: Final = (".tsv", ".tab", ".txt", ".data", ".dat", ".psv")  # of text that may well be a CSV
OVERRIDE_NAME: Final = Path(keys.OVERRIDE).name


@click.command(short_help="Upload CSV files as slots, or as the test set.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--test", "is_test", is_flag=True, help="Upload held-out rows that score every model.")
@click.option("--header", metavar="NAME,...", type=Header(), help="Names of the columns, when the files have none.")
@click.option(
    "--header-line", metavar="N", type=click.IntRange(min=1), help="The line with the names, if it is not the first."
)
@click.option("--wait", is_flag=True, help="Show each receipt, and what became of the candidate.")
@click.option("--timeout", default=900.0, show_default=True, help="Seconds to wait at most.")
@stage_option
@json_option
def upload(
    files: tuple[Path, ...],
    *,
    is_test: bool,
    header: tuple[str, ...] | None,
    header_line: int | None,
    wait: bool,
    timeout: float,
    stage: str,
    as_json: bool,
) -> None:
    """Upload CSV files as slots of labelled rows.

    A file replaces an earlier upload of the same name. A file named schema.json says what columns are (see vintner
    schema). Other delimited text, such as rows.tsv, is uploaded as rows.csv.
    """
    target = Target.of(stage)
    uploads = {_key(path, is_test=is_test): path for path in files}
    if len(uploads) < len(files):
        raise VintnerError("expected files with different names, found the same name twice: the name is the key")
    uploaded: list[str] = []
    followed = []
    try:
        with _headed(uploads, header, header_line) as sent:
            _send(target, sent, uploaded, quiet=as_json)
        for step in follow(target.store, target.settings, uploaded, seconds=timeout) if wait else ():
            followed.append(step)
            if not as_json:
                show_step(step)
    except KeyboardInterrupt:
        raise VintnerError(interrupted(len(uploaded), len(uploads))) from None
    if as_json:
        print_json({"uploaded": uploaded, "followed": [vars(step) for step in followed]})
    if any(step.receipt and step.receipt["status"] == "rejected" for step in followed):
        raise click.exceptions.Exit(1)


def interrupted(uploaded: int, all_uploads: int) -> str:
    """What Ctrl-C leaves behind: what has arrived is worked on whether anybody waits or not."""
    if uploaded < all_uploads:
        return f"interrupted after {uploaded} of {plural(all_uploads, 'upload')}: upload the rest again"
    return f"stopped waiting; the work on {plural(uploaded, 'upload')} continues without you: see vintner status"


def _key(path: Path, *, is_test: bool) -> str:
    """Where a file goes. The bucket wants names that end in .csv or .csv.gz."""
    if path.name == OVERRIDE_NAME:
        return keys.OVERRIDE
    prefix = keys.TEST_UPLOADS if is_test else keys.SLOT_UPLOADS
    bare, packed = (path.with_suffix(""), ".gz") if path.suffix.lower() == ".gz" else (path, "")
    if bare.suffix.lower() in TEXT_SUFFIXES:
        return f"{prefix}{bare.stem}.csv{packed}"
    return f"{prefix}{path.name}"


@contextmanager
def _headed(
    uploads: Mapping[str, Path], header: Sequence[str] | None, header_line: int | None
) -> Iterator[dict[str, Path]]:
    """The files as they are sent: from the line of the header on, or with one on top, if there is one to add."""
    if header is None and header_line is None:
        yield dict(uploads)
        return
    with tempfile.TemporaryDirectory() as folder:
        sent = {}
        for number, (key, path) in enumerate(uploads.items()):
            sent[key] = path
            if key != keys.OVERRIDE:
                sent[key] = Path(folder, str(number), path.name)
                sent[key].parent.mkdir()
                sent[key].write_bytes(_with_header(path, header, header_line))
        yield sent


def _with_header(path: Path, header: Sequence[str] | None, header_line: int | None) -> bytes:
    try:
        body = path.read_bytes() if header_line is None else from_line(path.read_bytes(), header_line)
        return body if header is None else with_header(body, header)
    except VintnerError as error:
        raise VintnerError(f"{path}: {in_lines(error)}") from None


def _send(target: Target, uploads: Mapping[str, Path], uploaded: list[str], *, quiet: bool) -> None:
    """Send the files; each key is added to `uploaded` as soon as it has arrived."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar = Progress(*columns, console=console) if on_terminal() and not quiet else None
    with bar or nullcontext():
        for key, path in uploads.items():
            if bar:
                task = bar.add_task(_task_name(key, path), total=path.stat().st_size)
                target.store.upload(key, path, partial(bar.advance, task))
            else:
                target.store.upload(key, path)
            uploaded.append(key)
            if not bar and not quiet:
                line(f"uploaded {path.name} to s3://{target.store.bucket}/{key}{_why_renamed(key, path)}")


def _task_name(key: str, path: Path) -> str:
    name = key.rpartition("/")[2]
    return path.name if path.name == name else f"{path.name} as {name}"


def _why_renamed(key: str, path: Path) -> str:
    return "" if key.endswith(f"/{path.name}") else " (named so because slots and test sets end in .csv or .csv.gz)"
