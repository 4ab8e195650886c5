"""The same uploads give the same rows and models, or a version says that they do not."""

from dataclasses import replace

import pytest

from tests.golden import __main__ as command
from tests.golden.compare import Parts, now, problem, recorded, text_of, unversioned_changes
from tests.golden.outputs import FILE, Part

BEFORE = Part(3, {"model_id": "dd"}, {"slot": "aa", "scorer": "bb"})
CHANGED = {"slot": "aa", "scorer": "cc"}


@pytest.fixture(scope="module")
def found() -> Parts:
    return now()


@pytest.mark.parametrize("name", ["reader", "trainer"])
def test_outputs_are_the_recorded_ones(name: str, found: Parts) -> None:
    message = problem(name, recorded()[name], found[name])
    assert message is None, message


def test_the_file_is_as_the_command_writes_it(found: Parts) -> None:
    assert text_of(found) == FILE.read_text(encoding="utf-8")


def test_every_output_is_another_one(found: Parts) -> None:
    """Inputs that all came to the same would not notice a change."""
    slots = [repr(value) for value in found["reader"].outputs.values()]
    scorers = [value for name, value in found["trainer"].outputs.items() if not name.startswith("auto")]
    assert len(set(slots)) == len(slots)
    assert len(set(scorers)) == len(scorers)


@pytest.mark.parametrize(
    ("after", "says"),
    [
        pytest.param(BEFORE, None, id="nothing changed"),
        pytest.param(replace(BEFORE, outputs=CHANGED), "raise TRAINER_VERSION", id="changed, no version raised"),
        pytest.param(replace(BEFORE, outputs={"slot": "aa"}), "raise TRAINER_VERSION", id="an output is gone"),
        pytest.param(replace(BEFORE, version=4), "run python -m tests.golden", id="raised, not recorded again"),
        pytest.param(replace(BEFORE, version=4, outputs=CHANGED), "run python -m", id="raised and changed"),
        pytest.param(replace(BEFORE, names={"model_id": "ee"}, outputs=CHANGED), "run python -m", id="another name"),
        pytest.param(replace(BEFORE, outputs={**BEFORE.outputs, "new": "d"}), "run python -m", id="a new output"),
    ],
)
def test_what_is_wrong_and_what_to_do(after: Part, says: str | None) -> None:
    message = problem("trainer", BEFORE, after)
    assert (message is None) == (says is None)
    assert says is None or says in str(message)


def test_the_command_writes_nothing_that_no_version_was_raised_for(
    found: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = FILE.read_bytes()
    forged = {**found, "trainer": replace(found["trainer"], outputs={"auto, two classes": "another"})}
    monkeypatch.setattr(command, "now", lambda: forged)
    assert unversioned_changes(recorded()["trainer"], forged["trainer"])
    assert "raise TRAINER_VERSION" in str(command.main())
    assert FILE.read_bytes() == before
