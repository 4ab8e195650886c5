"""Reading an upload: what is accepted and as what, and every complaint with its line and column."""

import csv
import gzip
import io
import math
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.formats.columns import Column
from shared.formats.row_errors import MAX_REASONS, BadTable, Reason, shortened
from shared.formats.values import FLOAT32_MAX, MISSING
from shared.ingestion.csv_reader import Reading, read_csv
from shared.settings import Positive, Settings
from shared.tables.table import Table

SETTINGS = Settings("bucket", "label")
STRICT = replace(SETTINGS, max_bad_share=0.0)
NUMBERS = {"a": Column("a"), "b": Column("b")}
NAN = math.nan

Found = list[tuple[int | None, str | None, str]]


def reading(text: str | bytes, settings: Settings = SETTINGS, columns: Mapping[str, Column] | None = None) -> Reading:
    return read_csv(text.encode() if isinstance(text, str) else text, settings, columns)


def read(text: str | bytes, settings: Settings = SETTINGS, columns: Mapping[str, Column] | None = None) -> Table:
    return reading(text, settings, columns).table


def as_tuples(found: Sequence[Reason]) -> Found:
    return [(reason.line, reason.column, reason.problem) for reason in found]


def reasons(text: str | bytes, settings: Settings = STRICT, columns: Mapping[str, Column] | None = NUMBERS) -> Found:
    """Why an upload is rejected, less the sentence that counts the unusable rows."""
    with pytest.raises(BadTable) as raised:
        read(text, settings, columns)
    return [reason for reason in as_tuples(raised.value.reasons) if "rows cannot be used" not in reason[2]]


def labels_of(table: Table) -> list[str]:
    return [table.labels[code] for code in table.codes]


def same(left: Sequence[float], right: Sequence[float]) -> bool:
    return np.array_equal(np.array(left, float), np.array(right, float), equal_nan=True)


