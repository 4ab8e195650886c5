"""``make load``: locust, headless, against the simulated cloud or a deployed URL."""

import os
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from cli.console.output import line
from cli.demo.play import prepare
from cli.stages.target import LOCAL_STAGE, STATE_DIR, project_directory

LOCUSTFILE = Path("tests/load/locustfile.py")


@click.command()
@click.option("--url", help="A deployed endpoint, stage prefix included; without it a simulated cloud of its own.")
@click.option("--users", default=8, show_default=True, help="Clients at once.")
@click.option("--seconds", default=15, show_default=True, help="How long.")
@click.pass_context
def load(context: click.Context, *, url: str | None, users: int, seconds: int) -> None:
    """Load the endpoint with single predictions; exit code 1 when any answer is an error."""
    directory = project_directory()
    with _served(directory, url) as host:
        line(f"{users} clients, {seconds} s, against {host}")
        command = [
            sys.executable,
            "-m",
            "locust",
            "--headless",
            "--only-summary",
            "--loglevel",
            "ERROR",
            "-f",
            str(directory / LOCUSTFILE),
        ]
        command += ["--host", host, "-u", str(users), "-r", str(users), "-t", f"{seconds}s"]
        environment = {"LOAD_CSV": str(directory / STATE_DIR / "sample" / "test.csv"), **os.environ}
        context.exit(subprocess.run(command, check=False, env=environment).returncode)


def _served(directory: Path, url: str | None) -> AbstractContextManager[str]:
    if url:
        return nullcontext(url.rstrip("/"))
    return prepare(directory, directory / STATE_DIR / "load", LOCAL_STAGE)


if __name__ == "__main__":
    load()
