"""A table with a column of every kind, its uploads, and what a person says of its columns."""

import csv
import io
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.settings import Settings
from tests.support.stage import Stage

HEADER: Final = ("height", "since", "met", "member", "colour", "code", "remark", "label")
FEATURES: Final = HEADER[:-2]
DATES: Final = {"since": "iso", "met": "%d/%m/%Y %H:%M"}
ROW: Final = {
    "height": 1.5,
    "since": "2024-02-29",
    "met": "02/11/2024 15:04",
    "member": True,
    "colour": "red",
    "code": 3,
}
SCHEMA: Final = json.dumps({"columns": {"height": {"kind": "number", "missing": [-1]}, "code": "category"}})
SETTINGS: Final = {"VINTNER_LABEL": "label"}
STAGE_SETTINGS: Final = Settings(bucket="vintner", label="label", ignore=("id",))

_DAY_ZERO: Final = datetime(2020, 1, 1, tzinfo=UTC)


def rows(seed: int, count: int = 60, *, drifted: bool = False) -> Iterator[Mapping[str, object]]:
    """Rows with gaps; the label follows height and colour. Drifted ones are taller, and of one colour."""
    chance = random.Random(seed)  # noqa: S311  (reproducible samples, no secrets)
    for number in range(count):
        height, colour = round(chance.uniform(-5, 5), 2), chance.choice(["red", "blue", "Straße"])
        met = _DAY_ZERO + timedelta(minutes=chance.randrange(2_000_000))
        yield {
            "height": chance.choice([-1, "NA"]) if number % 10 == 3 else height + 20 * drifted,
            "since": (_DAY_ZERO + timedelta(days=chance.randrange(1500))).date().isoformat(),
            "met": "" if number % 10 == 5 else met.strftime("%d/%m/%Y %H:%M"),
            "member": chance.choice(["yes", "no"]),
            "colour": "green" if drifted else colour,
            "code": chance.randrange(1, 5),
            "remark": f"note {seed}-{number}",
            "label": "good" if height + 3 * (colour == "red") > 0 else "bad",
        }


def table(found: Iterator[Mapping[str, object]] | Sequence[Mapping[str, object]], delimiter: str = ",") -> str:
    """The rows as CSV text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADER, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue()


def uploads() -> Mapping[str, str]:
    """What makes a model: what is said of columns, a test set, and a slot."""
    return {
        "data/schema.json": SCHEMA,
        "data/test/test.csv": table(rows(1000)),
        "data/slots/first.csv": table(rows(1, 120)),
    }


def drifted() -> bytes:
    """A slot that is distributed otherwise, in another dialect, and with two rows that cannot be used."""
    found = [dict(row) for row in rows(2, drifted=True)]
    found[1]["since"], found[4]["member"] = "2021-02-30", "perhaps"
    return table(found, ";").encode("utf-16")


def as_json(row: Mapping[str, object]) -> bytes:
    """A row as the body of a request."""
    return json.dumps(row).encode()


def train(stage: Stage) -> None:
    """Put a model into production that was trained on the uploads."""
    for key, body in uploads().items():
        stage.put(key, body)
    stage.ingest()
    stage.promote()
