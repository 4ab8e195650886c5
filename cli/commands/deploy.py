"""``vintner deploy`` and ``vintner destroy``: a stage in an AWS account, and its end."""

from dataclasses import asdict

import click

from cli.console.output import fact, json_option, line, print_json
from cli.stages.target import deployed_stage_option


@click.command(short_help="Put a stage on AWS: bucket, layer, functions, triggers and API.")
@deployed_stage_option
@click.option("--no-alarms", is_flag=True, help="Make no CloudWatch alarms; each costs 0.10 dollars a month.")
@click.option("--previous", is_flag=True, help="Put the code and layer of the release before the current one back.")
@click.option(
    "--show-policy", is_flag=True, help="Print the IAM policy of a role that may deploy and destroy; do nothing."
)
@json_option
def deploy(*, stage: str, no_alarms: bool, previous: bool, show_policy: bool, as_json: bool) -> None:
    """Put a stage on AWS with your credentials. Run it again to deploy what has changed since.

    Creates the bucket (versioned, encrypted, private), publishes dist/training-layer.zip, runs Chalice's deployment,
    sends what a function cannot handle to a queue, makes alarms, and has API Gateway answer errors as the app does.
    Then it calls each function once, to see that it works as it was deployed.
    """
    from cli.deploying.account import Account  # noqa: PLC0415  (Chalice's deployment is slow to load)
    from cli.deploying.deploy_policy import deploy_policy  # noqa: PLC0415
    from cli.deploying.stage import deploy_previous_release, deploy_stage  # noqa: PLC0415

    account, report = Account.of(stage), (lambda _name, _text: None) if as_json else fact
    if show_policy:
        line(deploy_policy(account).rstrip())
        return
    if previous:
        release = deploy_previous_release(account, report)
        if as_json:
            print_json(asdict(release))
        return
    done = deploy_stage(account, report, alarms=not no_alarms)
    if as_json:
        print_json(asdict(done))
        return
    if done.api_key:
        command = f"aws apigateway get-api-key --include-value --api-key {done.api_key}"
        fact("API key", f"{done.api_key}: '{command}' shows it")
    fact("URL", done.url)
    line(f"\nNext:  vintner upload --stage {stage} --test held_out.csv; vintner upload --stage {stage} slot.csv --wait")


@click.command(short_help="Take a stage down again; its data only with --data.")
@deployed_stage_option
@click.option("--data", is_flag=True, help="Delete the bucket too, with every version of everything in it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def destroy(*, stage: str, data: bool, yes: bool, as_json: bool) -> None:
    """Take down what 'vintner deploy' put on AWS. The bucket and what is in it stay, unless --data is given."""
    from cli.deploying.account import Account  # noqa: PLC0415  (Chalice's deployment is slow to load)
    from cli.deploying.stage import destroy_stage  # noqa: PLC0415

    account = Account.of(stage)
    bucket = f"s3://{account.settings.bucket}"
    what = f"{bucket} with all its data" if data else "functions, triggers and API"
    if not yes:
        click.confirm(f"Delete {what} of stage {stage}?", abort=True)
    done = destroy_stage(account, data=data)
    if as_json:
        print_json(asdict(done))
        return
    fact("deleted", f"{done.resources} roles, functions, triggers and APIs, {done.layers} layer versions, the queue")
    if data:
        fact("bucket", f"{bucket} deleted with {done.object_versions} object versions")
    else:
        fact("bucket", f"{bucket} stays, with its data; --data deletes it")
