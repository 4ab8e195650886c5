"""Cold start: a fresh interpreter to the first answered prediction, with the model read from the simulated bucket.

Once as the API function does it, once in the usual way: boto3, joblib, pandas, scikit-learn. And the start of the
command line: ``vintner --version`` beside a script that has click and rich and nothing to load.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence

from shared.bucket import keys
from shared.documents import decode
from tests.bench.events import event
from tests.bench.figures import Bound, Figure, Options, absolute, compare, processor_seconds_of, seconds_of
from tests.bench.line import ROOT, Line

ROW = "cold start"

OURS = """
import json, sys
import app
answer = app.app(json.loads(sys.argv[1]), None)
assert answer["statusCode"] == 200, answer
"""
USUAL = """
import io, json, sys
import boto3, joblib, pandas
bucket, key, row = sys.argv[1:]
body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
pipeline = joblib.load(io.BytesIO(body))
pipeline.predict(pandas.DataFrame([json.loads(row)]))
"""
VERSION = "from cli.main import main; main(['--version'], prog_name='vintner')"
BARE = """
import click
from rich.console import Console
@click.command()
@click.version_option("1.0")
def main(): Console().print("hello")
main(["--version"])
"""
# The high-water mark of this program alone: that of getrusage also knows the process that started it.
MEMORY = """
import json, re, sys
import app
for _ in range(int(sys.argv[2])):
    answer = app.app(json.loads(sys.argv[1]), None)
    assert answer["statusCode"] == 200, answer
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


def measure(options: Options, up: Line, row: dict[str, float]) -> list[Figure]:
    """Measure both starts in turn."""
    pointer = decode(up.store.read(keys.PRODUCTION).body, keys.PRODUCTION)
    key = keys.model_key(pointer["model_id"], "model.joblib")
    usual = [USUAL, up.settings.bucket, key, json.dumps(row)]
    ours = [OURS, json.dumps(event("/predict", row))]
    for code in (usual, ours):
        _run(code)  # the files' first reading, and what Python compiles once
    return [
        compare(
            ROW,
            "first prediction: scikit-learn + pandas + joblib + boto3 / API function",
            lambda: seconds_of(lambda: _run(usual)),
            lambda: seconds_of(lambda: _run(ours)),
            rounds=options.rounds or options.pick(11, 1),
            unit="s",
            bound=Bound("least", 8),
        )
    ]


def measure_command(options: Options) -> list[Figure]:
    """The processor time, user and system, of both command lines in turn."""
    for code in (VERSION, BARE):
        _run([code])
    return [
        compare(
            "command line",
            "vintner --version / bare click + rich script, processor time",
            lambda: processor_seconds_of(lambda: _run([VERSION])),
            lambda: processor_seconds_of(lambda: _run([BARE])),
            rounds=options.rounds or options.pick(21, 1),
            unit="s",
            bound=Bound("most", 2),
        )
    ]


def measure_memory(options: Options, row: dict[str, float]) -> list[Figure]:
    """The peak of the API function's process."""
    kilobytes = int(_run([MEMORY, json.dumps(event("/predict", row)), str(options.pick(5_000, 5))]))
    return [absolute("memory", "API function, peak / 90 MB", kilobytes * 1_024 / 1e6, "MB", 90)]


def _run(code: Sequence[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", *code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout
