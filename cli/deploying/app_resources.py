"""What Chalice has made, found by its names.

Chalice writes its record at the end only, and its own deletion stops at what is gone already: neither an interrupted
deployment nor an interrupted deletion could be taken down with them.
"""

import json
from collections.abc import Callable, Iterable

from botocore.exceptions import ClientError

from cli.deploying.account import Account, code_of
from cli.deploying.records import deployed, record_of

_GONE = frozenset({"NoSuchEntity", "NotFoundException", "ResourceNotFoundException"})


def adopt_api(account: Account) -> None:
    """Record the stage's API where there is one and no record of it: another deployment would make a second one."""
    path = record_of(account.project.directory, account.stage)
    record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"resources": []}
    if any(one["resource_type"] == "rest_api" for one in record["resources"]):
        return
    for api in _apis(account):
        host = f"{api}.execute-api.{account.region}.{account.url_suffix}"
        url = f"https://{host}/{account.project.config.api_gateway_stage}/"
        found = {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": api, "rest_api_url": url}
        resources = [*record["resources"], found]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"resources": resources, "schema_version": "2.0", "backend": "api"}))
        return


def delete_app(account: Account, functions: Iterable[str]) -> int:
    """Delete the stage's API, functions, schedules and roles; how many there were. Nothing happens to what is gone."""
    removed, apis = 0, dict.fromkeys([*_recorded_apis(account), *_apis(account)])
    # Before the API: a function that stayed would keep its permission to be called by an API that is gone.
    for function in dict.fromkeys([*functions, *_recorded_functions(account)]):
        name = account.function_name(function)
        removed += _removed(lambda name=name: account.functions.delete_function(FunctionName=name))  # type: ignore[misc]
        removed += _removed(lambda name=name: _delete_rule(account, f"{name}-event"))  # type: ignore[misc]
        # The role of the function behind the routes is named after it in full.
        role = f"{account.name}-{function}"
        removed += _removed(lambda role=role: _delete_role(account, role))  # type: ignore[misc]
    for api in apis:
        removed += _removed(lambda api=api: account.gateway.delete_rest_api(restApiId=api))  # type: ignore[misc]
    return removed


def _recorded_apis(account: Account) -> list[str]:
    return [one["rest_api_id"] for one in deployed(account) if one["resource_type"] == "rest_api"]


def _recorded_functions(account: Account) -> list[str]:
    """The functions of the record: one that the app no longer has is in there alone."""
    names = [one["lambda_arn"].rpartition(":")[2] for one in deployed(account) if "lambda_arn" in one]
    own = f"{account.name}-"
    return [name.removeprefix(own) for name in names if name.startswith(own)]


def _apis(account: Account) -> list[str]:
    """The ids of the APIs that call the stage's function; another stage's may have the same name."""
    called = f":function:{account.function_name('api_handler')}/invocations"
    pages = account.gateway.get_paginator("get_rest_apis").paginate()
    own = account.project.config.app_name
    named = [api["id"] for page in pages for api in page.get("items", []) if api.get("name") == own]
    return [api for api in named if called in _integrations(account, api)]


def _integrations(account: Account, rest_api_id: str) -> str:
    pages = account.gateway.get_paginator("get_resources").paginate(restApiId=rest_api_id, embed=["methods"])
    return json.dumps([page.get("items", []) for page in pages], default=str)


def _delete_rule(account: Account, name: str) -> None:
    events = account.events
    targets = events.list_targets_by_rule(Rule=name)["Targets"]
    if targets:
        events.remove_targets(Rule=name, Ids=[target["Id"] for target in targets])
    events.delete_rule(Name=name)


def _delete_role(account: Account, name: str) -> None:
    for policy in account.roles.list_role_policies(RoleName=name)["PolicyNames"]:
        account.roles.delete_role_policy(RoleName=name, PolicyName=policy)
    account.roles.delete_role(RoleName=name)


def _removed(act: Callable[[], object]) -> int:
    """1 when something was deleted, 0 when it was not there."""
    try:
        act()
    except ClientError as error:
        if code_of(error) in _GONE:
            return 0
        raise
    return 1
