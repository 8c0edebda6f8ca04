#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages are whole: check_man.py TREE ORG.SDME1.5 [SDMECTL]. org.sdme1(5), as generated, names every member,
action and error; sdmectl(1) has every verb and flag that `sdmectl --help` has, and no other."""
import os
import re
import subprocess

import lint

FLAG = re.compile(r"(?<![\w-])(--[a-z][a-z0-9-]*)")
SHORT_FLAG = re.compile(r"(?<![\w-])(-[a-zA-Z])(?![\w-])")
# CLI11's help: a block of subcommands, each on a line that begins with its name.
SUBCOMMANDS = re.compile(r"^(?:Subcommands|SUBCOMMANDS|[A-Z][\w ]*[Cc]ommands|[A-Z][A-Za-z ]+):\n((?:[ \t]+.*\n)+)", re.M)
VERB = re.compile(r"^  ([a-z][a-z-]*)(?:, [a-z-]+)*(?:  |\n|$)", re.M)


def plain(roff):
    return re.sub(r"\\f[A-Z]|\\&", "", roff).replace("\\-", "-").replace("\\(aq", "'").replace("\\(dq", '"')


def interface_faults(root, page):
    text = plain(page)
    contract = lint.contract(root)
    for interface in lint.interfaces(root):
        for name in [interface.name, *(member.name for member in interface.members)]:
            if not re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text):
                yield f"org.sdme1(5): does not name {name}"
    for row in contract.errors(root / "dbus/errors.hpp"):
        if row.bus_name not in text:
            yield f"org.sdme1(5): does not name {row.bus_name}"
    for action in contract.actions(root / "polkit/org.sdme.policy"):
        if action.id not in text:
            yield f"org.sdme1(5): does not name {action.id}"


def help_of(program, *verb):
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    shown = subprocess.run([program, *verb, "--help"], capture_output=True, text=True, env=environment, timeout=30,
                           check=False)
    if shown.returncode:
        raise RuntimeError(f"sdmectl {' '.join(verb)} --help ended with {shown.returncode}: {shown.stderr.strip()}")
    return shown.stdout


def verbs(program, *above):
    """(verb as words, its help), top first, below the verb that is named."""
    text = help_of(program, *above)
    yield above, text
    for block in SUBCOMMANDS.findall(text):
        for name in VERB.findall(block):
            if name not in above:
                yield from verbs(program, *above, name)


def client_faults(root, program):
    source = lint.read(root / "docs/man/sdmectl.1.scd").replace("\\", "")
    words = re.sub(r"[*_]", "", source)
    known = set()
    found = 0
    for verb, text in verbs(program):
        found += bool(verb)
        name = " ".join(verb)
        if not re.search(rf"^(?:sdmectl )?(?:\[.*?\] )?{re.escape(name)}(?![\w-])", words, re.M):
            yield f"sdmectl(1): does not have the verb '{name}'"
        flags = set(FLAG.findall(text.split("Examples:")[0]))
        known |= flags
        for flag in sorted(flags | set(SHORT_FLAG.findall(text.split("Examples:")[0]))):
            if not re.search(rf"(?<![\w-]){flag}(?![\w-])", words):
                yield f"sdmectl(1): does not have {flag} (of '{name or 'sdmectl'}')"
    if not found:
        yield "sdmectl --help shows no verbs"
    for flag in sorted(set(FLAG.findall(words)) - known):
        yield f"sdmectl(1): has {flag}, which sdmectl --help does not"


def check(root, page, program=None):
    with open(page, encoding="utf-8") as stream:
        yield from interface_faults(root, stream.read())
    if program and not os.path.exists(program):
        yield f"{program}: is not built"
    elif program:
        yield from client_faults(root, program)


if __name__ == "__main__":
    lint.main(check)
