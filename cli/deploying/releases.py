"""The last two releases of a stage: the zip that was deployed and the layer that it was deployed with.

Chalice knows neither versions nor aliases, so the way back is to put the former zip and layer into the functions again.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.deploying.account import Account, code_of
from cli.deploying.patience import is_new_bucket, patiently
from cli.stages.config import API
from shared.errors import VintnerError

KEPT: Final = 2
PENDING: Final = frozenset({"ResourceConflictException"})  # a function whose last change has not ended


@dataclass(frozen=True)
class Release:
    """What functions run: a zip in the bucket by its digest, the layer's ARN, the runtime and the processor by name."""

    sha256: str
    layer: str
    runtime: str
    architecture: str


def releases(account: Account) -> list[Release]:
    """The releases, the current one first."""
    try:
        stored = account.s3.get_object(Bucket=account.settings.bucket, Key=_key(account, "releases.json"))
    except ClientError as error:
        if code_of(error) in {"NoSuchKey", "NoSuchBucket", "404"}:
            return []
        raise
    return [Release(**release) for release in json.loads(stored["Body"].read())["releases"]]


def keep_release(account: Account, release: Release, package: bytes) -> list[Release]:
    """Remember a release that was just deployed, and its zip; the releases that are kept."""
    found = releases(account)
    if found and found[0] == release:
        return found
    before = [one for one in found if one != release]
    kept = [release, *before][:KEPT]
    _put(account, f"{release.sha256}.zip", package)
    _write(account, kept)
    for one in before[KEPT - 1 :]:
        if one.sha256 not in {other.sha256 for other in kept}:
            account.s3.delete_object(Bucket=account.settings.bucket, Key=_key(account, f"{one.sha256}.zip"))
    return kept


def deploy_previous(account: Account, functions: Sequence[str]) -> Release:
    """Put the previous release's zip and layer into the functions; said again, the newer one's. Raise VintnerError."""
    kept = releases(account)
    if len(kept) < KEPT:
        raise VintnerError(
            f"stage {account.stage!r}: expected a release before the current one, found none in "
            f"s3://{account.settings.bucket}/{_key(account, 'releases.json')}: deploy an earlier commit"
        )
    current, previous = kept
    for function in functions:
        _put_back(account, function, previous)
    _write(account, [previous, current])
    return previous


def _put_back(account: Account, function: str, release: Release) -> None:
    client, name = account.functions, account.function_name(function)
    code: Any = {"S3Bucket": account.settings.bucket, "S3Key": _key(account, f"{release.sha256}.zip")}
    code |= {"FunctionName": name, "Architectures": [release.architecture]}
    layers: Any = [] if function == API else [release.layer]
    configuration: Any = {"FunctionName": name, "Runtime": release.runtime, "Layers": layers}
    # Code first: for the moment between the two, new code on an old layer or the other way round is the same risk.
    for change, arguments in (
        (client.update_function_code, code),
        (client.update_function_configuration, configuration),
    ):
        patiently(lambda change=change, arguments=arguments: change(**arguments), _is_pending)  # type: ignore[misc]
        client.get_waiter("function_updated_v2").wait(FunctionName=name)


def _is_pending(error: ClientError) -> bool:
    return code_of(error) in PENDING


def _write(account: Account, kept: Sequence[Release]) -> None:
    document = {"format": 1, "releases": [asdict(release) for release in kept]}
    _put(account, "releases.json", json.dumps(document).encode())


def _put(account: Account, name: str, body: bytes) -> None:
    bucket, key = account.settings.bucket, _key(account, name)
    patiently(lambda: account.s3.put_object(Bucket=bucket, Key=key, Body=body), is_new_bucket)


def _key(account: Account, name: str) -> str:
    return f"deployments/{account.stage}/{name}"
