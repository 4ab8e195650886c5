"""Bad uploads by name: what a user, a spreadsheet or an attacker may put into the bucket."""

# ruff: noqa: RUF001  (characters that look like others are among the cases)

import gzip
from collections.abc import Iterator
from typing import Final, NamedTuple

from tests.support.stage import SLOT


class Case(NamedTuple):
    """An upload, and what its receipt must say: a part of its first reason, or None when it is fine.

    `tested` says that there is a test set, by which its columns are numbers; `accepted` that only some rows are bad.
    """

    name: str
    body: bytes
    problem: str | None
    key: str = f"{SLOT}case.csv"
    tested: bool = False
    accepted: bool = False


GOOD: Final = "a,b,label\n1,2,yes\n3,4,no\n"
NUMBER: Final = "expected a finite number or nothing"
QUOTING: Final = "broken quoting"
WIDTH: Final = "fields as in the header"


def corpus() -> Iterator[Case]:
    """Every case."""
    yield from _encodings()
    yield from _not_csv()
    yield from _headers()
    yield from _shapes()
    yield from _quoting()
    yield from _numbers()
    yield from _labels()
    yield from _keys()


def _encodings() -> Iterator[Case]:
    text = "a,b,label\n1,2,jä\n3,4,no\n"
    for name in ("latin-1", "cp1252", "cp437", "iso8859-15", "mac-roman"):
        yield Case(f"encoded in {name}", text.encode(name), None)
    for name in ("shift-jis", "euc-jp", "gb18030", "big5", "euc-kr"):
        yield Case(f"encoded in {name}", "a,b,label\n1,2,日本\n3,4,no\n".encode(name, "replace"), None)
    for name in ("utf-16", "utf-16-le", "utf-16-be"):
        yield Case(f"encoded in {name}", text.encode(name), None)
    for name in ("utf-32", "utf-32-le", "utf-32-be"):
        yield Case(f"encoded in {name}", text.encode(name), "NUL byte")
    yield Case("utf-8 with a byte order mark", b"\xef\xbb\xbf" + GOOD.encode(), None)
    yield Case("two byte order marks", b"\xef\xbb\xbf" * 2 + GOOD.encode(), None)
    yield Case("only a byte order mark", b"\xef\xbb\xbf", "")
    yield Case("ebcdic", GOOD.encode("cp500"), "")
    for name, junk in {
        "a lone continuation byte": b"\x80",
        "an overlong slash": b"\xc0\xaf",
        "a surrogate": b"\xed\xa0\x80",
        "byte 0xff": b"\xff",
        "a cut character": b"\xe2\x82",
    }.items():
        yield Case(f"{name} in a value", GOOD.encode() + junk + b",1,yes\n", None)
        yield Case(f"{name} in the header", b"a" + junk + GOOD.encode()[1:], None)
    for name, where in {"header": b"a\0,b,label\n1,2,yes\n", "value": b"a,b,label\n1\0,2,yes\n"}.items():
        yield Case(f"NUL in the {name}", where, "NUL byte")
    yield Case("NUL bytes after the end", GOOD.encode() + b"\0" * 512, "NUL byte")
    yield Case("only NUL bytes", b"\0" * 4096, "NUL byte")


def _not_csv() -> Iterator[Case]:
    for name, body in {
        "nothing": b"",
        "one newline": b"\n",
        "only blanks": b"  \n \t\n",
        "a zip archive": b"PK\x03\x04" + b"\0" * 100,
        "a damaged gzip archive": b"\x1f\x8b\x08" + b"\0" * 100,
        "a gzip archive cut off": gzip.compress(GOOD.encode())[:-1],
        "a gzip archive of a PDF": gzip.compress(b"%PDF-1.7\n"),
        "bytes that no encoding has": b"a,b,label\n\x81,\x8d,yes\n",
        "a PDF": b"%PDF-1.7\n",
        "Parquet": b"PAR1\x15\x04",
        "a PNG": b"\x89PNG\r\n\x1a\n",
        "a JPEG": b"\xff\xd8\xff\xe0",
        "an ELF program": b"\x7fELF\x02\x01\x01\0",
        "a pickle": b"\x80\x04\x95\x0c\0\0\0\0\0\0\0\x8c\x02os\x94.",
        "JSON": b'{"a": 1, "label": "yes"}\n',
        "JSON lines": b'{"a": 1}\n{"a": 2}\n',
        "HTML": b"<!doctype html><title>404</title>\n",
        "XML": b'<?xml version="1.0"?><a/>\n',
        "YAML": b"a: 1\nlabel: yes\n",
        "a shell script": b"#!/bin/sh\nrm -rf /\n",
        "an XML bomb": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>\n',
        "a log": b"2024-01-01 12:00:00 INFO started\n",
        "SQL": b"INSERT INTO t VALUES (1, 2);\n",
        "a header and no row": b"a,b,label\n",
        "a header and blank lines": b"a,b,label\n\n\n\n",
    }.items():
        yield Case(name, body, "")


