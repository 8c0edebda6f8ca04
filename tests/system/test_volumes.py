# SPDX-License-Identifier: MIT
"""Volumes: directories with a name and an owner that outlive the containers they are shown in."""
import json
import os
import pwd

import pytest

import bus
import guests
import host
from guests import shell_in

ALICE = ('subject.user === "alice" && ["org.sdme.create-container", "org.sdme.create-volume", "org.sdme.manage-containers"]'
         '.indexOf(action.id) >= 0')


def volume(user="bob"):
    return host.sdmectl(user, "volume", "create", host.unique("vol")).ok()


def data(name):
    return host.STORE / "volumes" / name / "data"


def shown(name):
    return host.sdmectl("alice", "volume", "show", name, "--json").json()[0]


def remove(name):
    """The container alone."""
    host.sdmectl("root", "stop", "--kill", name)
    host.sdmectl("bob", "rm", name).ok()


def test_made_listed_and_removed():
    name = volume()
    kept = json.loads((host.STORE / "volumes" / name / "record.json").read_text())
    assert (kept["version"], kept["name"], kept["owner"]) == (1, name, pwd.getpwnam("bob").pw_uid)
    assert data(name).stat().st_mode & 0o7777 == 0o755 and data(name).stat().st_uid == 0
    assert shown(name)["owner"] == kept["owner"] and shown(name)["containers"] == []
    assert name in host.sdmectl("alice", "volume", "ls").ok()
    again = host.sdmectl("bob", "-v", "volume", "create", name)
    assert again.status == 5 and "AlreadyExists" in again.err
    host.sdmectl("bob", "volume", "rm", name).ok()
    assert host.sdmectl("bob", "volume", "rm", name).status == 3 and host.sdmectl("bob", "volume", "show", name).status == 3
    assert name not in host.entries("volumes")


def test_outlives_containers(trixie):
    """What one wrote another reads, with a user namespace and without, with the same ids."""
    name = volume()
    first = guests.start(guests.confined(trixie, "-b", f"{name}:/srv/data"))
    shell_in(first, "echo kept > /srv/data/file && chown 1234:1234 /srv/data/file && touch /srv/data/of-root").ok()
    assert os.lstat(data(name) / "file").st_uid == 1234 and os.lstat(data(name) / "of-root").st_uid == 0
    assert shown(name)["containers"] == [first]
    remove(first)
    assert shown(name)["containers"] == [] and (data(name) / "file").read_text() == "kept\n"
    second = guests.start(guests.create(trixie, "--private-network", "--no-userns"))
    host.sdmectl("bob", "mount", second, f"{name}:/var/lib/kept").ok()
    assert shell_in(second, "cat /var/lib/kept/file; stat -c %u /var/lib/kept/file").out.split() == ["kept", "1234"]
    host.sdmectl("bob", "restart", second, "--term", timeout=180).ok()
    assert shell_in(second, "cat /var/lib/kept/file").out == "kept\n"


def test_shared_by_two(trixie):
    name = volume()
    first, second = [guests.start(guests.confined(trixie, "-b", f"{name}:/srv/data")) for _ in range(2)]
    shell_in(first, "echo hello > /srv/data/word && chown tester /srv/data/word").ok()
    assert shell_in(second, "cat /srv/data/word; stat -c %U /srv/data/word").out.split() == ["hello", "tester"]


def test_one_that_is_used_stays(trixie):
    name = volume()
    user = guests.confined(trixie, "-b", f"{name}:/srv/data:ro")
    refused = host.sdmectl("bob", "-v", "volume", "rm", name)
    assert refused.status == 5 and "InUse" in refused.err and user in refused.err
    host.sdmectl("bob", "umount", user, "/srv/data").ok()
    host.sdmectl("bob", "volume", "rm", name).ok()


def test_one_that_is_not_there(trixie, box):
    for call in (("CreateContainer", "", trixie, {"binds": ("as", ["nothing:/srv/x"])}), ("UpdateContainer", box, {"add-binds": ("as", ["nothing:/srv/x"])})):
        assert bus.refusal("bob", *call) == bus.error("NotFound")


def test_is_its_owners(trixie):
    """Volumes are no access to the host; those of others have to be granted."""
    with host.rule(ALICE):
        own, other = volume("alice"), volume("bob")
        name = guests.confined(trixie, "-b", f"{own}:/srv/own", user="alice")
        refused = host.sdmectl("alice", "-v", "create", "--fs", trixie, "--private-network", "-b", f"{other}:/srv/x")
        feature = f"volume:{other} of {pwd.getpwnam('bob').pw_uid}"
        assert refused.status == 4 and feature in refused.err
        refused = host.sdmectl("alice", "-v", "mount", name, f"{other}:/srv/x")
        assert refused.status == 4 and feature in refused.err
        assert host.sdmectl("alice", "volume", "rm", other).status == 4
    listed = [c for c in host.sdmectl("alice", "ps", "--json").json() if c["name"] == name][0]
    assert listed["privileged"] is False
    assert host.sdmectl("alice", "volume", "create", host.unique("vol")).status == 4


def test_removal_keeps_the_trash_empty(trixie):
    name = volume()
    user = guests.start(guests.confined(trixie, "-b", f"{name}:/srv/data"))
    shell_in(user, "mkdir -p /srv/data/a/b/c && touch /srv/data/a/b/c/d && chmod 0 /srv/data/a").ok()
    remove(user)
    host.sdmectl("bob", "volume", "rm", name).ok()
    host.nothing_left()


def test_daemon_dies():
    """What was said to be made is there, and nothing half made is left."""
    name = volume()
    for _ in range(5):
        with bus.caller("bob") as once:
            other = host.unique("vol")
            once.call("CreateVolume", other, {})
        host.kill_daemon()
        assert other in host.entries("volumes") and data(other).is_dir()
        assert {v["name"] for v in host.sdmectl("bob", "volume", "ls", "--json").json()} == set(host.entries("volumes"))
    assert name in host.entries("volumes")
    host.sdmectl("bob", "volume", "rm", name).ok()
    host.kill_daemon()
    assert name not in host.entries("volumes")


def test_half_made_and_damaged():
    whole, damaged = volume(), volume()
    half = host.STORE / "volumes" / "half"
    half.mkdir()
    (host.STORE / "volumes" / damaged / "record.json").write_text("{")
    host.restart_daemon()
    host.until(lambda: "half" not in host.entries("volumes"), "what is half made to go")
    assert [v["name"] for v in host.sdmectl("bob", "volume", "ls", "--json").json()] == [whole]
    assert host.sdmectl("bob", "volume", "create", damaged).status == 5
    assert host.sdmectl("alice", "volume", "rm", damaged).status == 4
    host.sdmectl("bob", "volume", "rm", damaged).ok()


@pytest.mark.parametrize("name", ["", "Data", "a/b", "../x", "-x"])
def test_names(name):
    assert bus.refusal("bob", "CreateVolume", name, {}) == bus.error("InvalidArgument")
