"""``vintner layer``: the packages of the functions that train, as a Lambda layer."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from cli.building.archive import Artefact, measure
from cli.building.limits import CODE, MOST_WITH_LAYER, check_together
from cli.building.runtimes import Runtime
from cli.building.stage_runtime import runtime_of
from cli.building.training_layer import LAYER, build_layer
from cli.console.output import json_option, line, print_json
from cli.stages.config import read_config, training_functions, with_layers, write_config
from cli.stages.target import deployed_stage_option, project_directory
from shared.errors import VintnerError

Command = TypeVar("Command", bound=Callable[..., Any])


def runtime_options(command: Command) -> Command:
    """Add ``--python`` and ``--architecture`` to a command."""
    python = "The Python of the Lambda runtime; else what .chalice/config.json says."
    architecture = "x86_64 or arm64; else what .chalice/config.json says."
    add = click.option("--python", metavar="VERSION", help=python)
    return add(click.option("--architecture", metavar="NAME", help=architecture)(command))


def chosen_runtime(project: Path, python: str | None, architecture: str | None, stage: str | None = None) -> Runtime:
    """The runtime that the options name, and otherwise the configuration."""
    configured = runtime_of(read_config(project), stage)
    return Runtime.of(python or configured.python, architecture or configured.architecture)


@click.group(invoke_without_command=True, short_help="Build or publish the layer of the training functions.")
@runtime_options
@json_option
@click.pass_context
def layer(context: click.Context, *, python: str | None, architecture: str | None, as_json: bool) -> None:
    """Build dist/training-layer.zip from requirements-train.txt, or publish it.

    It holds the wheels that fit the Lambda runtime and have the locked hashes, as bytecode, without sources, tests,
    debug symbols and unused AWS services. The same requirements give the same bytes. Code and layer together must stay
    within what Lambda allows.
    """
    if context.invoked_subcommand:
        return
    from cli.building.code import build_code  # noqa: PLC0415  (Chalice's packager is slow to load)

    project = project_directory()
    runtime = chosen_runtime(project, python, architecture)
    built = build_layer(project, project / LAYER, runtime)
    code = build_code(project, project / CODE, runtime)
    try:
        check_together(code, built)
    except VintnerError:
        built.path.unlink()
        raise
    if as_json:
        print_json({"layer": _shown(built), "code": _shown(code)})
        return
    line(f"{LAYER}: for {runtime}, {built.unpacked:,} bytes unpacked in {built.files:,} files, {built.packed:,} packed")
    line(f"with {CODE}: {built.unpacked + code.unpacked:,} of at most {MOST_WITH_LAYER:,} bytes unpacked")
    line(f"sha256 {built.sha256}")


@layer.command(short_help="Upload the layer, and have the stage's functions use it.")
@deployed_stage_option
@json_option
def publish(*, stage: str, as_json: bool) -> None:
    """Upload dist/training-layer.zip through the stage's bucket, which must exist, and publish it.

    Its ARN is written into the stage's functions in .chalice/config.json; the next deployment uses it. A layer with the
    same bytes is not published again.
    """
    from cli.deploying.account import Account  # noqa: PLC0415  (as slow to load as what it is for)
    from cli.deploying.layers import publish_layer  # noqa: PLC0415

    project, account = project_directory(), Account.of(stage)
    arn = publish_layer(account, project / LAYER)
    config = read_config(project)
    write_config(project, with_layers(config, stage, [arn]))
    if as_json:
        print_json({"arn": arn, "functions": training_functions(config)})
    else:
        line(f"{arn}: used by {', '.join(training_functions(config))} of stage {stage} from its next deployment on")


def _shown(artefact: Artefact) -> dict[str, object]:
    return {**asdict(measure(artefact.path)), "path": str(artefact.path)}
