"""The training layer in an account. It goes through the bucket: a direct upload ends at 50 MB."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from cli.building.archive import measure
from cli.building.training_layer import check_layer
from cli.deploying.account import Account, refusals
from cli.deploying.patience import is_new_bucket, is_new_object, patiently


def publish_layer(account: Account, path: Path) -> str:
    """Publish the layer unless a version has the same bytes; its ARN. Raises what `check_layer` raises.

    Lambda compares a layer's runtime and processor with nobody's: a function with a layer of others is deployed, and
    fails at its first import. So they are compared here.
    """
    check_layer(account.project.directory, path, account.runtime)
    description = f"sha256 {measure(path).sha256}"
    with refusals(f"publishing {path.name} to s3://{account.settings.bucket} and as layer {layer_name(account)}"):
        for version in versions(account):
            if version.get("Description") == description and _fits(account, version):
                return str(version["LayerVersionArn"])
        return _publish(account, path, description)


def layer_name(account: Account) -> str:
    """The layer's name in the account."""
    return f"{account.name}-training"


def versions(account: Account) -> list[Any]:
    """The layer's versions, the newest first."""
    found = account.functions.get_paginator("list_layer_versions").paginate(LayerName=layer_name(account))
    every = [version for page in found for version in page.get("LayerVersions", [])]
    return sorted(every, key=lambda version: -version["Version"])


def delete_layer(account: Account, *, keep: Collection[str] = ()) -> int:
    """Delete the layer's versions but those with these ARNs; functions that carry a version have a copy of it."""
    doomed = [version for version in versions(account) if version["LayerVersionArn"] not in keep]
    for version in doomed:
        account.functions.delete_layer_version(LayerName=layer_name(account), VersionNumber=version["Version"])
    return len(doomed)


def _fits(account: Account, version: Any) -> bool:  # noqa: ANN401  (a version as Lambda lists it)
    runtimes, architectures = version.get("CompatibleRuntimes", []), version.get("CompatibleArchitectures", [])
    return account.runtime.name in runtimes and account.runtime.architecture in architectures


def _publish(account: Account, path: Path, description: str) -> str:
    s3, bucket, key = account.s3, account.settings.bucket, f"deployments/{path.name}"
    stored = patiently(lambda: s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes()), is_new_bucket)
    content: Any = {"S3Bucket": bucket, "S3Key": key}
    version: Any = {"VersionId": stored["VersionId"]} if "VersionId" in stored else {}
    if version:
        content["S3ObjectVersion"] = version["VersionId"]
    wanted: Any = {
        "LayerName": layer_name(account),
        "Description": description,
        "Content": content,
        "CompatibleRuntimes": [account.runtime.name],
        "CompatibleArchitectures": [account.runtime.architecture],
    }
    try:
        published = patiently(lambda: account.functions.publish_layer_version(**wanted), is_new_object)
    finally:
        s3.delete_object(Bucket=bucket, Key=key, **version)
    return str(published["LayerVersionArn"])
