# SPDX-License-Identifier: MIT
"""Guests: the root filesystems that tests import, and containers made from them."""
import contextlib
import os
import pathlib

import host
import tars
import trees

TARBALLS = pathlib.Path("/srv/guests")
WORK = pathlib.Path("/var/tmp/sdmed-tests")
SPECIALS = "srv/special"

# A user inside, in a group of its own and one more.
USER = ("tester", 1234, 2345)


def prepare_tree(suite):
    """A Debian tree as mmdebstrap made it, with one of every kind of file in it and a user."""
    tree = WORK / suite
    tars.unpack(TARBALLS / f"{suite}.tar", tree)
    trees.make_specials(tree / SPECIALS)
    name, uid, extra = USER
    for file, line in (("passwd", f"{name}:x:{uid}:{uid}::/home/{name}:/bin/sh"), ("group", f"{name}:x:{uid}:"),
                       ("group", f"extra:x:{extra}:{name}"), ("shadow", f"{name}:*:20000:0:99999:7:::")):
        with open(tree / "etc" / file, "a", encoding="utf-8") as opened:
            opened.write(line + "\n")
    home = tree / "home" / name
    home.mkdir()
    os.chown(home, uid, uid)
    if suite == "trixie":  # as this host is: its programs run there
        for program in ("getfattr", "getfacl", "getcap"):
            trees.copy_program(f"/usr/bin/{program}" if program != "getcap" else "/usr/sbin/getcap", tree / "usr/bin" / program, 0o755)
    return tree


def import_as(user, name, source, *options, **more):
    host.sdmectl(user, "fs", "import", name, str(source), *options, timeout=240, **more).ok()
    return name


def create(rootfs, *options, user="bob", name=None, word="c"):
    """A new container; its name."""
    name = name or host.unique(word)
    fs = ["--fs", rootfs] if rootfs else []
    made = host.sdmectl(user, "create", name, *fs, *options).ok()
    assert made == name
    return name


def confined(rootfs, *options, **more):
    return create(rootfs, "--private-network", *options, **more)


def start(name, *options, user="bob"):
    host.sdmectl(user, "start", name, *options, timeout=180).ok()
    return name


def kill(*names):
    """Away with containers, as quickly as can be."""
    if names:
        host.sdmectl("root", "stop", "--kill", *names)
        host.sdmectl("root", "rm", *names)


def remove_volumes():
    """Those that no container uses."""
    used = {name for volume in host.sdmectl("root", "volume", "ls", "--json").json() for name in [volume["name"]] if volume["containers"]}
    left = set(host.entries("volumes")) - used
    if left:
        host.sdmectl("root", "volume", "rm", *left)


def kill_all():
    """An empty store, whatever a run before left."""
    kill(*host.entries("containers"))
    for kind, words in (("rootfs", ["fs", "rm"]), ("pods", ["pod", "rm"]), ("volumes", ["volume", "rm"])):
        left = [name.removesuffix(".json") for name in host.entries(kind)]
        if left:
            host.sdmectl("root", *words, *left)


def exec_in(name, *command, user="root", options=(), **more):
    return host.sdmectl(user, "exec", name, *options, "--", *command, **more)


def shell_in(name, script, **more):
    return exec_in(name, "sh", "-c", script, **more)


def state(name):
    found = [c for c in host.sdmectl("root", "ps", "--json").json() if c["name"] == name]
    return found[0]["state"] if found else None


def wait_for_state(name, wanted, seconds=30):
    host.until(lambda: state(name) == wanted, f"{name} to be {wanted}, not {state(name)}", seconds)


def upper(name):
    return host.STORE / "containers" / name / "written/upper"


def add_unit(name, unit, text, wanted_by="multi-user.target"):
    """A unit for a stopped container, as if its administrator had written it."""
    folder = upper(name) / "etc/systemd/system"
    for part in reversed(folder.relative_to(upper(name)).parents):
        with contextlib.suppress(FileExistsError):
            (upper(name) / part).mkdir()
    folder.mkdir(exist_ok=True)
    (folder / unit).write_text(text)
    wants = folder / f"{wanted_by}.wants"
    wants.mkdir(exist_ok=True)
    (wants / unit).symlink_to(f"/etc/systemd/system/{unit}")
