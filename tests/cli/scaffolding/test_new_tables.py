"""``vintner new`` on tables as people have them: nothing has to be prepared, and nothing changes its meaning."""

import csv
import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from cli.inspection.csv_file import with_header
from cli.inspection.inspect import Request, inspect
from cli.main import main
from cli.scaffolding.csv_files import CsvFiles, csv_files
from cli.scaffolding.split import split
from shared.ingestion.csv_reader import read_csv
from shared.ingestion.csv_structure import looks_like_values
from shared.settings import Settings
from shared.tables.held_out import Reference, reference_of
from shared.tables.schema import Override
from tests.support.csv_tables import csv_text
from tests.tables.catalogue import EVERY, table
from tests.tables.table import Imitation

UNUSED = {
    "titanic": {"PassengerId", "Name", "Ticket", "Cabin"},
    "adult": {"fnlwgt"},  # whole numbers that differ on every row of its first slot
    "telco": {"customerID"},
    "loan": {"loan_id"},
    "claims": {"claim_no"},
    "visits": {"visit_id", "comment"},
}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("VINTNER_")]:
        monkeypatch.delenv(name)


def make(one: Imitation) -> dict[str, Any]:
    """Make a project of a table's first slot, and what the command says."""
    Path(f"table{one.suffix}").write_bytes(one.slots[0])
    header = ["--header", one.header] if one.header else []
    rule = ["--positive", one.positive] if one.positive else []
    arguments = ["new", "made", "--csv", f"table{one.suffix}", "--label", one.label, *header, *rule, "--json"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    inspection: dict[str, Any] = json.loads(result.stdout)
    return inspection


def reference() -> tuple[Settings, Reference]:
    """The settings of the project that was made, and its test set as the functions read it."""
    config = json.loads(Path("made/.chalice/config.json").read_text(encoding="utf-8"))
    settings = Settings.from_environment(config["stages"]["local"]["environment_variables"])
    said = Path("made/data/schema.json")
    override = Override.parse(said.read_bytes(), "data/schema.json") if said.exists() else None
    test = read_csv(Path("made/data/test/test.csv").read_bytes(), settings, override.columns if override else None)
    return settings, reference_of((test.table,), override)


@pytest.mark.parametrize("name", EVERY)
def test_a_table_becomes_files_that_mean_the_same(name: str) -> None:
    one = table(name)
    inspection = make(one)
    settings, known = reference()
    assert inspection["left_out"]["rows"] == 0
    assert [column.name for column in known.schema.features] == inspection["features"]
    slots = [read_csv(path.read_bytes(), settings, known.columns) for path in Path("made/data/slots").iterdir()]
    assert sum(map(len, [*known.tests, *(slot.table for slot in slots)])) == inspection["rows"]
    assert all(not slot.left_out and slot.detected.delimiter == "," for slot in slots)
    columns = {name.replace(" ", "_") for name in one.frame(one.test).columns} - {one.label}
    constant = {entry["column"] for entry in inspection["ignored"] if "the same value" in entry["reason"]}
    assert columns - set(inspection["features"]) - constant == UNUSED.get(name, set())


@pytest.mark.parametrize("name", ["sensor", "german", "titanic"])
def test_every_cell_is_what_a_notebook_reads(name: str) -> None:
    one = table(name)
    make(one)
    settings, known = reference()
    body = one.slots[0]
    whole = read_csv(body, settings, known.columns).table
    parts = [Path("made/data/test/test.csv"), *Path("made/data/slots").iterdir()]
    tables = [read_csv(path.read_bytes(), settings, known.columns).table for path in parts]
    for position, vocabulary in enumerate(whole.vocabularies):
        values = np.concatenate([part.values[:, position] for part in tables])
        assert len(values) == len(whole)
        if vocabulary is None:
            assert np.array_equal(np.sort(values), np.sort(whole.values[:, position]), equal_nan=True)


@pytest.mark.parametrize("name", ["heart", "heart_stages"])
def test_a_file_without_a_header_line_is_refused_and_told_how(name: str) -> None:
    one = table(name)
    Path("heart.data").write_bytes(one.test)
    for options in (["--label", one.label], []):
        result = CliRunner().invoke(main, ["new", "made", "--csv", "heart.data", *options])
        assert result.exit_code == 1
        assert "no header line: name its columns with --header NAME,NAME,..." in result.stderr
    assert not Path("made").exists()


LINES = {
    "63.0,1.0,1.0,145.0,?,0": True,
    "5.1,3.5,1.4,0.2,Iris-setosa": True,
    "39,State-gov,77516,Bachelors": True,
    "0,0,1": True,
    "label,0,1,2,3": False,
    "country,2015,2016": False,
    "a,b": False,
    "?,": False,
}


@pytest.mark.parametrize(("line", "is_row"), LINES.items())
def test_a_row_is_told_from_a_header(line: str, is_row: bool) -> None:
    assert looks_like_values(line.split(",")) is is_row


@pytest.mark.parametrize(
    ("encoding", "delimiter", "end"),
    [("utf-8", ",", "\n"), ("utf-16", "\t", "\r\n"), ("cp1252", ";", "\r\n"), ("cp932", ",", "\n")],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_header_line_is_spelled_as_the_file(encoding: str, delimiter: str, end: str, *, zipped: bool) -> None:
    name, cities = ("都市", ["東京都", "大阪府"]) if encoding == "cp932" else ("Straße", ["Köln", "Bonn"])
    rows = end.join(delimiter.join(row) for row in (["1", cities[0], "x"], ["2", cities[1], "y"])) + end
    body = gzip.compress(rows.encode(encoding)) if zipped else rows.encode(encoding)
    headed = with_header(body, ["a", name, "label"])
    text = (gzip.decompress(headed) if zipped else headed).decode(encoding)
    assert text == delimiter.join(["a", name, "label"]) + end + rows


def test_a_header_that_the_encoding_cannot_spell_is_refused() -> None:
    with pytest.raises(Exception, match="expected names that Windows-1252, the file's encoding, can spell, found '解'"):
        with_header("1;Köln;x\n2;Bonn;y\n".encode("cp1252"), ["a", "解", "label"])


def written(text: str, **options: Any) -> CsvFiles:  # noqa: ANN401  (Request's own fields)
    inspection = inspect(text.encode(), Request("y", **options))
    test, slots = split(inspection.groups, inspection.codes, test_share=0.25, slots=2, seed=4)
    return csv_files(inspection, {"test": test, "one": slots[0], "two": slots[1]})


def rows(*cells: object) -> str:
    """A column `a` with these cells, the rare ones at its end, beside a number and a label."""
    return csv_text(["a", "b", "y"], [(cell, number % 9, "xz"[number % 3 > 1]) for number, cell in enumerate(cells)])


RARE = {
    "date": ([*(f"0{n % 9 + 1}/0{n % 7 + 1}/2024" for n in range(80)), "01/31/2024"], {"format": "%m/%d/%Y"}),
    "word": ([*(("yes", "no")[n % 2] for n in range(80)), "maybe"], {"kind": "category"}),
    "digits": ([*(n % 30 for n in range(80)), *(f"n/k {n % 2}" for n in range(10))], {"kind": "category"}),
}


@pytest.mark.parametrize(("cells", "said"), RARE.values(), ids=RARE)
def test_what_the_test_set_does_not_show_is_said(cells: list[object], said: dict[str, str]) -> None:
    inspection = written(rows(*cells)).inspection
    document = inspection.override.as_document()["columns"]["a"]
    assert said.items() <= document.items()


def test_text_that_the_test_set_alone_would_take_for_categories_is_ignored() -> None:
    inspection = written(rows(*(f"person {number}" for number in range(60)))).inspection
    assert (inspection.ignored, inspection.override.columns) == (("a",), {})
    assert inspection.why["a"].startswith("text that hardly repeats")


def test_commas_in_numbers_become_points_and_all_else_stays() -> None:
    cells = [("1,230", "-7,5", "1.234,5", "a,b", "1.23")[number % 5] for number in range(80)]
    text = "a;b;y\n" + "".join(f"{cell};{n % 9},50;{('1,0', '2')[n % 3 > 1]}\n" for n, cell in enumerate(cells))
    files = written(text)
    lines = list(csv.reader(b"".join(files.bodies.values()).decode().splitlines()))
    assert {line[0] for line in lines} == {"a", "1.23", "-7.5", "1.234,5", "a,b"}
    assert {line[1] for line in lines} == {"b", *(f"{n}.5" for n in range(9))}
    assert files.inspection.classes == (1, 2)
