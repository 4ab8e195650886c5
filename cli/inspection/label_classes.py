"""The classes of a label: how many there may be, and that they are not a quantity."""

from collections.abc import Sequence

from shared.documents import Label
from shared.errors import VintnerError
from shared.settings import Positive
from shared.tables.dataset import MAX_CLASSES


def check_classes(label: str, classes: Sequence[Label], positive: Positive | None) -> None:
    """Raise VintnerError unless a label gives two classes or more, and not too many, and no quantity."""
    if len(classes) == 1:
        under = f" under the rule '{positive}'" if positive else ""
        raise VintnerError(
            f"expected at least two classes in the label column {label!r}{under}, found only {classes[0]!r}: "
            "choose another label" + (" or rule" if positive else "")
        )
    numbers = [value for value in classes if not isinstance(value, str)]
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
    if fractions := [value for value in numbers if value != int(value)]:
        raise VintnerError(
            f"expected classes in the label column {label!r}, found the decimal number {fractions[0]:g}: {rule}; "
            "if it is a class, name it by a whole number or a word"
        )
