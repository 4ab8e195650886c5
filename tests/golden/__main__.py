"""Record the outputs of now: ``python -m tests.golden``. Changes without a raised version are refused."""

import sys

from tests.golden.compare import now, problem, recorded, text_of, unversioned_changes
from tests.golden.outputs import FILE


def main() -> str | None:
    """Write the file; a text is what speaks against it."""
    found, known = now(), recorded() if FILE.exists() else {}
    for name, before in known.items():
        if unversioned_changes(before, found[name]):
            return problem(name, before, found[name])
    FILE.write_text(text_of(found), encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main())
