"""Smaller PNG files of the same pixels: pages of text compress best without the filters that a browser applies.

Only what Chromium's pictures are is read: 8 bits a channel, not interlaced. (PNG specification, third edition, 9.)
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from shared.errors import VintnerError

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
CHANNELS: Final = {0: 1, 2: 3, 6: 4}  # by colour type


def squeezed(png: bytes) -> bytes:
    """The same picture in fewer bytes."""
    header = dict(_chunks(png))[b"IHDR"]
    rows = b"".join(b"\x00" + row for row in pixel_rows(png))
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in parts)


def pixel_rows(png: bytes) -> Iterator[bytes]:
    """The bytes of each row of pixels; raise VintnerError for another kind of PNG."""
    chunks = list(_chunks(png))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", dict(chunks)[b"IHDR"])
    if depth != 8 or colour not in CHANNELS or interlaced:
        raise VintnerError(f"expected a PNG of 8 bits a channel, found depth {depth}, colour type {colour}")
    pixel = CHANNELS[colour]
    packed = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    length = width * pixel
    above = bytes(length)
    for row in range(height):
        start = row * (length + 1)
        above = _unfiltered(packed[start], packed[start + 1 : start + 1 + length], above, pixel)
        yield above


def _unfiltered(kind: int, row: bytes, above: bytes, pixel: int) -> bytes:
    """A row without its filter: each byte was stored as its difference from a guess."""
    plain = bytearray(pixel) + row  # the pixel to the left of the first one is 0
    upper = bytes(pixel) + above
    guess = _GUESSES[kind]
    for at in range(pixel, len(plain)):
        plain[at] = (plain[at] + guess(plain[at - pixel], upper[at], upper[at - pixel])) & 255
    return bytes(plain[pixel:])


def _paeth(left: int, up: int, corner: int) -> int:
    near = left + up - corner
    return min((left, up, corner), key=lambda value: abs(near - value))


_GUESSES: Final[tuple[Callable[[int, int, int], int], ...]] = (
    lambda _left, _up, _corner: 0,
    lambda left, _up, _corner: left,
    lambda _left, up, _corner: up,
    lambda left, up, _corner: (left + up) // 2,
    _paeth,
)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
