"""What commands print: on a terminal, in a pipe, for a program; and the shells' completion."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click
import pytest

from cli.commands.completion import SHELLS
from cli.main import SECTIONS, main
from tests.support.csv_tables import mixed

COMMAND = str(Path(sys.executable).parent / "vintner")
NO_RESULT = {"up", "demo", "completion"}


def on_a_terminal(arguments: list[str], directory: Path, **variables: str) -> str:
    ours, theirs = pty.openpty()
    environ = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    process = subprocess.Popen(
        [COMMAND, *arguments], cwd=directory, env=environ | variables, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = b""
    with suppress(OSError):  # the terminal's end of file
        while chunk := os.read(ours, 65536):
            written += chunk
    os.close(ours)
    process.wait()
    return written.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my.csv").write_text(mixed(), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("variables", "has_table", "has_style"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "dumb"}, False, False),
    ],
    ids=["terminal", "dumb"],
)
def test_tables_are_for_terminals_that_can_draw(
    folder: Path, variables: dict[str, str], has_table: bool, has_style: bool
) -> None:
    text = on_a_terminal(["new", "made", "--csv", "my.csv"], folder, **variables)
    assert ("\t" not in text, "\x1b[" in text) == (has_table, has_style)
    assert "grade" in text


def test_no_color_leaves_out_colours(folder: Path) -> None:
    code = "from cli.console.output import marked, styled; marked(styled('promoted'))"
    command = [sys.executable, "-c", f"import pty; pty.spawn([{sys.executable!r}, '-c', {code!r}])"]
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        environ = {**os.environ, "TERM": "xterm-256color", **variables}
        written = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
        assert (b"32m" in written, b"promoted" in written) == (coloured, True)


def test_a_pipe_gets_lines_with_tabs(folder: Path) -> None:
    command = [COMMAND, "new", "made", "--csv", "my.csv"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.stdout.splitlines()[0] == "column\tkind\tvalues\tfor example"
    assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize("name", sorted(set(main.lazy_commands) - NO_RESULT))
def test_every_command_with_a_result_takes_json(name: str) -> None:
    assert "--json" in [option for one in main.lazy_commands[name].load().params for option in one.opts]


def test_help_shows_every_command_in_one_section() -> None:
    context = click.Context(main, info_name="vintner")
    shown = [name for commands in SECTIONS.values() for name in commands]
    assert shown == main.list_commands(context)
    assert sorted(set(shown)) == sorted(shown)
    text = main.get_help(context)
    assert [title for title in SECTIONS if f"\n{title}:\n" not in text] == []


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_prints_a_script(shell: str) -> None:
    result = subprocess.run([COMMAND, "completion", shell], capture_output=True, text=True, check=True)
    assert "_VINTNER_COMPLETE" in result.stdout
    assert "vintner" in result.stdout


def test_bash_completes() -> None:
    script = (
        f'PATH="{Path(COMMAND).parent}:$PATH"; source <(vintner completion bash); '
        "COMP_WORDS=(vintner ro); COMP_CWORD=1; _vintner_completion vintner ro vintner; echo ${COMPREPLY[@]}"
    )
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "rollback\n"
