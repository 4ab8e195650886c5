"""The app's routes as API Gateway would ask them, over a stage in memory."""

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from chalice.config import Config
from chalice.local import LocalGateway

from cli.development.chromium import FLAGS
from shared.serving.production_cache import ProductionCache
from shared.settings import Settings
from tests.support import mixed
from tests.support.fake_store import FakeStore
from tests.support.stage import Stage

ENVIRONMENT = {"VINTNER_BUCKET": "vintner", "VINTNER_LABEL": "label", "VINTNER_PAGES": "on"}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names are in small letters."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters."""
        return self.headers["content-type"].partition(";")[0]

    def json(self) -> Any:  # noqa: ANN401  (any JSON value)
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Site:
    """The app, and the stage that it serves."""

    stage: Stage
    routes: Mapping[str, Mapping[str, object]]
    gateway: Any = field(repr=False)

    def ask(self, path: str, body: bytes | str | None = None, **headers: str) -> Answer:
        """GET a path, or POST a body to it; headers are named with underscores."""
        method = "GET" if body is None else "POST"
        return self.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def request(self, method: str, path: str, body: bytes | str | None, headers: Mapping[str, str]) -> Answer:
        """Any request to a route."""
        content = body.encode() if isinstance(body, str) else body
        answer = self.gateway.handle_request(method, path, dict(headers), content)
        return Answer(
            answer["statusCode"], {name.lower(): value for name, value in answer["headers"].items()}, answer["body"]
        )

    def train(self, *seeds: int) -> None:
        """Put a model into production that was trained on samples."""
        self.stage.put_samples(*seeds)
        self.stage.ingest()
        self.stage.promote()


@pytest.fixture(scope="session")
def app() -> Any:  # noqa: ANN401  (Chalice has no types)
    """The app, with its pages."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        import app as module  # noqa: PLC0415  (reads its settings while it is imported)
    return module.app


@pytest.fixture
def make_site(app: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:  # noqa: ANN401
    """Serve a stage with these settings, empty or on a store."""

    def make(settings: Settings, store: FakeStore | None = None) -> Site:
        stage = Stage(store or FakeStore(), settings)
        cache = ProductionCache(stage.store, refresh_seconds=0)
        for module in ("chalicelib.api", "chalicelib.pages"):
            monkeypatch.setattr(f"{module}.production", lambda: cache)
        for module in ("chalicelib.api", "chalicelib.pages"):
            monkeypatch.setattr(f"{module}.settings", lambda: settings)
        monkeypatch.setattr("chalicelib.pages.reader", lambda: stage.store)
        return Site(stage, app.routes, LocalGateway(app, Config()))

    return make


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """An empty stage; rows may carry an ignored column."""
    return make_site(Settings(bucket="vintner", label="label", ignore=("id",)))


@pytest.fixture(scope="session")
def _mixed_store() -> FakeStore:
    store = FakeStore()
    mixed.train(Stage(store, mixed.STAGE_SETTINGS))
    return store


@pytest.fixture
def mixed_site(make_site: Callable[..., Site], _mixed_store: FakeStore) -> Site:
    """A stage of its own with a model of every kind of feature in production."""
    return make_site(mixed.STAGE_SETTINGS, FakeStore(dict(_mixed_store.objects)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A running Chromium."""
    from tests.support.browsing import CHROMIUM  # noqa: PLC0415  (without playwright only its tests are skipped)

    with importlib.import_module("playwright.sync_api").sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()
