"""What the kernel says about processes and sockets, read from `/proc`."""

import socket
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"


@dataclass(frozen=True)
class Process:
    """A process; its start time distinguishes it from a later process with the same id."""

    pid: int
    parent: int
    state: str
    started: str

    @property
    def command(self) -> str:
        return (PROC / str(self.pid) / "cmdline").read_text().replace("\0", " ")


def look(pid: int) -> Process | None:
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return Process(pid, int(fields[1]), fields[0], fields[19])


def family(pid: int) -> list[Process]:
    """A process and all that descend from it."""
    everyone = [p for entry in PROC.iterdir() if entry.name.isdecimal() and (p := look(int(entry.name)))]
    members = [p for p in everyone if p.pid == pid]
    for member in members:
        members += [p for p in everyone if p.parent == member.pid]
    return members


def alive(process: Process) -> bool:
    now = look(process.pid)
    return now is not None and now.started == process.started and now.state not in {"Z", "X"}


def listening(pid: int) -> set[tuple[str, int]]:
    """The addresses and ports on which a process accepts TCP connections."""
    sockets = {_target(link) for link in (PROC / str(pid) / "fd").iterdir()}
    addresses: set[tuple[str, int]] = set()
    for table in ("tcp", "tcp6"):
        for line in (PROC / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and f"socket:[{fields[9]}]" in sockets:
                address, _, port = fields[1].partition(":")
                addresses.add((_dotted(address), int(port, 16)))
    return addresses


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""


def _dotted(address: str) -> str:
    raw = bytes.fromhex(address)
    return socket.inet_ntoa(raw[::-1]) if len(raw) == 4 else f"[{address}]"
