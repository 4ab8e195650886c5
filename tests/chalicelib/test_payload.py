"""What Lambda carries: requests and answers that are larger are refused, and what fits is named rightly."""

import json

import pytest

from chalicelib.payload import MAX_EVENT_BYTES, TooLarge, check_answer, check_request, is_carried
from chalicelib.problems import as_problem
from shared.serving.fields import FieldError, InvalidFields, Malformed
from shared.serving.json_codec import json_text

L = MAX_EVENT_BYTES
BODIES: dict[str, tuple[bytes, bool, bool]] = {
    "CSV": (b"x" * (L // 4 * 3), True, True),
    "CSV of more than 4.7 MB": (b"x" * (L // 4 * 3 + 1), True, False),
    "JSON": (b"x" * (L - 2), False, True),
    "more JSON": (b"x" * (L - 1), False, False),
    "quotes": (b'"' * (L // 2 - 1), False, True),
    "more quotes": (b'"' * (L // 2), False, False),
    "control characters": (b"\x01" * (L // 6 + 1), False, False),
    "letters that are not ASCII": ("é".encode() * (L // 2 - 1), False, True),
}


@pytest.mark.parametrize(("body", "is_binary", "fits"), BODIES.values(), ids=BODIES)
def test_a_request_is_measured_as_it_travels(body: bytes, is_binary: bool, fits: bool) -> None:
    if fits:
        check_request(body, is_binary=is_binary)
        return
    with pytest.raises(TooLarge, match=r"found \d+: send the rows in parts, or predict the file .* vintner batch$"):
        check_request(body, is_binary=is_binary)


ANSWERS: dict[str, list[object]] = {
    "short": [{"prediction": "yes", "probability": 0.5}] * 200_000,
    "long and short": [{"prediction": "yes" * (number % 40)} for number in range(150_000)],
    "quotes": ['"' * 100] * 60_000,
    "not ASCII": ["weiß"] * 500_000,
    "beyond the basic plane": ["\U0001f347" * 10] * 60_000,
}


@pytest.mark.parametrize("predictions", ANSWERS.values(), ids=ANSWERS)
def test_the_number_of_rows_that_fit_is_named(predictions: list[object]) -> None:
    answer: dict[str, object] = {"predictions": predictions, "model_id": "m"}
    with pytest.raises(TooLarge) as raised:
        check_answer(answer, json_text(answer))
    fitting = int(str(raised.value).partition("send at most ")[2].partition(" at a time")[0])
    assert 0 < fitting < len(predictions)
    part = sorted(predictions, key=lambda one: len(json.dumps(one)))[-fitting:]
    assert is_carried(json_text({**answer, "predictions": part}))
    assert not is_carried(json_text({**answer, "predictions": [part[-1]] * (fitting * 51 // 50)}))


def test_one_row_that_does_not_fit_has_a_way_out() -> None:
    answer: dict[str, object] = {
        "prediction": "a",
        "probabilities": {f"class {number}": 0.125 for number in range(400_000)},
    }
    with pytest.raises(TooLarge, match="for one row: ask /invocations, which answers with the prediction alone"):
        check_answer(answer, json_text(answer))


MANY = InvalidFields([FieldError(f"/instances/{number}/~0{'a' * 250}", "é\U0001f347" * 200) for number in range(5_000)])
PROBLEMS = {"many errors": (MANY, 422, 1_000), "a long detail": (Malformed('"' * L), 400, 0)}


@pytest.mark.parametrize(("error", "status", "listed"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_is_cut_to_what_is_carried(error: InvalidFields | Malformed, status: int, listed: int) -> None:
    response = as_problem(error)
    document = json.loads(response.body)
    assert is_carried(response.body)
    assert (response.status_code, len(document.get("errors", []))) == (status, listed)
    assert ("listed are the first 1000" in document["detail"]) == (listed > 0)
