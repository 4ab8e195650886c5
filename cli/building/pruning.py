"""What a training layer leaves out: nothing that a function could reach."""

from pathlib import PurePosixPath
from typing import Final

SERVICES: Final = ("s3",)  # the only service that a function calls
_TESTS: Final = frozenset({"tests", "test", "__pycache__"})
_SOURCES: Final = frozenset({".a", ".c", ".cpp", ".f90", ".h", ".hpp", ".pxd", ".pyc", ".pyi", ".pyx", ".tp"})
_PLACES: Final = ("bin/", "boto3/examples/")
# What the installer notes for itself: it names the interpreter that it ran in.
NOTES: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
# A test in name only: the library itself imports it.
_NEEDED: Final = frozenset({"numpy/_core/tests/_natype.py"})


def kept(name: str) -> bool:
    """Whether a file of an installed package belongs in the layer; `name` is relative, with slashes."""
    path = PurePosixPath(name)
    if name in _NEEDED:
        return True
    if name.startswith(_PLACES) or path.suffix in _SOURCES or _TESTS.intersection(path.parts[:-1]):
        return False
    if path.name in NOTES and path.parts[0].endswith(".dist-info"):
        return False
    return _is_no_service(path.parts) or path.parts[2] in SERVICES


def _is_no_service(parts: tuple[str, ...]) -> bool:
    """Whether a file is none of the AWS clients' descriptions of a service."""
    return len(parts) <= 3 or parts[:2] not in {("botocore", "data"), ("boto3", "data")}
