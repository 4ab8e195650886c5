"""Squeezed pictures: the same pixels in fewer bytes, whatever filters the rows had."""

import random
import struct
import zlib

import pytest

from cli.development.png import SIGNATURE, pixel_rows, squeezed
from shared.errors import VintnerError


def png(filtered: bytes, width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    half = len(zlib.compress(filtered)) // 2
    data = [zlib.compress(filtered)[:half], zlib.compress(filtered)[half:]]
    chunks = [(b"IHDR", header), *((b"IDAT", part) for part in data), (b"IEND", b"")]
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


# The rows (1, 2, 3) (11, 22, 33) twice, stored under each filter: nothing, left, up, mean of both, Paeth.
@pytest.mark.parametrize(
    ("kind", "second"),
    [
        (0, [1, 2, 3, 11, 22, 33]),
        (1, [1, 2, 3, 10, 20, 30]),
        (2, [0, 0, 0, 0, 0, 0]),
        (3, [1, 1, 2, 5, 10, 15]),
        (4, [0, 0, 0, 0, 0, 0]),
    ],
)
def test_every_filter_is_undone(kind: int, second: list[int]) -> None:
    row = bytes([1, 2, 3, 11, 22, 33])
    assert list(pixel_rows(png(b"\x00" + row + bytes([kind, *second]), 2, 2))) == [row, row]


def test_the_pixels_stay_and_the_bytes_shrink() -> None:
    chance = random.Random(1)  # noqa: S311  (reproducible samples, no secrets)
    letter = bytes(chance.randrange(256) for _ in range(30))
    row = letter * 9
    filtered = b"\x01" + bytes((b - a) % 256 for a, b in zip(bytes(3) + row[:-3], row, strict=True))
    picture = png(filtered * 40, 90, 40)
    smaller = squeezed(picture)
    assert list(pixel_rows(smaller)) == list(pixel_rows(picture)) == [row] * 40
    assert len(smaller) <= len(picture)
    assert squeezed(smaller) == smaller


@pytest.mark.parametrize(("depth", "colour"), [(16, 2), (8, 3)])
def test_another_kind_of_picture_is_refused(depth: int, colour: int) -> None:
    with pytest.raises(VintnerError, match="expected a PNG of 8 bits a channel"):
        list(pixel_rows(png(b"", 1, 1, depth=depth, colour=colour)))
