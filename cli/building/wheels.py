"""Locked packages, as wheels that fit a Lambda runtime: the one way in which code and layer get theirs."""

import subprocess
import sys
from pathlib import Path

from cli.building.runtimes import Runtime
from shared.errors import VintnerError


def install_wheels(lock: Path, folder: Path, runtime: Runtime) -> None:
    """Install a lock's packages into `folder`; raise VintnerError when a wheel does not fit or has another hash."""
    if not lock.is_file():
        raise VintnerError(f"expected the locked packages at {lock}, found none: restore it")
    if not any(line.strip() and not line.lstrip().startswith("#") for line in lock.read_text("utf-8").splitlines()):
        return
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--target", str(folder), "--requirement", str(lock), "--require-hashes", "--no-deps"]
    command += ["--only-binary", ":all:", "--implementation", "cp", "--python-version", runtime.python]
    for platform in runtime.platforms:
        command += ["--platform", platform]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr.strip()]
        raise VintnerError(
            f"{lock.name}: expected wheels for {runtime} (glibc 2.{runtime.glibc} or older) that have the locked "
            f"hashes; pip says: {' '.join(errors)}"
        )
