"""After a deployment: whether each function can work as it was deployed, seen by calling it."""

import json
from collections.abc import Sequence
from typing import Any, Final

from botocore.exceptions import WaiterError

from cli.deploying.account import Account
from cli.stages.config import API
from shared.bucket.s3 import S3Store
from shared.errors import VintnerError
from shared.registry.models import read_scorer
from shared.registry.pointer import read_pointer

SMOKE_TEST: Final = "vintner.smoke-test"  # chalicelib.triggers knows it
_NO_MODEL: Final = 503


def smoke_test(account: Account, functions: Sequence[str]) -> str:
    """Call every function of a stage; what they answered, in a line. Raise VintnerError with the way back.

    The event functions load what they need and look at the bucket; nothing is trained or judged. The API function says
    whether it has a model, and if it has one predicts a row of typical values.
    """
    for function in functions:
        if function != API:
            _call(account, function, _event(account))
    status = _ask(account, "GET", "/health")
    if status not in {200, _NO_MODEL}:
        raise _failed(account, API, f"GET /health answers {status}")
    answered = f"{len(functions)} functions answer"
    if status == _NO_MODEL:
        return f"{answered}; no model is in production yet"
    row = _typical_row(account)
    predicted = _ask(account, "POST", "/predict", json.dumps(row)) if row else 0
    if row and predicted != 200:
        raise _failed(account, API, f"POST /predict with a row of typical values answers {predicted}")
    return f"{answered}, one of them with a prediction"


def _event(account: Account) -> dict[str, Any]:
    """An event of nobody's with the fields that Chalice reads of an upload's and of a schedule's."""
    upload = {"s3": {"bucket": {"name": account.settings.bucket}, "object": {"key": ""}}}
    schedule = {"id": SMOKE_TEST, "detail-type": SMOKE_TEST, "detail": {}, "resources": [], "time": "", "version": "0"}
    return {**schedule, "source": SMOKE_TEST, "account": "", "region": account.region, "Records": [upload]}


def _typical_row(account: Account) -> dict[str, Any] | None:
    """What stands in for missing values in the production model: a row that it must be able to predict."""
    store = S3Store(account.settings.bucket, reading=account.s3, writing=account.s3)
    pointer = read_pointer(store)
    if pointer is None:
        return None
    scorer = read_scorer(store, pointer.model_id, pointer.scorer_sha256)
    return dict(zip(scorer.features, scorer.inputs.typical, strict=True))


def _ask(account: Account, method: str, path: str, body: str | None = None) -> int:
    """The status of the API function's answer to what API Gateway would hand it."""
    stage = account.project.config.api_gateway_stage
    context = {"httpMethod": method, "resourcePath": path, "stage": stage, "requestId": "smoke-test", "path": path}
    event = {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": {"content-type": "application/json"},
        "multiValueHeaders": {"content-type": ["application/json"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {**context, "identity": {"sourceIp": "127.0.0.1"}},
        "body": body,
        "isBase64Encoded": False,
    }
    return int(_call(account, API, event)["statusCode"])


def _call(account: Account, function: str, event: dict[str, Any]) -> Any:  # noqa: ANN401  (whatever it returns)
    name = account.function_name(function)
    try:
        account.functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    except WaiterError as error:
        raise _failed(account, function, str(error)) from error
    answer = account.functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    result = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise _failed(account, function, f"{result.get('errorType')}: {result.get('errorMessage')}")
    return result


def _failed(account: Account, function: str, why: str) -> VintnerError:
    return VintnerError(
        f"stage {account.stage!r} is deployed, and {function} does not work: {why}. 'vintner deploy --stage "
        f"{account.stage} --previous' puts the code and layer of before back; the log is "
        f"/aws/lambda/{account.function_name(function)}"
    )
