#!/usr/bin/env python3
"""Makes up.svg, the picture in README.md: the terminal of a real `sluice up`, drawn as text.

    cargo build --workspace
    python3 docs/picture/make.py

It starts `sluice up` in a terminal of a fixed size, lets it run until gold has what it is to show, keeps that screen and
ends the run with Ctrl-C. The orders are made up by a fixed seed, so another run shows the same kinds of things; counts and
times are those of the run. pyte, which emulates the terminal, is installed below target/ the first time.
"""

import argparse
import datetime
import os
import re
import select
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = ROOT / "target" / "picture"
# A name that says nothing about the machine, for it stands on the screen.
STATE = Path("/tmp/sluice")
COLUMNS, LINES = 100, 30
SECONDS_SHOWN = 25
PATIENCE = 180

CELL_WIDTH, CELL_HEIGHT, MARGIN, FONT_SIZE = 8, 17, 14, 13
BACKGROUND, FOREGROUND = "#1d2430", "#d8dee9"
COLOURS = {
    "black": "#5a6478",
    "red": "#ef7a85",
    "green": "#8fd18a",
    "brown": "#e9c46a",
    "blue": "#7fb3e6",
    "magenta": "#cf9fd8",
    "cyan": "#7cc9cf",
    "white": "#eceff4",
}


def with_tools():
    """Goes on in an environment that has pyte."""
    python = TOOLS / "bin" / "python"
    if Path(sys.prefix) == TOOLS:
        return
    if not (TOOLS / "ready").is_file():
        venv.create(TOOLS, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--requirement", HERE / "requirements.txt"], check=True)
        (TOOLS / "ready").touch()
    os.execv(python, [python, __file__, *sys.argv[1:]])


def open_terminal(command):
    """Starts the command in a terminal of its own."""
    import fcntl
    import pty
    import struct
    import termios

    process, terminal = pty.fork()
    if process == 0:
        environment = {**os.environ, "TERM": "xterm-256color"}
        for name in ("NO_COLOR", "CLICOLOR", "SLUICE_STATE_DIR", "COLUMNS", "LINES"):
            environment.pop(name, None)
        os.chdir(ROOT)
        os.execve(command[0], command, environment)
    size = struct.pack("HHHH", LINES, COLUMNS, 0, 0)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
    return process, terminal


def read(terminal, stream, until):
    """Feeds what the program prints to the screen until then; returns whether it still runs."""
    while (left := until - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            try:
                printed = os.read(terminal, 65536)
            except OSError:
                return False
            if not printed:
                return False
            stream.feed(printed)
    return True


def shows_everything(lines):
    """Says whether the screen has what the picture is to have: some seconds, and a table of gold with a row."""
    clock = next((word for word in lines[0].split() if word.count(":") == 2), "00:00:00")
    hours, minutes, seconds = map(int, clock.split(":"))
    is_later = hours * 3600 + minutes * 60 + seconds >= SECONDS_SHOWN
    tables = [number for number, line in enumerate(lines) if line.strip().startswith("gold_")]
    return is_later and any("row" in lines[number] and "0 rows" not in lines[number] for number in tables)


def keep_screen(command):
    """Runs the command until the screen is as it is to be; returns the screen's cells, line by line."""
    import pyte

    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    process, terminal = open_terminal(command)
    started = time.monotonic()
    try:
        while not shows_everything(screen.display):
            if not read(terminal, stream, time.monotonic() + 0.2):
                sys.exit("`sluice up` ended too early:\n" + "\n".join(screen.display))
            if time.monotonic() - started > PATIENCE:
                sys.exit("the screen never showed gold:\n" + "\n".join(screen.display))
        # One look is printed at once, and this is long after its last piece.
        read(terminal, stream, time.monotonic() + 0.1)
        return [[screen.buffer[y][x] for x in range(COLUMNS)] for y in range(LINES)]
    finally:
        try:
            os.write(terminal, b"\x03")
            read(terminal, stream, time.monotonic() + PATIENCE)
        except OSError:
            pass
        os.waitpid(process, 0)


def runs(cells):
    """Splits a line into texts of one look without gaps, each with its column."""
    found = []
    for column, cell in enumerate(cells):
        look = (cell.fg, cell.bold)
        if found and found[-1][1] == look:
            found[-1][2].append(cell.data)
        else:
            found.append((column, look, [cell.data]))
    for column, look, letters in found:
        for text in re.finditer(r"\S+( \S+)*", "".join(letters)):
            yield column + text.start(), look, text.group()


def draw(screen):
    """Draws the screen as SVG: real text, each piece as wide as its cells."""
    while screen and not "".join(cell.data for cell in screen[-1]).strip():
        screen.pop()
    width = COLUMNS * CELL_WIDTH + 2 * MARGIN
    height = len(screen) * CELL_HEIGHT + 2 * MARGIN
    today = datetime.date.today().isoformat()
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        "<title>The terminal of a running sluice up</title>",
        f"<!-- made by docs/picture/make.py on {today} -->",
        f'<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="{FONT_SIZE}" fill="{FOREGROUND}">',
    ]
    for number, cells in enumerate(screen):
        y = MARGIN + number * CELL_HEIGHT + FONT_SIZE
        for column, (colour, bold), text in runs(cells):
            x = MARGIN + column * CELL_WIDTH
            look = f' fill="{COLOURS[colour]}"' if colour in COLOURS else ""
            look += ' font-weight="bold"' if bold else ""
            length = len(text) * CELL_WIDTH
            parts.append(
                f'<text x="{x}" y="{y}" textLength="{length}" lengthAdjust="spacingAndGlyphs"{look}>{escape(text)}</text>'
            )
    return "\n".join([*parts, "</g>", "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sluice", type=Path, default=ROOT / "target" / "debug" / "sluice")
    parser.add_argument("--to", type=Path, default=HERE / "up.svg")
    arguments = parser.parse_args()
    sluice = arguments.sluice.resolve()
    handler = sluice.with_name("handler")
    for program in (sluice, handler):
        if not program.is_file():
            sys.exit(f"{program} is not there: cargo build --workspace")
    STATE.mkdir(exist_ok=False)
    try:
        command = [sluice, "up", "--seed", "7", "--handler", handler, "--state-dir", STATE]
        screen = keep_screen([str(word) for word in command])
    finally:
        shutil.rmtree(STATE)
    arguments.to.write_text(draw(screen), encoding="utf-8")
    print(f"{arguments.to}: {arguments.to.stat().st_size} bytes")


if __name__ == "__main__":
    with_tools()
    main()
