"""A group whose commands are imported when they run: help, ``--version`` and completion of their names import none."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem


@dataclass(frozen=True)
class LazyCommand:
    """Where a command is, as ``module:attribute``, and its short help, which is shown without importing it."""

    path: str
    short_help: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.path.partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.path}: expected a command, found a {type(command).__name__}")
        return command


class LazyGroup(click.Group):
    """The lazily loaded subcommands of click's documentation, in sections, in the order of use.

    `sections` are the commands of each section by name.
    """

    def __init__(self, *arguments: Any, sections: Mapping[str, Mapping[str, LazyCommand]], **options: Any) -> None:  # noqa: ANN401  (click's own)
        super().__init__(*arguments, **options)
        self.sections = sections
        self.lazy_commands = {name: command for commands in sections.values() for name, command in commands.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of use."""
        return list(self.lazy_commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None when there is none of this name."""
        if cmd_name not in self.lazy_commands:
            return super().get_command(ctx, cmd_name)
        return self.lazy_commands[cmd_name].load()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write each section with its commands, all in the same two columns."""
        width = max(map(len, self.lazy_commands))
        for title, commands in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{width}}", command.short_help) for name, command in commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The names of commands with their short helps, and the group's own options."""
        commands = [
            CompletionItem(name, help=command.short_help)
            for name, command in self.lazy_commands.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]