# name: (text, the values of column a, the labels)
VALID: dict[str, tuple[str | bytes, list[float], list[str]]] = {
    "plain": ("a,label\n1,x\n2,y\n", [1, 2], ["x", "y"]),
    "no newline at the end": ("a,label\n1,x\n2,y", [1, 2], ["x", "y"]),
    "CRLF": ("a,label\r\n1,x\r\n2,y\r\n", [1, 2], ["x", "y"]),
    "CR": ("a,label\r1,x\r2,y\r", [1, 2], ["x", "y"]),
    "mixed line ends": ("a,label\r\n1,x\n2,y\r3,z", [1, 2, 3], ["x", "y", "z"]),
    "BOM": (b"\xef\xbb\xbfa,label\n1,x\n", [1], ["x"]),
    "label first": ("label,a\nx,1\n", [1], ["x"]),
    "blank lines": ("\n\na,label\n\n1,x\n\n\n2,y\n\n", [1, 2], ["x", "y"]),
    "blank CRLF lines": ("\r\na,label\r\n\r\n1,x\r\n", [1], ["x"]),
    "spaces in the header": (" a , label \n1,x\n", [1], ["x"]),
    "spaces around values": ("a,label\n 1 , x \n\t2\t,y\n", [1, 2], ["x", "y"]),
    "everything quoted": ('"a","label"\n"1","x"\n"2","y"\n', [1, 2], ["x", "y"]),
    "quoted commas": ('a,label\n1,"x,y"\n', [1], ["x,y"]),
    "doubled quotes": ('a,label\n1,"say ""x"""\n', [1], ['say "x"']),
    "quoted line breaks": ('a,label\n1,"x\ny"\n2,"x\r\ny"\n', [1, 2], ["x\ny", "x\r\ny"]),
    "a quote inside": ('a,label\n1,5" pipe\n', [1], ['5" pipe']),
    "unicode": ("a,label\n1,Größe 日本 🍷\n", [1], ["Größe 日本 🍷"]),
    "one row": ("a,label\n1,x", [1], ["x"]),
    "notations": ("a,label\n+1,x\n-.5,x\n5.,x\n1e3,x\n1E-3,x\n007,x\n", [1, -0.5, 5, 1000, 0.001, 7], ["x"] * 6),
    "negative zero": ("a,label\n-0.0,x\n-0,x\n0,x\n", [0, 0, 0], ["x"] * 3),
    "small numbers": ("a,label\n5e-324,x\n1e-400,x\n-1e-400,x\n", [5e-324, 0, 0], ["x"] * 3),
    "float32's largest": (f"a,label\n{FLOAT32_MAX!r},x\n{-FLOAT32_MAX!r},x\n", [FLOAT32_MAX, -FLOAT32_MAX], ["x"] * 2),
    "large integers": (
        "a,label\n9007199254740993,x\n18446744073709551616,x\n-9223372036854775809,x\n",
        [2.0**53, 2.0**64, -(2.0**63)],
        ["x"] * 3,
    ),
    "all missing spellings": (
        "a,label\n" + "".join(f"{spelling},x\n" for spelling in MISSING) + "1,x\n",
        [NAN] * len(MISSING) + [1],
        ["x"] * (len(MISSING) + 1),
    ),
    "missing with spaces": ("a,label\n NA ,x\n  ,x\n ? ,x\n1,x\n", [NAN, NAN, NAN, 1], ["x"] * 4),
    "missing in quotes": ('a,label\n"",x\n"NA",x\n1,x\n', [NAN, NAN, 1], ["x"] * 3),
    "numbers as labels": ("a,label\n1,5\n2,05\n3,5.0\n", [1, 2, 3], ["5", "05", "5.0"]),
    "labels that look like truth": ("a,label\n1,True\n2,false\n", [1, 2], ["True", "false"]),
    "labels with different case": ("a,label\n1,Yes\n2,yes\n", [1, 2], ["Yes", "yes"]),
    "labels with spaces are one": ("a,label\n1,x\n2, x\n3,x \n", [1, 2, 3], ["x"] * 3),
    "other columns": ("a,b b,label,c/d\n1,2,x,3\n", [1], ["x"]),
    "a comment sign": ("a,label\n1,#x\n", [1], ["#x"]),
    "semicolons": ("a;label\n1;x\n", [1], ["x"]),
    "semicolons, decimal commas": ("a;label\n1,5;x\n-2,25e3;y\n3;z\n", [1.5, -2250, 3], ["x", "y", "z"]),
    "semicolons, decimal points": ("a;label\n1.5;x\n", [1.5], ["x"]),
    "semicolons, a comma in a text": ('a;label\n1;"x, y"\n', [1], ["x, y"]),
    "tabs": ("a\tlabel\n1\tx\n\ty\n", [1, NAN], ["x", "y"]),
    "bars": ("a|label\n1|x\n", [1], ["x"]),
    "spaces after commas": ('a, label\n1, x\n2, "x, y"\n', [1, 2], ["x", "x, y"]),
    "the index of to_csv": (",a,label\n0,1,x\n", [1], ["x"]),
    "the index, read and written again": ("Unnamed: 0,a,label\n0,1,x\n", [1], ["x"]),
    "a comma at the end of each line": ("a,label,\n1,x,\n", [1], ["x"]),
    "a name with a line break": ('"a","my\nnote",label\n1,2,x\n', [1], ["x"]),
    "gzip": (gzip.compress(b"a,label\n1,x\n"), [1], ["x"]),
    "gzip of two members": (gzip.compress(b"a,label\n1,x\n") + gzip.compress(b"2,y\n"), [1, 2], ["x", "y"]),
    "UTF-16 LE": ("a,label\n1,süß\n".encode("utf-16"), [1], ["süß"]),
    "UTF-16 BE": (b"\xfe\xff" + "a,label\n1,x\n".encode("utf-16-be"), [1], ["x"]),
    "UTF-16 without BOM": ("a,label\n1,x\n".encode("utf-16-le"), [1], ["x"]),
    "Latin-1": ("a,label\n2,süß\n".encode("latin-1"), [2], ["süß"]),
    "Windows-1252": ("a,label\n2,5 € “süß”\n".encode("cp1252"), [2], ["5 € “süß”"]),
}


