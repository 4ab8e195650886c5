"""``vintner up``, ``down`` and ``replay``: the simulated cloud."""

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from cli.console.output import json_option, line, print_json
from cli.stages.target import LOCAL_STAGE, PORT, STATE_DIR, Target, project_directory, refuse_a_second, stage_option
from local.project.project import Project
from local.runfile import Running, running
from local.supervisor.background import stop
from shared.errors import VintnerError

ENGINE_STAND_INS: Final = {
    "VINTNER_ENGINE_ROLE": "arn:aws:iam::123456789012:role/vintner-engine",
    "VINTNER_ENGINE_IMAGE": "vintner-engine",
}
EVENT = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path, allow_dash=True)


@click.command(short_help="Run the simulated cloud until Ctrl-C.")
@click.option("--port", default=8000, show_default=True, type=PORT, help="Port of the HTTP API; 0 takes a free one.")
@click.option("--s3-port", default=9000, show_default=True, type=PORT, help="Port of S3 and SQS; 0 takes a free one.")
@click.option("--chaos", metavar="SEED", type=int, help="Duplicate, delay and reorder events at random, from a seed.")
@click.option("--deployed", is_flag=True, help="Run what is deployed: the unpacked zip and layer, isolated.")
@click.option("--fresh", is_flag=True, help="Forget the bucket of earlier runs.")
@click.pass_context
def up(context: click.Context, *, port: int, s3_port: int, chaos: int | None, deployed: bool, fresh: bool) -> None:
    """Run the simulated cloud here: S3, the triggers and the HTTP API, until Ctrl-C.

    Nothing leaves this machine. The bucket is kept in .vintner/bucket, a plain tree of files, and is there again at the
    next start, with the events that were not handled yet; --fresh forgets it. With --deployed the functions do not run
    from the working tree: each runs from dist/deployment.zip, and those that train with dist/training-layer.zip, in an
    interpreter that sees nothing else ('vintner layer' builds both).
    """
    from cli.building.unpacked import unpack_project  # noqa: PLC0415  (help and completion do without it)
    from local.supervisor.cloud_process import up as run_cloud  # noqa: PLC0415  (loads Chalice)

    directory = project_directory()
    refuse_a_second(directory / STATE_DIR)
    _stand_in_for_an_engine(directory)
    context.exit(
        run_cloud(
            unpack_project(directory, directory / STATE_DIR / "deployed", LOCAL_STAGE) if deployed else directory,
            stage=LOCAL_STAGE,
            port=port,
            s3_port=s3_port,
            state_dir=directory / STATE_DIR,
            chaos=chaos,
            packaged=deployed,
            fresh=fresh,
            announce=_announce,
            complain=lambda text: click.echo(f"Error: {text}", err=True),
        )
    )


@click.command(short_help="Stop the simulated cloud that is running here.")
@click.option("--forget", is_flag=True, help="Remove its bucket too, with all that is in it.")
@json_option
def down(*, forget: bool, as_json: bool) -> None:
    """Stop the simulated cloud that is running here. Without one, nothing happens.

    Its bucket stays in .vintner/bucket for the next 'vintner up', unless you say --forget.
    """
    from local.supervisor.cloud_process import forget_bucket  # noqa: PLC0415  (loads Chalice)

    state_dir = project_directory() / STATE_DIR
    cloud = running(state_dir)
    if cloud:
        stop(cloud)
    forgotten = forget and forget_bucket(state_dir)
    if as_json:
        print_json({"ended": cloud is not None, "forgotten": forgotten})
    else:
        line("ended" if cloud else "no simulated cloud is running here")
        if forget:
            line("the bucket is forgotten" if forgotten else "there was no bucket to forget")


def _stand_in_for_an_engine(directory: Path) -> None:
    """Name a role and an image where the stage has an engine and none: here a job is a process and needs neither."""
    stage = Project(directory, LOCAL_STAGE).environment()
    if stage.get("VINTNER_ENGINE") == "dask":
        os.environ |= {name: value for name, value in ENGINE_STAND_INS.items() if not stage.get(name)}


def _announce(cloud: Running) -> None:
    for source in cloud.not_simulated:
        click.echo(f"not simulated: {source}")
    bucket = ", ".join(f"s3://{name}" for name in cloud.buckets)
    if cloud.objects_at_start:
        click.echo(
            f"kept   {cloud.objects_at_start} objects of earlier runs, in {STATE_DIR}/bucket  (--fresh forgets them)"
        )
    click.echo(f"ready  {cloud.url}/  {bucket} at {cloud.endpoint_url}  (Ctrl-C ends it)")
    sys.stdout.flush()


@click.command(short_help="Replay events: run the functions that they are meant for.")
@click.argument("events", metavar="EVENT.json...", nargs=-1, required=True, type=EVENT)
@stage_option
@json_option
@click.pass_context
def replay(context: click.Context, events: tuple[Path, ...], *, stage: str, as_json: bool) -> None:
    """Give events to the functions that they are meant for, and print what these did.

    The functions run in this process, against the bucket of the stage. An S3 event that names a bucket or key of no
    trigger is given to every function that listens to its kind.
    """
    target = Target.of(stage)
    replays = [_replay(target, path) for path in events]
    if as_json:
        print_json(replays)
    else:
        for document in replays:
            _show(document)
    context.exit(int(any(outcome["error"] for document in replays for outcome in document["outcomes"])))


def _replay(target: Target, path: Path) -> dict[str, Any]:
    """Give one event to its functions: which these are and why, and what each did."""
    from local.project.invoke import replay as replay_event  # noqa: PLC0415  (loads Chalice)

    replayed = replay_event(target.project, _event(path), foreign=True)
    return {
        "event": str(path),
        "functions": list(replayed.match.functions),
        "why": replayed.match.reason,
        "outcomes": [
            {"function": invocation.function, "result": invocation.result, "error": invocation.error}
            for invocation in replayed.invocations
        ],
    }


def _event(path: Path) -> dict[str, object]:
    try:
        event = json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise VintnerError(f"{path}: expected the JSON of one event, found something else ({error})") from None
    if not isinstance(event, dict):
        raise VintnerError(f"{path}: expected the JSON object of one event, found a {type(event).__name__}")
    return event


def _show(replay: dict[str, Any]) -> None:
    functions = ", ".join(replay["functions"]) or "no function"
    line(f"{replay['event']}: {functions} ({replay['why']})")
    for outcome in replay["outcomes"]:
        text = outcome["error"] or json.dumps(outcome["result"], indent=2)
        line("\n".join(f"  {part}" for part in text.splitlines()))
