"""``vintner package``: what is deployed, as files."""

import click

from cli.building.code import CODE, build_code
from cli.building.limits import MOST_CODE
from cli.building.runtimes import Runtime
from cli.layer import python_option
from cli.output import json_option, line, print_json
from cli.target import project_directory


@click.command(short_help="Build the deployment zip.")
@python_option
@json_option
def package(*, python: str, as_json: bool) -> None:
    """Build dist/deployment.zip, the zip of every function: the code and requirements.txt, nothing of what trains.

    The same code and requirements give the same bytes.
    """
    project = project_directory()
    built = build_code(project, project / CODE, Runtime.of(python))
    if as_json:
        print_json({"path": str(CODE), "sha256": built.sha256, "packed": built.packed, "unpacked": built.unpacked})
        return
    line(f"{CODE}: {built.unpacked:,} of at most {MOST_CODE:,} bytes unpacked in {built.files:,} files")
    line(f"sha256 {built.sha256}")
