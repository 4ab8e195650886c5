"""Values: how numbers and missing values are spelled, in uploads and in requests alike."""

import math
from typing import Final

MISSING: Final = ("", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "none", "?", "-")
FLOAT32_MAX: Final = (2 - 2**-23) * 2.0**127


def as_number(text: str) -> float | None:
    """The finite number that a text spells in plain decimal notation, else None."""
    try:
        number = float(text)
    except ValueError:
        return None
    plain = text.isascii() and "_" not in text
    return number if plain and math.isfinite(number) else None
