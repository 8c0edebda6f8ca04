# SPDX-License-Identifier: MIT
"""Another name for a container, and everything that knows it by name."""
import pathlib

import pytest

import bus
import guests
import host

WANTS = pathlib.Path("/etc/systemd/system/multi-user.target.wants")


def rename(name, to, user="bob"):
    return host.sdmectl(user, "rename", name, to)


def test_renamed(running):
    """The guest knows, what it wrote is there, and nothing has the old name."""
    guests.shell_in(running, "echo mine > /srv/mine").ok()
    host.sdmectl("bob", "stop", running).ok()
    uuid = host.sdmectl("bob", "show", running, "--json").json()[0]["uuid"]
    to = host.unique("renamed")
    assert rename(running, to).ok() == to
    assert guests.state(running) is None and guests.state(to) == "stopped"
    assert host.sdmectl("bob", "show", to, "--json").json()[0]["uuid"] == uuid
    guests.start(to)
    assert guests.exec_in(to, "cat", "/etc/hostname", "/srv/mine").ok() == f"{to}\nmine"
    assert guests.exec_in(to, "hostname").ok() == to
    assert running not in guests.exec_in(to, "cat", "/etc/hosts").ok()
    assert to in host.run("root", "machinectl", "list", "--no-legend").out.split()


def test_twice_before_it_runs(stopped):
    first, second = host.unique("renamed"), host.unique("renamed")
    rename(stopped, first).ok()
    rename(first, second).ok()
    guests.start(second)
    assert guests.exec_in(second, "cat", "/etc/hostname").ok() == second


def test_a_hostname_of_its_administrators_stays(running):
    guests.shell_in(running, "echo other > /etc/hostname").ok()
    host.sdmectl("bob", "stop", running).ok()
    to = host.unique("renamed")
    rename(running, to).ok()
    guests.start(to)
    assert guests.exec_in(to, "cat", "/etc/hostname").ok() == "other"


def test_a_link_in_place_of_its_files_leads_nowhere(running):
    guests.shell_in(running, "rm /etc/hostname && ln -s /etc/victim /etc/hostname").ok()
    host.sdmectl("bob", "stop", running).ok()
    to = host.unique("renamed")
    rename(running, to).ok()
    guests.start(to)
    assert guests.exec_in(to, "readlink", "/etc/hostname").ok() == "/etc/victim"


def test_enabled_and_restarted_as_before(trixie):
    name = guests.confined(trixie, "--restart", "on-failure")
    host.sdmectl("bob", "enable", name).ok()
    to = host.unique("renamed")
    rename(name, to).ok()
    assert not (WANTS / host.container_unit(name)).is_symlink()
    assert (WANTS / host.container_unit(to)).is_symlink()
    assert host.unit(host.container_unit(to), "Restart") == "on-failure"
    assert not pathlib.Path(f"/etc/systemd/system/{host.container_unit(name)}.d").exists()
    host.sdmectl("bob", "rm", to).ok()
    assert not (WANTS / host.container_unit(to)).is_symlink()


def test_who_requires_it_follows(trixie):
    back = guests.confined(trixie, word="back")
    front = guests.confined(trixie, "--requires", back, word="front")
    to = host.unique("renamed")
    rename(back, to).ok()
    assert host.sdmectl("bob", "show", front, "--json").json()[0]["requires"] == [to]
    guests.start(front)
    assert guests.state(to) == "running"
    host.sdmectl("bob", "stop", front, to).ok()


def test_not_while_it_runs(box):
    refused = rename(box, "never")
    assert refused.status == 5 and "stopped" in refused.err
    assert bus.refusal("bob", "RenameContainer", box, "never", {}) == "org.sdme1.Error.Busy"


def test_bad_names(stopped, box):
    for name in ("Upper", "", "a/b", "-x", "a" * 65):
        assert bus.refusal("bob", "RenameContainer", stopped, name, {}) == "org.sdme1.Error.InvalidArgument", name
    assert rename(stopped, stopped).status == 64
    assert rename(stopped, box).status == 5
    assert rename("nobody", "never").status == 3
    assert guests.state(stopped) == "stopped"


def test_who_may(stopped):
    assert host.sdmectl("alice", "--no-ask-password", "rename", stopped, "never").status == 4


@pytest.mark.parametrize("delay", [0, 0.02, 0.05, 0.1, 0.2])
def test_the_daemon_is_killed_meanwhile(stopped, processes, delay):
    """Old or new, and whole."""
    to = host.unique("renamed")
    processes("bob", "sdmectl", "rename", stopped, to)
    host.stays(lambda: True, delay)
    host.kill_daemon()
    host.until(lambda: not host.worker_units(), "the job to end")
    host.until(lambda: host.sdmectl("root", "jobs", "--json").status == 0, "the daemon")
    there = [name for name in (stopped, to) if guests.state(name)]
    assert len(there) == 1
    guests.start(there[0])
    assert guests.exec_in(there[0], "cat", "/etc/hostname").ok() == there[0]
