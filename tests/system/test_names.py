# SPDX-License-Identifier: MIT
"""Names: what they may look like, and who may have taken them."""
import os
import pathlib
import re

import pytest

import bus
import guests
import host
import tars

GRAMMAR = re.compile(r"[a-z][a-z0-9-]{0,63}")
BAD = ["A", "web1_", "9web", "-web", "web.1", "we b", "web/1", "../web", ".", "..", "wéb", "x" * 65, "web\n", "%n", "@", "web@1"]
MACHINES = pathlib.Path("/var/lib/machines")


def refused(user, *args, status, word, **options):
    return bus.sentence(host.sdmectl(user, "-v", *args, **options), status, word)


@pytest.mark.parametrize("name", [*BAD, "web-"])
def test_bad_name_of_a_container(tiny, name):
    before = host.entries("containers")
    assert bus.refusal("alice", "CreateContainer", name, tiny, {}) == bus.error("InvalidArgument")
    assert host.sdmectl("bob", "create", "--fs", tiny, "--private-network", "--name=" + name).status == 64
    assert host.entries("containers") == before


@pytest.mark.parametrize("name", ["", *BAD])
def test_bad_name_of_a_rootfs(name):
    before = host.entries("rootfs")
    assert host.sdmectl("bob", "fs", "import", "--", name, "-", stdin=tars.small()).status == 64
    assert host.entries("rootfs") == before


@pytest.mark.parametrize("member", [name for name, method in bus.METHODS.items() if ("name", "s") in method.inputs])
def test_bad_name_for_every_method(member):
    reading, writing = os.pipe()
    values = {"s": "", "a{sv}": {}, "as": [], "aay": [], "ay": b"", "t": 1, "i": 1, "h": bus.Fd(reading)}
    args = ["no/name" if name == "name" else values[kind] for name, kind in bus.METHODS[member].inputs]
    assert bus.refusal("alice", member, *args) == bus.error("InvalidArgument")
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("name", ["a", "x" * 64, "a--b", "web-1-2"])
def test_good_name(tiny, name):
    assert guests.confined(tiny, name=name) in host.entries("containers")


def test_generated_names(tiny):
    made = {host.sdmectl("bob", "create", "--fs", tiny, "--private-network").ok() for _ in range(3)}
    assert len(made) == 3
    assert all(GRAMMAR.fullmatch(name) for name in made)
    assert made <= set(host.entries("containers"))


def test_rootfs_name_taken(tiny):
    said = refused("bob", "fs", "import", tiny, "-", stdin=tars.small(), status=5, word="AlreadyExists")
    assert tiny in said and "--force" in said


def test_taken_by_ours(tiny):
    name = guests.confined(tiny)
    said = refused("bob", "create", name, "--fs", tiny, "--private-network", status=5, word="AlreadyExists")
    assert name in said


@pytest.mark.parametrize("image", ["{}", "{}.raw"])
def test_taken_by_a_machine_image(tiny, image):
    name = host.unique("image")
    path = MACHINES / image.format(name)
    MACHINES.mkdir(exist_ok=True)
    path.touch() if image.endswith(".raw") else path.mkdir()
    try:
        said = refused("bob", "create", name, "--fs", tiny, "--private-network", status=5, word="AlreadyExists")
        assert str(path) in said
    finally:
        path.unlink() if path.is_file() else path.rmdir()
    guests.confined(tiny, name=name)


def test_taken_by_a_registered_machine(tiny):
    name = host.unique("machine")
    unit = f"{name}.service"
    host.run("root", "systemd-run", "--quiet", f"--unit={unit}", "sleep", "infinity").ok()
    try:
        host.busctl("root", "call", "org.freedesktop.machine1", "/org/freedesktop/machine1", "org.freedesktop.machine1.Manager",
                    "RegisterMachine", "sayssus", name, "0", "test", "container", host.unit(unit, "MainPID"), "/").ok()
        refused("bob", "create", name, "--fs", tiny, "--private-network", status=5, word="AlreadyExists")
    finally:
        host.systemctl("stop", unit)
    host.until(lambda: not pathlib.Path(f"/run/systemd/machines/{name}").exists(), "the machine to be gone")
    guests.confined(tiny, name=name)


def test_nobody_of_that_name():
    for words in (["start", "nobody"], ["stop", "nobody"], ["rm", "nobody"], ["show", "nobody"], ["fs", "rm", "nobody"],
                  ["fs", "show", "nobody"], ["enable", "nobody"], ["logs", "nobody"], ["create", "--fs", "nobody"]):
        assert host.sdmectl("bob", *words).status == 3, words
    assert host.sdmectl("bob", "exec", "nobody", "true").status == 125
