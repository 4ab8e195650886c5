"""The IAM policy of a role that deploys a stage and takes it down: a template, filled for the account."""

from string import Template
from typing import Final

from cli.deploying.account import Account

FILE: Final = "policy-deploy.json"


def deploy_policy(account: Account) -> str:
    """The policy's text for a stage of an account."""
    text = (account.project.directory / ".chalice" / FILE).read_text(encoding="utf-8")
    return Template(text).safe_substitute(
        account=account.account_id,
        bucket=account.settings.bucket,
        name=account.name,
        partition=account.partition,
        region=account.region,
    )