@pytest.mark.parametrize(("text", "values", "labels"), VALID.values(), ids=VALID)
def test_reads(text: str | bytes, values: list[float], labels: list[str]) -> None:
    table = read(text)
    assert same(table.values[:, table.features.index("a")].tolist(), values)
    assert labels_of(table) == labels
    assert len(table) == len(labels)


def test_a_table_has_its_shapes_and_types() -> None:
    table = read("b,label,a\n1,y,3\n2,x,\n")
    assert (table.features, table.labels) == (("b", "a"), ("x", "y"))
    assert (str(table.values.dtype), table.values.shape, str(table.codes.dtype)) == ("float64", (2, 2), "int32")
    assert table.codes.tolist() == [1, 0]
    assert table.vocabularies == (None, None)


def test_no_zero_keeps_its_sign() -> None:
    assert not np.signbit(read("a,b,label\n-0.0,-0,x\n-1e-400,NA,x\n").values[:, 0]).any()


def test_ignored_columns_are_not_read() -> None:
    table = read("Id,a,note,label\nx1,1,anything,x\n", replace(SETTINGS, ignore=("Id", "note", "absent")))
    assert table.features == ("a",)


NOTES = {
    "one": ("a,b,label\n,1,x\nNA,2,y\n", ("column a has no value",)),
    "all": ("a,b,label\n,?,x\n", ("column a has no value", "column b has no value")),
    "none": ("a,b,label\n,1,x\n2,,x\n", ()),
}


@pytest.mark.parametrize(("text", "warnings"), NOTES.values(), ids=NOTES)
def test_warns_of_columns_without_a_value(text: str, warnings: tuple[str, ...]) -> None:
    assert reading(text).warnings == warnings


RULES: dict[str, tuple[str, str, list[str]]] = {
    "greater": ("> 5", "4 5 6", ["false", "false", "true"]),
    "at least": (">= 5", "4.99 5 5.0", ["false", "true", "true"]),
    "equal number": ("== 5", "5 5.0 05 6", ["true", "true", "true", "false"]),
    "equal text": ("== yes", "yes Yes no 1", ["true", "true", "false", "false"]),
}


@pytest.mark.parametrize(("rule", "labels", "expected"), RULES.values(), ids=RULES)
def test_a_rule_makes_true_and_false(rule: str, labels: str, expected: list[str]) -> None:
    text = "a,label\n" + "".join(f"1,{label}\n" for label in labels.split())
    assert labels_of(read(text, replace(SETTINGS, positive=Positive.parse(rule)))) == expected


def _workbook() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    return buffer.getvalue()


