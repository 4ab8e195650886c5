"""One runtime for code and layer: what an artefact says of itself, what its libraries say, and what is refused."""

import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cli.building.bytecode import add_bytecode, replace_sources
from cli.building.label import check_label, read_label, write_label
from cli.building.libraries import check_libraries
from cli.building.runtimes import Runtime, interpreter_of
from cli.building.stage_runtime import runtime_of
from cli.building.wheels import install_wheels
from local.workers.libraries import machine_of, misfits
from shared.errors import VintnerError

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
ELF = b"\x7fELF\x02\x01".ljust(18, b"\0")


def library(machine: int) -> bytes:
    """The header of a shared library of 64 bits."""
    return ELF + struct.pack("<H", machine) + bytes(44)


@pytest.mark.parametrize(
    ("content", "machine"),
    [
        (library(62), "x86_64"),
        (library(183), "aarch64"),
        (library(8), "machine 8"),
        (b"INPUT(libc.so.6)", None),
        (b"", None),
    ],
    ids=["x86-64", "arm64", "mips", "a linker script", "empty"],
)
def test_a_library_says_its_processor(content: bytes, machine: str | None) -> None:
    assert machine_of(content) == machine


@pytest.mark.parametrize(
    ("name", "machine", "misfit"),
    [
        ("a.so", 62, "a.so is for x86_64"),
        ("a.so.1", 62, "a.so.1 is for x86_64"),
        ("a.cpython-312-aarch64-linux-gnu.so", 183, "is for Python 3.12"),
        ("a.cpython-313-aarch64-linux-gnu.so", 183, None),
        ("a.abi3.so", 183, None),
        ("a.so.txt", 0, None),
    ],
)
def test_a_library_that_cannot_be_loaded_is_known(tmp_path: Path, name: str, machine: int, misfit: str | None) -> None:
    path, runtime = tmp_path / "it.zip", Runtime.of("3.13", "arm64")
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(name, library(machine) if machine else b"text")
    if misfit is None:
        check_libraries(path, runtime)
    else:
        with pytest.raises(VintnerError, match=rf"expected libraries for python3\.13 on arm64, found that .*{misfit}"):
            check_libraries(path, runtime)
    assert len(list(misfits(path, python=runtime.python, machine=runtime.machine))) == (misfit is not None)


def labelled(path: Path, runtime: Runtime) -> Path:
    write_label(path.parent, runtime)
    with zipfile.ZipFile(path, "w") as packed:
        packed.write(path.parent / "vintner-runtime.json", "vintner-runtime.json")
    return path


def test_an_artefact_says_its_runtime(tmp_path: Path) -> None:
    runtime = Runtime.of("3.12", "arm64")
    path = labelled(tmp_path / "it.zip", runtime)
    assert read_label(path) == runtime
    check_label(path, runtime)
    wanted = r"expected it to be built for python3\.13 on arm64, found python3\.12 on arm64: .*--python 3\.13 --arch"
    with pytest.raises(VintnerError, match=wanted):
        check_label(path, Runtime.of("3.13", "arm64"))


def test_an_archive_that_says_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("app.py", "")
    with pytest.raises(VintnerError, match="build it again"):
        read_label(path)


@pytest.mark.parametrize(
    ("config", "python", "architecture"),
    [
        ({}, "3.13", "x86_64"),
        ({"lambda_runtime": "python3.11"}, "3.11", "x86_64"),
        ({"lambda_runtime": "python3.11", "stages": {"dev": {"lambda_runtime": "python3.12"}}}, "3.12", "x86_64"),
        ({"stages": {"dev": {"lambda_architecture": "arm64"}}}, "3.13", "arm64"),
    ],
    ids=["of new stages", "of the project", "of the stage", "a processor"],
)
def test_a_stage_has_a_runtime(config: dict[str, object], python: str, architecture: str) -> None:
    assert runtime_of(config, "dev") == Runtime.of(python, architecture)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"lambda_runtime": "python3.9"}, r"lambda_runtime='python3\.9'.*from 3\.11 to 3\.13"),
        ({"lambda_architecture": "arm"}, r"lambda_architecture='arm': expected a processor .* x86_64, arm64"),
    ],
)
def test_a_runtime_that_lambda_has_not_is_refused(config: dict[str, object], message: str) -> None:
    with pytest.raises(VintnerError, match=message):
        runtime_of(config, "dev")


