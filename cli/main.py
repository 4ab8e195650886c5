"""The ``vintner`` command: one group, and one place where errors become one line and an exit code."""

import logging
from typing import Any, Final

import click

from cli.commands.cloud import down, replay, up
from cli.commands.completion import completion
from cli.commands.demo import demo
from cli.commands.deploy import deploy, destroy
from cli.commands.layer import layer
from cli.commands.new import new
from cli.commands.package import package
from cli.commands.predict import predict
from cli.commands.promotion import approve, explain, release, rollback
from cli.commands.prune import prune
from cli.commands.schema import schema
from cli.commands.status import status
from cli.commands.upload import upload
from local.errors import LocalError
from shared.errors import VintnerError

SECTIONS: Final = {
    "Start here": (demo, new, up, down),
    "Every day": (upload, predict, status, explain, schema),
    "Which model serves": (rollback, release, approve),
    "On AWS": (package, layer, deploy, destroy),
    "Upkeep": (replay, prune, completion),
}


class _Group(click.Group):
    """A group that shows its commands in sections, in the order of use, and tells errors in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write each section with its commands, all in the same two columns."""
        width = max(map(len, self.commands))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{one.name:<{width}}", one.get_short_help_str(limit=80)) for one in commands])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  (click's own signature)
        try:
            return super().invoke(ctx)
        except (VintnerError, LocalError) as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            raise  # who reads has seen enough: click ends quietly
        except OSError as error:
            raise click.ClickException(_in_one_line(error)) from error
        except KeyboardInterrupt:
            raise click.ClickException("interrupted; what was done until now stays: see vintner status") from None


def _in_one_line(error: OSError) -> str:
    """What the system refused, and where."""
    if error.filename is None:
        return f"{error}"
    return f"{error.filename}: {error.strerror}: check the path and your permissions"


HELP: Final = """
Turn CSV files of labelled rows into a served model that keeps itself current.

Every slot that you upload trains a candidate. It is scored on your test set, goes into production only when it
beats the model that is there, and answers over HTTP. All of it runs on this machine, or deployed on AWS.

\b
See it work:   vintner demo
Your own CSV:  vintner new wine --csv wine.csv --label quality
               cd wine
               vintner up       (leave it running, and in another terminal)
               vintner upload --test data/test/test.csv
               vintner upload data/slots/slot_1.csv --wait
               vintner status

Commands talk to the simulated cloud of `vintner up`; --stage NAME names a deployed one. --json prints a result
for a program. Exit code 0: done; 1: it failed, and the message says why; 2: the command was written wrong.
"""


@click.group(cls=_Group, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="vintner", message="%(prog)s %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Show what the functions log.")
def main(*, verbose: bool) -> None:
    """Set up logging for every command."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.ERROR)


for section in SECTIONS.values():
    for command in section:
        main.add_command(command)
