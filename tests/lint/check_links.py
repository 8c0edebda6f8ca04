#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a program links: check_links.py TREE ROLE=PROGRAM… The daemon and the client parse no archive, page or YAML; what
runs inside guests links nothing."""
import pathlib
import re
import subprocess

import lint

PARSERS = ("libarchive", "libcurl", "libyaml-cpp", "libzstd", "liblzma", "libbz2", "libz")
FORBIDDEN = {
    "sdmed": PARSERS,
    "sdmectl": (*PARSERS, "libcrypto", "libssl"),
    "sdme-init": (*PARSERS, "libcrypto", "libssl", "libsdbus-c++"),
    "sdme-worker": (*PARSERS, "libcrypto", "libssl", "libsdbus-c++"),
    "sdme-import": ("libcurl", "libyaml-cpp", "libsdbus-c++"),
    "sdme-fetch": ("libarchive", "libyaml-cpp", "libsdbus-c++"),
    "sdme-proxy": (*PARSERS, "libcrypto", "libssl", "libsdbus-c++"),
    "sdme-guest-session": ("",),  # static
}


def needed(program):
    shown = subprocess.run(["readelf", "--dynamic", "--wide", program], check=True, capture_output=True, text=True)
    return re.findall(r"\(NEEDED\)[^\[]*\[([^\]]+)\]", shown.stdout)


def check(root, *programs):
    if not programs:
        yield "no program was given"
    for role, program in (one.split("=", 1) for one in programs):
        if not pathlib.Path(program).is_file():
            yield f"{role}: {program} does not exist"
            continue
        for library in needed(program):
            if library.startswith(tuple(name if not name else f"{name}.so" for name in FORBIDDEN[role])):
                yield f"{role}: links {library}"


if __name__ == "__main__":
    lint.main(check)
