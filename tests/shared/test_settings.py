"""Settings: what each variable may be, and what a complaint says."""

from dataclasses import FrozenInstanceError

import pytest

from shared.errors import BadSetting
from shared.settings import Positive, Settings

REQUIRED = {"VINTNER_BUCKET": "cellar", "VINTNER_LABEL": "quality"}

VALID = [
    ("VINTNER_BUCKET", "  cellar ", "bucket", "cellar"),
    ("VINTNER_LABEL", "the label", "label", "the label"),
    ("VINTNER_POSITIVE", "", "positive", None),
    ("VINTNER_POSITIVE", "> 5", "positive", Positive(">", "5")),
    ("VINTNER_POSITIVE", ">5", "positive", Positive(">", "5")),
    ("VINTNER_POSITIVE", " >=  5.5 ", "positive", Positive(">=", "5.5")),
    ("VINTNER_POSITIVE", "< -1e3", "positive", Positive("<", "-1e3")),
    ("VINTNER_POSITIVE", "<= 0", "positive", Positive("<=", "0")),
    ("VINTNER_POSITIVE", "== 5", "positive", Positive("==", "5")),
    ("VINTNER_POSITIVE", "== very good", "positive", Positive("==", "very good")),
    ("VINTNER_POSITIVE", "== > 5", "positive", Positive("==", "> 5")),
    ("VINTNER_IGNORE", "", "ignore", ()),
    ("VINTNER_IGNORE", "Id", "ignore", ("Id",)),
    ("VINTNER_IGNORE", " Id , ,batch no,", "ignore", ("Id", "batch no")),
    ("VINTNER_ESTIMATOR", "", "estimator", "adaboost"),
    ("VINTNER_ESTIMATOR", "adaboost", "estimator", "adaboost"),
    ("VINTNER_PROMOTION", "better", "promotion", "better"),
    ("VINTNER_PROMOTION", "significant", "promotion", "significant"),
    ("VINTNER_MIN_GAIN", "0", "min_gain", 0.0),
    ("VINTNER_MIN_GAIN", ".005", "min_gain", 0.005),
    ("VINTNER_MIN_GAIN", "1", "min_gain", 1.0),
    ("VINTNER_APPROVAL", "manual", "approval", "manual"),
    ("VINTNER_REFRESH_SECONDS", "0", "refresh_seconds", 0.0),
    ("VINTNER_REFRESH_SECONDS", "1e3", "refresh_seconds", 1000.0),
    ("VINTNER_MAX_UPLOAD_MB", "0.5", "max_upload_mb", 0.5),
    ("VINTNER_MAX_UPLOAD_MB", "1024", "max_upload_mb", 1024.0),
    ("VINTNER_MAX_SCORER_MB", "", "max_scorer_mb", 20.0),
    ("VINTNER_MAX_SCORER_MB", "0.5", "max_scorer_mb", 0.5),
    ("VINTNER_DUPLICATES", "", "duplicates", "union"),
    ("VINTNER_DUPLICATES", "sum", "duplicates", "sum"),
    ("VINTNER_UNKNOWN_FIELDS", "", "unknown_fields", "warn"),
    ("VINTNER_UNKNOWN_FIELDS", "error", "unknown_fields", "error"),
    ("VINTNER_THRESHOLD", "", "threshold", "auto"),
    ("VINTNER_THRESHOLD", " auto ", "threshold", "auto"),
    ("VINTNER_THRESHOLD", "tuned", "threshold", "tuned"),
    ("VINTNER_THRESHOLD", ".3", "threshold", 0.3),
    ("VINTNER_THRESHOLD", "0.5", "threshold", 0.5),
    ("VINTNER_PAGES", "on", "pages", True),
    ("VINTNER_PAGES", "off", "pages", False),
]


@pytest.mark.parametrize(("name", "text", "field", "value"), VALID, ids=[f"{name}={text}" for name, text, *_ in VALID])
def test_reads_a_variable(name: str, text: str, field: str, value: object) -> None:
    assert getattr(Settings.from_environment({**REQUIRED, name: text}), field) == value


