#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every source says its licence near its top: check_spdx.py TREE."""
import lint

LINE = "SPDX-License-Identifier: MIT"
WITHIN = 6  # lines; a script's #! and a DOCTYPE come first
# Text for people, tools' own formats without comments, and data.
EXEMPT_NAMES = (".md", ".json", "LICENSE", ".gitignore", ".editorconfig", ".tar", ".gz", ".xz", ".zst", ".bin", ".png")
EXEMPT_PLACES = ("packaging/debian/", "tests/data/", "tests/fuzz/corpus/")


def check(root):
    for path in lint.files(root):
        inside = str(path.relative_to(root))
        if path.name.endswith(EXEMPT_NAMES) or inside.startswith(EXEMPT_PLACES) or "/fixtures/" in inside:
            continue
        try:
            head = lint.read(path).splitlines()[:WITHIN]
        except UnicodeDecodeError:
            yield f"{inside}: is not text; data belongs into tests/data/"
            continue
        if not any(LINE in line for line in head):
            yield f"{inside}: has no {LINE} in its first {WITHIN} lines"


if __name__ == "__main__":
    lint.main(check)
