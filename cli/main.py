"""The ``vintner`` command: one group, and one place where errors become one line and an exit code."""

import logging
from typing import Any, Final

import click

from cli.console.lazy_group import LazyCommand, LazyGroup
from local.errors import LocalError
from shared.errors import VintnerError

SECTIONS: Final = {
    "Start here": {
        "demo": LazyCommand("cli.commands.demo:demo", "Run the whole pipeline on sample data."),
        "new": LazyCommand("cli.commands.new:new", "Make a project from one CSV: settings, test set, slots."),
        "up": LazyCommand("cli.commands.cloud:up", "Run the simulated cloud until Ctrl-C."),
        "down": LazyCommand("cli.commands.cloud:down", "Stop the simulated cloud that is running here."),
    },
    "Every day": {
        "upload": LazyCommand("cli.commands.upload:upload", "Upload CSV files as slots, or as the test set."),
        "predict": LazyCommand("cli.commands.predict:predict", "Ask the endpoint for predictions."),
        "batch": LazyCommand("cli.commands.batch:batch", "Predict a whole file, of any size."),
        "status": LazyCommand("cli.commands.status:status", "Show the current state."),
        "explain": LazyCommand("cli.commands.promotion:explain", "Say why a model was or was not promoted."),
        "schema": LazyCommand("cli.commands.schema:schema", "Show or change what the columns are."),
    },
    "Which model serves": {
        "rollback": LazyCommand("cli.commands.promotion:rollback", "Go back to an earlier model, and hold promotion."),
        "release": LazyCommand("cli.commands.promotion:release", "Lift the hold of a rollback."),
        "approve": LazyCommand("cli.commands.promotion:approve", "Let a waiting winner into production."),
    },
    "On AWS": {
        "package": LazyCommand(
            "cli.commands.package:package", "Build the deployment zip, or all that Terraform deploys."
        ),
        "layer": LazyCommand("cli.commands.layer:layer", "Build or publish the layer of the training functions."),
        "deploy": LazyCommand(
            "cli.commands.deploy:deploy", "Put a stage on AWS: bucket, layer, functions, triggers and API."
        ),
        "destroy": LazyCommand("cli.commands.deploy:destroy", "Take a stage down again; its data only with --data."),
    },
    "Upkeep": {
        "replay": LazyCommand("cli.commands.cloud:replay", "Replay events: run the functions that they are meant for."),
        "prune": LazyCommand("cli.commands.prune:prune", "Remove models that nothing refers to any more."),
        "completion": LazyCommand(
            "cli.commands.completion:completion", "Print the script that makes a shell complete commands."
        ),
    },
}


class _Group(LazyGroup):
    """The commands, with errors in one line."""

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
            raise click.ClickException("interrupted; what was done so far is kept: see vintner status") from None


def _in_one_line(error: OSError) -> str:
    """What the system refused, and where."""
    if error.filename is None:
        return f"{error}"
    return f"{error.filename}: {error.strerror}: check the path and your permissions"


HELP: Final = """
Turn CSV files of labelled rows into a served model that stays up to date.

Every slot that you upload trains a candidate. It is scored on your test set, goes into production only when it
beats the current one, and answers over HTTP. All of it runs on this machine, or deployed on AWS.

\b
See it work:   vintner demo
Your own CSV:  vintner new wine --csv wine.csv --label quality
               cd wine
               vintner up       (leave it running, and in another terminal)
               vintner upload --test data/test/test.csv
               vintner upload data/slots/slot_1.csv --wait
               vintner status

Commands talk to the simulated cloud of `vintner up`; --stage NAME names a deployed one. --json prints a result
for a program. Exit code 0: done; 1: it failed, and the message says why; 2: wrong usage.
"""


@click.group(
    cls=_Group,
    sections=SECTIONS,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="vintner", message="%(prog)s %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Show what the functions log.")
def main(*, verbose: bool) -> None:
    """Set up logging for every command."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.ERROR)
