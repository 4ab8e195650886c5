"""The stage's bucket: versioned, encrypted, private, over TLS only, and with nothing in it that ages away."""

import json
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.deploying.account import Account, code_of
from cli.deploying.patience import is_new_bucket, patiently
from shared.errors import VintnerError

NONCURRENT_DAYS: Final = 30
MULTIPART_DAYS: Final = 7
TLS_ONLY: Final = "VintnerTlsOnly"

# Rules for current objects would delete the production model for its age alone.
LIFECYCLE: Final[list[Any]] = [
    {
        "ID": "vintner-noncurrent-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
    },
    {
        "ID": "vintner-abandoned-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": MULTIPART_DAYS},
    },
]


def ensure_bucket(account: Account) -> bool:
    """Create the bucket unless it is there, and give it its rules; whether it is new.

    Rules and statements of others stay. Raise VintnerError when the name belongs to another account, or the bucket lies
    in another region. A bucket that was just made is not known everywhere at once: each step is repeated for a while.
    """
    new = not _exists(account)
    if new:
        patiently(lambda: _create(account), is_new_bucket)
    for step in (_make_private, _keep_versions, _encrypt, _set_policy, _set_lifecycle):
        patiently(lambda step=step: step(account), is_new_bucket)  # type: ignore[misc]
    return new


def _create(account: Account) -> None:
    bucket, place = account.settings.bucket, {"LocationConstraint": account.region}
    more: Any = {} if account.region == "us-east-1" else {"CreateBucketConfiguration": place}
    if bucket.endswith(account.namespace_suffix):
        more["BucketNamespace"] = "account-regional"
    account.s3.create_bucket(Bucket=bucket, **more)


def _make_private(account: Account) -> None:
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    blocked: Any = dict.fromkeys(names, True)
    account.s3.put_public_access_block(Bucket=account.settings.bucket, PublicAccessBlockConfiguration=blocked)


def _keep_versions(account: Account) -> None:
    """Turn versions on where they are not: for up to 15 minutes afterwards S3 may answer 404 for what is there."""
    s3, bucket = account.s3, account.settings.bucket
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def _encrypt(account: Account) -> None:
    default: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}
    rules: Any = {"Rules": [default]}
    account.s3.put_bucket_encryption(Bucket=account.settings.bucket, ServerSideEncryptionConfiguration=rules)


def _set_policy(account: Account) -> None:
    account.s3.put_bucket_policy(Bucket=account.settings.bucket, Policy=json.dumps(_with_tls_only(account)))


def _set_lifecycle(account: Account) -> None:
    rules: Any = {"Rules": _with_ours(account)}
    account.s3.put_bucket_lifecycle_configuration(Bucket=account.settings.bucket, LifecycleConfiguration=rules)


def delete_bucket(account: Account) -> int:
    """Delete the bucket with every version of every object; how many versions and markers there were."""
    s3, bucket = account.s3, account.settings.bucket
    if not _exists(account):
        return 0
    removed = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed: Any = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in listed]
        if doomed:
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
            for error in answer.get("Errors", []):
                raise VintnerError(f"s3://{bucket}/{error.get('Key')}: cannot be deleted: {error.get('Message')}")
        removed += len(doomed)
    for begun in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in begun.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    patiently(lambda: s3.delete_bucket(Bucket=bucket), _is_busy)
    return removed


def tls_only(arn: str) -> dict[str, Any]:
    """The statement that denies the bucket with this ARN every request without TLS."""
    return {
        "Sid": TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _exists(account: Account) -> bool:
    bucket = account.settings.bucket
    try:
        region = account.s3.head_bucket(Bucket=bucket).get("BucketRegion", account.region)
    except ClientError as error:
        if code_of(error) in {"404", "NoSuchBucket"}:
            return False
        if code_of(error) in {"403", "AccessDenied"}:
            raise VintnerError(
                f"VINTNER_BUCKET={bucket!r}: expected a free name or a bucket of yours, and this one is another "
                "account's or you may not see it: choose another name in .chalice/config.json"
            ) from None
        raise
    if region != account.region:
        raise VintnerError(
            f"VINTNER_BUCKET={bucket!r}: expected a bucket in {account.region}, where the functions are deployed, "
            f"found it in {region}: set AWS_DEFAULT_REGION={region}, or choose another name in .chalice/config.json"
        )
    return True


def _is_busy(error: ClientError) -> bool:
    """Whether S3 has not ended yet what was done to the bucket before."""
    return code_of(error) in {"409", "OperationAborted"}


def _with_tls_only(account: Account) -> dict[str, Any]:
    """The bucket's policy with our one statement."""
    bucket = account.settings.bucket
    policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    try:
        policy = json.loads(account.s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError as error:
        if code_of(error) != "NoSuchBucketPolicy":
            raise
    ours = tls_only(f"arn:{account.partition}:s3:::{bucket}")
    others = [statement for statement in policy["Statement"] if statement.get("Sid") != TLS_ONLY]
    return {**policy, "Statement": [*others, ours]}


def _with_ours(account: Account) -> list[Any]:
    """The bucket's lifecycle rules with our two."""
    own = {rule["ID"] for rule in LIFECYCLE}
    try:
        rules = account.s3.get_bucket_lifecycle_configuration(Bucket=account.settings.bucket)["Rules"]
    except ClientError as error:
        if code_of(error) != "NoSuchLifecycleConfiguration":
            raise
        rules = []
    return [*(rule for rule in rules if rule.get("ID") not in own), *LIFECYCLE]
