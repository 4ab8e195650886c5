"""A command line that starts at once: what a fresh interpreter loads for help, completion and ``--version``."""

import json
import os
import subprocess
import sys

import click
import pytest
from click.shell_completion import ShellComplete

from cli.main import main

SLOW = {"boto3", "botocore", "chalice", "joblib", "moto", "numpy", "pandas", "scipy", "sklearn"}
LOADED = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
from cli.main import main
main(prog_name="vintner")
"""


def loaded_by(*arguments: str, **variables: str) -> tuple[str, set[str]]:
    """What a fresh ``vintner`` prints, and the modules that it has loaded at its end."""
    command = [sys.executable, "-c", LOADED, *arguments]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=True)
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1]))


def completed(words: str) -> tuple[str, set[str]]:
    """What bash is offered for the last of some words, and the modules that were loaded for it."""
    variables = {"_VINTNER_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    return loaded_by(**variables)


def commands_in(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("cli.commands.")}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["-h"]], ids=" ".join)
def test_no_command_is_loaded_for(arguments: list[str]) -> None:
    text, modules = loaded_by(*arguments)
    assert "vintner" in text
    assert (modules & SLOW, commands_in(modules)) == (set(), set())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("vintner up", ["up", "upload"]),
        ("vintner ", list(main.lazy_commands)),
        ("vintner --ver", ["--version", "--verbose"]),
    ],
    ids=["some", "all", "options"],
)
def test_completing_a_name_loads_no_command(words: str, offered: list[str]) -> None:
    text, modules = completed(words)
    assert [line.removeprefix("plain,") for line in text.splitlines()] == offered
    assert (modules & SLOW, commands_in(modules)) == (set(), set())


@pytest.mark.parametrize("name", main.lazy_commands)
def test_completing_an_option_loads_one_command(name: str) -> None:
    text, modules = completed(f"vintner {name} --h")
    assert "plain,--help" in text.splitlines()
    assert modules & SLOW == set()
    own = main.lazy_commands[name].path.partition(":")[0]
    shared = {"package": {"cli.commands.layer"}}  # an option that both have
    assert commands_in(modules) == {own} | shared.get(name, set())


@pytest.mark.parametrize("name", main.lazy_commands)
def test_the_short_help_is_the_commands_own(name: str) -> None:
    lazy = main.lazy_commands[name]
    command = lazy.load()
    assert (command.name, command.get_short_help_str(limit=80)) == (name, lazy.short_help)


def test_zsh_shows_the_short_helps() -> None:
    completion = ShellComplete(main, {}, "vintner", "_VINTNER_COMPLETE")
    offered = {item.value: item.help for item in completion.get_completions([], "")}
    assert offered == {name: command.short_help for name, command in main.lazy_commands.items()}


def test_an_unknown_command_is_wrong_usage() -> None:
    with pytest.raises(click.UsageError, match="No such command 'bottle'"):
        main.main(["bottle"], standalone_mode=False)
