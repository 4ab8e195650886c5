"""Run the simulated cloud for a Chalice project, until Ctrl-C: ``python -m local PROJECT``."""

import argparse
import sys
from pathlib import Path
from typing import Final

from local.runfile import Running
from local.supervisor.cloud_process import BUCKET, up

STATE_FOLDER: Final = ".local-cloud"


def main(arguments: list[str] | None = None) -> int:
    """Run it, and say where it is once it serves."""
    options = _parser().parse_args(arguments)
    return up(
        options.project,
        stage=options.stage,
        port=options.port,
        s3_port=options.s3_port,
        state_dir=options.state_dir or options.project / STATE_FOLDER,
        chaos=options.chaos,
        fresh=options.fresh,
        announce=_announce,
    )


def _announce(cloud: Running) -> None:
    for line in cloud.not_simulated:
        print(f"not simulated: {line}")
    if cloud.objects_at_start:
        kept = Path(cloud.state_dir) / BUCKET
        print(f"kept   {cloud.objects_at_start} objects of earlier runs, in {kept}  (--fresh forgets them)")
    print(f"ready  {cloud.url}/  AWS_ENDPOINT_URL={cloud.endpoint_url}  (Ctrl-C ends it)", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("project", type=Path, nargs="?", default=Path(), help="the directory with app.py and .chalice")
    parser.add_argument("--stage", default="dev", help="a stage of .chalice/config.json (default: dev)")
    parser.add_argument("--port", type=int, default=8000, help="port of the HTTP API; 0: a free one (default: 8000)")
    parser.add_argument("--s3-port", type=int, default=9000, help="port of the AWS services (default: 9000)")
    parser.add_argument("--state-dir", type=Path, help=f"buckets, messages and logs (default: PROJECT/{STATE_FOLDER})")
    parser.add_argument("--chaos", metavar="SEED", type=int, help="double, delay and reorder events, from a seed")
    parser.add_argument("--fresh", action="store_true", help="forget the buckets and messages of earlier runs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
