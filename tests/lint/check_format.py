#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""C++ is as clang-format would have it (.clang-format): check_format.py TREE."""
import re
import shutil
import subprocess

import lint


def check(root):
    paths = [str(p) for room in ("daemon", "client", "dbus", "tests") for p in lint.files(root, *lint.CODE, below=room)]
    shown = subprocess.run(["clang-format", "--style=file:" + str(root / ".clang-format"), "--dry-run", *paths],
                           capture_output=True, text=True, check=False)
    if shown.returncode:
        yield shown.stderr
    faults = re.findall(r"^(\S+?):(\d+):\d+: warning: code should be clang-formatted", shown.stderr, re.M)
    by_file = {}
    for path, line in faults:
        by_file.setdefault(path, []).append(line)
    for path, lines in sorted(by_file.items()):
        shorter = path.removeprefix(f"{root}/")
        yield f"{shorter}:{lines[0]}: not as clang-format would have it (and {len(lines) - 1} places more)"


if __name__ == "__main__":
    if not shutil.which("clang-format"):
        lint.skip("clang-format is not installed")
    lint.main(check)
