#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shell scripts pass shellcheck: check_shell.py TREE."""
import shutil
import subprocess

import lint

# What house style decides otherwise: unquoted $1 in a test of our own words, `local x=$(…)` split where it matters.
SEVERITY = "warning"


def scripts(root):
    for path in lint.files(root):
        with open(path, "rb") as stream:
            first = stream.readline(64)
        if first.startswith(b"#!") and (b"bash" in first or first.rstrip().endswith(b"/sh")):
            yield path


def check(root):
    for path in scripts(root):
        shown = subprocess.run(["shellcheck", "--severity", SEVERITY, "--format", "gcc", str(path)],
                               capture_output=True, text=True, check=False)
        yield from (line.removeprefix(f"{root}/") for line in (shown.stdout + shown.stderr).splitlines())


if __name__ == "__main__":
    if not shutil.which("shellcheck"):
        lint.skip("shellcheck is not installed")
    lint.main(check)
