"""What ships: thin where it predicts, within Lambda's limits where it trains, and loadable by Lambda's libraries."""

import importlib.util
import re
import zipfile
from pathlib import Path

import pytest

from cli.building.archive import measure
from cli.building.label import read_label
from cli.building.libraries import check_libraries
from cli.building.limits import MOST_CODE, MOST_WITH_LAYER, check_code, check_together
from cli.building.pruning import SERVICES
from cli.building.runtimes import Runtime
from local.workers.libraries import misfits
from shared.errors import VintnerError

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = {
    "app.py",
    "chalice",
    "chalicelib",
    "functions",
    "obstore",
    "orjson",
    "pythonjsonlogger",
    "shared",
    "typing_extensions.py",
    "vintner-runtime.json",
    "__pycache__",
}
TRAINING = {"numpy", "scipy", "sklearn", "pandas", "joblib", "boto3", "aws_lambda_powertools"}
GLIBC = re.compile(rb"GLIBC_2\.(\d+)")

Artefacts = tuple[Path, Path]


def test_the_zip_holds_the_prediction_path_and_nothing_else(artefacts: Artefacts) -> None:
    with zipfile.ZipFile(artefacts[0]) as packed:
        top = {name.partition("/")[0] for name in packed.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == SHIPPED
    assert measure(artefacts[0]).unpacked <= MOST_CODE


def test_code_and_layer_together_stay_below_the_limit(artefacts: Artefacts) -> None:
    code, layer = map(measure, artefacts)
    assert code.unpacked + layer.unpacked <= MOST_WITH_LAYER


def test_the_layer_holds_what_trains(artefacts: Artefacts) -> None:
    with zipfile.ZipFile(artefacts[1]) as packed:
        names = [name.split("/") for name in packed.namelist()]
    assert {parts[0] for parts in names} == {"python"}
    assert {parts[1] for parts in names} >= TRAINING


def test_the_layer_is_stripped(artefacts: Artefacts) -> None:
    with zipfile.ZipFile(artefacts[1]) as packed:
        names = packed.namelist()
    of_tests = [name for name in names if {"tests", "test", "__pycache__"} & set(name.split("/"))]
    assert of_tests == ["python/numpy/_core/tests/_natype.pyc"]
    assert [name for name in names if name.endswith((".pyx", ".pxd", ".a"))] == []
    services = {name.split("/")[3] for name in names if re.match(r"python/botocore/data/\w+/", name)}
    assert services == set(SERVICES)


@pytest.mark.parametrize("which", [0, 1], ids=["code", "layer"])
def test_every_library_fits_the_runtime(artefacts: Artefacts, which: int) -> None:
    newest = {}
    with zipfile.ZipFile(artefacts[which]) as packed:
        for name in packed.namelist():
            if ".so" in Path(name).name:
                newest[name] = max((int(found) for found in GLIBC.findall(packed.read(name))), default=0)
    assert newest
    glibc = read_label(artefacts[which], prefix="python/" if which else "").glibc
    assert {name: minor for name, minor in newest.items() if minor > glibc} == {}


def test_both_were_built_for_one_runtime_and_their_libraries_are_for_it(artefacts: Artefacts) -> None:
    code, layer = read_label(artefacts[0]), read_label(artefacts[1], prefix="python/")
    assert code == layer
    for artefact in artefacts:
        assert list(misfits(artefact, python=code.python, machine=code.machine)) == []
        with pytest.raises(
            VintnerError, match=r"expected libraries for python3\.\d+ on arm64, found that .* is for x86_64"
        ):
            check_libraries(artefact, Runtime.of(code.python, "arm64"))


def test_the_layer_is_bytecode_that_is_not_checked_against_sources(artefacts: Artefacts) -> None:
    with zipfile.ZipFile(artefacts[1]) as packed:
        names = packed.namelist()
        headers = {packed.read(name)[:8] for name in names if name.endswith(".pyc")}
    assert [name for name in names if name.endswith(".py")] == []
    assert len([name for name in names if name.endswith(".pyc")]) > 1500
    unchecked_hash = (1).to_bytes(4, "little")  # PEP 552: bit 0 a hash, bit 1 checked
    assert headers == {importlib.util.MAGIC_NUMBER + unchecked_hash}


@pytest.mark.parametrize("which", [0, 1], ids=["code", "layer"])
def test_nothing_in_an_archive_depends_on_when_and_where_it_was_built(artefacts: Artefacts, which: int) -> None:
    with zipfile.ZipFile(artefacts[which]) as packed:
        entries = packed.infolist()
    assert {(entry.date_time, entry.external_attr >> 16) for entry in entries} == {((1980, 1, 1, 0, 0, 0), 0o100644)}
    names = [entry.filename for entry in entries]
    assert names == sorted(names)


def test_the_layer_has_the_locked_versions(artefacts: Artefacts) -> None:
    lock = (ROOT / "requirements-train.txt").read_text(encoding="utf-8")
    locked = {
        (name.lower().replace("-", "_"), version)
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE)
    }
    with zipfile.ZipFile(artefacts[1]) as packed:
        found = re.findall(r"python/([\w.]+)-([\w.]+)\.dist-info/METADATA", "\n".join(packed.namelist()))
    assert {(name.lower(), version) for name, version in found} == locked


def _archive(path: Path, size: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("large", bytes(size))
    return path


def test_a_zip_that_is_not_thin_is_refused(tmp_path: Path) -> None:
    check_code(measure(_archive(tmp_path / "thin.zip", MOST_CODE)))
    with pytest.raises(VintnerError, match=r"at most 25,000,000 bytes unpacked, found 25,000,001"):
        check_code(measure(_archive(tmp_path / "thick.zip", MOST_CODE + 1)))


def test_code_and_layer_that_are_too_large_together_are_refused(tmp_path: Path) -> None:
    code, layer = (measure(_archive(tmp_path / name, MOST_WITH_LAYER // 2)) for name in ("code.zip", "layer.zip"))
    check_together(code, layer)
    larger = measure(_archive(tmp_path / "larger.zip", MOST_WITH_LAYER // 2 + 1))
    with pytest.raises(VintnerError, match=r"found 250,000,001"):
        check_together(code, larger)
