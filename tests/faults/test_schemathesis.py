"""The API under generated requests from its own description: every answer is as documented, and none is a 5xx."""

import warnings
from typing import Any, Final

import hypothesis
import pytest
from chalice.config import Config
from hypothesis import HealthCheck
from hypothesis import strategies as st

from local.gateway import Gateway
from shared.production import ProductionCache
from shared.settings import Settings
from tests.fake_store import FakeStore
from tests.faults import counting
from tests.functions.stage import Stage, csv_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.specs.openapi.checks import positive_data_acceptance

CASES: Final = 10_000 if counting.LONG else 300
ENVIRONMENT: Final = {"VINTNER_BUCKET": "vintner", "VINTNER_LABEL": "label", "VINTNER_PAGES": "on"}


def as_csv(rows: list[tuple[float | None, float | None]]) -> bytes:
    """A CSV of the model's two features."""
    return csv_of([["" if value is None else value for value in row] for row in rows], ("a", "b")).encode()


# What a CSV may hold cannot be said in a JSON schema: these are the ones that must be accepted.
VALUES: Final = st.none() | st.floats(-1e6, 1e6)
schemathesis.openapi.media_type("text/csv", st.lists(st.tuples(VALUES, VALUES), min_size=1).map(as_csv))


def beyond_a_schema(body: object) -> bool:
    """Whether a body can be wrong for a reason that no JSON schema can say: the rows of a split fit its columns."""
    return isinstance(body, dict) and "dataframe_split" in body


@pytest.fixture(scope="module")
def app() -> Any:  # noqa: ANN401  (Chalice has no types)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        import app as module  # noqa: PLC0415  (reads its settings while it is imported)
    return module.app


@pytest.fixture
def gateway(app: Any, monkeypatch: pytest.MonkeyPatch) -> Gateway:  # noqa: ANN401
    """The gateway of the simulated cloud, over a stage in memory with a model in production."""
    stage = Stage(FakeStore(), Settings(bucket="vintner", label="label", ignore=("id",)))
    stage.put_samples(1, 2)
    stage.ingest()
    stage.promote()
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
            case.call_and_validate(excluded_checks=[positive_data_acceptance] if beyond_a_schema(case.body) else [])

        ask()
    counting.show(
        f"schemathesis: {asked} requests to {len(operations)} operations, up to {CASES} each, all checks, no 5xx"
    )
