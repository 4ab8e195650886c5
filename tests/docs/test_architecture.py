"""`docs/architecture.md` against the code: the rooms and their order, the bucket's keys, the documents' fields."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import get_type_hints

import pytest

from functions import predict_batch
from shared import documents
from shared.bucket import keys
from shared.documents import EvaluationDocument, Stored
from shared.jobs.documents import JobDocument
from shared.registry import fresh_scores, status_documents
from tests.support.document_fields import KINDS, eventful, fields_seen
from tests.support.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TYPED = {
    "receipt": documents.ReceiptDocument,
    "attempt": documents.AttemptDocument,
    "score": documents.ScoreDocument,
    "refusal": documents.RefusalDocument,
    "fresh": fresh_scores.FreshDocument,
    "rescore": documents.RescoreDocument,
    "pointer": documents.PointerDocument,
    "decision": documents.DecisionDocument,
    "job": JobDocument,
    "batch report": predict_batch.BatchReport,
    "status view": status_documents.StatusDocument,
}
HEAVY = ("numpy", "pandas", "scipy", "sklearn", "joblib", "boto3", "botocore")
PLACES = ("chalicelib", "cli", "engine", "functions", "local", "shared")
ROOMS = [
    str(path.parent.relative_to(ROOT)) for place in PLACES[1:] for path in sorted((ROOT / place).glob("*/__init__.py"))
]
SHARED = re.findall(r"^\| `(shared/\w+)` \| (plain)? *\|", PAGE, re.MULTILINE)
ORDER = [name for name, _ in SHARED]
LAYOUT = [name for name, value in vars(keys).items() if name.isupper() and name[0] != "_" and isinstance(value, str)]
WRITTEN_ELSEWHERE = {"deployments/<stage>.json"}  # by a deployment


def section(title: str) -> str:
    """The text under a heading, up to the next one of its level."""
    level = title.partition(" ")[0]
    lines = PAGE.split(f"\n{title}\n", 1)[1].splitlines()
    return "\n".join(takewhile(lambda line: not re.match(rf"#{{1,{len(level)}}} ", line), lines))


def first_cells(title: str) -> list[str]:
    """What is in backquotes in the first cell of each row of a section's table."""
    rows = re.findall(r"^\| (`.*?) \|", section(title), re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def key_pattern(key: str) -> str:
    """The regular expression of a key as the page has it, with <names> for what varies."""
    return re.sub(r"<[^>]+>", ".+", re.escape(key).replace(r"\<", "<").replace(r"\>", ">"))


@pytest.fixture(scope="module")
def bucket() -> Stage:
    return eventful()


@pytest.mark.parametrize("room", [*PLACES, *ROOMS])
def test_every_room_is_there(room: str) -> None:
    assert re.search(rf"^\| `{room}/?` \|", PAGE, re.MULTILINE)


def test_no_room_is_there_that_does_not_exist() -> None:
    named = re.findall(r"^\| `((?:cli|local|shared)/\w+)` \|", PAGE, re.MULTILINE)
    assert [name for name in named if not (ROOT / name).is_dir() and not (ROOT / f"{name}.py").is_file()] == []


def rooms_imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shared."):
            yield "/".join(str(node.module).split(".")[:2])


@pytest.mark.parametrize("room", ORDER)
def test_a_room_of_shared_imports_only_what_is_above_it(room: str) -> None:
    modules = [*(ROOT / room).rglob("*.py"), *ROOT.glob(f"{room}.py")]
    imported = {name for path in modules for name in rooms_imported(path)}
    assert imported <= set(ORDER[: ORDER.index(room) + 1])


def test_plain_rooms_load_no_scientific_package() -> None:
    paths = [
        path for name, plain in SHARED if plain for path in [*(ROOT / name).rglob("*.py"), *ROOT.glob(f"{name}.py")]
    ]
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths if path.stem != "s3"]
    code = f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
    code += f"print([name for name in {HEAVY!r} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).strip() == "[]"


@pytest.mark.parametrize("name", LAYOUT)
def test_every_name_of_the_layout_is_there(name: str) -> None:
    assert vars(keys)[name] in section("## The bucket")


def test_every_key_of_an_eventful_bucket_is_described(bucket: Stage) -> None:
    patterns = [key_pattern(key) for key in first_cells("## The bucket")]
    assert [key for key in bucket.listing() if not any(re.fullmatch(one, key) for one in patterns)] == []


@pytest.mark.parametrize("key", sorted(set(first_cells("## The bucket")) - WRITTEN_ELSEWHERE))
def test_no_key_is_described_that_is_never_written(key: str, bucket: Stage) -> None:
    assert [found for found in bucket.listing() if re.fullmatch(key_pattern(key), found)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_fields_of_a_document_are_those_that_are_written(kind: str, bucket: Stage) -> None:
    assert set(first_cells(f"### {kind}")) == fields_seen(bucket)[kind]


@pytest.mark.parametrize("kind", TYPED)
def test_the_fields_of_a_document_are_those_of_its_type(kind: str) -> None:
    assert set(first_cells(f"### {kind}")) == set(get_type_hints(TYPED[kind])) - {"format"}


def test_every_type_of_document_is_described() -> None:
    types = [value for module in (documents, fresh_scores, status_documents) for value in vars(module).values()]
    stored = [found for found in types if Stored in getattr(found, "__orig_bases__", ())]
    assert [found for found in stored if found not in TYPED.values() and found is not EvaluationDocument] == []


def test_no_document_is_described_that_is_never_written() -> None:
    assert set(re.findall(r"^### ([a-z ]+)$", section("## The documents"), re.MULTILINE)) == set(KINDS)


@pytest.mark.parametrize("name", ["FORMAT", "READER_VERSION", "ENGINE_VERSION", "TRAINER_VERSION"])
def test_a_version_is_where_the_page_says(name: str) -> None:
    row = re.search(rf"^\| `{name}` \| `(.*?)` \|", PAGE, re.MULTILINE)
    assert row
    assert re.search(rf"^{name}: Final = \d+", (ROOT / row[1]).read_text(encoding="utf-8"), re.MULTILINE)
