"""Two instances of a job at two addresses of loopback: prints where the leader's tasks ran, and how the other ended."""

import json
import subprocess
import sys

from engine.instances import Instances, lead

BOTH = ("127.0.0.1", "127.0.0.2")
FOLLOW = "from engine.instances import *; import sys; follow(Instances(sys.argv[1], {!r}), 1, 1, port=int(sys.argv[2]))"


def address() -> str:
    """Of the worker that runs this."""
    from distributed import get_worker  # noqa: PLC0415  (in a worker)

    return str(get_worker().address)


def main(port: str) -> None:
    """Lead one other instance."""
    command = [sys.executable, "-c", FOLLOW.format(BOTH), BOTH[1], port]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as follower:
        try:
            with lead(Instances(BOTH[0], BOTH), 1, 1, port=int(port)) as workers:
                found = workers.fetch([workers.submit(place, address) for place in range(workers.count)])
            print(json.dumps({"workers": found, "follower": follower.wait(60)}))
        finally:
            follower.kill()


if __name__ == "__main__":
    main(sys.argv[1])
