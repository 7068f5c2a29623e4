"""Runs the README's quickstart as a reader would: its commands, as they stand there, against the broker that they start."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "weir-data"
DEADLINE = 600

# What each block has to have in its answer, in order; a block without a line here fails the run.
EXPECTED = [
    ['"sequence":1', '"sequence":2'],
    ['"channel":"/orders/eu"', '"channel":"/orders/us"', '"data":{"no": 1}', '"position":"'],
    ['"sequence":3', '"duplicate":true'],
    ["id: ", "data: "],
    ['"no": 4', "/orders/us"],
    ['"channel":"/orders"', '"data":{"no": 1}'],
]


def blocks():
    text = (ROOT / "README.md").read_text()
    section = text.split("## Quickstart")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.S)


def start(command):
    """Starts the broker as written, and waits until it says where it listens."""
    process = subprocess.Popen(command, shell=True, cwd=ROOT, stdout=subprocess.PIPE, text=True, process_group=0)
    line = process.stdout.readline()
    if "http://127.0.0.1:7766" not in line:
        raise SystemExit(f"the broker said {line!r}")
    return process


def main():
    first, *others = blocks()
    if len(others) != len(EXPECTED):
        raise SystemExit(f"the quickstart has {len(others)} blocks after the first, and {len(EXPECTED)} are expected")
    aside = None
    if DATA.exists():
        aside = Path(tempfile.mkdtemp(dir=ROOT.parent)) / "weir-data"
        shutil.move(DATA, aside)
    broker = start(first)
    try:
        for block, expected in zip(others, EXPECTED):
            began = time.monotonic()
            done = subprocess.run(["bash", "-euc", block], cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE)
            answer = done.stdout + done.stderr
            missing = [text for text in expected if text not in answer]
            if done.returncode or missing:
                raise SystemExit(f"$ {block}\n{answer}\nexit code {done.returncode}; missing: {missing}")
            print(f"ok ({time.monotonic() - began:.2f} s): {block.splitlines()[0][:90]}")
    finally:
        # The shell passes the signal on to no one, so the group that it leads gets it: the shell, cargo and the broker.
        os.killpg(broker.pid, signal.SIGTERM)
        broker.wait(timeout=60)
        shutil.rmtree(DATA, ignore_errors=True)
        if aside:
            shutil.move(aside, DATA)
            aside.parent.rmdir()


sys.exit(main())
