"""Settings: environment variables turned into one checked, immutable value."""

import operator
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from shared.errors import BadSetting
from shared.formats.values import MISSING, as_number
from shared.formats.variables import Variables

Duplicates = Literal["union", "sum", "distinct"]
UnknownFields = Literal["warn", "error"]
Engine = Literal["function", "dask"]
Threshold = float | Literal["auto", "tuned"]

AUTO: Final = "auto"
MAX_UPLOAD_MB: Final = 1_024.0  # what one function reads
SCORER_MB: Final = 20.0  # what a prediction function loads in two seconds
MOST_INSTANCES: Final = 100.0
MOST_SECONDS: Final = 432_000.0  # what SageMaker gives a training job: five days
ESTIMATORS: Final = (
    "adaboost",
    "random_forest",
    "extra_trees",
    "gradient_boosting",
    "hist_gradient_boosting",
    "decision_tree",
    "logistic_regression",
    AUTO,
)
PROMOTION_RULES: Final = ("better", "significant")
APPROVALS: Final = ("auto", "manual")
ON_DRIFT: Final = ("warn", "reject")
DUPLICATES: Final[tuple[Duplicates, ...]] = get_args(Duplicates)
ENGINES: Final[tuple[Engine, ...]] = get_args(Engine)
UNKNOWN_FIELDS: Final[tuple[UnknownFields, ...]] = get_args(UnknownFields)

_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_POSITIVE = re.compile(r"\s*(>=|<=|==|>|<)\s*(.*\S)\s*")


@dataclass(frozen=True)
class Positive:
    """The rule that turns a label into two classes, such as ``> 5`` or ``== yes``."""

    comparison: str
    operand: str

    @classmethod
    def parse(cls, text: str) -> "Positive":
        """Read a rule; raise ValueError when it is not one."""
        match = _POSITIVE.fullmatch(text)
        if match is None:
            raise ValueError(text)
        comparison, operand = match.groups()
        if comparison != "==" and as_number(operand) is None:
            raise ValueError(text)
        return cls(comparison, operand)

    def __str__(self) -> str:
        return f"{self.comparison} {self.operand}"

    def holds(self, label: str) -> bool | None:
        """Whether the label is in the positive class; None when the rule cannot be applied to it."""
        number, bound = as_number(label), as_number(self.operand)
        if number is not None and bound is not None:
            return _COMPARISONS[self.comparison](number, bound)
        return label == self.operand if self.comparison == "==" else None


@dataclass(frozen=True)
class ReadingSettings:
    """The settings that decide how an upload is read. A file can be read by them without any bucket."""

    label: str
    positive: Positive | None = None
    ignore: tuple[str, ...] = ()
    max_upload_mb: float = 256.0
    max_bad_share: float = 0.1
    missing: tuple[str, ...] = MISSING

    def of_environment(self, environment: Mapping[str, str] | None = None) -> "ReadingSettings":
        """These with what the variables say of missing values and unusable rows; raise BadSetting."""
        variables = Variables(os.environ if environment is None else environment)
        return replace(
            self,
            max_bad_share=variables.number("VINTNER_MAX_BAD_SHARE", self.max_bad_share, at_most=1.0),
            missing=variables.missing(self.missing),
        )

    def reading(self) -> dict[str, object]:
        """The settings that decide how an upload is read, as a document."""
        return {
            "label": self.label,
            "positive": str(self.positive or ""),
            "ignore": sorted(self.ignore),
            "max_upload_mb": self.max_upload_mb,
            "max_bad_share": self.max_bad_share,
            "missing": sorted(self.missing),
        }


@dataclass(frozen=True)
class _Place:
    """Where a stage keeps everything. A base of its own, so that the bucket stays the first of all the fields."""

    bucket: str


@dataclass(frozen=True)
class EngineSettings:
    """The settings of candidates that are too large for a function: which ones, and where they are trained."""

    engine: Engine = "function"
    engine_mb: float = 2_000.0
    engine_jobs: str = "vintner"
    engine_role: str = ""
    engine_image: str = ""
    engine_instance: str = "ml.m5.2xlarge"
    engine_instances: float = 1.0
    engine_seconds: float = 86_400.0
    dask_scheduler: str = ""

    @classmethod
    def engine_variables(cls, variables: Variables) -> dict[str, Any]:
        """The fields by name; raise BadSetting."""
        matching, number = variables.matching, variables.number
        name, instance = r"[A-Za-z0-9](-?[A-Za-z0-9]){0,39}", r"ml\.[a-z0-9-]+\.[a-z0-9]+"
        found: dict[str, Any] = {
            "engine": variables.choice("VINTNER_ENGINE", ENGINES),
            "engine_mb": number("VINTNER_ENGINE_MB", cls.engine_mb),
            "engine_jobs": matching(
                "VINTNER_ENGINE_JOBS", cls.engine_jobs, name, "at most 40 letters, digits, hyphens"
            ),
            "engine_role": matching("VINTNER_ENGINE_ROLE", "", r"arn:[\w-]+:iam::\d{12}:role/\S+", "the ARN of a role"),
            "engine_image": matching("VINTNER_ENGINE_IMAGE", "", r"\S+", "the address of the engine's image"),
            "engine_instance": matching(
                "VINTNER_ENGINE_INSTANCE", cls.engine_instance, instance, "a type such as ml.m5.2xlarge"
            ),
            "engine_instances": number("VINTNER_ENGINE_INSTANCES", cls.engine_instances, at_most=MOST_INSTANCES),
            "engine_seconds": number("VINTNER_ENGINE_SECONDS", cls.engine_seconds, at_most=MOST_SECONDS),
            "dask_scheduler": matching(
                "VINTNER_DASK_SCHEDULER", "", r"(tcp|tls)://[^\s/:]+:\d+", "tcp:// or tls:// with a host and a port"
            ),
        }
        for needed in ("engine_role", "engine_image"):
            if found["engine"] == "dask" and not found[needed]:
                raise BadSetting(f"VINTNER_{needed.upper()} is not set, expected one with VINTNER_ENGINE=dask")
        return found


