# SPDX-License-Identifier: MIT
"""What the checks share. A check is a function that takes the top of a source tree and yields one sentence a fault."""
import pathlib
import re
import sys

SKIPPED = 77  # meson's exit code for a test that says why it did not run

# Not ours, not source, or made by a build.
OUTSIDE = (".git", ".cache", ".pytest_cache", "__pycache__")
CODE = (".cpp", ".hpp")


def files(root, *suffixes, below=""):
    """Files of the tree, sorted, by the end of their names; all of them where none is given."""
    top = pathlib.Path(root) / below
    for path in sorted(top.rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and not any(part in OUTSIDE or part.startswith("build") for part in inside.parts[:-1]):
            if not suffixes or path.name.endswith(suffixes):
                yield path


def read(path):
    return path.read_text(encoding="utf-8")


def place(root, path, line=None):
    where = str(path.relative_to(root))
    return f"{where}:{line}" if line else where


TOKEN = re.compile(r"""//[^\n]* | /\*.*?\*/ | R"(?P<raw>[^\s()\\]*)\(.*?\)(?P=raw)" | "(?:\\.|[^"\\\n])*" | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'""",
                   re.S | re.X)


def bare(text, keep_strings=False):
    """C++ without comments, strings and characters; line breaks stay, so that line numbers hold."""
    def blank(match):
        token = match[0]
        if keep_strings and not token.startswith("/"):
            return token
        newlines = "\n" * token.count("\n")
        return newlines if token.startswith("/") else '""' + newlines
    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def main(check, *more):
    """Runs check(root, *arguments) and prints what it found."""
    root = pathlib.Path(sys.argv[1])
    faults = list(check(root, *sys.argv[2:], *more))
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def contract(root):
    """docs/contract.py of the tree that is checked."""
    sys.path.insert(0, str(pathlib.Path(root) / "docs"))
    try:
        sys.modules.pop("contract", None)
        import contract as module
        return module
    finally:
        sys.path.pop(0)


XML = [f"dbus/org.sdme1.{name}.xml" for name in ("Manager", "Container", "Rootfs", "Pod", "Job")]


def interfaces(root):
    return contract(root).interfaces([root / path for path in XML])
