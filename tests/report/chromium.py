"""A page as a reader's browser shows it: a headless Chromium looks at it in two widths."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-extensions", "--disable-default-apps", "--enable-logging=stderr"),
)
WIDTHS = (390, 1280)
MEASURE = """
function seen(frame) {
  const page = frame.contentDocument, root = page.documentElement;
  const rect = element => element ? element.getBoundingClientRect() : {width: 0, height: 0};
  return {
    title: page.title,
    heading: page.querySelector("h1").innerText,
    text: page.body.innerText,
    cards: page.querySelectorAll("article").length,
    pictures: [...page.querySelectorAll("article svg")].filter(x => rect(x).width > 100).length,
    line: rect(page.querySelector("figure path.best")).width,
    overflow: root.scrollWidth - root.clientWidth,
    scripts: page.querySelectorAll("script, iframe, object, img").length,
    dark: frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches,
  };
}
addEventListener("load", () => {
  const all = [...document.querySelectorAll("iframe")].map(seen);
  document.getElementById("seen").textContent = JSON.stringify(all);
});
"""


def browser() -> str:
    """The program; skips where there is none, which is an error in CI."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        assert not os.environ.get("FENAS_CI"), "CI needs Chromium (apt-get install chromium)"
        pytest.skip("no Chromium here (apt-get install chromium)")
    return found


def look(page: str, folder: Path) -> list[dict[str, Any]]:
    """What is seen in each of WIDTHS.  Fails where the console has a message."""
    frames = "".join(
        f'<iframe width="{width}" height="3000" srcdoc="{html.escape(page)}"></iframe>'
        for width in WIDTHS
    )
    harness = f'<meta charset="utf-8">{frames}<pre id="seen"></pre><script>{MEASURE}</script>'
    (folder / "harness.html").write_text(harness, encoding="utf-8")
    done = subprocess.run(
        [
            browser(),
            *FLAGS,
            f"--user-data-dir={folder / 'profile'}",
            "--window-size=1400,1000",
            "--dump-dom",
            (folder / "harness.html").as_uri(),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    assert not console, "\n".join(console)
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-2000:] + done.stderr
    seen: list[dict[str, Any]] = json.loads(html.unescape(found[1]))
    return seen
