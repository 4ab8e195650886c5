"""A deployment, and its end, killed between any two calls to AWS: what is left must not stand in the next one's way.

    python -m tests.deploy.interruptions PROJECT {deploy,destroy} EVERY

A kill before call k leaves what a kill after call k - 1 leaves, so one kill for each call is all there are. Functions
run in the first deployment alone: what one answered to a question of the smoke test is its answer afterwards.
"""

import functools
import io
import itertools
import json
import os
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final

import botocore.httpsession
import botocore.loaders
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3.response import HTTPResponse

from cli.deploying.account import Account
from cli.deploying.stage import deploy_stage, destroy_stage
from tests.deploy.conftest import Cloud
from tests.support import account

STAGE: Final = "dev"
_GENERATED: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_send = botocore.httpsession.URLLib3Session.send


class Killed(BaseException):
    """The process ends here; nothing that it might still do reaches AWS."""


class Line:
    """Every request to AWS goes through here; `left` are let through."""

    def __init__(self) -> None:
        self.left: float = float("inf")
        self.sent = 0
        self._answers: dict[Any, bytes] = {}
        botocore.httpsession.URLLib3Session.send = self._send  # type: ignore[method-assign, assignment]

    def _send(self, request: Any) -> Any:  # noqa: ANN401  (botocore's)
        if self.sent >= self.left:
            raise Killed
        self.sent += 1
        if not request.url.endswith("/invocations"):
            return _send(self.session, request)
        asked = request.url, request.body
        if asked not in self._answers:
            self._answers[asked] = _send(self.session, request).raw.read()
        raw = HTTPResponse(io.BytesIO(self._answers[asked]), preload_content=False)
        return AWSResponse(request.url, 200, HTTPHeaders(), raw)

    # As the clients' own sessions: a body that is sent after its headers would wait 40 ms for their receipt.
    at_once: ClassVar[Any] = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    session = botocore.httpsession.URLLib3Session(socket_options=at_once)

    def run(self, act: Callable[[], object], left: float = float("inf")) -> int | None:
        """The number of calls of `act`; None when it was killed before its end."""
        self.left, self.sent = left, 0
        try:
            act()
        except Killed:
            return None
        finally:
            self.left = float("inf")
        return self.sent


def deploy() -> None:
    """As ``vintner deploy --stage dev`` does."""
    deploy_stage(_account(), lambda _name, _text: None)


def destroy() -> None:
    """As ``vintner destroy --stage dev --data`` does."""
    destroy_stage(_account(), data=True)


def destroy_but_data() -> None:
    """As ``vintner destroy --stage dev`` does."""
    destroy_stage(_account(), data=False)


def _account() -> Account:
    for name in [name for name in os.environ if name.startswith("VINTNER_")]:
        del os.environ[name]
    return Account.of(STAGE)


def state(cloud: Cloud) -> str:
    """What is in the account, without the names that AWS makes up."""
    found = account.everything(cloud)
    text = json.dumps(found, sort_keys=True, default=sorted, skipkeys=True)
    for api in found["apis"]:
        text = text.replace(api["id"], "API") + json.dumps(sorted(map(str, api["routes"])))
    return re.sub(r"(layer:[\w-]+:)\d+", r"\1N", _GENERATED.sub("ID", text))


def main(project: str, what: str, every: str) -> None:
    """Kill at every call, or at some of them; print how many there were and which went wrong."""
    os.chdir(project)
    # What is read each time, a third of a deployment: the descriptions of AWS's services.
    botocore.loaders.create_loader = functools.cache(botocore.loaders.create_loader)
    loader: Any = botocore.loaders.JSONFileLoader
    load_file = functools.cache(loader().load_file)
    loader.load_file = lambda _loader, path: load_file(path)  # by the path alone: loaders come and go
    line, cloud = Line(), Cloud(Path(project), dict(os.environ))
    empty = state(cloud)
    line.run(deploy)  # the smoke test's answers
    line.run(destroy)
    Path("requirements.txt").write_text("", encoding="utf-8")  # to pack nothing takes half the time
    calls = line.run(deploy) or 0
    complete = state(cloud)
    if what == "destroy":
        calls = line.run(destroy) or 0
        line.run(deploy)
    wrong = []
    kills = range(0, calls, int(every))
    for kill in kills:
        if what == "deploy":
            steps: list[Any] = [(destroy, None, empty), (deploy, kill, None), (deploy, None, complete)]
            steps += [(destroy, None, None), (deploy, kill, None), (destroy_but_data, None, None)]
            steps += [(deploy, None, complete)]
        else:
            steps = [(destroy, kill, None), (destroy, None, empty), (deploy, None, complete)]
            steps += [(destroy_but_data, min(kill, calls - 20), None), (deploy, None, complete)]
        wrong += [f"{kill}: {why}" for why in _walk(line, cloud, steps)]
    print(json.dumps({"calls": calls, "kills": len(kills), "wrong": wrong}))


def _walk(line: Line, cloud: Cloud, steps: list[Any]) -> list[str]:
    """What went wrong on a way of steps: (act, calls that are let through, the state that is expected)."""
    wrong = []
    for number, (act, left, expected) in enumerate(steps):
        try:
            line.run(act, float("inf") if left is None else left)
        except Exception as error:  # noqa: BLE001  (whatever stands in the way of the next deployment is a finding)
            wrong.append(f"step {number} {act.__name__}: {error}")
            continue
        if expected is not None and (found := state(cloud)) != expected:
            wrong.append(f"step {number} {act.__name__}: {_difference(expected, found)}")
    return wrong


def _difference(expected: str, found: str) -> str:
    at = next(i for i, (a, b) in enumerate(itertools.zip_longest(expected, found)) if a != b)
    start = max(0, at - 120)
    return f"expected {expected[start : at + 80]!r}, found {found[start : at + 80]!r}"


if __name__ == "__main__":
    main(*sys.argv[1:])
