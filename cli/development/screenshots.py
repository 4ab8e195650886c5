"""``make screenshots``: the README's pictures, made from the real thing.

A simulated cloud of its own gets the sample as ``vintner demo`` uploads it, and one slot that is rejected; an installed
Chromium takes pictures of the page. The demo's picture is what ``vintner demo`` wrote to a terminal.
"""

import os
import pty
import re
import shutil
import struct
import subprocess
import sys
from contextlib import suppress
from fcntl import ioctl
from io import StringIO
from pathlib import Path
from termios import TIOCSWINSZ
from typing import Final, Literal

import click
from playwright.sync_api import Browser, Error, FloatRect, Page, ViewportSize, sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from cli.console.output import line
from cli.demo.play import own_sample, play
from cli.development.chromium import BROWSERS, FLAGS
from cli.development.png import squeezed
from cli.stages.follow import follow
from cli.stages.target import LOCAL_STAGE, STATE_DIR, Target, project_directory
from local.runfile import Running
from local.supervisor.background import cloud
from shared.bucket import keys
from shared.errors import VintnerError

PICTURES: Final = Path("docs/pictures")
DESK: Final[ViewportSize] = {"width": 1440, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
SHOTS: Final[tuple[tuple[str, ViewportSize, Literal["light", "dark"], str], ...]] = (
    ("page-light.png", DESK, "light", "#quality"),
    ("page-dark.png", DESK, "dark", "#quality"),
    ("page-phone.png", PHONE, "light", "#scores"),
)
MARGIN: Final = 20
PATIENCE_MS: Final = 30_000
WAIT_SECONDS: Final = 120.0
COLUMNS: Final = 132
REJECTED: Final = "mean_radius,mean_texture,diagnosis\n17.99,10.38,malignant\nunknown,17.77,benign\n19.69,21.25,\n"


@click.command()
@click.pass_context
def screenshots(context: click.Context) -> None:
    """Make the pictures of the page and of the demo."""
    directory = project_directory()
    try:
        _make(directory)
    except (VintnerError, Error) as error:
        click.echo(f"Error: {error}", err=True)
        context.exit(1)


def _make(directory: Path) -> None:
    browser = _browser()
    pictures = directory / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    (pictures / "demo.svg").write_text(_demo(directory), encoding="utf-8")
    state_dir = directory / STATE_DIR / "screenshots"
    sample = own_sample(directory)
    rejected = directory / STATE_DIR / "sample" / "slot_7.csv"
    rejected.write_text(REJECTED, encoding="utf-8")
    with cloud(directory, stage=LOCAL_STAGE, state_dir=state_dir, fresh=True) as running:
        target = Target.of(LOCAL_STAGE, state_dir)
        play(target, sample)
        key = keys.SLOT_UPLOADS + rejected.name
        target.store.upload(key, rejected)
        list(follow(target.store, target.settings, [key], seconds=WAIT_SECONDS))
        _take_all(browser, running, pictures)
    for path in sorted(pictures.iterdir()):
        line(f"{path.relative_to(directory)}  {path.stat().st_size / 1000:.0f} kB")


def _browser() -> str:
    """The machine's Chromium: CHROMIUM, or one on the path."""
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise VintnerError(
            f"expected one of {', '.join(BROWSERS)} on the path, found none: install one (apt-get install chromium), "
            "or name it in CHROMIUM"
        )
    return browser


def _take_all(executable: str, running: Running, pictures: Path) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=FLAGS)
        for name, size, scheme, last in SHOTS:
            _take(_drawn(browser, running.url, size, scheme), pictures / name, last)
        browser.close()


def _drawn(browser: Browser, url: str, size: ViewportSize, scheme: Literal["light", "dark"]) -> Page:
    """The page, once everything is drawn and the form has an answer."""
    page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{url}/")
    page.locator("#chart").wait_for()
    page.locator("#receipts .badge.rejected").first.wait_for()
    page.locator("#quality-body table").wait_for()
    page.get_by_role("button", name="Predict").click()
    page.locator("#answer > *").first.wait_for()
    page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0); }")
    return page


def _take(page: Page, path: Path, last: str) -> None:
    """A picture from the page's top to the end of a section: the whole page would be too large to look at."""
    box = page.locator(last).bounding_box()
    size = page.viewport_size
    if box is None or size is None:
        raise VintnerError(f"expected the section {last} on the page, found none: correct SHOTS")
    height = box["y"] + box["height"] + MARGIN
    clip: FloatRect = {"x": 0, "y": 0, "width": size["width"], "height": height}
    path.write_bytes(squeezed(page.screenshot(full_page=True, clip=clip)))
    page.close()


def _demo(directory: Path) -> str:
    """What ``vintner demo`` writes to a terminal, as an SVG picture."""
    text = Text.from_ansi(
        "$ make demo\n" + _on_a_terminal([sys.executable, "-c", "from cli.main import main; main()", "demo"], directory)
    )
    recording = Console(record=True, width=COLUMNS, file=StringIO(), highlight=False, force_terminal=True)
    recording.print(text)
    picture = recording.export_svg(title="vintner", theme=MONOKAI, unique_id="demo")
    # The fonts would be fetched from elsewhere; what the reader has will do.
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)


def _on_a_terminal(command: list[str], directory: Path) -> str:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm-256color"}
    process = subprocess.Popen(command, cwd=directory, env=environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    written = b""
    with suppress(OSError):  # the terminal's end of file
        while chunk := os.read(ours, 65536):
            written += chunk
    os.close(ours)
    if process.wait():
        raise VintnerError(f"expected the demo to succeed, it ended with {process.returncode}: run make demo")
    return written.decode().replace("\r\n", "\n")


if __name__ == "__main__":
    screenshots()
