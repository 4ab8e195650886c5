"""``python -m engine MODEL_ID``: train one candidate on a cluster, with the stage's variables in the environment."""

import argparse
import logging
import os
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from engine.cluster import cluster_at, local_cluster
from engine.instances import Instances, follow, lead
from engine.job import run
from engine.workers import InThisProcess, Workers
from shared.bucket.keys import is_model_id
from shared.bucket.s3 import S3Store
from shared.errors import VintnerError
from shared.settings import Settings
from shared.training.processors import processors


def main(arguments: list[str]) -> int:
    """Run the job; 0 when the model is scored, 1 with one clear message when it is not."""
    parser = argparse.ArgumentParser(prog="python -m engine", description="Train one candidate on a cluster.")
    parser.add_argument("model_id", help="the candidate's name, as vintner status has it")
    parser.add_argument("--workers", type=int, default=processors(), help="processes; 0: in this process")
    parser.add_argument("--threads", type=int, default=1, help="threads of each worker")
    options = parser.parse_args(arguments)
    if not is_model_id(options.model_id):
        parser.error(f"expected a model id of 16 hexadecimal digits, found {options.model_id!r}")
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("engine").setLevel(logging.INFO)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        settings = Settings.from_environment()
        instances = None if settings.dask_scheduler else Instances.of_service()
        if instances and instances.own != instances.leader:
            follow(instances, options.workers, options.threads)
            return 0
        with (
            lead(instances, options.workers, options.threads)
            if instances
            else _workers(settings.dask_scheduler, options.workers, options.threads) as workers
        ):
            run(S3Store(settings.bucket), settings, options.model_id, workers)
    except VintnerError as error:
        _say(str(error))
        return 1
    except Exception as error:
        _say(f"{type(error).__name__}: {error}")
        raise
    return 0


def _say(words: str) -> None:
    """Say why the job failed, to people and to the service that runs it."""
    sys.stderr.write(f"{words}\n")
    with suppress(OSError):
        Path(os.environ.get("SM_OUTPUT_DIR", "/opt/ml/output"), "failure").write_text(words, encoding="utf-8")


def _workers(scheduler: str, processes: int, threads: int) -> AbstractContextManager[Workers]:
    if scheduler:
        return cluster_at(scheduler)
    return local_cluster(processes, threads) if processes else nullcontext(InThisProcess(threads))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