def _headers() -> Iterator[Case]:
    for name, header, problem in (
        ("no label column", "a,b,c", "label column 'label'"),
        ("label in capitals", "a,b,Label", "label column 'label'"),
        ("label twice", "a,label,label", None),
        ("a feature twice", "a,a,label", None),
        ("a feature twice but for blanks", "a, a ,label", None),
        ("an empty name", "a,,label", None),
        ("a blank name", "a,  ,label", None),
        ("the index of DataFrame.to_csv", ",a,label", None),
        ("only the index", ",,label", None),
        ("all names empty", ",,", "label column 'label'"),
        ("a zero-width label", "a,b,\u200blabel", "label column 'label'"),
        ("a label with Cyrillic letters", "a,b,lаbel", "label column 'label'"),
        ("semicolons", "a;b;label", WIDTH),
        ("tabs", "a\tb\tlabel", WIDTH),
        ("vertical bars", "a|b|label", WIDTH),
        ("no header, only numbers", "1,2,3", "found a line of values (1, 2, 3)"),
    ):
        yield Case(f"header: {name}", f"{header}\n1,2,yes\n3,4,no\n".encode(), problem)
    yield Case("header: only the label", b"label\nyes\nno\n", "at least one feature column")
    for name, feature in {
        "a script": "<script>alert(1)</script>",
        "a path": "../../etc/passwd",
        "a formula": "=cmd|' /C calc'!A0",
        "a format string": "%s%n{0}",
        "SQL": "'; DROP TABLE x; --",
        "emoji": "\U0001f377",
        "right to left": "\u202eabc",
        "Arabic": "العمر",
        "a combining letter": "e\u0301",
        "blanks inside": "fixed acidity",
        "a dunder": "__class__",
        "a template": "{{7*7}}",
        "a long name": "x" * 5000,
        "a constructor": "constructor",
        "a number": "0",
        "a bell": "\a",
    }.items():
        yield Case(f"a feature named like {name}", f'"{feature}",b,label\n1,2,yes\n3,4,no\n'.encode(), None)


def _shapes() -> Iterator[Case]:
    for name, row in {
        "a row too short": "5,yes",
        "a row too long": "5,6,yes,7",
        "a row of one": "5",
        "a trailing comma": "5,6,yes,",
        "decimal commas": "1,5,2,5,yes",
        "a total line": "total: 2",
        "a comment line": "# comment",
    }.items():
        yield Case(name, f"{GOOD}{row}\n".encode(), WIDTH)
    yield Case("every row with a trailing comma", b"a,b,label\n1,2,yes,\n3,4,no,\n", WIDTH)
    yield Case("a header with a trailing comma", b"a,b,label,\n1,2,yes,\n3,4,no,\n", None)
    for delimiter in ";\t|":
        yield Case(f"delimited by {delimiter!r}", GOOD.replace(",", delimiter).encode(), None)
    yield Case("decimal commas and semicolons", b"a;b;label\n1,5;2;yes\n3;4,5;no\n", None)
    for name, end in {"CRLF": "\r\n", "CR": "\r"}.items():
        yield Case(f"lines end with {name}", GOOD.replace("\n", end).encode(), None)
    yield Case("mixed line ends", b"a,b,label\r\n1,2,yes\n3,4,no\r", None)
    yield Case("no line end at the end", GOOD.strip().encode(), None)
    yield Case("blank lines between", GOOD.replace("\n", "\n\n").encode(), None)
    yield Case("1,000 rows too short", ("a,b,label\n" + "1,yes\n" * 1000).encode(), WIDTH)
    for columns in (100, 1_000, 10_000):
        header = ",".join(f"c{number}" for number in range(columns))
        yield Case(f"{columns} columns", f"{header},label\n{'1,' * columns}yes\n{'2,' * columns}no\n".encode(), None)
    yield Case("10,000 columns of one name", ("a," * 10_000 + "label\n" + "1," * 10_000 + "yes\n").encode(), None)
    yield Case("10,000 commas", b"," * 10_000 + b"\n", "label column")
    yield Case("100,000 columns", b"," * 100_000 + b"\n", "at most 16384 columns")
    yield Case("a row of 100,000 fields", b"a,b,label\n" + b"," * 100_000 + b"\n", "at most 16384 columns")
    yield Case("a line of 1 MB", b"a" * 1_000_000, "")
    yield Case("a value of 1 MB", b"a,b,label\n" + b"1" * 1_000_000 + b",2,yes\n", "")
    yield Case("a label of 1 MB", b"a,b,label\n1,2," + b"x" * 1_000_000 + b"\n", "")
    yield Case("100,000 blank lines", b"a,b,label\n" + b"\n" * 100_000 + b"1,2,yes\n3,4,no\n", None)


