"""A simulated AWS in a process of its own, with the refusals that AWS itself has."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local.environment import LOOPBACK, simulated
from local.supervisor.children import importable, listen


@contextmanager
def simulated_aws(*, settling: int) -> Iterator[dict[str, str]]:
    """Run one, which refuses what is new `settling` times; the environment of its clients."""
    socket = listen(0, "AWS")
    url = f"http://{LOOPBACK}:{socket.getsockname()[1]}"
    environ = simulated({name: value for name, value in os.environ.items() if "VINTNER" not in name}, url)
    command = [sys.executable, "-P", "-m", "local.servers.s3", "--fd", str(socket.fileno())]
    process = subprocess.Popen(
        [*command, "--settling", str(settling)],
        stdin=subprocess.PIPE,
        pass_fds=[socket.fileno()],
        env=importable(environ),
        start_new_session=True,
    )
    socket.close()
    with process:
        yield environ
        process.terminate()
