"""How large a scorer may be: what the API function needs to load it grows with its bytes, by docs/performance.md."""

from typing import Final

from shared.errors import Rejected
from shared.formats.variables import MEGABYTE
from shared.settings import Settings

# Of plain Python objects a scorer takes about eleven times its bytes, and as much again while the next one is loaded.
MEMORY_OF_A_BYTE: Final = 11
# Of one whole processor, which a function has from 1,769 MB of memory on; with less, it has that much less of one.
SECONDS_OF_A_MEGABYTE: Final = 0.085


def check_size(scorer: bytes, settings: Settings, estimator: str, classes: int) -> None:
    """Raise Rejected, with what helps, when a scorer is larger than a prediction function is to load."""
    megabytes = len(scorer) / MEGABYTE
    if megabytes <= settings.max_scorer_mb:
        return
    fewer = "Make fewer classes of the label's values with VINTNER_POSITIVE, or set" if classes > 2 else "Set"
    raise Rejected(
        f"expected a scorer of at most {settings.max_scorer_mb:g} MB (VINTNER_MAX_SCORER_MB), found {megabytes:.3g} MB "
        f"of {estimator} with {classes} classes: to load it takes a prediction function about "
        f"{MEMORY_OF_A_BYTE * megabytes:.0f} MB and, with one processor, {SECONDS_OF_A_MEGABYTE * megabytes:.1f} s. "
        f"{fewer} VINTNER_ESTIMATOR to one with a smaller scorer (adaboost has the smallest), or raise "
        "VINTNER_MAX_SCORER_MB, and lambda_memory_size of api_handler with it"
    )
