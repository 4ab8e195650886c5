"""Logs of a deployed function: one JSON object a line, with what it was called for. Elsewhere logs stay as they are."""

import logging
import os
import sys
from functools import cache
from typing import Final

DEPLOYED: Final = "AWS_LAMBDA_FUNCTION_NAME" in os.environ  # Lambda sets it, and so does the simulated cloud
NAMESPACE: Final = "Vintner"

_FIELDS: Final = ["timestamp", "levelname", "name", "message"]
_NAMES: Final = {"levelname": "level", "name": "logger"}
_called_for: dict[str, object] = {}


def called_for(**what: object) -> None:
    """Set what the function was called for: fields of every record from now on."""
    global _called_for  # noqa: PLW0603  (a function handles one call at a time)
    _called_for = what


# Lambda has no /dev/shm: joblib would say so in a line that is no JSON, each time that it is loaded.
if DEPLOYED:
    os.environ.setdefault("JOBLIB_MULTIPROCESSING", "0")


@cache
def configure(level: int = logging.INFO) -> None:
    """Let the project's own messages through; as JSON when deployed."""
    if DEPLOYED:
        root = logging.getLogger()
        for handler in root.handlers or [_standard_output(root)]:
            handler.setFormatter(_Json())
    else:
        logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    for package in ("functions", "shared"):
        logging.getLogger(package).setLevel(level)
    # Outside Lambda the caller reports what a call did and why it failed.
    logging.getLogger("chalicelib").setLevel(level if DEPLOYED else logging.CRITICAL)


def _standard_output(root: logging.Logger) -> logging.Handler:
    handler = logging.StreamHandler(sys.stdout)
    root.addHandler(handler)
    return handler


class _Json(logging.Formatter):
    """The library's formatter, loaded with the first record: an answer of the API function mostly logs none."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        for name, value in _called_for.items():
            setattr(record, name, value)
        return _json().format(record)


@cache
def _json() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter  # noqa: PLC0415  (15 ms)

    return JsonFormatter(_FIELDS, rename_fields=_NAMES, timestamp=True)
