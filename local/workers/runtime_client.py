"""Lambda's side of a packaged function: run by file in an isolated interpreter, it imports nothing but the package.

    python -I -S runtime_client.py --client FOLDER --handler module.function FOLDER...

The folders alone, and the standard library, are on Python's path. AWS's own runtime client is loaded from its FOLDER,
which is on the path only meanwhile; it asks ``AWS_LAMBDA_RUNTIME_API`` for events.
"""

import argparse
import importlib
import os
import signal
import sys
import threading

CLIENT = ("awslambdaric.bootstrap", "awslambdaric.lambda_runtime_client")


def main() -> None:
    """Load the client, then the handler, and serve events until the process is ended."""
    options = _parser().parse_args()
    threading.Thread(target=_end_with_parent, name="lifeline", daemon=True).start()
    sys.path.append(options.client)
    bootstrap, client = map(importlib.import_module, CLIENT)
    sys.path.remove(options.client)
    sys.path[:0] = options.folders
    bootstrap.run(options.handler, client.LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"]))


def _end_with_parent() -> None:
    """Notice the parent's end while a function runs: it holds the other end of standard input."""
    sys.stdin.buffer.read()
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--client", required=True, help="the folder in which the runtime client is installed")
    parser.add_argument("--handler", required=True)
    return parser


if __name__ == "__main__":
    main()
