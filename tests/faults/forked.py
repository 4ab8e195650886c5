"""Work in processes of their own, forked so that nothing needs to be imported again."""

import os
import signal
import traceback
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")
WORKERS: Final = max(1, min(4, os.cpu_count() or 1))


def start(work: Callable[[], object]) -> tuple[int, int]:
    """Start a process; its id, and a descriptor on which its traceback comes, if it fails."""
    reads, writes = os.pipe()
    child = os.fork()
    if child:
        os.close(writes)
        return child, reads
    os.close(reads)
    failed = 1
    try:
        work()
        failed = 0
    except BaseException:  # noqa: BLE001  (the edge of a process: its parent shall see whatever it was)
        os.write(writes, traceback.format_exc().encode()[-60_000:])
    finally:
        os._exit(failed)


def finish(process: tuple[int, int]) -> None:
    """Wait until a process has ended well; raise AssertionError with its traceback when it has not."""
    child, reads = process
    with os.fdopen(reads, "rb") as pipe:
        text = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    assert status == 0, text or f"the process ended with status {status}"


def at_once(works: Sequence[Callable[[], object]]) -> None:
    """Do each work in a process of its own, all starting at the same moment."""
    reads, writes = os.pipe()

    def wait_and(work: Callable[[], object]) -> None:
        os.close(writes)
        os.read(reads, 1)  # comes when the parent closes its end
        work()

    processes = [start(lambda work=work: wait_and(work)) for work in works]  # type: ignore[misc]
    os.close(reads)
    os.close(writes)
    for process in processes:
        finish(process)


def spread(items: Sequence[Item], work: Callable[[Item], object]) -> int:
    """Do work on each item, in as many processes as there are processors; the number of items."""

    def part(number: int) -> None:
        for item in items[number::WORKERS]:
            work(item)

    processes = [start(lambda number=number: part(number)) for number in range(WORKERS)]  # type: ignore[misc]
    for process in processes:
        finish(process)
    return len(items)


def killed(work: Callable[[], object]) -> bool:
    """Do work in a process that may be killed, by itself or at a limit; whether it was. AssertionError otherwise."""
    child, reads = start(work)
    with os.fdopen(reads, "rb") as pipe:
        text = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in {signal.SIGKILL, signal.SIGXFSZ}:
        return True
    assert status == 0, text
    return False


def kill_myself() -> None:
    """End this process as the kernel does when memory runs out: nothing is cleared up."""
    os.kill(os.getpid(), signal.SIGKILL)
