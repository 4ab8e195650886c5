"""Where an event goes that a function could not be brought to handle: Lambda's failure destination, a queue."""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.deploying.account import Account, code_of

RETRIES: Final = 2
LONGEST_WAIT_SECONDS: Final = 6 * 60 * 60
RETENTION_SECONDS: Final = 14 * 24 * 60 * 60
POLICY: Final = "failures"
_ATTEMPTS: Final = 6  # a new permission takes some seconds to be known everywhere


def queue_name(account: Account) -> str:
    """The name of the queue."""
    return f"{account.name}-failures"


def ensure_destination(
    account: Account, functions: Iterable[str], *, pause: Callable[[float], None] = time.sleep
) -> str:
    """Create the queue and have each function's failed events sent there; the queue's ARN."""
    attributes: Any = {"MessageRetentionPeriod": str(RETENTION_SECONDS), "SqsManagedSseEnabled": "true"}
    url = account.queues.create_queue(QueueName=queue_name(account), Attributes=attributes)["QueueUrl"]
    arn = account.queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for function in functions:
        name = account.function_name(function)
        role = account.functions.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
        account.roles.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=json.dumps(_may_send_to(arn)))
        _repeated(lambda name=name: _configure(account, name, arn), pause)  # type: ignore[misc]
    return arn


def delete_destination(account: Account) -> None:
    """Delete the queue with what is in it; nothing happens when there is none."""
    try:
        url = account.queues.get_queue_url(QueueName=queue_name(account))["QueueUrl"]
    except ClientError as error:
        if "NonExistentQueue" in code_of(error) or "QueueDoesNotExist" in code_of(error):
            return
        raise
    account.queues.delete_queue(QueueUrl=url)


def _configure(account: Account, name: str, arn: str) -> None:
    account.functions.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=RETRIES,
        MaximumEventAgeInSeconds=LONGEST_WAIT_SECONDS,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )


def _repeated(act: Callable[[], None], pause: Callable[[float], None]) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            return act()
        except ClientError as error:
            if code_of(error) != "InvalidParameterValueException" or attempt == _ATTEMPTS - 1:
                raise
            pause(2.0**attempt)
    return None


def _may_send_to(arn: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    return {"Version": "2012-10-17", "Statement": [statement]}