NOT_A_FILE_OF_ROWS: dict[str, tuple[str | bytes, int | None, str]] = {
    "empty": (b"", None, "found an empty file"),
    "whitespace": (" \n\t\r\n ", None, "found an empty file"),
    "workbook": (_workbook(), None, "found a zip archive or an Excel workbook: save it as CSV"),
    "gzip of a workbook": (gzip.compress(_workbook()), None, "found a zip archive or an Excel workbook"),
    "gzip cut off": (gzip.compress(b"a,label\n1,x\n")[:-9], None, "found a damaged one"),
    "gzip of nothing": (gzip.compress(b""), None, "found an empty file"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", None, "found a PDF document"),
    "Parquet": (b"PAR1\x15\x04", None, "found a Parquet file"),
    "PNG": (b"\x89PNG\r\n\x1a\n", None, "found a PNG picture"),
    "JPEG": (b"\xff\xd8\xff\xe0", None, "found a JPEG picture"),
    "half a character of UTF-16": (b"\xff\xfea", 1, "found byte 0x61 at position 2: save it as UTF-8"),
    "binary": (bytes(range(128, 256)), 1, "or Windows-1252, found byte 0x81 at position 1: save it as UTF-8"),
    "a control character": (
        "a,label\n1,ü\n2,\x02\n".encode("latin-1"),
        3,
        "found the control character 0x02: this is not a CSV",
    ),
    "NUL": ("a,label\n1,x\n2,\0\n", 3, "found a NUL byte: this is not a CSV"),
    "only a BOM": (b"\xef\xbb\xbf", None, "found an empty file"),
    "header only": ("a,label\n", 2, "expected at least one row under the header, found none"),
    "header and blank lines": ("a,label\n\n\n", 2, "expected at least one row under the header, found none"),
    "JSON": ('{"a": 1, "label": "x"}\n', 1, "expected CSV text, found JSON: save it as CSV"),
    "JSON lines of lists": ('[["a", "label"], [1, "x"]]', 1, "found JSON"),
    "HTML": ("\n<!DOCTYPE html><html><body>Sign in</body></html>", 1, "found HTML"),
    "an open quote": ('a,label\n1,x\n2,"y\n3,z\n', 3, "found broken quoting (unexpected end of data)"),
    "an open quote in the header": ('"a,label\n1,x\n', 1, "found broken quoting (unexpected end of data)"),
    "text after a quote": ('a,label\n1,x\n2,"y"z\n', 3, "found broken quoting (',' expected after '\"')"),
    "a huge field": (f"a,label\n1,{'x' * 200_000}\n", 2, "field larger than field limit"),
}


@pytest.mark.parametrize(("body", "line", "problem"), NOT_A_FILE_OF_ROWS.values(), ids=NOT_A_FILE_OF_ROWS)
def test_says_what_it_found_instead_of_a_csv(body: str | bytes, line: int | None, problem: str) -> None:
    found = reasons(body)
    assert found[0][:2] == (line, None)
    assert problem in found[0][2]


# name: (text, [(line, column, part of the problem)])
INVALID: dict[str, tuple[str, list[tuple[int | None, str | None, str]]]] = {
    "no label": ("a,b\n1,2\n", [(1, None, "expected the label column 'label', found the columns a, b: check")]),
    "another case": ("a,Label\n1,x\n", [(1, None, "expected the label column 'label', found the columns a, Label")]),
    "no header": ("5.1,2,x\n3,4,y\n", [(1, None, "expected a header line, found a line of values (5.1, 2, x): write")]),
    "no header, decimal commas": ("1,5;?;0\n2,5;3;1\n", [(1, None, "found a line of values (1,5, ?, 0)")]),
    "semicolons without the label": ("a;b\n1;2\n", [(1, None, "found the columns a, b: check")]),
    "no feature": ("label\nx\n", [(1, None, "expected at least one feature column beside the label")]),
    "many columns": (",".join(f"c{i}" for i in range(20)) + "\n", [(1, None, "c10, c11 and 8 more: check")]),
    "no feature but an index": (",label\n0,x\n", [(1, None, "expected at least one feature column")]),
    "all in one header": (",b,b\n1,2,3\n", [(1, None, "'label'")]),
    "header below blank lines": ("\n\na,b\n1,2\n", [(3, None, "expected the label column")]),
    "short": ("a,b,label\n1,2,x\n3,y\n", [(3, None, "expected 3 fields as in the header, found 2")]),
    "long": ("a,label\n1,x,\n2,y\n", [(2, None, "expected 2 fields as in the header, found 3")]),
    "decimal comma": ("a,label\n1,5,x\n", [(2, None, "expected 2 fields as in the header, found 3")]),
    "spaces only": ("a,label\n1,x\n  \n2,y\n", [(3, None, "expected 2 fields as in the header, found 1")]),
    "ragged after blank lines": ("a,label\n\n\n1,x\n\n2\n", [(6, None, "found 1")]),
    "ragged after a quoted line break": ('a,label\n1,"x\n\ny"\n2\n3,y\n4,5,6\n', [(5, None, "1"), (7, None, "3")]),
    "ragged with CR": ("a,label\r1,x\r2\r", [(3, None, "found 1")]),
    "ragged with CRLF": ("a,label\r\n1,x\r\n2\r\n", [(3, None, "found 1")]),
    "text": ("a,label\n1,x\nlow,y\n", [(3, "a", "expected a finite number or nothing, found 'low'")]),
    "text in quotes": ('a,label\n"1,5",x\n', [(2, "a", "found '1,5'")]),
    "units": ("a,label\n12 %,x\n12,y\n", [(2, "a", "found '12 %'")]),
    "date": ("a,label\n2025-01-01,x\n", [(2, "a", "found '2025-01-01'")]),
    "hexadecimal": ("a,label\n0x10,x\n1,y\n", [(2, "a", "found '0x10'")]),
    "underscore": ("a,label\n1_000,x\n1,y\n", [(2, "a", "found '1_000'")]),
    "other digits": ("a,label\n\u0661,x\n1,y\n", [(2, "a", "found '\u0661'")]),
    "infinity": ("a,label\n1,x\ninf,y\n", [(3, "a", "expected a finite number or nothing, found 'inf'")]),
    "negative infinity": ("a,label\n-Infinity,x\n", [(2, "a", "found '-inf'")]),
    "too large": ("a,label\n1e999,x\n", [(2, "a", "found 'inf'")]),
    "beyond float32": ("a,label\n3.5e38,x\n-1e39,y\n", [(2, "a", "found '3.5e+38'"), (3, "a", "found '-1e+39'")]),
    "boolean": ("a,label\nTrue,x\nFalse,y\n", [(2, "a", "found 'True'"), (3, "a", "found 'False'")]),
    "boolean and missing": ("a,label\nTrue,x\n,y\n", [(2, "a", "found 'True'")]),
    "boolean and number": ("a,label\n1,x\ntrue,y\n", [(3, "a", "found 'true'")]),
    "no label value": ("a,label\n1,\n2,\n", [(2, "label", "expected a label, found nothing"), (3, "label", "nothing")]),
    "missing label": (
        "a,label\n1,x\n2,NA\n3, ? \n",
        [(3, "label", "found 'NA', which means a missing value in so few rows"), (4, "label", "found '?', which")],
    ),
    "several, sorted": (
        "a,b,label\n1,z,x\n2,3,\ny,4,x\n",
        [(2, "b", "found 'z'"), (3, "label", "nothing"), (4, "a", "found 'y'")],
    ),
    "two in one line": ("b,a,label\nu,v,\n", [(2, "a", "'v'"), (2, "b", "'u'"), (2, "label", "nothing")]),
    "a value after line breaks": ('a,label\n1,"x\ny"\n\nbad,y\n', [(5, "a", "found 'bad'")]),
    "a long value": (f"a,label\n{'z' * 100},x\n", [(2, "a", f"found '{'z' * 40}...'")]),
}


@pytest.mark.parametrize(("text", "expected"), INVALID.values(), ids=INVALID)
def test_names_every_reason_with_line_and_column(text: str, expected: list[tuple[int | None, str | None, str]]) -> None:
    found = reasons(text)
    assert [reason[:2] for reason in found] == [reason[:2] for reason in expected]
    assert all(part in reason[2] for reason, (_, _, part) in zip(found, expected, strict=True)), found


def test_none_is_an_answer_whatever_the_settings_say_of_features() -> None:
    text = "a,label\n1,some\n2,none\n,some\n"
    assert labels_of(read(text)) == ["some", "none", "some"]
    assert labels_of(read(text, replace(STRICT, missing=("", "none")))) == ["some", "none", "some"]


FLAG, DAY, WEIGHT = Column("a", "boolean"), Column("a", "date", "%d.%m.%Y"), Column("a", number_format="1234.5 kg")
WAYS_OUT: dict[str, tuple[Column, list[str], str]] = {
    "one spelling": (
        Column("a"),
        ["unknown", "unknown", "3 or 4"],
        "column a: write a number, or, if 'unknown' means a missing value: vintner schema --missing a=unknown",
    ),
    "texts": (
        Column("a"),
        ["small", "large", "2"],
        "column a: write a number, or, if it is text: vintner schema --set a=category",
    ),
    "another language": (
        FLAG,
        ["oui", "non", "true"],
        "column a: write true or false, or, if it is text: vintner schema --set a=category",
    ),
    "no date": (
        DAY,
        ["soon", "later", "1.2.2024"],
        "column a: write a date such as 02.11.2024, or, if it is text: vintner schema --set a=category",
    ),
    "a quote": (
        Column("a"),
        ["it's", "it's", "2"],
        """if "it's" means a missing value: vintner schema --missing 'a=it'"'"'s'""",
    ),
    "another unit": (
        WEIGHT,
        ["5 lb", "6 lb", "7 lb"],
        "or, if the test set has the form 1234.5 lb too: vintner schema --set 'a=number:1234.5 lb'",
    ),
    "digits for days": (
        DAY,
        ["45000", "45000", "1.2.2024"],
        "if '45000' means a missing value: vintner schema --missing a=45000",
    ),
}


@pytest.mark.parametrize(("column", "cells", "way_out"), WAYS_OUT.values(), ids=WAYS_OUT)
def test_too_many_bad_rows_are_refused_with_a_way_out_of_the_columns_kind(
    column: Column, cells: list[str], way_out: str
) -> None:
    text = "a,label\n" + "".join(f"{cell},{label}\n" for cell, label in zip(cells, "xyx", strict=True))
    with pytest.raises(BadTable) as raised:
        read(text, columns={"a": column})
    problem = raised.value.reasons[-1].problem
    assert problem.partition("; ")[0].endswith("of the rows may be unusable (VINTNER_MAX_BAD_SHARE)")
    assert problem.endswith(way_out)


def test_rows_of_another_width_are_to_be_corrected() -> None:
    with pytest.raises(BadTable, match=r"\(VINTNER_MAX_BAD_SHARE\); correct them$"):
        read("a,label\n1,x\n2\n3,y\n")


def test_few_ways_out_are_named_where_many_columns_do_not_fit() -> None:
    names = [f"c{number}" for number in range(8)]
    text = f"{','.join(names)},label\n" + f"{','.join(['?!'] * 8)},x\n" * 3
    with pytest.raises(BadTable, match=r"column c4: .*; and 3 more columns$"):
        read(text, columns={name: Column(name) for name in names})


def test_a_rule_must_fit_every_label() -> None:
    found = reasons("a,label\n1,6\n2,good\n3,\n", replace(STRICT, positive=Positive.parse("> 5")))
    assert found == [
        (3, "label", "expected a number for the rule '> 5', found 'good'"),
        (4, "label", "expected a label, found nothing"),
    ]


@pytest.mark.parametrize("line", ["1\n", "bad,x\n", "1,\n"], ids=["ragged", "value", "label"])
def test_lists_a_hundred_reasons_and_counts_the_others(line: str) -> None:
    found = reasons("a,label\n" + line * 250)
    assert len(found) == MAX_REASONS + 1
    assert [reason[0] for reason in found[:100]] == list(range(2, 102))
    assert found[-1] == (None, None, "and 150 more problems")


def test_a_hundred_reasons_are_listed_all() -> None:
    assert len(reasons("a,label\n" + "1\n" * 100)) == 100


def test_reads_two_thousand_columns() -> None:
    names = [f"c{number}" for number in range(2_000)]
    rows = "".join(",".join(str(row * column) for column in range(2_000)) + f",{row}\n" for row in range(3))
    table = read(",".join([*names, "label"]) + "\n" + rows)
    assert table.features == tuple(names)
    assert table.values[2].tolist() == [2.0 * column for column in range(2_000)]


def test_reads_many_rows_with_a_bad_one_at_the_end() -> None:
    assert reasons("a,label\n" + "1.5,x\n" * 100_000 + "oops,x\n") == [
        (100_002, "a", "expected a finite number or nothing, found 'oops'")
    ]


TEXTS = {
    "everything": (Reason("bad", 3, "a"), "line 3, column a: bad"),
    "line": (Reason("bad", 3), "line 3: bad"),
    "column": (Reason("bad", None, "a"), "column a: bad"),
    "neither": (Reason("bad"), "bad"),
}


@pytest.mark.parametrize(("reason", "text"), TEXTS.values(), ids=TEXTS)
def test_a_reason_says_where(reason: Reason, text: str) -> None:
    assert str(reason) == text
    assert str(BadTable([reason, Reason("worse")])) == f"{text}; worse"


def test_long_texts_are_cut() -> None:
    assert shortened("a" * 40) == repr("a" * 40)
    assert shortened("a" * 41) == repr("a" * 40 + "...")


ALPHABET = st.sampled_from(
    [*'aab10,,""\'\n\n\r; \t-.eE+x?_#\\', "\r\n", "label", "NA", "inf", "\ufeff", "é", "\x1a", "\x85"]
)
CSVISH = st.lists(ALPHABET, max_size=40).map("".join)


def _reads_or_rejects(body: bytes, settings: Settings = SETTINGS) -> None:
    try:
        table = read(body, settings)
    except BadTable as error:
        assert 1 <= len(error.reasons) <= MAX_REASONS + 2  # noqa: PT017  (either is right)
        return
    assert not np.isinf(table.values).any()
    assert table.values.shape == (len(table), len(table.features))
    assert set(table.codes.tolist()) == set(range(len(table.labels)))
    assert list(table.labels) == sorted(set(table.labels))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_rejected(body: bytes) -> None:
    _reads_or_rejects(body)


@given(st.text(max_size=100))
def test_any_text_is_read_or_rejected(text: str) -> None:
    _reads_or_rejects(b"a,label\n" + text.encode("utf-8", "surrogatepass"))


@given(CSVISH, CSVISH)
@example(' "a,1\n b",', "label,a")
def test_anything_like_a_csv_is_read_or_rejected(text: str, header: str) -> None:
    _reads_or_rejects(("a,label\n" + text).encode())
    _reads_or_rejects((header + "\n" + text).encode())
    _reads_or_rejects(("label,b\n" + text).encode(), replace(SETTINGS, positive=Positive.parse("> 1")))


FLOATS = st.floats(-FLOAT32_MAX, FLOAT32_MAX)


@given(st.lists(FLOATS, min_size=1, max_size=50))
def test_floats_are_read_bit_by_bit(numbers: list[float]) -> None:
    table = read("a,label\n" + "".join(f"{number!r},x\n" for number in numbers))
    expected = struct.pack(f"{len(numbers)}d", *(number + 0.0 for number in numbers))
    assert table.values.tobytes() == expected


@given(st.lists(FLOATS, min_size=1, max_size=20))
def test_floats_beside_missing_values_are_read_bit_by_bit(numbers: list[float]) -> None:
    table = read("a,label\n" + "".join(f"{number!r},x\n NA ,x\n" for number in numbers))
    assert table.values[::2, 0].tolist() == numbers
    assert np.isnan(table.values[1::2]).all()


CELLS = st.tuples(st.none() | FLOATS, st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))


