"""Where an event goes that a function could not be brought to handle: Lambda's failure destination, a queue."""

import json
from collections.abc import Iterable
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.deploying.account import Account, code_of
from cli.deploying.patience import is_new_role, is_used_name, patiently

RETRIES: Final = 2
LONGEST_WAIT_SECONDS: Final = 6 * 60 * 60
RETENTION_SECONDS: Final = 14 * 24 * 60 * 60
POLICY: Final = "failures"


def queue_name(account: Account) -> str:
    """The name of the queue."""
    return f"{account.name}-failures"


def ensure_destination(account: Account, functions: Iterable[str]) -> str:
    """Create the queue and have each function's failed events sent there; the queue's ARN.

    A name is free a minute after its queue was deleted, and a new permission takes some seconds to be known everywhere:
    both are waited for.
    """
    name, attributes = queue_name(account), _attributes()
    create = account.queues.create_queue
    url = patiently(lambda: create(QueueName=name, Attributes=attributes), is_used_name)["QueueUrl"]
    arn = account.queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for function in functions:
        name = account.function_name(function)
        role = account.functions.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
        account.roles.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=json.dumps(_may_send_to(arn)))
        patiently(lambda name=name: _configure(account, name, arn), is_new_role)  # type: ignore[misc]
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


def _attributes() -> Any:  # noqa: ANN401  (the client's names of attributes)
    return {"MessageRetentionPeriod": str(RETENTION_SECONDS), "SqsManagedSseEnabled": "true"}


def _may_send_to(arn: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    return {"Version": "2012-10-17", "Statement": [statement]}
