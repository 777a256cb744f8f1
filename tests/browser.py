"""Chromium, in which tests look at pages as a reader does."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

_PATH = "/usr/bin/chromium"
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium; skip where there is none, and fail where there has to be one."""
    path = shutil.which("chromium") or _PATH
    if not Path(path).exists():
        missing = "no Chromium is at hand. Hint: apt-get install chromium"
        if os.environ.get("CI"):
            raise FileNotFoundError(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()