RULE = "expected a rule such as '> 5'"
INVALID = [
    ("VINTNER_BUCKET", "", "is not set, expected the name of the bucket"),
    ("VINTNER_BUCKET", "  ", "is not set, expected the name of the bucket"),
    ("VINTNER_LABEL", "", "is not set, expected the name of the label column"),
    ("VINTNER_POSITIVE", "5", RULE),
    ("VINTNER_POSITIVE", ">", RULE),
    ("VINTNER_POSITIVE", "==", RULE),
    ("VINTNER_POSITIVE", "= 5", RULE),
    ("VINTNER_POSITIVE", "!= 5", RULE),
    ("VINTNER_POSITIVE", "=> 5", RULE),
    ("VINTNER_POSITIVE", "> good", RULE),
    ("VINTNER_POSITIVE", "> 5 > 6", RULE),
    ("VINTNER_POSITIVE", "> 0x5", RULE),
    ("VINTNER_POSITIVE", ">= inf", RULE),
    ("VINTNER_POSITIVE", "< nan", RULE),
    ("VINTNER_POSITIVE", "> 1_000", RULE),
    ("VINTNER_ESTIMATOR", "forest", "expected one of: adaboost"),
    ("VINTNER_ESTIMATOR", "AdaBoost", "expected one of: adaboost"),
    ("VINTNER_PROMOTION", "best", "expected one of: better, significant"),
    ("VINTNER_MIN_GAIN", "-0.1", "expected a number from 0 to 1"),
    ("VINTNER_MIN_GAIN", "1.1", "expected a number from 0 to 1"),
    ("VINTNER_MIN_GAIN", "5%", "expected a number from 0 to 1"),
    ("VINTNER_MIN_GAIN", "nan", "expected a number from 0 to 1"),
    ("VINTNER_APPROVAL", "yes", "expected one of: auto, manual"),
    ("VINTNER_REFRESH_SECONDS", "-1", "expected a number from 0"),
    ("VINTNER_REFRESH_SECONDS", "inf", "expected a number from 0"),
    ("VINTNER_REFRESH_SECONDS", "5s", "expected a number from 0"),
    ("VINTNER_MAX_UPLOAD_MB", "256 MB", "expected a number from 0 to 1024"),
    ("VINTNER_MAX_UPLOAD_MB", "1025", "expected a number from 0 to 1024"),
    ("VINTNER_DUPLICATES", "keep", "expected one of: union, sum, distinct"),
    ("VINTNER_UNKNOWN_FIELDS", "ignore", "expected one of: warn, error"),
    ("VINTNER_THRESHOLD", "0", "expected auto, tuned or a number between 0 and 1, such as 0.3"),
    ("VINTNER_THRESHOLD", "1", "expected auto, tuned or a number"),
    ("VINTNER_THRESHOLD", "-0.2", "expected auto, tuned or a number"),
    ("VINTNER_THRESHOLD", "30%", "expected auto, tuned or a number"),
    ("VINTNER_THRESHOLD", "nan", "expected auto, tuned or a number"),
    ("VINTNER_THRESHOLD", "best", "expected auto, tuned or a number"),
    ("VINTNER_PAGES", "true", "expected one of: on, off"),
]


@pytest.mark.parametrize(("name", "text", "allowed"), INVALID, ids=[f"{name}={text}" for name, text, _ in INVALID])
def test_names_variable_value_and_what_is_allowed(name: str, text: str, allowed: str) -> None:
    with pytest.raises(BadSetting) as raised:
        Settings.from_environment({**REQUIRED, name: text})
    message = str(raised.value)
    assert message.startswith(f"{name}={text!r}" if text.strip() else name)
    assert allowed in message


def test_a_label_that_is_ignored_is_a_contradiction() -> None:
    with pytest.raises(BadSetting, match=r"VINTNER_IGNORE: 'quality' is the label column \(VINTNER_LABEL\)"):
        Settings.from_environment({**REQUIRED, "VINTNER_IGNORE": "Id,quality"})


def test_the_defaults_are_those_of_an_empty_environment() -> None:
    assert Settings.from_environment(REQUIRED) == Settings("cellar", "quality")


def test_reads_the_process_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    assert Settings.from_environment().bucket == "cellar"


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings("cellar", "quality").label = "other"  # type: ignore[misc]


RULES = [
    ("> 5", "6", True),
    ("> 5", "5", False),
    ("> 5", "5.0000001", True),
    (">= 5", "5.0", True),
    ("< 5", "-1e3", True),
    ("<= 5", "5", True),
    ("<= 5", "5.1", False),
    ("== 5", "5.0", True),
    ("== 5", "05", True),
    ("== 5", "five", False),
    ("== yes", "yes", True),
    ("== yes", "Yes", False),
    ("== yes", "5", False),
    ("== 5", "", False),
    ("> 5", "good", None),
    ("> 5", "", None),
    ("> 5", "inf", None),
    ("<= 5", "5,5", None),
]


@pytest.mark.parametrize(("rule", "label", "expected"), RULES)
def test_a_rule_makes_two_classes(rule: str, label: str, expected: bool | None) -> None:
    assert Positive.parse(rule).holds(label) is expected


@pytest.mark.parametrize("rule", ["> 5", ">= -1.5", "== very good"])
def test_a_rule_is_spelled_as_it_was_read(rule: str) -> None:
    assert str(Positive.parse(rule.replace(" ", "  ", 1))) == rule


SAME = Settings("b", "l", ignore=("x", "y"))
FINGERPRINTS = [
    ("bucket", Settings("other", "l", ignore=("x", "y")), True, True),
    ("order of ignored columns", Settings("b", "l", ignore=("y", "x")), True, True),
    ("label", Settings("b", "m", ignore=("x", "y")), False, False),
    ("ignored columns", Settings("b", "l", ignore=("x",)), False, False),
    ("rule", Settings("b", "l", Positive(">", "5"), ignore=("x", "y")), False, False),
    ("limit", Settings("b", "l", ignore=("x", "y"), max_upload_mb=1), False, True),
    ("promotion", Settings("b", "l", ignore=("x", "y"), promotion="significant", min_gain=0.1), True, True),
]


@pytest.mark.parametrize(
    ("other", "reads_same", "trains_same"), [case[1:] for case in FINGERPRINTS], ids=[case[0] for case in FINGERPRINTS]
)
def test_which_settings_read_and_train_anew(other: Settings, reads_same: bool, trains_same: bool) -> None:
    assert (other.reading() == SAME.reading()) is reads_same
    assert (other.training() == SAME.training()) is trains_same
