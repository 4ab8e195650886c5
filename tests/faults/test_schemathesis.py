"""The API under generated requests from its own description: every answer is as documented, and none is a 5xx."""

import re
import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import hypothesis
import pytest
from chalice.config import Config
from hypothesis import HealthCheck
from hypothesis import strategies as st

from local.servers.gateway import Gateway
from shared.formats.dates import as_days
from shared.formats.values import column_name
from shared.serving.production_cache import ProductionCache
from shared.settings import Settings
from tests.faults import counting
from tests.support import mixed
from tests.support.fake_store import FakeStore
from tests.support.stage import Stage, csv_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.specs.openapi.checks import positive_data_acceptance

CASES: Final = 10_000 if counting.LONG else 300
ENVIRONMENT: Final = {"VINTNER_BUCKET": "vintner", "VINTNER_LABEL": "label", "VINTNER_PAGES": "on"}


# What a CSV may hold cannot be said in a JSON schema: these are the values that must be accepted.
NUMBERS: Final = st.none() | st.floats(-1e6, 1e6)
TEXTS: Final = st.text(st.characters(categories=["L", "N"]), max_size=9)
MOMENTS: Final = st.datetimes(datetime(1000, 1, 1), datetime(9999, 1, 1))  # noqa: DTZ001  (the strategy wants none)
CELLS: Final[Mapping[str, Mapping[str, st.SearchStrategy[object]]]] = {
    "numbers": {"a": NUMBERS, "b": NUMBERS},
    "mixed": {
        "height": NUMBERS | st.just("NA"),
        "since": st.none() | MOMENTS.map(datetime.isoformat),
        "met": st.none() | MOMENTS.map(lambda moment: moment.strftime(mixed.DATES["met"])),
        "member": st.sampled_from(["yes", "No", "t", "0", "", "?"]),
        "colour": TEXTS,
        "code": st.none() | st.integers(0, 9) | TEXTS,
    },
}


def csv_bodies(cells: Mapping[str, st.SearchStrategy[object]]) -> st.SearchStrategy[bytes]:
    """CSVs of a model's features."""
    row = st.tuples(*(cell.map(lambda value: "" if value is None else value) for cell in cells.values()))
    return st.lists(row, min_size=1).map(lambda rows: csv_of(rows, list(cells)).encode())


def beyond_a_schema(body: object) -> bool:
    """Whether a body can be wrong for a reason that no JSON schema can say.

    The rows of a split fit its columns, a date is a day that its month has, and no two names are one after trimming.
    """
    if not isinstance(body, dict):
        return False
    rows = body.get("instances") or body.get("dataframe_records") or [body]
    return "dataframe_split" in body or any(has_no_day(row) or has_a_name_twice(row) for row in rows)


def has_no_day(row: Mapping[str, object]) -> bool:
    """Whether a date has the form of one, and is none."""
    dates = [(row.get(name), form) for name, form in mixed.DATES.items()]
    return any(
        isinstance(text, str) and as_days(text, form) is None and re.search(r"29|3[01]|0000", text)
        for text, form in dates
    )


def has_a_name_twice(row: Mapping[str, object]) -> bool:
    """Whether two fields have one name in two spellings."""
    return len({column_name(name) for name in row}) < len(row)


def is_unexplained(case: Any) -> bool:  # noqa: ANN401  (schemathesis' own)
    """Whether an explanation is asked for: it is given for one row alone, which depends on the body."""
    return case.path == "/predict" and "explain" in (case.query or {})


@pytest.fixture(scope="module")
def app() -> Any:  # noqa: ANN401  (Chalice has no types)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        import app as module  # noqa: PLC0415  (reads its settings while it is imported)
    return module.app


@pytest.fixture(params=CELLS)
def gateway(request: pytest.FixtureRequest, app: Any, monkeypatch: pytest.MonkeyPatch) -> Gateway:  # noqa: ANN401
    """The gateway of the simulated cloud, over a stage in memory with a model in production."""
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label", ignore=("id",)))
    if request.param == "mixed":
        mixed.train(stage)
    else:
        stage.put_samples(1, 2)
        stage.ingest()
        stage.promote()
    schemathesis.openapi.media_type("text/csv", csv_bodies(CELLS[request.param]))
    cache = ProductionCache(stage.store, refresh_seconds=0)
    for module in ("chalicelib.api", "chalicelib.pages"):
        monkeypatch.setattr(f"{module}.production", lambda: cache)
    monkeypatch.setattr("chalicelib.pages.reader", lambda: stage.store)
    return Gateway(app, Config())


def test_every_answer_is_as_documented(gateway: Gateway) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", gateway)
    settings = hypothesis.settings(
        max_examples=CASES,
        deadline=None,
        derandomize=False,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    asked = 0
    found: Any = schema.get_all_operations()
    operations = [one.ok() for one in found]

    for operation in operations:

        @hypothesis.seed(counting.SEED)
        @settings
        @hypothesis.given(case=operation.as_strategy())
        def ask(case: Any) -> None:  # noqa: ANN401  (schemathesis' own)
            nonlocal asked
            asked += 1
            excused = beyond_a_schema(case.body) or is_unexplained(case)
            case.call_and_validate(excluded_checks=[positive_data_acceptance] if excused else [])

        ask()
    counting.show(
        f"schemathesis: {asked} requests to {len(operations)} operations, up to {CASES} each, all checks, no 5xx"
    )
