"""Lambda's Invoke: what is deployed to the simulated AWS runs, each call in a process of its own.

moto would need Docker for that, and would answer nobody else meanwhile. A function finds its package first and then the
packages of this machine, which stand in for its layers; a layer's libraries are still looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import re
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from moto.awslambda.models import lambda_backends
from moto.core import DEFAULT_ACCOUNT_ID

from local.servers.asgi import Answer
from local.workers.libraries import misfits
from local.workers.packaged import runtime_command
from local.workers.runtime_function import RuntimeFunction
from local.workers.warm_function import FunctionFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH = re.compile(rb"/2015-03-31/functions/([^/]+)/invocations")
_REGION = re.compile(rb"Credential=[^/]+/\d+/([^/]+)/lambda/")
_MACHINES = {"arm64": "aarch64"}  # Lambda's names of processors that ELF files call differently


class DeployedFunctions:
    """The functions of the simulated AWS, unpacked in a folder that goes with it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="local-lambda-", ignore_cleanup_errors=True)

    def function_of(self, scope: Mapping[str, Any]) -> Any | None:  # noqa: ANN401  (moto's function)
        """Return the function that a request invokes; None for any other request, or a function that is not there."""
        path = _PATH.fullmatch(scope["raw_path"])
        headers = dict(scope["headers"])
        region = _REGION.search(headers.get(b"authorization", b""))
        if scope["method"] != "POST" or path is None or region is None:
            return None
        backend = lambda_backends[DEFAULT_ACCOUNT_ID][region[1].decode()]
        try:
            return backend.get_function(unquote(path[1].decode()))
        except Exception:  # noqa: BLE001  (moto answers by itself that there is none)
            return None

    async def answer(self, function: Any, body: bytes) -> Answer:  # noqa: ANN401  (moto's function)
        """Run a function on an event; others are answered meanwhile, the function's own requests among them."""
        if why := self._not_loadable(function):
            return _failed("Runtime.ImportModuleError", f"Unable to import module '{function.handler}': {why}")
        loop = asyncio.get_running_loop()
        try:
            result = await loop.run_in_executor(None, self._run, function, json.loads(body or b"{}"))
        except FunctionFailed as error:
            kind, _, text = str(error).partition(": ")
            return _failed(kind, text)
        return _answer(json.dumps(result).encode())

    def _run(self, function: Any, event: object) -> object:  # noqa: ANN401  (moto's function)
        log = Path(self._folder.name) / f"{function.function_name}.log"
        command = runtime_command([str(self._unpacked(function.code_bytes))], function.handler, isolated=False)
        named = {"AWS_LAMBDA_FUNCTION_NAME": function.function_name, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST"}
        environ = {**os.environ, **function.environment_vars, **named}
        arn = function.function_arn
        process = RuntimeFunction(command, Path(self._folder.name), float(function.timeout), log, environ, arn=arn)
        try:
            return process.ask(event)["result"]
        finally:
            process.end()

    def _unpacked(self, package: bytes) -> Path:
        folder = Path(self._folder.name) / hashlib.sha256(package).hexdigest()
        if not folder.is_dir():
            with zipfile.ZipFile(io.BytesIO(package)) as packed:
                packed.extractall(folder)
        return folder

    @staticmethod
    def _not_loadable(function: Any) -> str | None:  # noqa: ANN401  (moto's function)
        """Say what of package and layers the function's runtime cannot load; Lambda looks at it only now."""
        backend = lambda_backends[function.account_id][function.region]
        layers = [backend.layers_versions_by_arn(layer["Arn"]).code_bytes for layer in function.layers]
        (architecture,) = function.architectures
        python, machine = function.run_time.removeprefix("python"), _MACHINES.get(architecture, architecture)
        for archive in (function.code_bytes, *layers):
            if archive and (misfit := next(misfits(io.BytesIO(archive), python=python, machine=machine), None)):
                return misfit
        return None


def _failed(kind: str, text: str) -> Answer:
    body = json.dumps({"errorType": kind, "errorMessage": text, "stackTrace": []}).encode()
    return _answer(body, (b"x-amz-function-error", b"Unhandled"))


def _answer(body: bytes, *headers: tuple[bytes, bytes]) -> Answer:
    own = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    return Answer(200, [*own, *headers], body)
