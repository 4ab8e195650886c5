"""S3: names of buckets, notifications to what is not there, the first minutes of a bucket and of its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.awslambda.utils import get_backend
from moto.s3.exceptions import InvalidNamespaceHeaderException, MissingBucket, S3ClientError
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.servers.refusals.settling import Settling

SKIP = "x-amz-skip-destination-validation"
NAMESPACE = "x-amz-bucket-namespace"
OWN = "account-regional"
REGIONS_WITHOUT_NAMESPACES = {"me-south-1", "me-central-1"}
BUCKET = "bucket"
VERSIONS = "versions"
_parsed = S3Response._notification_config_from_body  # noqa: SLF001  (there is no public place for this)
_create = S3Backend.create_bucket
_put_bucket = S3Response._bucket_response_put  # noqa: SLF001
_on_bucket = S3Response._bucket_response  # noqa: SLF001
_on_object = S3Response._key_response  # noqa: SLF001
_put_versioning = S3Backend.put_bucket_versioning


class OperationAborted(S3ClientError):  # type: ignore[misc]  # moto has no types
    """Something else is still being done to the bucket."""

    status_code = 409

    def __init__(self) -> None:
        words = "A conflicting conditional operation is currently in progress against this resource. Please try again."
        super().__init__("OperationAborted", words)


class UnknownDestination(S3ClientError):  # type: ignore[misc]  # moto has no types
    """A notification goes to what is not there, or to what may not be called."""

    status_code = 400

    def __init__(self) -> None:
        super().__init__("InvalidArgument", "Unable to validate the following destination configurations")


def apply(settling: Settling) -> None:
    """Refuse what S3 refuses."""
    S3Response._notification_config_from_body = _validated  # noqa: SLF001
    S3Response._bucket_response_put = _named  # noqa: SLF001
    if not settling.times:
        return

    def create(backend: S3Backend, bucket_name: str, *more: Any, **named: Any) -> FakeBucket:  # noqa: ANN401  (moto's)
        bucket = _create(backend, bucket_name, *more, **named)
        settling.begin(BUCKET, bucket_name)
        return bucket

    def first_refused(handle: Callable[..., Any]) -> Callable[..., Any]:
        def handled(response: S3Response, request: Any, full_url: str) -> Any:  # noqa: ANN401  (moto has no types)
            name = response.parse_bucket_name_from_url(request, full_url)
            left = settling.left(BUCKET, name)
            if left:
                raise OperationAborted if left == 1 else MissingBucket(bucket=name)
            return handle(response, request, full_url)

        return handled

    def put_versioning(backend: S3Backend, bucket_name: str, status: str) -> None:
        if status == "Enabled" != backend.get_bucket(bucket_name).versioning_status:
            settling.begin(VERSIONS, bucket_name)
        _put_versioning(backend, bucket_name, status)

    S3Backend.create_bucket = create
    S3Response._bucket_response = first_refused(_on_bucket)  # noqa: SLF001
    S3Response._key_response = first_refused(_on_object)  # noqa: SLF001
    S3Backend.put_bucket_versioning = put_versioning


def _named(response: S3Response, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:  # noqa: ANN401
    """Refuse the account regional namespace where it is not offered; moto knows which names it takes elsewhere."""
    if request.headers.get(NAMESPACE) == OWN and response.region in REGIONS_WITHOUT_NAMESPACES:
        raise InvalidNamespaceHeaderException(response.get_current_account(), response.region)
    return _put_bucket(response, request, bucket_name, querystring)


def _validated(response: S3Response) -> dict[str, Any]:
    config: dict[str, Any] = _parsed(response)
    if str(response.headers.get(SKIP, "")).lower() != "true":
        for kind, is_there in (("CloudFunction", _may_be_called), ("Queue", _is_queue), ("Topic", _is_topic)):
            if not all(is_there(one[kind].split(":")) for one in config.get(f"{kind}Configuration", [])):
                raise UnknownDestination
    return config


def _may_be_called(arn: list[str]) -> bool:
    """Say whether there is such a function, and S3 has the permission to call it."""
    function = get_backend(arn[4], arn[3])._lambdas.get_function_by_name_or_arn_with_qualifier  # noqa: SLF001
    try:
        statements = function(":".join(arn)).policy.statements
    except Exception:  # noqa: BLE001  (whatever moto says of a function that is not there)
        return False
    return any(_service(one) == "s3.amazonaws.com" for one in statements)


def _service(statement: dict[str, Any]) -> str:
    principal = statement.get("Principal", "")
    return str(principal.get("Service", "") if isinstance(principal, dict) else principal)


def _is_queue(arn: list[str]) -> bool:
    return arn[5] in sqs_backends[arn[4]][arn[3]].queues


def _is_topic(arn: list[str]) -> bool:
    return ":".join(arn) in sns_backends[arn[4]][arn[3]].topics
