"""What AWS refuses and moto takes, with AWS's own codes and the meaning of its words: one module for each service."""

from __future__ import annotations

from local.servers.refusals import api_gateway, functions, queues, storage
from local.servers.refusals.settling import Settling


def apply(settling: int = 0) -> None:
    """Teach moto in this process to refuse; what is new is refused `settling` times, until AWS knows it everywhere."""
    times = Settling(settling)
    storage.apply(times)
    queues.apply(times)
    functions.apply(times)
    api_gateway.apply()
