"""A bucket's name that no other account can take: the account's number and the region stand in it as placeholders."""

import os
from typing import Final

from shared.errors import VintnerError

ACCOUNT: Final = "{account}"
REGION: Final = "{region}"
VARIABLE: Final = "VINTNER_BUCKET"

# What ends the names of S3's account regional namespace, which no other account can take; and the regions without it:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
_NAMESPACE: Final = f"-{ACCOUNT}-{REGION}-an"
_REGIONS_WITHOUT_IT: Final = {"me-south-1", "me-central-1"}


def has_placeholders(text: str) -> bool:
    """Whether the account or the region is to be filled in."""
    return ACCOUNT in text or REGION in text


def bucket_name(text: str) -> str:
    """The name with the placeholders filled in; raise VintnerError when nobody says which account and region it is.

    No account is asked for a name without placeholders. Where the region does not offer the account regional namespace,
    the name is the same one without its last part.
    """
    if not has_placeholders(text):
        return text
    import boto3  # noqa: PLC0415  (slow to load, and most commands need no account)
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        session = boto3.Session()
        region = session.region_name
        if not region:
            raise VintnerError("expected an AWS region, found none: set AWS_DEFAULT_REGION, or one in your profile")
        if session.get_credentials() is None:
            raise VintnerError(
                f"expected AWS credentials for {VARIABLE}={text!r}, found none: set AWS_PROFILE, or AWS_ACCESS_KEY_ID "
                "and AWS_SECRET_ACCESS_KEY"
            )
        account = session.client("sts").get_caller_identity()["Account"] if ACCOUNT in text else ""
    except (BotoCoreError, ClientError) as error:
        raise VintnerError(f"{VARIABLE}={text!r}: expected an AWS account to name the bucket after: {error}") from error
    if text.endswith(_NAMESPACE) and region in _REGIONS_WITHOUT_IT:
        text = text.removesuffix("-an")
    return text.replace(ACCOUNT, account).replace(REGION, region)


def adopt_bucket_name() -> None:
    """Fill in the placeholders of this process's own variable."""
    if VARIABLE in os.environ:
        os.environ[VARIABLE] = bucket_name(os.environ[VARIABLE])
