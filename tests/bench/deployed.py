"""The artefacts under AWS's own runtime client: cold start to the first prediction, and the imports of a training.

The first against the usual function: boto3, joblib, pandas and scikit-learn from the same layer, under the same client.
The second with the layer's bytecode against sources, which are compiled at each start where nothing can be written.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cli.building.unpacked import unpack_project
from local.project.project import API, Project
from local.workers.packaged import API_HANDLER, LAYER_FOLDER, packaged_function, runtime_command
from local.workers.runtime_function import RuntimeFunction
from local.workers.warm_function import WarmFunction
from shared.bucket import keys
from shared.documents import decode
from shared.errors import VintnerError
from tests.bench.events import event
from tests.bench.figures import Bound, Figure, Options, compare, processor_seconds_of
from tests.bench.line import ROOT, STAGE, Line

ROW: Final = "deployed"
USUAL: Final = """
import io, json
import boto3, joblib, pandas
pipeline = None
def handler(event, context):
    global pipeline
    if pipeline is None:
        body = boto3.client("s3").get_object(Bucket=event["bucket"], Key=event["key"])["Body"].read()
        pipeline = joblib.load(io.BytesIO(body))
    return pipeline.predict(pandas.DataFrame([event["row"]])).tolist()
"""
IMPORTS: Final = """
import sys
sys.path[:0] = sys.argv[1:]
import functions.ingest_and_retrain, shared.training.train
"""


def measure(options: Options, up: Line, row: dict[str, float]) -> Iterator[Figure]:
    """Measure what is built; nothing where it is not, or is of another Python."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            deployed = unpack_project(ROOT, Path(folder, "deployed"), STAGE)
        except VintnerError as error:
            print(f"{ROW}: not measured: {error}", file=sys.stderr)
            return
        layer = deployed.parent / "layer" / LAYER_FOLDER
        yield _cold_start(options, up, row, deployed, layer)
        yield _imports(options, deployed, layer)


def _cold_start(options: Options, up: Line, row: dict[str, float], deployed: Path, layer: Path) -> Figure:
    log = up.folder / "deployed.log"
    (up.folder / "usual.py").write_text(USUAL, encoding="utf-8")
    pointer = decode(up.store.read(keys.PRODUCTION).body, keys.PRODUCTION)
    asked = {
        "bucket": up.settings.bucket,
        "key": keys.model_key(pointer["model_id"], "model.joblib"),
        "row": row,
    }
    project = Project(deployed, STAGE, outer={**os.environ, **up.running.environment})
    own = packaged_function(project, API, API_HANDLER, log)
    command = runtime_command([str(up.folder), str(layer)], "usual.handler", isolated=True)
    usual = RuntimeFunction(command, up.folder, 60.0, log, own.environ, arn="arn:aws:lambda:us-east-1:1:function:usual")
    own_event: Any = event("/predict", row)
    for function, asks in ((usual, asked), (own, own_event)):
        _first_answer(function, asks)  # the files' first reading
    return compare(
        ROW,
        "runtime client, first prediction: scikit-learn + pandas + joblib + boto3 / API function",
        lambda: _first_answer(usual, asked),
        lambda: _first_answer(own, own_event),
        rounds=options.rounds or options.pick(11, 1),
        unit="s",
        bound=Bound("least", 8),
    )


def _first_answer(function: WarmFunction, asked: object) -> float:
    """The seconds from the start of the function's process to its answer."""
    started = time.perf_counter()
    try:
        answer = function.ask(asked)["result"]
        if not isinstance(answer, list) and answer["statusCode"] != 200:
            raise RuntimeError(f"expected a prediction, found {json.dumps(answer)[:500]}")
        return time.perf_counter() - started
    finally:
        function.end()


def _imports(options: Options, deployed: Path, layer: Path) -> Figure:
    sources = Path(sys.prefix, "lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")
    uncompiled = ["-X", f"pycache_prefix={deployed / 'nowhere'}"]
    return compare(
        ROW,
        "imports of a training, processor time: sources / the layer's bytecode",
        lambda: processor_seconds_of(lambda: _import([str(ROOT), str(sources)], uncompiled)),
        lambda: processor_seconds_of(lambda: _import([str(deployed), str(deployed / "vendor"), str(layer)], [])),
        rounds=options.rounds or options.pick(7, 1),
        unit="s",
    )


def _import(folders: list[str], flags: list[str]) -> None:
    subprocess.run([sys.executable, "-I", "-S", "-B", *flags, "-c", IMPORTS, *folders], check=True)
