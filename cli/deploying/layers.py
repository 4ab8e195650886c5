"""The training layer in an account. It goes through the bucket: a direct upload ends at 50 MB."""

from pathlib import Path
from typing import Any

from cli.building.archive import describe
from cli.building.runtimes import Runtime
from cli.building.training_layer import check_layer
from cli.deploying.account import Account, refusals


def publish_layer(account: Account, path: Path, runtime: Runtime) -> str:
    """Publish the layer unless its last version has the same bytes; its ARN. Raises what `check_layer` raises."""
    check_layer(account.project.directory, path)
    description = f"sha256 {describe(path).sha256}"
    with refusals(f"publishing {path.name} to s3://{account.settings.bucket} and as layer {layer_name(account)}"):
        for version in versions(account):
            if version.get("Description") == description and runtime.name in version.get("CompatibleRuntimes", []):
                return str(version["LayerVersionArn"])
        return _publish(account, path, runtime, description)


def layer_name(account: Account) -> str:
    """The layer's name in the account."""
    return f"{account.name}-training"


def versions(account: Account) -> list[Any]:
    """The layer's versions, the newest first."""
    found = account.functions.get_paginator("list_layer_versions").paginate(LayerName=layer_name(account))
    every = [version for page in found for version in page.get("LayerVersions", [])]
    return sorted(every, key=lambda version: -version["Version"])


def delete_layer(account: Account, *, keep: str | None = None) -> int:
    """Delete the layer's versions but the one with this ARN; functions that carry a version have a copy of it."""
    doomed = [version for version in versions(account) if version["LayerVersionArn"] != keep]
    for version in doomed:
        account.functions.delete_layer_version(LayerName=layer_name(account), VersionNumber=version["Version"])
    return len(doomed)


def _publish(account: Account, path: Path, runtime: Runtime, description: str) -> str:
    s3, bucket, key = account.s3, account.settings.bucket, f"deployments/{path.name}"
    with path.open("rb") as body:
        stored = s3.put_object(Bucket=bucket, Key=key, Body=body)
    content: Any = {"S3Bucket": bucket, "S3Key": key}
    version: Any = {"VersionId": stored["VersionId"]} if "VersionId" in stored else {}
    if version:
        content["S3ObjectVersion"] = version["VersionId"]
    try:
        published = account.functions.publish_layer_version(
            LayerName=layer_name(account),
            Description=description,
            Content=content,
            CompatibleRuntimes=[runtime.name],  # type: ignore[list-item]  # the stubs list what is known today
        )
    finally:
        s3.delete_object(Bucket=bucket, Key=key, **version)
    return str(published["LayerVersionArn"])
