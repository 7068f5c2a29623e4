"""Follows docs/write-your-own-driver.md as a reader would: writes its files, runs its commands, and compares what it shows.

`scripts/tutorial.py --into DIRECTORY` only writes the finished crate.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = ROOT / "docs" / "write-your-own-driver.md"
DEADLINE = 900

# The first line of a block says what becomes of its file.
HEAD = re.compile(r"^(?://|#) (?P<path>[\w./-]+)(?:, (?P<end>at the end)|, in the place of `(?P<name>\w+)`)?$")


def blocks():
    """Returns the language and the text of each block, in order."""
    return re.findall(r"^```(rust|toml|sh|text)\n(.*?)^```$", TUTORIAL.read_text(), re.S | re.M)


def write(crate, block):
    """Writes a file, adds to it, or replaces one function of it."""
    first, text = block.split("\n", 1)
    head = HEAD.match(first)
    if not head:
        raise SystemExit(f"a block begins with {first!r}, which names no file")
    path = crate / head["path"]
    path.parent.mkdir(parents=True, exist_ok=True)
    if head["end"]:
        text = path.read_text() + text
    elif head["name"]:
        text = replaced(path.read_text(), head["name"], text)
    path.write_text(text)
    if path.name == "Cargo.toml":
        prepare(path)


def replaced(source, name, text):
    """Replaces a function with its comment: up to the brace that stands as far right as the function's first line."""
    function = re.compile(
        rf"(?:^ *///[^\n]*\n)*^(?P<indent> *)(?:pub(?:\(crate\))? )?(?:async )?fn {name}\b.*?^(?P=indent)}}\n", re.S | re.M
    )
    if len(function.findall(source)) != 1:
        raise SystemExit(f"there is not exactly one function {name!r} to replace")
    return function.sub(lambda _: text, source)


def prepare(manifest):
    """Takes the crates from here, with the versions and profiles that are built already."""
    text = manifest.read_text().replace('"../eventweir/', f'"{ROOT}/')
    profiles = re.findall(r"^\[profile\.dev.*?(?=^\[|\Z)", (ROOT / "Cargo.toml").read_text(), re.S | re.M)
    manifest.write_text(text + "\n" + "".join(profiles))
    (manifest.parent / "Cargo.lock").write_bytes((ROOT / "Cargo.lock").read_bytes())


def run(directory, command):
    """Runs a block in a directory; returns its exit code, what it said, and where it ended."""
    environment = {
        "CARGO_TARGET_DIR": str(ROOT / "target"),
        "CARGO_NET_OFFLINE": "true",
        # What is shown is found with few cases; a reader's run has more.
        "EVENTWEIR_CASES": "16",
    }
    script = f'{command}\nstatus=$?\necho "@$PWD"\nexit $status'
    done = subprocess.run(
        ["bash", "-uc", script],
        cwd=directory,
        env=environment | os.environ | {"CARGO_TERM_COLOR": "never", "RUST_BACKTRACE": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=DEADLINE,
    )
    said, _, place = done.stdout.rstrip("\n").rpartition("@")
    return done.returncode, said, Path(place)


def missing(shown, said):
    """Returns the first line that is shown and was not said, or not after the one above it; `…` stands for anything.

    Tests run side by side, so paragraphs come in any order.
    """
    for paragraph in shown.split("\n\n"):
        lines = iter(said.splitlines())
        for line in filter(str.strip, paragraph.splitlines()):
            wanted = re.compile(".*".join(re.escape(part.strip()) for part in line.split("…")))
            if not any(wanted.search(found) for found in lines):
                return line
    return None


def follow(directory):
    """Follows the tutorial in a directory."""
    command, code, said = None, 0, ""
    for language, text in blocks():
        if language in ("rust", "toml"):
            settle(command, code, said)
            command = None
            write(directory, text)
        elif language == "sh":
            settle(command, code, said)
            began, command = time.monotonic(), text
            code, said, directory = run(directory, text)
            print(f"ran ({time.monotonic() - began:.1f} s): {text.splitlines()[-1][:110]}", flush=True)
        else:
            absent = missing(text, said)
            fails = "does not hold." in text
            if absent or fails != (code != 0):
                raise SystemExit(f"$ {command}\n{said}\nexit code {code}; this should be there: {absent!r}")
            command = None
    settle(command, code, said)


def settle(command, code, said):
    """A command with nothing shown after it succeeds."""
    if command and code:
        raise SystemExit(f"$ {command}\n{said}\nexit code {code}")


def main():
    if sys.argv[1:2] == ["--into"]:
        crate = Path(sys.argv[2])
        crate.mkdir(parents=True)
        for language, text in blocks():
            if language in ("rust", "toml"):
                write(crate, text)
        return
    with tempfile.TemporaryDirectory() as directory:
        follow(Path(directory))


main()
