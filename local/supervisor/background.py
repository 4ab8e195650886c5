"""The simulated cloud as a process in the background: for a demo, a test or another tool."""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from local import lifeline, runfile
from local.errors import LocalError
from local.runfile import Running
from local.supervisor.children import importable
from local.supervisor.cloud_process import RETRY_DELAYS, up

END_SECONDS: Final = 15.0


def start(
    project_dir: Path,
    *,
    stage: str,
    state_dir: Path,
    port: int = 0,
    s3_port: int = 0,
    retry_delays: tuple[float, ...] = RETRY_DELAYS,
    chaos: int | None = None,
    packaged: bool = False,
    fresh: bool = False,
) -> Running:
    """Start the simulated cloud and return when it is ready; it keeps running after this process ends.

    Raise `LocalError` with the reason when it does not start. End it with `stop`. What it prints goes to
    `logs/cloud.log` in `state_dir`.
    """
    options = _options(
        project_dir,
        stage=stage,
        ports=(port, s3_port),
        retry_delays=retry_delays,
        chaos=chaos,
        flags={"--packaged": packaged, "--fresh": fresh},
    )
    process, running = _spawn(options, state_dir, follow=False)
    # Nobody waits for its end; without this Python warns of a child that still runs.
    process.returncode = 0
    return running


def stop(running: Running) -> None:
    """End a simulated cloud and return when nothing of it is left."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)
    if not runfile.wait_until_gone(Path(running.state_dir), seconds=END_SECONDS):
        raise LocalError(
            f"the simulated cloud (process {running.pid}) did not end within {END_SECONDS:g} s; "
            f"its log: {running.state_dir}/logs/cloud.log"
        )


@contextlib.contextmanager
def cloud(
    project_dir: Path,
    *,
    stage: str,
    state_dir: Path,
    port: int = 0,
    s3_port: int = 0,
    retry_delays: tuple[float, ...] = RETRY_DELAYS,
    chaos: int | None = None,
    packaged: bool = False,
    fresh: bool = False,
) -> Iterator[Running]:
    """Run the simulated cloud for as long as the context lasts, or this process."""
    options = _options(
        project_dir,
        stage=stage,
        ports=(port, s3_port),
        retry_delays=retry_delays,
        chaos=chaos,
        flags={"--packaged": packaged, "--fresh": fresh},
    )
    process, running = _spawn(options, state_dir, follow=True)
    try:
        yield running
    finally:
        process.terminate()
        process.wait(END_SECONDS)
        if process.stdin is not None:
            process.stdin.close()


def _options(
    project_dir: Path,
    *,
    stage: str,
    ports: tuple[int, int],
    retry_delays: tuple[float, ...],
    chaos: int | None,
    flags: Mapping[str, bool],
) -> list[str]:
    port, s3_port = map(str, ports)
    options = [str(project_dir.resolve()), "--stage", stage, "--port", port, "--s3-port", s3_port]
    options += [] if chaos is None else ["--chaos", str(chaos)]
    options += [flag for flag, is_set in flags.items() if is_set]
    return [*options, "--retry-delays", *map(str, retry_delays)]


def _spawn(options: list[str], state_dir: Path, *, follow: bool) -> tuple[subprocess.Popen[bytes], Running]:
    reading, writing = os.pipe()
    command = [
        sys.executable,
        "-P",
        "-m",
        "local.supervisor.background",
        *options,
        "--state-dir",
        str(state_dir.resolve()),
    ]
    command += ["--ready", str(writing), *(["--follow"] if follow else [])]
    (state_dir / "logs").mkdir(parents=True, exist_ok=True)
    with (state_dir / "logs" / "cloud.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if follow else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writing],
            env=importable(os.environ),
            start_new_session=True,
        )
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as report:
        text = report.readline()
    answer = json.loads(text) if text else {"error": f"the simulated cloud did not start; its log: {log.name}"}
    if "error" in answer:
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
        raise LocalError(answer["error"])
    return process, runfile.from_json(answer)


def main(arguments: list[str] | None = None) -> int:
    """Run the simulated cloud, and report on a descriptor when it is ready or why it is not."""
    options = _parser().parse_args(arguments)
    if options.follow:
        lifeline.follow_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    with os.fdopen(options.ready, "w", encoding="utf-8") as report:

        def answer(message: dict[str, object]) -> None:
            if not report.closed:
                report.write(json.dumps(message) + "\n")
                report.close()

        def complain(text: str) -> None:
            print(text, file=sys.stderr, flush=True)
            answer({"error": text})

        return up(
            options.project,
            stage=options.stage,
            port=options.port,
            s3_port=options.s3_port,
            state_dir=options.state_dir,
            announce=lambda running: answer(asdict(running)),
            retry_delays=tuple(options.retry_delays),
            chaos=options.chaos,
            packaged=options.packaged,
            fresh=options.fresh,
            complain=complain,
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--s3-port", type=int, default=0)
    parser.add_argument("--retry-delays", type=float, nargs="*", default=[])
    parser.add_argument("--chaos", type=int, help="a seed: double, delay and reorder events")
    parser.add_argument("--packaged", action="store_true", help="the project is an unpacked package")
    parser.add_argument("--fresh", action="store_true", help="forget the buckets of earlier runs")
    parser.add_argument("--follow", action="store_true", help="end when standard input closes")
    parser.add_argument("--ready", type=int, required=True, help="an inherited descriptor to report on")
    return parser


if __name__ == "__main__":
    sys.exit(main())
