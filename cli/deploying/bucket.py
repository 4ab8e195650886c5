"""The stage's bucket: versioned, encrypted, private, over TLS only, and with nothing in it that ages away."""

import json
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.deploying.account import Account, code_of
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

    Rules and statements of others stay. Raise VintnerError when the name belongs to another account.
    """
    s3, bucket = account.s3, account.settings.bucket
    new = not _exists(account)
    if new:
        place: Any = {} if account.region == "us-east-1" else {"LocationConstraint": account.region}
        s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": place} if place else {}))
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    default: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [default]})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_with_tls_only(account)))
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": _with_ours(account)})
    return new


def delete_bucket(account: Account) -> int:
    """Delete the bucket with every version of every object; how many versions and markers there were."""
    s3, bucket = account.s3, account.settings.bucket
    if not _exists(account):
        return 0
    removed = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed: Any = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        if doomed:
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
            for error in answer.get("Errors", []):
                raise VintnerError(f"s3://{bucket}/{error.get('Key')}: cannot be deleted: {error.get('Message')}")
        removed += len(doomed)
    for begun in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for upload in begun.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    s3.delete_bucket(Bucket=bucket)
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
        account.s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if code_of(error) in {"404", "NoSuchBucket"}:
            return False
        if code_of(error) in {"403", "AccessDenied"}:
            raise VintnerError(
                f"VINTNER_BUCKET={bucket!r}: expected a free name or a bucket of yours, and this one is another "
                "account's or you may not see it: choose another name in .chalice/config.json"
            ) from None
        raise
    return True


def _with_tls_only(account: Account) -> dict[str, Any]:
    """The bucket's policy with our one statement."""
    bucket = account.settings.bucket
    policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    try:
        policy = json.loads(account.s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError as error:
        if code_of(error) != "NoSuchBucketPolicy":
            raise
    partition = account.session.get_partition_for_region(account.region)
    ours = tls_only(f"arn:{partition}:s3:::{bucket}")
    others = [one for one in policy["Statement"] if one.get("Sid") != TLS_ONLY]
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
