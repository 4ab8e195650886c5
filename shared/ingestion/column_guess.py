"""What an upload's column of texts is when nothing is known of it, and what to type where its cells almost agree."""

from collections.abc import Mapping, Sequence
from typing import Final

from shared.formats.columns import Column
from shared.formats.commands import set_kind, set_missing
from shared.formats.dates import ISO, agreeing_format, as_days, has_day, swapped
from shared.formats.numbers import Agreement, agreement
from shared.formats.row_errors import BadTable, Reason, shortened
from shared.formats.values import are_codes, as_number, has_thousands
from shared.tables.schema import FEW_VALUES

MOSTLY: Final = 0.8  # a column with at least this share of numbers is one of numbers, with mistakes in it
REPEATED: Final = 2  # codes repeat, mistakes do not
SHORT: Final = 3  # a code among numbers has no more characters, unless it mixes letters and digits
MANY: Final = 0.1  # a smaller share of short texts are answers that are not known
HALF: Final = 0.5

Cells = Mapping[str, int]
"""The distinct texts of a column, none of them a missing value, with the number of their cells."""


def guess(name: str, cells: Cells, decimal: str) -> tuple[Column | None, list[str]]:
    """A column of numbers, mistakes among them perhaps, or None for any other; and what is worth a look.

    `decimal` is the decimal mark of the file.
    """
    total = sum(cells.values())
    if not total or are_codes(cells):
        return None, _note_on_codes(name, cells) if total else []
    form, agreeing = agreeing_format(cells)
    if form:
        return None, [] if agreeing == total else [_almost_dates(name, form, agreeing, total)]
    plain = {text for text in cells if as_number(text, decimal) is not None}
    numbers = sum(cells[text] for text in plain)
    agreed = agreement(cells, decimal)
    if agreed is None or agreed.agreeing <= numbers:
        return _plain(name, cells, plain)
    written = {text for text in cells if agreed.form.read(text) is not None}
    if agreed.agreeing < MOSTLY * total or _codes_among(cells, written):
        return None, [_almost_numbers(name, agreed)] if len(written) > 1 else []  # one text alone (3rd) is a name
    return Column(name, number_format=agreed.form.example), []


def _plain(name: str, cells: Cells, plain: set[str]) -> tuple[Column | None, list[str]]:
    total, numbers = sum(cells.values()), sum(cells[text] for text in plain)
    if numbers < MOSTLY * total:
        return None, _note_on_thousands(name, cells) or _note_on_texts(name, cells, plain)
    if _codes_among(cells, plain):
        return None, _note_on_codes(name, cells) if len(cells) > FEW_VALUES else _note_on_words(name, cells, plain)
    return Column(name), []


def _codes_among(cells: Cells, numbers: set[str]) -> bool:
    """Whether the texts that are no numbers are codes (2A, 2B) and not mistakes, which do not repeat.

    Of few different values it is enough that each text among them repeats; of many they also have to look like codes,
    among whole numbers that repeat too: all of letters and digits, or most of them short and many.
    """
    strange = [text for text in cells if text not in numbers]
    if not strange:
        return False
    if len(cells) <= FEW_VALUES:
        return min(cells[text] for text in strange) >= REPEATED
    repeat = all(sum(cells[text] for text in texts) >= REPEATED * len(texts) for texts in (strange, numbers) if texts)
    mixed = all(any(map(str.isdigit, text)) and any(map(str.isalpha, text)) for text in strange)
    return repeat and (mixed or _are_short(cells, strange)) and all(text.lstrip("+-").isdecimal() for text in numbers)


def _are_short(cells: Cells, strange: Sequence[str]) -> bool:
    """Whether texts are several short codes that repeat (A, B, C), and more than answers that are not known (DK)."""
    short = [text for text in strange if len(text) <= SHORT and cells[text] >= REPEATED]
    count = sum(cells[text] for text in strange)
    return (
        len(short) >= REPEATED
        and sum(cells[text] for text in short) >= MOSTLY * count
        and count >= MANY * sum(cells.values())
    )


def _note_on_codes(name: str, cells: Cells) -> list[str]:
    example = next((text for text in sorted(cells) if not text.isdecimal() or text[0] == "0"), "")
    note = (
        f"column {name} has codes, such as {shortened(example)}, and is read as text ({set_kind(name, 'category')} "
        f"settles that); if they are numbers: {set_kind(name, 'number')}"
    )
    return [note]


