"""Chalice's record of a deployment, kept in the bucket too: without it a fresh clone would deploy a second API."""

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.deploying.account import Account, code_of
from cli.deploying.patience import is_new_bucket, patiently
from shared.errors import VintnerError

Resources = list[dict[str, Any]]


def record_of(project: Path, stage: str) -> Path:
    """Where Chalice keeps its record."""
    return project / ".chalice" / "deployed" / f"{stage}.json"


def key_of(stage: str) -> str:
    """The record's key in the bucket."""
    return f"deployments/{stage}.json"


def deployed(account: Account) -> Resources:
    """What Chalice deployed; nothing when it never did."""
    record = record_of(account.project.directory, account.stage)
    if not record.is_file():
        return []
    resources: Resources = json.loads(record.read_text(encoding="utf-8"))["resources"]
    return resources


def fetch_record(account: Account) -> None:
    """Take over the bucket's record, which whoever deployed last has left; without one the project's own stays."""
    try:
        stored = account.s3.get_object(Bucket=account.settings.bucket, Key=key_of(account.stage))
    except ClientError as error:
        if code_of(error) in {"NoSuchKey", "NoSuchBucket", "404"}:
            return
        raise
    path = record_of(account.project.directory, account.stage)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(stored["Body"].read())


def leave_record(account: Account) -> None:
    """Put the project's record into the bucket; raise VintnerError when there is none."""
    path = record_of(account.project.directory, account.stage)
    if not path.is_file():
        raise VintnerError(f"expected Chalice's record of the deployment at {path}, found none: deploy again")
    body, bucket, key = path.read_bytes(), account.settings.bucket, key_of(account.stage)
    patiently(lambda: account.s3.put_object(Bucket=bucket, Key=key, Body=body), is_new_bucket)


def forget_record(account: Account) -> None:
    """Nothing is deployed any more."""
    record_of(account.project.directory, account.stage).unlink(missing_ok=True)
    try:
        account.s3.delete_object(Bucket=account.settings.bucket, Key=key_of(account.stage))
    except ClientError as error:
        if code_of(error) != "NoSuchBucket":
            raise
