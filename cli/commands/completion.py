"""``vintner completion``: the script by which a shell completes commands and options."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


HELP = """
Print the script that makes a shell complete vintner's commands and options.

\b
bash:  source <(vintner completion bash)
zsh:   source <(vintner completion zsh)
fish:  vintner completion fish | source

For every later session put that line into ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish.
"""


@click.command(help=HELP, short_help="Print the script that makes a shell complete commands.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print click's own script for a shell."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  (click has all that SHELLS names)
    name = "vintner"
    click.echo(kind(context.find_root().command, {}, name, f"_{name.upper()}_COMPLETE").source())
