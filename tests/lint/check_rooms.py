#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One-way rooms and the size law: check_rooms.py TREE.

The table in daemon/meson.build is the only one: what a room may include beside itself, lower rooms first."""
import re

import lint

MOST_LINES = {".cpp": 400, ".hpp": 160}
MOST_FUNCTION_LINES = 60
ROW = re.compile(r"^  \['(\w+)', \[([^\]]*)\]", re.M)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
# Static programs of the guest: not in the table, since they link nothing of ours that links anything.
GUEST, GUEST_USES = "guest", {"base", "os"}
# A program that has the bus has none of the rooms that do a worker's work.
BUS, WORKS = "bus", {"archive", "fetch", "image", "machine", "registry"}
# Which generated headers belong to whom.
GENERATED = {"_adaptor.hpp": "daemon/bus/", "gate_table.hpp": "daemon/bus/", "_proxy.hpp": "client/"}
# A constructor's member before its braces: the body is yet to come.
INITIALISED = re.compile(r"\)[\w\s]*:(?!:).*[\w>]$", re.S)


def table(root):
    rows = ROW.findall(lint.read(root / "daemon/meson.build"))
    return {name: re.findall(r"'(\w+)'", uses) for name, uses in rows}


def table_faults(rows):
    if not rows:
        yield "daemon/meson.build: no table of rooms was found"
    names = list(rows)
    for index, name in enumerate(names):
        for use in rows[name]:
            if use not in names[:index]:
                yield f"daemon/meson.build: {name} uses {use}, which is not below it"


def includes(root, path):
    text = lint.bare(lint.read(path), keep_strings=True)
    for match in INCLUDE.finditer(text):
        yield lint.place(root, path, lint.line_of(text, match.start(1))), match[1]


def owner_of_generated(header):
    return next((owner for end, owner in GENERATED.items() if header.endswith(end)), None)


def contract_fault(root, path, where, header):
    """A header without a folder is the contract's, or generated from it."""
    owner = owner_of_generated(header)
    if owner and not str(path.relative_to(root)).startswith((owner, "tests/")):
        return f"{where}: {header} is only for {owner}"
    made = any((root / folder / f"{header}.in").exists() for folder in ("daemon", "client", "dbus"))
    if not owner and not made and not (root / "dbus" / header).exists():
        return f"{where}: {header} is neither in dbus/ nor named with its room"
    return None


def room_faults(root, rows):
    for path in lint.files(root, *lint.CODE, below="daemon"):
        parts = path.relative_to(root / "daemon").parts
        room = parts[0] if len(parts) > 1 else None
        if room and room not in rows and room != GUEST:
            yield f"{lint.place(root, path)}: {room} is not in the table of daemon/meson.build"
            continue
        may = set(rows) if room is None else GUEST_USES | {GUEST} if room == GUEST else {room, *rows[room]}
        seen = set()
        for where, header in includes(root, path):
            if "/" not in header:
                fault = contract_fault(root, path, where, header)
                if fault:
                    yield fault
                continue
            seen.add(header.split("/")[0])
            if header.split("/")[0] not in may:
                yield f"{where}: {room or 'a main'} may not include {header}"
        if room is None and BUS in seen and seen & WORKS:
            yield f"{lint.place(root, path)}: includes {BUS}/ and {', '.join(sorted(seen & WORKS))}/, which never meet"


def client_faults(root):
    for path in lint.files(root, *lint.CODE, below="client"):
        for where, header in includes(root, path):
            if owner_of_generated(header) == "client/":
                continue
            near = [path.parent / header, root / "client" / header, root / "client" / f"{header}.in", root / "dbus" / header]
            if header.startswith("client/") or any(candidate.exists() for candidate in near):
                continue
            yield f"{where}: the client may include only client/ and dbus/, not {header}"


def build_faults(root):
    """A source that no library and no program names is not built, and nobody notices."""
    for room in ("daemon", "client"):
        names = lint.read(root / room / "meson.build")
        for path in lint.files(root, ".cpp", below=room):
            below = str(path.relative_to(root / room))
            nested = path.parent / "meson.build"
            if below not in names and not (nested.exists() and path.name in lint.read(nested)):
                yield f"{lint.place(root, path)}: {room}/meson.build does not name it"


def functions(text):
    """(name, first line, lines) of each function body: a block with parentheses before it, inside none but namespaces and types."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m[0].count("\n"), lint.bare(text), flags=re.M)
    stack, start = [], 0  # of (kind, name, offset); where the current declaration begins
    for match in re.finditer(r"[{};]", code):
        if match[0] == "{":
            head = code[start:match.start()].strip()
            outside = all(kind == "scope" for kind, _, _ in stack)
            if not outside:
                kind = "inner"
            elif INITIALISED.search(head):
                kind = "initialiser"
            elif "(" in re.sub(r"\b(alignas|requires|decltype|noexcept|__attribute__)\s*\([^)]*\)", "", head):
                kind = "function"
            elif re.search(r"\b(namespace|class|struct|union|extern)\b", head) and "=" not in head:
                kind = "scope"
            else:
                kind = "inner"
            stack.append((kind, head, start + len(code[start:]) - len(code[start:].lstrip())))
        elif match[0] == "}" and stack:
            kind, head, begin = stack.pop()
            if kind == "function":
                first = lint.line_of(code, begin)
                name = re.search(r"([\w:~]+|operator[^(]*)\s*\(", head)
                yield (name[1] if name else head[:40]), first, lint.line_of(code, match.start()) - first + 1
            if kind == "initialiser":
                continue
        if all(kind == "scope" for kind, _, _ in stack):
            start = match.end()


def size_faults(root):
    for room in ("daemon", "client", "dbus", "tests"):
        for path in lint.files(root, *lint.CODE, below=room):
            text = lint.read(path)
            lines, most = len(text.splitlines()), MOST_LINES[path.suffix]
            if lines > most:
                yield f"{lint.place(root, path)}: {lines} lines, at most {most}"
            for name, first, length in functions(text):
                if length > MOST_FUNCTION_LINES:
                    yield f"{lint.place(root, path, first)}: {name} has {length} lines, at most {MOST_FUNCTION_LINES}"


def check(root):
    rows = table(root)
    yield from table_faults(rows)
    yield from room_faults(root, rows)
    yield from client_faults(root)
    yield from build_faults(root)
    yield from size_faults(root)


if __name__ == "__main__":
    lint.main(check)