def _note_on_words(name: str, cells: Cells, numbers: set[str]) -> list[str]:
    """A word among few different numbers is a code of its own, or means that there is none."""
    words = {text: count for text, count in cells.items() if text not in numbers and not any(map(str.isdigit, text))}
    return _partly_numbers(name, cells, numbers, words) if words else []


def _note_on_texts(name: str, cells: Cells, numbers: set[str]) -> list[str]:
    """Texts among numbers, where most cells are numbers."""
    texts = {text: count for text, count in cells.items() if text not in numbers}
    if sum(texts.values()) > HALF * sum(cells.values()) or len(cells) <= FEW_VALUES:
        return []
    return _partly_numbers(name, cells, numbers, texts)


def _partly_numbers(name: str, cells: Cells, numbers: set[str], texts: Cells) -> list[str]:
    word, is_most = _most_frequent(texts)
    count, total = sum(cells[text] for text in numbers), sum(cells.values())
    note = (
        f"column {name}: {count} of {total} values are numbers, others texts, such as {shortened(word)}: it is read as "
        "text; "
    )
    if is_most:
        return [f"{note}if that means a missing value: {set_missing(name, word)}"]
    return [f"{note}write those as numbers too, if it is one of numbers"]


def _almost_dates(name: str, form: str, agreeing: int, total: int) -> str:
    what = "dates" if has_day(form) else "times of day"
    described = "ISO 8601" if form == ISO else form
    return (
        f"column {name}: {agreeing} of {total} values look like {what} of the form {described}, the others do not: it "
        f"is read as text; {set_kind(name, f'date:{form}' if form != ISO else 'date')} makes it one of {what}"
    )


def _almost_numbers(name: str, agreed: Agreement) -> str:
    example = agreed.form.example
    return (
        f"column {name}: {agreed.agreeing} of {agreed.cells} values look like numbers of the form {example}, the "
        f"others do not: it is read as text; {set_kind(name, f'number:{example}')} makes it one of numbers"
    )


def _note_on_thousands(name: str, cells: Cells) -> list[str]:
    odd = sorted(text for text in cells if has_thousands(text))
    if not odd:
        return []
    note = (
        f"column {name}: {len(odd)} different values look like numbers with thousands separators, such as "
        f"{shortened(odd[0])}: they are left as text; write them without separators to make them numbers"
    )
    return [note]


def advice(column: Column, cells: Cells, decimal: str) -> list[str]:
    """What to type where cells do not fit what the schema says of their column.

    Raise BadTable when dates fit only with day and month swapped.
    """
    if column.kind == "date":
        _refuse_swapped(column, cells)
        form, agreeing = agreeing_format(cells)
        if form and form != column.date_format and agreeing == sum(cells.values()):
            return [_of_another_form(column, "dates", form, column.date_format)]
    if column.kind == "number" and (agreed := agreement(cells, decimal)) and agreed.agreeing == agreed.cells:
        return [_of_another_form(column, "numbers", agreed.form.example, column.number_format or "1234.5")]
    return []


def _of_another_form(column: Column, what: str, found: str, expected: str) -> str:
    return (
        f"column {column.name}: all {what} are of the form {found}, the schema's are of the form {expected}: write "
        f"them so, or, if the test set has the form {found} too: {set_kind(column.name, f'{column.kind}:{found}')}"
    )


def way_out(column: Column, mistaken: Cells) -> str:
    """What to do about cells that do not fit a column, where nothing better is known of them."""
    correct = f"column {column.name}: write {column.expected}"
    often, is_most = _most_frequent(mistaken)
    if is_most:
        return f"{correct}, or, if {shortened(often)} means a missing value: {set_missing(column.name, often)}"
    return f"{correct}, or, if it is text: {set_kind(column.name, 'category')}"


def _most_frequent(texts: Cells) -> tuple[str, bool]:
    """The text that most cells have, and whether it repeats and at least half of all have it, as a stand-in does."""
    text = max(sorted(texts), key=lambda text: texts[text])
    return text, texts[text] >= max(REPEATED, HALF * sum(texts.values()))


def _refuse_swapped(column: Column, cells: Cells) -> None:
    other = swapped(column.date_format)
    if other is None or any(as_days(text, other) is None for text in cells):
        return
    problem = (
        f"expected dates of the form {column.date_format}, found dates of the form {other}: day and month are swapped; "
        "nothing is read, as some would be misread; write them in the form of the test set or as 2024-11-02, or, if "
        f"the test set has this form too: {set_kind(column.name, f'date:{other}')}"
    )
    raise BadTable([Reason(problem, column=column.name)])
