"""Functions that are called by name, as Lambda's own API does it: the call as a message in the queue, and its answer.

client --Invoke--> S3's server --message--> queue --> pump --> function
<--result-- S3's server <--------- POST -----  pump <--
"""

import http.client
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

FIELD: Final = "local.invocation"
ANSWERS: Final = "/_local/invocations/"
LONGEST_WAIT_SECONDS: Final = 15 * 60  # as long as a function may run


@dataclass(frozen=True)
class Invocation:
    """A call of a function by its name; `waits` says that somebody waits for the result. `asked_at` in Unix seconds."""

    function: str
    payload: Any
    waits: bool
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    asked_at: float = field(default_factory=time.time)

    @property
    def name(self) -> str:
        """The function's name without the rest of its ARN."""
        return self.function.partition(":function:")[2].partition(":")[0] or self.function

    @property
    def is_stale(self) -> bool:
        """Whether whoever waits cannot be there any more: the call was kept from before the last start."""
        return self.waits and self.asked_at < _STARTED

    def message(self) -> str:
        """The call as the body of a message."""
        return json.dumps({FIELD: asdict(self)})


_STARTED: Final = time.time() - 1.0  # the pump and the server start together


def invocation_in(event: object) -> Invocation | None:
    """The call that a message holds, or None when it holds anything else."""
    fields = event.get(FIELD) if isinstance(event, Mapping) else None
    return Invocation(**fields) if fields else None


def answer_at(endpoint_url: str, invocation: Invocation, answer: Mapping[str, Any]) -> None:
    """Send the answer of a call to the server where somebody waits for it."""
    if not invocation.waits:
        return
    connection = http.client.HTTPConnection(endpoint_url.removeprefix("http://"), timeout=10)
    try:
        connection.request("POST", ANSWERS + invocation.id, json.dumps(answer))
        connection.getresponse().read()
    finally:
        connection.close()
