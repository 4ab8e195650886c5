"""The parts of which an artefact is built."""

import os
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cli.building.archive import unpack, write_archive
from cli.building.pruning import kept
from cli.building.runtimes import Runtime
from cli.building.symbols import loads_in_pages, strip_symbols
from cli.building.training_layer import build_layer
from cli.building.unpacked import unpack_project
from cli.stages.config import read_config, stage_of, training_functions, with_layers, write_config
from shared.errors import VintnerError


def _tree(folder: Path, names: list[str], time: float) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        path.chmod(0o600)
        os.utime(path, (time, time))
    return folder


def test_an_archive_has_the_same_bytes_whatever_the_order_the_times_and_the_modes(tmp_path: Path) -> None:
    names = ["b/c.py", "a.py", "b/a.py"]
    one = write_archive(_tree(tmp_path / "1", names, 1e9), tmp_path / "1.zip")
    other = write_archive(_tree(tmp_path / "2", names[::-1], 1.5e9), tmp_path / "2.zip")
    assert one.sha256 == other.sha256
    assert (one.files, one.unpacked) == (3, sum(map(len, names)))
    again = write_archive(unpack(one.path, tmp_path / "3"), tmp_path / "3.zip")
    assert again.sha256 == one.sha256


def test_an_archive_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    folder = _tree(tmp_path / "folder", ["a"], 1e9)
    before = write_archive(folder, tmp_path / "it.zip")

    def fail(_name: str) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_archive(folder, tmp_path / "it.zip", keep=fail)
    assert before.path.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "it.zip"]
    assert zipfile.ZipFile(before.path).testzip() is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("numpy/linalg/linalg.py", True),
        ("numpy/linalg/tests/test_linalg.py", False),
        ("numpy/_core/tests/_natype.py", True),
        ("numpy/testing/__init__.py", True),
        ("numpy/tests.py", True),
        ("joblib/test/test_memory.py", False),
        ("pandas/__pycache__/__init__.cpython-311.pyc", False),
        ("sklearn/tree/_tree.pyx", False),
        ("sklearn/tree/_tree.cpython-311-x86_64-linux-gnu.so", True),
        ("bin/f2py", False),
        ("numpy-2.2.6.dist-info/RECORD", False),
        ("numpy-2.2.6.dist-info/METADATA", True),
        ("botocore/data/s3/2006-03-01/service-2.json.gz", True),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("botocore/data/endpoints.json", True),
        ("boto3/data/dynamodb/2012-08-10/resources-1.json", False),
        ("boto3/session.py", True),
    ],
)
def test_what_a_layer_leaves_out(name: str, expected: bool) -> None:
    assert kept(name) is expected


@pytest.mark.parametrize(("python", "newest"), [("3.11", "manylinux_2_26_x86_64"), ("3.12", "manylinux_2_34_x86_64")])
def test_the_wheels_that_fit_a_runtime(python: str, newest: str) -> None:
    runtime = Runtime.of(python)
    assert runtime.platforms[0] == newest
    assert "manylinux2014_x86_64" in runtime.platforms
    assert runtime.name == f"python{python}"


@pytest.mark.parametrize("python", ["3.10", "3.14", "2.7", "3", "3.11.4", ""])
def test_a_runtime_that_cannot_be_is_refused(python: str) -> None:
    with pytest.raises(VintnerError, match=r"from 3\.11 to 3\.13, such as 3\.13"):
        Runtime.of(python)


def _library(offset: int, address: int) -> bytes:
    """A library with one segment of that offset and address, in pages of 4096."""
    head = b"\x7fELF\x02\x01".ljust(32, b"\0") + struct.pack("<Q", 64)
    segment = struct.pack("<IIQQQQQQ", 1, 5, offset, address, address, 8, 8, 4096)
    return head.ljust(54, b"\0") + struct.pack("<HH", 56, 1).ljust(10, b"\0") + segment


@pytest.mark.parametrize(
    ("content", "loads"),
    [
        (_library(4096, 8192), True),
        (_library(4096 + 8, 8192 + 8), True),
        (_library(4096 + 8, 8192), False),
        (b"no library", False),
    ],
    ids=["on a page", "within a page", "off its page", "no library"],
)
def test_a_library_that_cannot_be_mapped_is_known(content: bytes, loads: bool) -> None:
    assert loads_in_pages(content) is loads


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no C compiler")
def test_debug_symbols_go_and_the_library_still_loads(tmp_path: Path) -> None:
    source, library = tmp_path / "it.c", tmp_path / "lib" / "it.so"
    source.write_text("int answer(void) { return 42; }\n")
    library.parent.mkdir()
    subprocess.run(["gcc", "-g", "-shared", "-fPIC", "-o", library, source], check=True)
    before = library.stat().st_size
    assert strip_symbols(library.parent) == before - library.stat().st_size > 0
    assert b".debug_info" not in library.read_bytes()
    code = f"import ctypes; print(ctypes.CDLL({str(library)!r}).answer())"
    assert subprocess.run(["python3", "-c", code], capture_output=True, text=True, check=True).stdout == "42\n"
    assert [path.name for path in library.parent.iterdir()] == ["it.so"]


def test_a_layer_without_its_lock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VintnerError, match=r"requirements-train\.txt, found none"):
        build_layer(tmp_path, tmp_path / "layer.zip", Runtime.of("3.11"))


def test_a_project_without_artefacts_says_how_to_build_them(tmp_path: Path) -> None:
    with pytest.raises(VintnerError, match=r"expected dist/deployment\.zip .* 'vintner layer'"):
        unpack_project(tmp_path, tmp_path / "unpacked", "local")


def test_layers_are_written_for_the_training_functions_and_taken_out_again(tmp_path: Path) -> None:
    before = {"lambda_functions": {"api_handler": {}, "train": {}}, "stages": {"dev": {"x": 1}}}
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text("{}")
    write_config(tmp_path, with_layers(before, "dev", ["arn"]))
    config = read_config(tmp_path)
    assert training_functions(config) == ["train"]
    assert stage_of(config, "dev") == {"x": 1, "lambda_functions": {"train": {"layers": ["arn"]}}}
    assert stage_of(with_layers(config, "dev", []), "dev")["lambda_functions"] == {"train": {}}
    with pytest.raises(VintnerError, match=r"one of dev; found 'prod'"):
        with_layers(config, "prod", [])


SLOW = ("chalice.cli", "chalice.deploy", "inquirer", "blessed", "chalicelib", "aws_lambda_powertools", "yaml")


def test_other_commands_load_nothing_of_a_deployment() -> None:
    load = "import sys; from cli.main import main; [command.load() for command in main.lazy_commands.values()]"
    code = f"{load}; print([name for name in {SLOW!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
