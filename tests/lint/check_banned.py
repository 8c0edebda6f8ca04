#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Calls that have a better one here: check_banned.py TREE."""
import re

import lint

EVERYWHERE = ("daemon/", "client/", "dbus/", "tests/")
OURS = ("daemon/", "client/", "dbus/")
# A main is a program's own file, directly in daemon/.
ROOMS = re.compile(r"daemon/[^/]+/")

# (what, where, instead)
RULES = [
    (r"(?<![\w.>:])(?:std\s*::\s*|::\s*)?system\s*\(", OURS, "an argument vector, or a unit"),
    (r"\bpopen\s*\(", OURS, "an argument vector, or a unit"),
    (r"\b(?:filesystem|fs)\s*::\s*remove_all\b", OURS, "os::tree_remove: it crosses no mount and follows no link"),
    (r"\b(?:secure_)?getenv\s*\(", ROOMS, "a setting, or an argument from the main"),
    (r"\b(?:ato[ifl]l?|(?:std\s*::\s*)?sto(?:i|l|ll|ul|ull))\s*\(", OURS, "text::to_unsigned, or std::from_chars: the whole string or nothing"),
    (r"\bstrto(?:l|ll|ul|ull)\s*\(", OURS, "text::to_unsigned, or std::from_chars: the whole string or nothing"),
    (r"\bstd\s*::\s*(?:cout|cerr|clog)\b|\b(?:printf|puts)\s*\(", ("daemon/", "dbus/"), "log:: (a room does not print)"),
    (r"\b(?:u|nano)?sleep\s*\(|\bsleep_(?:for|until)\b", EVERYWHERE, "waiting for what is to happen"),
    (r"\b(?:strcpy|strcat|v?sprintf|gets|tmpnam|mktemp|alloca)\s*\(", OURS, "a type that knows its size"),
    (r"\busing\s+namespace\s+(?!std::[\w:]*literals\b)", OURS, "the name with its namespace"),
    (r"(?:=|\(|,|\breturn)\s*new\s+[\w:]", OURS, "std::make_unique"),
    (r"\bcatch\s*\(\s*\.\.\.\s*\)", ("daemon/base/", "daemon/model/", "daemon/os/", "daemon/store/"),
     "letting it go up: it is caught at the borders (docs/contributing.md)"),
]
PYTHON_SLEEP = re.compile(r"\btime\s*\.\s*sleep\s*\(|\bfrom time import .*\bsleep\b")


def applies(where, inside):
    return bool(where.match(inside)) if isinstance(where, re.Pattern) else inside.startswith(where)


def check(root):
    for path in lint.files(root, *lint.CODE):
        inside = str(path.relative_to(root))
        code = lint.bare(lint.read(path))
        for pattern, where, instead in RULES:
            if not applies(where, inside):
                continue
            for match in re.finditer(pattern, code):
                yield f"{lint.place(root, path, lint.line_of(code, match.start()))}: {match[0].strip()}: use {instead}"
    # A helper that polls may nap; a test that naps for a fixed time is either slow or wrong.
    for path in lint.files(root, ".py", below="tests"):
        if not path.name.startswith("test_"):
            continue
        for number, line in enumerate(lint.read(path).splitlines(), 1):
            if PYTHON_SLEEP.search(line.split("#")[0]):
                yield f"{lint.place(root, path, number)}: sleep: use waiting for what is to happen"


if __name__ == "__main__":
    lint.main(check)
