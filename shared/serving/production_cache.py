"""The production model as the API function holds it: read once, then asked for again with a conditional read.

Nothing here needs a scientific package, a pickle or a setting that the model does not carry itself.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shared.bucket import keys
from shared.bucket.store import Reader
from shared.errors import NotFound, VintnerError
from shared.registry.models import read_scorer
from shared.registry.pointer import Pointer
from shared.scorer.scorer import Scorer

log = logging.getLogger(__name__)

GONE_AFTER_SECONDS: Final = 15 * 60.0
"""How long a pointer has to be seen missing until it is gone. S3 may answer 404 for objects that are there in the 15
minutes after a bucket's versioning is turned on (Amazon S3 User Guide, "Enabling versioning on buckets")."""


class NotServing(VintnerError):
    """There is no model that could answer."""


@dataclass(frozen=True)
class Production:
    """A pointer and the scorer that it points to."""

    pointer: Pointer
    scorer: Scorer

    @property
    def model_id(self) -> str:
        """The model's id."""
        return self.pointer.model_id


class ProductionCache:
    """The production model, at most `refresh_seconds` old as long as the store can be read.

    A fault of the store, or a model whose bytes are not those that the pointer names, leaves the model that was read
    last in service. So does a pointer that is missing, until it was so at every look for a quarter of an hour.
    """

    def __init__(self, reader: Reader, refresh_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader, self._refresh_seconds, self._clock = reader, refresh_seconds, clock
        self._production: Production | None = None
        self._looked_at = -float("inf")
        self._missing_since: float | None = None

    def current(self) -> Production:
        """The production model; raise NotServing when there is none."""
        now = self._clock()
        if now - self._looked_at >= self._refresh_seconds:
            self._refresh()
            if self._production:
                self._looked_at = self._clock()
        if self._production is None:
            raise NotServing("no model is in production yet: upload a test set and a slot, then try again")
        return self._production

    @property
    def held(self) -> Production | None:
        """The production model as it was read last; does not touch the store."""
        return self._production

    def _refresh(self) -> None:
        try:
            self._production = self._read()
        except VintnerError as fault:
            if self._production is None:
                raise NotServing(f"the production model cannot be read: {fault}") from fault
            log.warning("still serving %s: %s", self._production.model_id, fault)

    def _read(self) -> Production | None:
        held = self._production
        try:
            if held and held.pointer.etag:
                blob = self._reader.read_changed(keys.PRODUCTION, held.pointer.etag)
            else:
                blob = self._reader.read(keys.PRODUCTION)
        except NotFound:
            return self._without_pointer(held)
        self._missing_since = None
        if blob is None:
            return held
        pointer = Pointer.parse(blob.body, blob.etag)
        if held and held.pointer.scorer_sha256 == pointer.scorer_sha256:
            return Production(pointer, held.scorer)
        return Production(pointer, read_scorer(self._reader, pointer.model_id, pointer.scorer_sha256))

    def _without_pointer(self, held: Production | None) -> Production | None:
        """What to serve while there is no pointer."""
        if held is None:
            return None
        now = self._clock()
        if self._missing_since is None:
            self._missing_since = now
            log.warning("still serving %s: there is no %s", held.model_id, keys.PRODUCTION)
        if now - self._missing_since < GONE_AFTER_SECONDS:
            return held
        log.warning("serving nothing: there was no %s for %.0f s", keys.PRODUCTION, now - self._missing_since)
        self._missing_since = None
        return None
