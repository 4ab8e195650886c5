"""The functions' log groups: logs that nobody asked to keep for ever are kept for a month."""

from collections.abc import Iterable
from typing import Final

from botocore.exceptions import ClientError

from cli.deploying.account import Account, code_of

RETENTION_DAYS: Final = 30


def group_of(account: Account, function: str) -> str:
    """The name of a function's log group."""
    return f"/aws/lambda/{account.function_name(function)}"


def ensure_log_groups(account: Account, functions: Iterable[str]) -> None:
    """Create the log groups that are not there yet, with an end to what they keep; others stay as they are."""
    for function in functions:
        name = group_of(account, function)
        try:
            account.logs.create_log_group(logGroupName=name)
        except ClientError as error:
            if code_of(error) != "ResourceAlreadyExistsException":
                raise
        groups = account.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if any(one["logGroupName"] == name and "retentionInDays" not in one for one in groups):
            account.logs.put_retention_policy(logGroupName=name, retentionInDays=RETENTION_DAYS)


def delete_log_groups(account: Account, functions: Iterable[str]) -> None:
    """Delete the log groups; nothing happens to one that is not there."""
    for function in functions:
        try:
            account.logs.delete_log_group(logGroupName=group_of(account, function))
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
