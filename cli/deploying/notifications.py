"""The bucket's notifications to functions that are gone: S3 refuses every change while there is one of them.

destroy --data=no  functions deleted      bucket keeps its notifications
deploy             Chalice adds its own   S3: "Unable to validate the following destination configurations"
"""

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from cli.deploying.account import Account, code_of
from cli.deploying.patience import is_new_bucket, patiently

_GONE = frozenset({"ResourceNotFoundException", "404"})


def drop_gone(account: Account) -> int:
    """Take out the notifications to functions that are not there; how many there were. Those of others stay."""
    return _keep(account, lambda arn: not _is_gone(account, arn))


def drop_own(account: Account, functions: Iterable[str]) -> int:
    """Take out the notifications to the stage's functions; how many there were."""
    own = {account.function_name(function) for function in functions}
    return _keep(account, lambda arn: arn.split(":")[6] not in own)


def _keep(account: Account, is_kept: Any) -> int:  # noqa: ANN401  (a function of an ARN)
    s3, bucket = account.s3, account.settings.bucket
    try:
        config: Any = patiently(lambda: s3.get_bucket_notification_configuration(Bucket=bucket), _is_aborted)
    except ClientError as error:
        if code_of(error) in {"NoSuchBucket", "404"}:
            return 0
        raise
    config.pop("ResponseMetadata", None)
    ours = config.get("LambdaFunctionConfigurations", [])
    kept = [one for one in ours if is_kept(one["LambdaFunctionArn"])]
    if len(kept) < len(ours):
        changed: Any = {**config, "LambdaFunctionConfigurations": kept}
        # Unchecked: what is left may be invalid for a reason of its own, and is not ours to judge.
        patiently(
            lambda: s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration=changed, SkipDestinationValidation=True
            ),
            is_new_bucket,
        )
    return len(ours) - len(kept)


def _is_aborted(error: ClientError) -> bool:
    return code_of(error) in {"409", "OperationAborted"}


def _is_gone(account: Account, arn: str) -> bool:
    try:
        account.functions.get_function_configuration(FunctionName=arn)
    except ClientError as error:
        # A function of another account may be there and not be shown: it stays.
        return code_of(error) in _GONE
    return False
