"""Debug symbols out of shared libraries, wherever the library still loads without them."""

import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Final

_TOOL: Final = "strip"
_ELF64_LITTLE: Final = b"\x7fELF\x02\x01"
_LOAD: Final = 1


def strip_symbols(folder: Path) -> int:
    """Take the debug symbols out of the shared libraries under a folder; the bytes that this saved.

    Without a tool that knows Linux' libraries they stay as they are: slightly larger, and they work as well.
    """
    tool = shutil.which(_TOOL) if sys.platform == "linux" else None
    if tool is None:
        return 0
    return sum(_strip(tool, path) for path in sorted(folder.rglob("*.so*")) if path.is_file())


def _strip(tool: str, library: Path) -> int:
    draft = library.with_name(f"{library.name}.stripped")
    done = subprocess.run([tool, "--strip-debug", "-o", str(draft), str(library)], capture_output=True, check=False)
    saved = library.stat().st_size - draft.stat().st_size if done.returncode == 0 else 0
    # A library whose headers a wheel's builder has rewritten comes out of this tool in a form that cannot be loaded.
    if saved > 0 and loads_in_pages(draft.read_bytes()):
        draft.replace(library)
        return saved
    draft.unlink(missing_ok=True)
    return 0


def loads_in_pages(content: bytes) -> bool:
    """Whether the loader can map a library: offset and address of each segment agree within a page.

    The condition is the one of the ELF specification for PT_LOAD: ``p_vaddr`` and ``p_offset`` are congruent modulo
    ``p_align``.
    """
    if not content.startswith(_ELF64_LITTLE):
        return False
    (table,) = struct.unpack_from("<Q", content, 32)
    size, number = struct.unpack_from("<HH", content, 54)
    for index in range(number):
        kind, _flags, offset, address, _physical, _in_file, _in_memory, alignment = struct.unpack_from(
            "<IIQQQQQQ", content, table + index * size
        )
        if kind == _LOAD and alignment > 1 and offset % alignment != address % alignment:
            return False
    return True