def _quoting() -> Iterator[Case]:
    for name, body in {
        "a quote never closed": 'a,b,label\n"1,2,yes\n3,4,no\n',
        "a quote never closed in the header": '"a,b,label\n1,2,yes\n',
        "text after a closing quote": 'a,b,label\n"1"x,2,yes\n',
        "a quote opened on the last line": 'a,b,label\n1,2,yes\n3,4,"no\n',
    }.items():
        yield Case(name, body.encode(), QUOTING)
    yield Case("a quote never closed before 1 MB", b'a,b,label\n"' + b"1,2,yes\n" * 120_000, QUOTING)
    yield Case("quoted numbers", b'a,b,label\n"1","2","yes"\n"3","4","no"\n', None)
    yield Case("doubled quotes in a label", b'a,b,label\n1,2,"y""es"\n3,4,no\n', None)
    yield Case("a line break in a label", b'a,b,label\n1,2,"y\nes"\n3,4,no\n', None)
    yield Case("a line break in a name", b'"a\nx",b,label\n1,2,yes\n3,4,no\n', None)
    yield Case("single quotes", b"a,b,label\n'1',2,yes\n", NUMBER, tested=True)
    yield Case("typographic quotes", "a,b,label\n“1”,2,yes\n".encode(), NUMBER, tested=True)
    yield Case("a quote inside a value", b'a,b,label\n1"2,2,yes\n', NUMBER, tested=True)


def _numbers() -> Iterator[Case]:
    for value in (
        "inf", "-inf", "+inf", "Infinity", "-Infinity", "INF", "1e999", "-1e999", "1e309", "3.5e38",
        "-3.5e38", "1e40",
        "0x1F", "0X10", "0b101", "0o17", "1_000", "1 000", "1'000", "1.000.000", "12:30", "2024-01-01",
        "1e", "e5", "1e5.5", "--1", "+-1", "1-", "(1)", "$1", "1€", "10%", "1/2", "½", "１２", "١٢", "²",
        "true", "True",
        "FALSE", "yes", "abc", "#REF!", "#DIV/0!", "=1+1", "@SUM(1)", "+cmd", "1;2", "[1]", "{1}",
        "1j", "1L", "1f",
        "<script>alert(1)</script>", "../../etc/passwd", "\\N", "1\u00a0000", "NaN(1)", "−1", "0.1.2", ".",
        "+", "1,5",
        "0x1p-2", "1d5", "1E+", "nan0", "infinite", "1__0",
    ):  # fmt: skip
        yield Case(f"the number {value!r}"[:60], f'a,b,label\n"{value}",2,yes\n3,4,no\n'.encode(), NUMBER, tested=True)
    for value in (
        "1e-400", "-0", "0.0", "007", "1e5", "1E5", "+1", ".5", "5.", " 1 ", "3.4e38", "1e-45", "", "NA", "#N/A",
        "nan", "null", "?",
        "0." + "1" * 5000, "NaN", "None", "-", "n/a",
    ):  # fmt: skip
        yield Case(f"the number {value!r}"[:60], f"a,b,label\n{value},2,yes\n3,4,no\n".encode(), None, tested=True)
    yield Case("a column without any value", b"a,b,label\n,2,yes\n,4,no\n", None)
    yield Case("bad numbers in 5,000 rows", ("a,b,label\n" + "x,y,yes\n" * 5000).encode(), NUMBER, tested=True)
    last = ("a,b,label\n" + "1,2,yes\n" * 5000 + "x,1,no\n").encode()
    yield Case("a bad number in the last of 5,000 rows", last, NUMBER, tested=True, accepted=True)


def _labels() -> Iterator[Case]:
    for value in ("", " ", "NA", "nan", "null", "None", "?", "-"):
        problem = "expected a label" if value.strip() else None  # a row without a label is left out
        yield Case(f"the label {value!r}", f"a,b,label\n1,2,{value}\n3,4,no\n".encode(), problem)
    for value in (
        "<script>", "../x", "=1+1", "inf", "1e999", "\U0001f377", "x" * 10_000, "{{7*7}}", "\u202eno", "true",
        "0", "-1",
    ):  # fmt: skip
        yield Case(f"the label {value!r}"[:60], f"a,b,label\n1,2,{value}\n3,4,other\n".encode(), None)
    many = "".join(f"{number},2,class {number}\n" for number in range(5000))
    yield Case("5,000 classes", f"a,b,label\n{many}".encode(), None)
    yield Case("one class", b"a,b,label\n1,2,yes\n3,4,yes\n", None)


def _keys() -> Iterator[Case]:
    for name in (
        "<script>alert(1)</script>", "../../production.json", "..", "a b", "a+b", "ä", "\U0001f377", "a%2Fb",
        "%00", "'; DROP",
        "x" * 900, "$(id)", "`id`", "a\tb", "a\nb", "{{7*7}}", "\u202egpj", "con", "-rf", "*", "?", "#",
        "a&b=c", "a\\b", "...",
    ):  # fmt: skip
        yield Case(f"a key holding {name[:20]!r}", GOOD.encode(), None, f"{SLOT}{name}.csv")
    for key in (
        "data/slots/a.txt", "data/slots/a.gz", "data/slots/a", "data/slots/.csv.exe", "data/other/a.csv",
        "data/a.csv",
        "data/slots/../x.json", "data/tests/a.csv", "data/Slots/a.csv", "data//a.csv", "data/slots/", "data/x/",
    ):  # fmt: skip
        yield Case(f"the key {key}", GOOD.encode(), "expected a name like", key)
