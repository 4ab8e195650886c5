"""Where the deployment zip is, and how large what is deployed may be. Sizes in bytes, unpacked."""

from pathlib import Path
from typing import Final

from cli.building.archive import Artefact
from shared.errors import VintnerError

CODE: Final = Path("dist") / "deployment.zip"
LAMBDA_LIMIT: Final = 262_144_000  # code and layers together
MOST_WITH_LAYER: Final = 250_000_000  # leaves room for what a later version adds
MOST_CODE: Final = 25_000_000


def check_code(code: Artefact) -> None:
    """Raise VintnerError when the deployment zip is no longer thin."""
    if code.unpacked > MOST_CODE:
        raise VintnerError(
            f"{code.path}: expected at most {MOST_CODE:,} bytes unpacked, found {code.unpacked:,}: "
            "move what only training needs from requirements.in to requirements-train.in"
        )


def check_together(code: Artefact, layer: Artefact) -> None:
    """Raise VintnerError when code and layer are more than a function may carry."""
    total = code.unpacked + layer.unpacked
    if total > MOST_WITH_LAYER:
        raise VintnerError(
            f"{code.path} and {layer.path}: expected at most {MOST_WITH_LAYER:,} bytes unpacked together, found "
            f"{total:,} (Lambda refuses more than {LAMBDA_LIMIT:,}): leave out a package or more of what it brings"
        )
