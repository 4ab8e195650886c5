"""Requests as API Gateway hands them to the API function."""

import json
from typing import Any

HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/json",
    "Host": "example.execute-api.us-east-1.amazonaws.com",
    "User-Agent": "python-requests/2.32",
    "X-Amzn-Trace-Id": "Root=1-00000000-000000000000000000000000",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Proto": "https",
}


def event(path: str, row: dict[str, float]) -> dict[str, Any]:
    """The event of one POST request."""
    return {
        "resource": path,
        "path": path,
        "httpMethod": "POST",
        "headers": HEADERS,
        "multiValueHeaders": {name: [value] for name, value in HEADERS.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "httpMethod": "POST",
            "path": f"/api{path}",
            "stage": "api",
            "requestId": "00000000-0000-0000-0000-000000000000",
            "accountId": "123456789012",
            "apiId": "1234567890",
            "identity": {"sourceIp": "127.0.0.1", "userAgent": HEADERS["User-Agent"]},
        },
        "body": json.dumps(row),
        "isBase64Encoded": False,
    }
