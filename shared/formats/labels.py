"""Labels that differ in their spelling alone."""

import difflib
from collections.abc import Collection

from shared.formats.values import as_number, as_truth, number_text


def folded(text: str) -> str:
    """A label without case, surplus white space and a trailing point; numbers in one spelling."""
    text = " ".join(text.split()).rstrip(".").rstrip().casefold()
    number = as_number(text)
    return text if number is None else number_text(number)


def truth_of(text: str) -> str:
    """A label's truth value, empty for any other label."""
    return as_truth(folded(text)) or ""


def nearest(text: str, known: Collection[str]) -> list[str]:
    """The known label that a text is most like, if it is like one."""
    by_folded = {folded(label): label for label in known}
    return [by_folded[match] for match in difflib.get_close_matches(folded(text), by_folded, 1)]
