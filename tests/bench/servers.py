"""The servers beside ours: an empty route of the same gateway, FastAPI, and BentoML and MLflow where installed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.environment import LOOPBACK
from local.supervisor.children import listen
from tests.bench.line import ROOT

PEERS: Final = ROOT / ".vintner" / "peers"
PATIENCE_SECONDS: Final = 120.0
EMPTY_APP: Final = """
from chalice import Chalice

app = Chalice(app_name="empty")


@app.route("/empty", methods=["POST"])
def empty():
    return {}
"""


@dataclass(frozen=True)
class Server:
    """A server on loopback, and what it is asked."""

    name: str
    port: int
    path: str
    document: Any

    @property
    def body(self) -> bytes:
        """The body of a request."""
        return json.dumps(self.document).encode()


@contextmanager
def others(folder: Path, model: Path, row: dict[str, float]) -> Iterator[list[Server]]:
    """All servers but ours, as long as the context lasts. Those that are not installed are left out."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(_empty_route(folder, row)),
            *stack.enter_context(_fastapi(folder, model, row)),
        ]
        for name, start in (("bentoml", _bentoml), ("mlflow", _mlflow)):
            if (PEERS / name / "bin" / name).is_file():
                servers.append(stack.enter_context(start(folder, model, row)))
            else:
                print(f"{name} is not installed: 'make bench-peers' does it", file=sys.stderr)
        yield servers


@contextmanager
def _empty_route(folder: Path, row: dict[str, float]) -> Iterator[Server]:
    """A Chalice project with an empty route behind the same gateway."""
    project = folder / "empty"
    (project / ".chalice").mkdir(parents=True)
    (project / "app.py").write_text(EMPTY_APP)
    (project / ".chalice" / "config.json").write_text(
        '{"version": "2.0", "app_name": "empty", "stages": {"local": {}}}'
    )
    listening = listen(0, "HTTP")
    port = listening.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "local.servers.gateway",
        str(project),
        "--stage",
        "local",
        "--fd",
        str(listening.fileno()),
    ]
    command += ["--state-dir", str(project / ".vintner")]
    with _process(command, folder, "empty", port, pass_fds=[listening.fileno()]):
        listening.close()
        yield Server("empty route", port, "/empty", row)


@contextmanager
def _fastapi(folder: Path, model: Path, row: dict[str, float]) -> Iterator[list[Server]]:
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.bench.peers.fastapi_app:app", "--port", str(port)]
    command += ["--host", LOOPBACK, "--no-access-log", "--log-level", "warning"]
    with _process(command, folder, "fastapi", port, MODEL=str(model)):
        yield [
            Server("FastAPI + joblib", port, "/predict", row),
            Server("FastAPI, same answer", port, "/answer", row),
        ]


@contextmanager
def _bentoml(folder: Path, model: Path, row: dict[str, float]) -> Iterator[Server]:
    port = _free_port()
    command = [str(PEERS / "bentoml" / "bin" / "bentoml"), "serve", "tests.bench.peers.bentoml_service:Classifier"]
    command += ["--host", LOOPBACK, "--port", str(port)]
    home = str(folder / "bentoml")
    with _process(command, folder, "bentoml", port, MODEL=str(model), BENTOML_HOME=home, BENTOML_DO_NOT_TRACK="True"):
        yield Server("BentoML", port, "/predict", {"row": row})


@contextmanager
def _mlflow(folder: Path, model: Path, row: dict[str, float]) -> Iterator[Server]:
    port = _free_port()
    saved = folder / "mlflow-model"
    binary = PEERS / "mlflow" / "bin"
    save = [str(binary / "python"), str(ROOT / "tests" / "bench" / "peers" / "mlflow_save.py"), str(model), str(saved)]
    with (folder / "mlflow-save.log").open("wb") as log:
        subprocess.run(save, check=True, stdout=log, stderr=log, cwd=folder)
    command = [str(binary / "mlflow"), "models", "serve", "--model-uri", str(saved), "--env-manager", "local"]
    command += ["--host", LOOPBACK, "--port", str(port), "--workers", "1"]
    path = f"{binary}{os.pathsep}{os.environ.get('PATH', '')}"
    with _process(command, folder, "mlflow", port, PATH=path, MLFLOW_DISABLE_TELEMETRY="true"):
        yield Server("MLflow", port, "/invocations", {"dataframe_records": [row]})


@contextmanager
def _process(
    command: Sequence[str], folder: Path, name: str, port: int, *, pass_fds: Sequence[int] = (), **variables: str
) -> Iterator[None]:
    """A server's process, once it accepts connections; ended by its own id."""
    environment: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=pass_fds,
            start_new_session=True,
        )
    try:
        _wait(process, port, folder / f"{name}.log")
        yield
    finally:
        _end(process)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection((LOOPBACK, port), timeout=1):
                time.sleep(1)  # it may listen before it is able to answer
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"expected a server on port {port}, found none; its log:\n{log.read_text()[-2000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin:
        process.stdin.close()
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        port: int = one.getsockname()[1]
        return port