@dataclass(frozen=True)
class Settings(EngineSettings, ReadingSettings, _Place):
    """All settings of one stage."""

    estimator: str = "adaboost"
    promotion: str = "better"
    min_gain: float = 0.0
    approval: str = "auto"
    refresh_seconds: float = 5.0
    on_drift: str = "warn"
    duplicates: Duplicates = "union"
    unknown_fields: UnknownFields = "warn"
    threshold: Threshold = "auto"
    max_scorer_mb: float = SCORER_MB
    pages: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the ``VINTNER_*`` variables; raise BadSetting that names variable, value and what is allowed."""
        variables = Variables(os.environ if environment is None else environment)
        settings = cls(
            bucket=variables.required("VINTNER_BUCKET", "the name of the bucket"),
            label=variables.required("VINTNER_LABEL", "the name of the label column"),
            positive=_positive(variables),
            ignore=variables.names("VINTNER_IGNORE"),
            estimator=variables.choice("VINTNER_ESTIMATOR", ESTIMATORS),
            promotion=variables.choice("VINTNER_PROMOTION", PROMOTION_RULES),
            min_gain=variables.number("VINTNER_MIN_GAIN", cls.min_gain, at_most=1.0),
            approval=variables.choice("VINTNER_APPROVAL", APPROVALS),
            refresh_seconds=variables.number("VINTNER_REFRESH_SECONDS", cls.refresh_seconds),
            max_upload_mb=variables.number("VINTNER_MAX_UPLOAD_MB", cls.max_upload_mb, at_most=MAX_UPLOAD_MB),
            max_bad_share=variables.number("VINTNER_MAX_BAD_SHARE", cls.max_bad_share, at_most=1.0),
            missing=variables.missing(MISSING),
            on_drift=variables.choice("VINTNER_ON_DRIFT", ON_DRIFT),
            duplicates=variables.choice("VINTNER_DUPLICATES", DUPLICATES),
            unknown_fields=variables.choice("VINTNER_UNKNOWN_FIELDS", UNKNOWN_FIELDS),
            threshold=_threshold(variables),
            max_scorer_mb=variables.number("VINTNER_MAX_SCORER_MB", cls.max_scorer_mb),
            pages=variables.choice("VINTNER_PAGES", ("on", "off")) == "on",
            **cls.engine_variables(variables),
        )
        if settings.label in settings.ignore:
            raise BadSetting(
                f"VINTNER_IGNORE: {settings.label!r} is the label column (VINTNER_LABEL), "
                "expected only columns that are neither label nor feature"
            )
        return settings

    def checking(self) -> dict[str, object]:
        """The settings that decide how a slot is checked against the test set."""
        return {"on_drift": self.on_drift, "test_set_is_an_upload": self.duplicates == "sum"}

    def training(self) -> dict[str, object]:
        """The settings that decide which model comes out of the same rows, or whether one does.

        The usual bound of a scorer stands for itself, so that models of before keep their names.
        """
        bound = {} if self.max_scorer_mb == SCORER_MB else {"max_scorer_mb": self.max_scorer_mb}
        return {
            **bound,
            "label": self.label,
            "positive": str(self.positive or ""),
            "ignore": sorted(self.ignore),
            "estimator": self.estimator,
            "duplicates": self.duplicates,
            "missing": sorted(self.missing),
            "threshold": self.threshold,
        }


def _positive(variables: Variables) -> Positive | None:
    value = variables.text("VINTNER_POSITIVE")
    try:
        return Positive.parse(value) if value else None
    except ValueError:
        raise BadSetting(
            f"VINTNER_POSITIVE={value!r}, expected a rule such as '> 5', '>= 5', '< 5', '<= 5' or '== yes', or nothing"
        ) from None


def _threshold(variables: Variables) -> Threshold:
    value = variables.text("VINTNER_THRESHOLD")
    if value == "tuned":
        return "tuned"
    if value in {"", "auto"}:
        return "auto"
    number = as_number(value)
    if number is None or not 0 < number < 1:
        raise BadSetting(f"VINTNER_THRESHOLD={value!r}, expected auto, tuned or a number between 0 and 1, such as 0.3")
    return number