def test_arm64_wheels_are_named_after_its_own_processor() -> None:
    platforms = Runtime.of("3.13", "arm64").platforms
    assert platforms[0] == "manylinux_2_34_aarch64"
    assert platforms[-1] == "manylinux2014_aarch64"
    assert all(platform.endswith("_aarch64") for platform in platforms)


def test_an_interpreter_is_found_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert interpreter_of(OWN) == Path(sys.executable)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert interpreter_of("3.99") is None
    own = tmp_path / "versions" / "3.99.1" / "bin" / "python3.99"
    own.parent.mkdir(parents=True)
    own.touch()
    assert interpreter_of("3.99") == own


def test_bytecode_stands_in_for_sources_and_is_the_same_each_time(tmp_path: Path) -> None:
    found = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        (folder / "package").mkdir(parents=True)
        (folder / "package" / "__init__.py").write_text("NAMES = {'a', 'b', 'c'}\ndef fail(): raise ValueError\n")
        (folder / "package" / "template.py").write_text("def {{ name }}(): pass\n")
        assert replace_sources(folder, Runtime.of(OWN)) == 1
        assert sorted(path.name for path in (folder / "package").iterdir()) == ["__init__.pyc", "template.py"]
        found.append((folder / "package" / "__init__.pyc").read_bytes())
    assert found[0] == found[1]
    code = (
        "import package\ntry: package.fail()\nexcept ValueError as error: print(error.__traceback__.tb_next.tb_frame)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "one", capture_output=True, text=True, check=True
    )
    assert "/opt/python/package/__init__.py" in done.stdout


def test_the_code_has_its_bytecode_beside_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.py").write_text("def fail(): raise ValueError('here')\n")
    add_bytecode(tmp_path, Runtime.of(OWN))
    beside = tmp_path / "__pycache__" / f"app.{sys.implementation.cache_tag}.pyc"
    assert b"/var/task/app.py" in beside.read_bytes()
    assert (tmp_path / "app.py").is_file()
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    add_bytecode(tmp_path, Runtime.of("3.12" if OWN != "3.12" else "3.13"))
    assert [path.name for path in (tmp_path / "__pycache__").iterdir()] == [beside.name]


def test_bytecode_of_a_python_that_is_not_here_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    other = "3.12" if OWN != "3.12" else "3.13"
    with pytest.raises(VintnerError, match=rf"expected python{other} on this machine, .*pyenv install {other}"):
        replace_sources(tmp_path, Runtime.of(other))


def test_a_lock_that_asks_for_nothing_installs_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("# nothing\n\n")
    install_wheels(lock, tmp_path / "folder", Runtime.of("3.13"))
    assert not (tmp_path / "folder").exists()


def test_wheels_that_do_not_fit_say_for_which_runtime(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("no-such-package==1.0 --hash=sha256:" + 64 * "0" + "\n")
    with pytest.raises(
        VintnerError, match=r"requirements\.txt: expected wheels for python3\.13 on arm64 \(glibc 2\.34"
    ):
        install_wheels(lock, tmp_path / "folder", Runtime.of("3.13", "arm64"))


def test_the_project_names_one_runtime_for_all_stages() -> None:
    config = json.loads((Path(__file__).resolve().parents[2] / ".chalice" / "config.json").read_text(encoding="utf-8"))
    assert {str(runtime_of(config, stage)) for stage in config["stages"]} == {"python3.13 on x86_64"}
