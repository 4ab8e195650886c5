"""What a running function holds from one call to the next: settings, the store, the production model."""

from functools import cache
from typing import TYPE_CHECKING

from shared.bucket.obstore_reader import PATIENT, ObstoreReader
from shared.serving.production_cache import ProductionCache
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.bucket.store import FileStore
    from shared.jobs.launcher import Launcher


@cache
def settings() -> Settings:
    """The settings of this stage; raise BadSetting, which stops start-up."""
    return Settings.from_environment()


@cache
def reader() -> ObstoreReader:
    """The bucket for the API function: read only, quick to start."""
    return ObstoreReader(settings().bucket)


@cache
def production() -> ProductionCache:
    """The production model."""
    return ProductionCache(reader(), settings().refresh_seconds)


@cache
def store() -> "FileStore":
    """The bucket for the functions that write."""
    from shared.bucket.s3 import S3Store  # noqa: PLC0415  (the API function never loads boto3)

    return S3Store(settings().bucket)


@cache
def slots() -> ObstoreReader:
    """What reads the rows of uploads, which may be thousands of small objects."""
    return ObstoreReader(settings().bucket, PATIENT)


@cache
def launcher() -> "Launcher | None":
    """What starts the engine's jobs, where the stage has an engine."""
    if settings().engine == "function":
        return None
    from shared.jobs.sagemaker import SageMaker  # noqa: PLC0415  (as above)

    return SageMaker(settings())
