"""The browser that makes the pictures and tests the page, with flags that keep it off the network."""

from typing import Final

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