@given(st.lists(CELLS, min_size=1, max_size=10))
def test_what_the_csv_module_writes_is_read_back(rows: list[tuple[float | None, str]]) -> None:
    rows = [(number, label) for number, label in rows if label.strip() not in MISSING] or [(1.0, "x")]
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([("a", "label"), *rows])
    table = read(buffer.getvalue())
    assert same(table.values[:, 0].tolist(), [NAN if number is None else number for number, _ in rows])
    assert labels_of(table) == [label.strip() for _, label in rows]


LINES = st.lists(st.tuples(FLOATS, st.sampled_from(["x", "y", '"a\tb"'])), min_size=1, max_size=8)


@given(LINES, st.lists(st.integers(0, 3), min_size=9, max_size=9), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_blank_lines_and_line_ends_do_not_matter(
    rows: list[tuple[float, str]], blanks: list[int], end: str, last: bool
) -> None:
    lines = ["a,label", *(f"{number!r},{label}" for number, label in rows)]
    text = "".join(end * blank + line + end for line, blank in zip(lines, blanks, strict=False))
    table, plain = read(text if last else text.removesuffix(end)), read("\n".join(lines))
    assert same(table.values[:, 0].tolist(), plain.values[:, 0].tolist())
    assert labels_of(table) == labels_of(plain)
