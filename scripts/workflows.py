"""Checks the workflows of examples/workflows against GitHub's schema, and runs what they say, with `weir` as it is built here.

Needs target/release/weir, or another directory with `weir` as its argument. The checker comes from PyPI, into a virtual environment below target/.
"""

import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = ROOT / "examples" / "workflows"
TOOLS = ROOT / "target" / "workflows"
CHECKER = "check-jsonschema==0.39.0"
PROGRAMS = Path(sys.argv[1]).resolve() if sys.argv[1:] else ROOT / "target" / "release"
DEADLINE = 900

# Few cases: here the workflow is tested, not the broker.
CASES = {"EVENTWEIR_CASES": "8"}

# Stands in for the driver's suite, and says what it was given.
CARGO = """#!/bin/sh
echo "cargo $*, profile $EVENTWEIR_PROFILE, seed ${EVENTWEIR_SEED-unset}, cases ${EVENTWEIR_CASES-unset}"
echo "skipped storage::law::name: why"
exit 3
"""


def install():
    """Goes on in the environment that has the checker."""
    if Path(sys.prefix) == TOOLS:
        return
    if not (TOOLS / "bin" / "check-jsonschema").exists():
        venv.create(TOOLS, with_pip=True, clear=True)
        subprocess.run([TOOLS / "bin" / "pip", "install", "--quiet", CHECKER], check=True)
    python = str(TOOLS / "bin" / "python")
    os.execv(python, [python, *sys.argv])


def check_schema(files):
    command = [TOOLS / "bin" / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files]
    subprocess.run(command, check=True)


def load(name):
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(WORKFLOWS / name)


class Runner:
    """Runs the steps of a workflow's one job, as far as they are commands, in a directory of its own."""

    def __init__(self, name, directory, inputs):
        workflow = load(name)
        self.name = name
        (job,) = workflow["jobs"].values()
        self.steps = {step["name"]: step for step in job["steps"]}
        self.directory = Path(directory)
        self.files = {key: self.directory / key for key in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        given = {key: evaluated(str(value), inputs) for key, value in workflow["env"].items()}
        self.env = os.environ | given | {key: str(path) for key, path in self.files.items()}
        self.env["RUNNER_TEMP"] = directory
        self.env["PATH"] = f"{directory}:{PROGRAMS}:{os.environ['PATH']}"

    def run(self, name, **more):
        """Runs a step; returns its exit code and what it said."""
        script = self.steps[name]["run"]
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        env = self.env | more
        # Into a file: a program that the step leaves running would keep a pipe open.
        said = self.directory / "said"
        with said.open("w") as output:
            done = subprocess.run(shell, cwd=self.directory, env=env, stdout=output, stderr=output, timeout=DEADLINE)
        if self.files["GITHUB_ENV"].exists():
            self.env |= dict(line.split("=", 1) for line in self.files["GITHUB_ENV"].read_text().splitlines())
        print(f"ran: {self.name}: {name}", flush=True)
        return done.returncode, said.read_text()

    def expect(self, name, code=0, **more):
        """Runs a step that must end with a code."""
        found, said = self.run(name, **more)
        if found != code:
            raise SystemExit(f"{self.name}: {name!r} ended with {found}, not {code}:\n{said}")
        return said


def evaluated(text, inputs):
    """Gives an expression its value, for the two forms that the files have."""
    expression = re.fullmatch(r"\$\{\{ inputs\.(\w+)(?: \|\| .* \|\| '(\w+)'\))? \}\}", text)
    if not expression:
        return text
    return inputs.get(expression[1]) or expression[2] or ""


def check_syntax(name):
    """Has bash read every command, those too that are not run here."""
    for job in load(name)["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                subprocess.run(["bash", "-n", "-c", step["run"]], check=True)


def try_broker():
    with tempfile.TemporaryDirectory() as directory:
        runner = Runner("broker.yml", directory, {"seed": "7"})
        runner.expect("Hold a store to the laws", **CASES)
        runner.expect("Start the broker")
        try:
            runner.expect("Hold the broker to the laws", **CASES)
        finally:
            runner.expect("Stop the broker")
        for report in ("store.xml", "store.json", "broker.xml", "broker.json"):
            if not (Path(directory) / report).stat().st_size:
                raise SystemExit(f"the report {report} is empty")
        code, said = runner.run("Hold the broker to the laws", **CASES)
        if code != 2:
            raise SystemExit(f"without a broker the step ended with {code}, not 2:\n{said}")


def try_driver():
    for inputs, expected in [
        ({}, "profile quick, seed unset, cases unset"),
        ({"profile": "full", "seed": "7", "cases": "1"}, "profile full, seed 7, cases 1"),
    ]:
        with tempfile.TemporaryDirectory() as directory:
            cargo = Path(directory) / "cargo"
            cargo.write_text(CARGO)
            cargo.chmod(0o755)
            runner = Runner("driver.yml", directory, inputs)
            # The suite's own exit code, not that of `tee`.
            said = runner.expect("Hold the driver to the laws", code=3)
            runner.expect("Say what was skipped")
            summary = runner.files["GITHUB_STEP_SUMMARY"].read_text()
            if expected not in said or "1 properties were skipped\n* storage::law::name: why" not in summary:
                raise SystemExit(f"the driver's suite was run so:\n{said}\nand its summary is\n{summary}")


def try_mongodb():
    """Only what can be done without a replica set: how the tests are started, and how they are summed up."""
    with tempfile.TemporaryDirectory() as directory:
        cargo = Path(directory) / "cargo"
        cargo.write_text(CARGO.replace("skipped storage::law::name: why", "test a::b ... SKIPPED: it needs that\n$MONGODB_URI"))
        cargo.chmod(0o755)
        runner = Runner("mongodb.yml", directory, {})
        said = runner.expect("Hold the driver to the laws", code=3)
        runner.expect("Say what was skipped")
        summary = runner.files["GITHUB_STEP_SUMMARY"].read_text()
        started = "-p eventweir-mongo" in said and "replicaSet=rs0" in said
        if not started or "1 were skipped\n* a::b it needs that" not in summary:
            raise SystemExit(f"the MongoDB driver's suite was run so:\n{said}\nand its summary is\n{summary}")


def main():
    install()
    files = sorted(WORKFLOWS.glob("*.yml"))
    check_schema(files)
    for file in files:
        check_syntax(file.name)
    try_driver()
    try_mongodb()
    try_broker()


main()
