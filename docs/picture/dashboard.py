#!/usr/bin/env python3
"""Makes dashboard-light.png and dashboard-dark.png, the pictures of the dashboard in README.md and docs/commands.md.

    cargo build --workspace
    python3 docs/picture/dashboard.py

It starts `sluice up` with made-up orders of a fixed seed, lets it run until there is something to be seen, opens the page of the
address that it prints in the headless Chromium of the tests, and ends the run with Ctrl-C. Counts and times are those of the run.
The browser is installed below target/ the first time.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CLIENT = ROOT / "cli" / "tests" / "clients" / "browser"
TOOLS = ROOT / "target" / "picture-browser"
SLUICE = ROOT / "target" / "debug" / "sluice"
# A name that says nothing about the machine, for it stands on the page.
STATE = Path("/tmp/sluice-shop")
SECONDS_SHOWN = 150
SIZE = {"width": 1180, "height": 1240}


class Browser:
    """The browser of the tests, and its one page."""

    def __init__(self):
        (TOOLS / "unpacked").mkdir(parents=True, exist_ok=True)
        for file in CLIENT.iterdir():
            if file.is_file():
                shutil.copy(file, TOOLS)
        install = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        if not (TOOLS / "node_modules").is_dir():
            subprocess.run(install, cwd=TOOLS, check=True)
        # With the fonts of this machine.
        environment = {**os.environ, "TMPDIR": str(TOOLS / "unpacked")}
        self.process = subprocess.Popen(
            ["node", str(TOOLS / "browser.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.answer()

    def answer(self):
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            sys.exit(answer["error"])
        return answer["ok"]

    def ask(self, act, **request):
        self.process.stdin.write(json.dumps({"act": act, **request}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def address_of(up):
    """Returns the address that `up` prints."""
    for line in up.stdout:
        if line.startswith("dashboard "):
            return line.split()[1]
    sys.exit("`sluice up` ended before it had a dashboard")


def main():
    handler = SLUICE.with_name("handler")
    for program in (SLUICE, handler):
        if not program.is_file():
            sys.exit(f"{program} is not there: cargo build --workspace")
    STATE.mkdir(exist_ok=False)
    command = [SLUICE, "up", "--seed", "7", "--handler", handler, "--state-dir", STATE]
    up = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        address = address_of(up)
        browser = Browser()
        browser.ask("resize", **SIZE)
        browser.ask("open", address=address)
        time.sleep(SECONDS_SHOWN)
        for scheme in ("light", "dark"):
            browser.ask("scheme", scheme=scheme)
            file = HERE / f"dashboard-{scheme}.png"
            browser.ask("picture", file=str(file), whole=False)
            print(f"{file}: {file.stat().st_size} bytes")
        browser.close()
    finally:
        up.send_signal(signal.SIGINT)
        # What it prints meanwhile must not fill the pipe.
        up.communicate()
        shutil.rmtree(STATE)


if __name__ == "__main__":
    main()
