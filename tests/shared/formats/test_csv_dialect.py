"""CSV text: what is detected in the bytes."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.formats.csv_dialect import DELIMITERS, open_csv
from shared.formats.row_errors import BadTable

PLAIN = {"encoding": "UTF-8", "compression": None, "delimiter": "comma", "decimal": "point"}

# name: (bytes, what differs from the plain case)
DETECTED: dict[str, tuple[bytes, dict[str, str]]] = {
    "plain": (b"a,label\n1.5,x\n", {}),
    "byte order mark": (b"\xef\xbb\xbfa,label\n", {"encoding": "UTF-8 with a byte order mark"}),
    "UTF-16": ("a,label\n1,x\n".encode("utf-16"), {"encoding": "UTF-16"}),
    "UTF-16 without a mark": ("a,label\n1,x\n".encode("utf-16-be"), {"encoding": "UTF-16"}),
    "Windows-1252": ("größe,label\n1,x\n".encode("cp1252"), {"encoding": "Windows-1252"}),
    "gzip": (gzip.compress(b"a;label\n1;x\n"), {"compression": "gzip", "delimiter": "semicolon"}),
    "semicolons": (b"a;label\n1.5;x\n", {"delimiter": "semicolon"}),
    "decimal commas": (b"a;label\n1,5;x\n", {"delimiter": "semicolon", "decimal": "comma"}),
    "quoted decimal commas": (b'"a";"label"\n"1,5";"x"\n', {"delimiter": "semicolon", "decimal": "comma"}),
    "decimal commas at the end": (b"label;a\r\nx;-1,5e3\r\n", {"delimiter": "semicolon", "decimal": "comma"}),
    "a comma in one text, points elsewhere": (b"a;b;label\n1.5;2.5;x\n1,5;3.5;y\n", {"delimiter": "semicolon"}),
    "tabs": (b"a\tlabel\n1,5\tx\n", {"delimiter": "tab", "decimal": "comma"}),
    "bars": (b"a|label\n", {"delimiter": "vertical bar"}),
    "commas in a header of semicolons": (b"a, in m;label\n1;x\n", {"delimiter": "semicolon"}),
    "semicolons in a header of commas": (b"a;b,label\n1,x\n", {}),
    "more semicolons than commas": (b"a,label\n1;2;3;4,x\n1;2;3;4,y\n", {}),
    "quoted commas between semicolons": (b'"a";"label"\n"1";"x, y, z"\n', {"delimiter": "semicolon"}),
    "no known name": (b"a;b\n1;2\n3;4\n", {"delimiter": "semicolon"}),
}


@pytest.mark.parametrize(("body", "differs"), DETECTED.values(), ids=DETECTED)
def test_tells_what_it_detected(body: bytes, differs: dict[str, str]) -> None:
    assert open_csv(body, ["label"]).as_document() == {**PLAIN, **differs}


def test_names_have_one_spelling() -> None:
    assert open_csv(b" fixed  acidity ,label\n", ["label"]).header() == (1, ["fixed_acidity", "label"])


def test_a_gzip_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"a,label\n" + b"1,x\n" * 1_000_000)
    with pytest.raises(BadTable, match=r"at most 0.1 MB after unpacking \(of an upload: VINTNER_MAX_UPLOAD_MB\)"):
        open_csv(bomb, ["label"], 100_000)


def test_a_gzip_file_up_to_the_limit_is_read() -> None:
    text = b"a,label\n1,x\n"
    assert open_csv(gzip.compress(text), [], len(text)).text == text.decode()


TEXTS = st.lists(
    st.lists(st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=8), min_size=2, max_size=2),
    min_size=1,
    max_size=6,
)


@given(TEXTS, st.sampled_from([*DELIMITERS]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.booleans())
def test_every_delimiter_and_encoding_gives_the_same_records(
    rows: list[list[str]], delimiter: str, encoding: str, packed: bool
) -> None:
    header = ["first", "label"]
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in [header, *rows]]
    body = "".join(delimiter.join(row) + "\n" for row in quoted).encode(encoding)
    csv = open_csv(gzip.compress(body) if packed else body, header)
    assert [record for _, record in csv.records()] == [header, *rows]
