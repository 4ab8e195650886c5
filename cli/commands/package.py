"""``vintner package``: what is deployed, as files."""

import click

from cli.building.limits import CODE, MOST_CODE
from cli.commands.layer import chosen_runtime, runtime_options
from cli.console.output import json_option, line, print_json
from cli.stages.config import read_config, settings_of, stage_of
from cli.stages.target import project_directory


@click.command(short_help="Build the deployment zip, or all that Terraform deploys.")
@click.option("--terraform", is_flag=True, help="Write dist/terraform: a stage's resources, the zip and the layer.")
@click.option("--stage", metavar="NAME", help="With --terraform: a stage of .chalice/config.json.")
@runtime_options
@json_option
def package(*, terraform: bool, stage: str | None, python: str | None, architecture: str | None, as_json: bool) -> None:
    """Build dist/deployment.zip, the zip of every function: code and requirements.txt, no training packages.

    The same code and requirements give the same bytes. With --terraform and a stage, 'terraform init' and 'terraform
    apply' in dist/terraform create what 'vintner deploy' creates; use only one of the two for a stage.
    """
    from cli.building.code import build_code  # noqa: PLC0415  (Chalice's packager is slow to load)
    from cli.deploying.policies import check_policies  # noqa: PLC0415
    from cli.deploying.terraform import package_terraform  # noqa: PLC0415

    project = project_directory()
    runtime = chosen_runtime(project, python, architecture, stage)
    if terraform != (stage is not None):
        raise click.UsageError("expected --terraform and --stage NAME together, or neither")
    if stage is not None:
        config = read_config(project)
        stage_of(config, stage)
        check_policies(project, config, stage, settings_of(project, stage).bucket)
        built = package_terraform(project, stage, runtime)
    else:
        built = build_code(project, project / CODE, runtime)
    place = built.path.relative_to(project)
    if as_json:
        print_json({"path": str(place), "sha256": built.sha256, "packed": built.packed, "unpacked": built.unpacked})
        return
    line(f"{place}: {built.unpacked:,} of at most {MOST_CODE:,} bytes unpacked in {built.files:,} files")
    line(f"sha256 {built.sha256}")
