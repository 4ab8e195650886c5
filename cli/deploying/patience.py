"""Waiting for AWS to know everywhere what was just made: a new bucket, a new role, a name that becomes free."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from botocore.exceptions import ClientError

from cli.deploying.account import code_of

SECONDS: Final = 120.0  # longer than a role, a bucket or a queue's name was ever seen to need
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 8.0

Answer = TypeVar("Answer")

# A bucket that was just made, or deleted and made again.
NEW_BUCKET: Final = frozenset({"404", "NoSuchBucket", "409", "OperationAborted"})
# A role that was just made or given a permission; an archive that Lambda does not see yet.
NEW_ROLE: Final = frozenset({"InvalidParameterValueException", "ResourceConflictException"})
NEW_OBJECT: Final = "NoSuchKey"


def patiently(
    act: Callable[[], Answer],
    is_passing: Callable[[ClientError], bool],
    *,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Answer:
    """What `act` returns, which is repeated while its refusal is one that passes; after `seconds` it is raised."""
    deadline, delay = clock() + seconds, _FIRST_PAUSE
    while True:
        try:
            return act()
        except ClientError as error:
            if not is_passing(error) or clock() + delay > deadline:
                raise
        pause(delay)
        delay = min(2 * delay, _LONGEST_PAUSE)


def is_new_bucket(error: ClientError) -> bool:
    """Whether S3 does not know a bucket everywhere yet, or has not ended what was done to it before."""
    return code_of(error) in NEW_BUCKET


def is_new_role(error: ClientError) -> bool:
    """Whether Lambda does not know a role's permissions yet."""
    return code_of(error) in NEW_ROLE


def is_new_object(error: ClientError) -> bool:
    """Whether Lambda does not see an object of a bucket yet whose versions were just turned on."""
    return NEW_OBJECT in str(error) or is_new_bucket(error)


def is_used_name(error: ClientError) -> bool:
    """Whether a queue of the same name was deleted less than a minute ago."""
    return "QueueDeletedRecently" in code_of(error)
