# SPDX-License-Identifier: MIT
"""The package, installed by dpkg(1), is what all of this runs from."""

LEFT_OUT = ("/usr/share/doc/", "/usr/share/man/")  # of every package, by the machine's dpkg.cfg


def test_installed_whole(machine):
    assert machine.run("root", "dpkg-query", "--show", "--showformat=${db:Status-Status}", "sdmed").ok() == "installed"
    lacking = machine.run("root", "dpkg", "--verify", "sdmed").out.splitlines()
    assert [line for line in lacking if not any(place in line for place in LEFT_OUT)] == []
    assert machine.run("root", "systemctl", "is-enabled", "sdmed.socket").ok() == "enabled"


def test_what_it_sets(machine):
    assert machine.run("root", "sysctl", "--values", "fs.inotify.max_user_instances").ok() == "4096"
    found = {finding["check"]: finding["level"] for finding in machine.sdmectl("doctor", "--json").json()}
    assert found["service"] == "ok" and found["inotify"] == "ok" and found["apparmor"] == "ok"
