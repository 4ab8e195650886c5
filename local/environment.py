"""The environment variables that point every AWS client at the simulated cloud, and away from a real one."""

import os
from collections.abc import Mapping, MutableMapping
from typing import Final

REGION: Final = "us-east-1"
LOOPBACK: Final = "127.0.0.1"
WAITING: Final = "/_local/waiting"  # on the server of S3 and SQS: how many messages some queues have
EVENTS_QUEUE: Final = "local-events"  # where all events wait for the pump


def aws_dummies(endpoint_url: str) -> dict[str, str]:
    """The AWS clients' variables for the simulated cloud at `endpoint_url`."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def simulated(base: Mapping[str, str], endpoint_url: str) -> dict[str, str]:
    """`base` without any AWS variable of its own, pointed at `endpoint_url`.

    Every `AWS_*` variable goes, not only the known ones: a profile, a web identity or an
    `AWS_ENDPOINT_URL_S3` that stayed behind would send an app under test to a real account.
    """
    kept = {name: value for name, value in base.items() if not name.startswith("AWS_")}
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in kept.get(name, "").split(",") if host]
        kept[name] = ",".join(dict.fromkeys([*hosts, LOOPBACK, "localhost"]))
    return kept | aws_dummies(endpoint_url)


def adopt(variables: Mapping[str, str], environ: MutableMapping[str, str] | None = None) -> None:
    """Make this process (or `environ`) a client of the simulated cloud that `variables` describe."""
    target = os.environ if environ is None else environ
    for name in [name for name in target if name.startswith("AWS_")]:
        del target[name]
    target.update(variables)
