"""The ``vintner`` command: one group, and one place where errors become one line and an exit code."""

import logging
from typing import Any

import click

from cli.cloud import down, replay, up
from cli.data import predict, upload
from cli.demo import demo
from cli.desk import approve, explain, release, rollback, status
from cli.prune import prune
from local.errors import LocalError
from shared.errors import VintnerError


class _Group(click.Group):
    """A group that shows its commands in the order of use, and tells errors in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  (click's own signature)
        try:
            return super().invoke(ctx)
        except (VintnerError, LocalError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="vintner", message="%(prog)s %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Show what the functions log.")
def main(*, verbose: bool) -> None:
    """Upload CSV slots, retrain, promote only what is better, predict over HTTP.

    Start with `vintner up` in one terminal, then upload a test set and slots in another.
    Every command talks to the simulated cloud of `vintner up` unless --stage names a deployed one.
    Exit code 0: done; 1: the work failed, the message says why; 2: wrong usage.
    """
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.ERROR)


for command in (up, down, upload, predict, status, explain, rollback, release, approve, replay, prune, demo):
    main.add_command(command)
