"""From files with numbers and dates as people write them to predictions of requests written like them."""

import json
from typing import Any

import pytest

from functions import predict
from shared.bucket import keys
from shared.serving.production_cache import ProductionCache
from shared.settings import Settings
from tests.support.fake_store import FakeStore
from tests.support.stage import SLOT, TEST, Stage

HEADER = "price,share,when,zip,label\n"


def line(number: int) -> str:
    big = number % 3 == 0
    price = f'"${1000 + 40 * number:,}"' if big else f"${number}"
    return (
        f"{price},{number % 50}.5%,{1 + number % 28:02}.{1 + number % 12:02}.24,0{501 + number % 4},{'yn'[not big]}\n"
    )


@pytest.fixture
def served() -> Stage:
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label"))
    stage.put(TEST, HEADER + "".join(map(line, range(1, 90))))
    stage.put(f"{SLOT}1.csv", HEADER + "".join(map(line, range(100, 220))))
    stage.ingest()
    stage.promote()
    return stage


def ask(stage: Stage, body: str, media_type: str = "application/json") -> Any:  # noqa: ANN401  (JSON)
    return predict.predict(ProductionCache(stage.store, 5), body.encode(), media_type)


SAME: dict[str, dict[str, object]] = {
    "as in the file": {"price": "$3,000", "share": "12.5%", "when": "22.11.24", "zip": "0502"},
    "as JSON numbers and ISO": {"price": 3000, "share": 12.5, "when": "2024-11-22", "zip": "0502"},
    "with other marks": {"price": "3000.00 $", "share": "12,5 %", "when": "2024-11-22T00:00:00Z", "zip": " 0502 "},
}


@pytest.mark.parametrize("row", SAME.values(), ids=SAME)
def test_every_spelling_has_one_answer(served: Stage, row: dict[str, object]) -> None:
    answer = ask(served, json.dumps(row))
    assert answer == ask(served, json.dumps(SAME["as in the file"]))
    assert answer["prediction"] == "y"


def test_the_rows_of_a_file_are_answered_like_json(served: Stage) -> None:
    body = 'price,share,when,zip\n"$3,000",12.5%,22.11.24,0502\n$5,12.5%,22.11.24,0502\n'
    answers = ask(served, body, "text/csv")["predictions"]
    assert [answer["prediction"] for answer in answers] == ["y", "n"]


def test_the_spellings_are_in_the_score_and_the_scorer(served: Stage) -> None:
    score = served.json(keys.model_key(served.pointer.model_id, "score.json"))
    schema = {column["name"]: column for column in score["schema"]}
    assert schema["price"]["format"] == "$1,234.5"
    assert schema["share"] == {"name": "share", "kind": "number", "format": "1234.5%"}
    assert schema["when"]["format"] == "%d.%m.%y"
    assert schema["zip"] == {"name": "zip", "kind": "category", "exact": True}
    scorer = served.json(keys.model_key(served.pointer.model_id, "scorer.json"))
    assert scorer["columns"]["price"] == {"kind": "number", "format": "$1,234.5"}


def test_a_repeated_column_is_known_by_its_number_in_files_and_requests() -> None:
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="y"))
    rows = "".join(f"{number},{number % 7},{'pq'[number % 2]}\n" for number in range(60))
    stage.put(TEST, f"x,x,y\n{rows}")
    stage.put(f"{SLOT}1.csv", "x,x,y\n" + rows.replace(",0,", ",8,"))
    stage.ingest()
    stage.promote()
    [answer] = ask(stage, "x,x\n1,2\n", "text/csv")["predictions"]
    by_name = ask(stage, json.dumps({"x": 1, "x_2": 2}))
    assert answer["probabilities"] == by_name["probabilities"]


def test_a_column_that_repeats_another_may_be_in_a_request(served: Stage) -> None:
    body = 'price,share,when,zip,share,\n"$3,000",12.5%,22.11.24,0502,12.5%,\n'
    assert ask(served, body, "text/csv")["predictions"][0]["prediction"] == "y"
