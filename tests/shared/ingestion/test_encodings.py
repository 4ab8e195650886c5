"""Encodings of uploads: what is detected, and what the cells are."""

import pytest

from shared.ingestion.csv_reader import Reading, read_csv
from shared.settings import ReadingSettings

TEXTS: dict[str, tuple[str, list[str]]] = {
    "cp932": ("y", ["東京都", "大阪府", "カタカナ", "ひらがな"]),
    "euc_jp": ("y", ["東京都", "大阪府", "カタカナ", "ひらがな"]),
    "gb18030": ("y", ["北京市", "上海市", "广州市", "深圳市"]),
    "big5": ("y", ["臺北市", "高雄市", "臺中市", "新竹縣"]),
    "cp949": ("y", ["서울특별시", "부산광역시", "대구광역시"]),
    "cp1251": ("y", ["Москва", "Казань", "Новосибирск"]),
    "Windows-1252": ("y", ["Köln", "Cádiz", "Besançon", "Málaga"]),
}
FOREIGN = "city,y\nCádiz,a\nMálaga,b\nLeón,a\n".encode().replace("León".encode(), b"Le\xf3n")


def read(body: bytes) -> Reading:
    return read_csv(body, ReadingSettings("y"))


def texts_of(reading: Reading) -> set[str]:
    return set(reading.table.vocabularies[0] or ())


@pytest.mark.parametrize("codec", TEXTS)
def test_texts_of_many_encodings_are_read(codec: str) -> None:
    label, cities = TEXTS[codec]
    rows = "".join(f"{city},{number % 2}\n" for number, city in enumerate(cities * 6))
    reading = read(f"city,{label}\n{rows}".encode("cp1252" if codec == "Windows-1252" else codec))
    assert reading.detected.encoding == codec
    assert texts_of(reading) == set(cities)


def test_one_foreign_byte_leaves_the_rest_of_the_file_as_it_is() -> None:
    reading = read(FOREIGN)
    assert reading.detected.encoding == "UTF-8"
    assert texts_of(reading) == {"Cádiz", "Málaga", "León"}
    [note] = [warning for warning in reading.warnings if "0xf3" in warning]
    assert note.startswith("line 4: the byte 0xf3 in the cell 'León' is not UTF-8")


def test_many_foreign_bytes_are_counted() -> None:
    rows = b"".join(b"caf\xe9 %d,a\n" % number for number in range(9))
    reading = read(b"city,y\n" + "Málaga,b\n".encode() * 30 + rows)
    assert {"Málaga", "café 8"} <= texts_of(reading)
    assert "and 4 more bytes that are not UTF-8" in reading.warnings
