"""What classes a label may give."""

from collections.abc import Sequence
from typing import Final

from shared.errors import VintnerError
from shared.settings import Positive
from shared.tables.dataset import Label

MAX_CLASSES: Final = 100


def check_classes(label: str, classes: Sequence[Label], positive: Positive | None) -> None:
    """Raise VintnerError unless a label gives two classes or more, and not too many, and none that is a quantity."""
    if len(classes) == 1:
        under = f" under the rule '{positive}'" if positive else ""
        raise VintnerError(
            f"expected at least two classes in the label column {label!r}{under}, found only {classes[0]!r}: "
            "choose another label" + (" or rule" if positive else "")
        )
    numbers = [one for one in classes if not isinstance(one, str)]
    rule = (
        f"if it is a quantity, make two classes of it with --positive '> {numbers[len(numbers) // 2]}'"
        if numbers
        else ""
    )
    if len(classes) > MAX_CLASSES:
        raise VintnerError(
            f"expected at most {MAX_CLASSES} classes in the label column {label!r}, "
            f"found {len(classes)} different values: {rule or 'choose a column with fewer values'}"
        )
    if fractions := [one for one in numbers if one != int(one)]:
        raise VintnerError(
            f"expected classes in the label column {label!r}, found the decimal number {fractions[0]:g}: {rule}; "
            "if it is a class, name it by a whole number or a word"
        )
