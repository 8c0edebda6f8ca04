# SPDX-License-Identifier: MIT
"""The package, installed by dpkg(1), is what all of this runs from."""


def test_installed_whole(machine):
    assert machine.run("root", "dpkg-query", "--show", "--showformat=${db:Status-Status}", "sdmed").ok() == "installed"
    assert machine.run("root", "dpkg", "--verify", "sdmed").ok() == ""
    assert machine.run("root", "systemctl", "is-enabled", "sdmed.socket").ok() == "enabled"
    assert int(machine.run("root", "sysctl", "--values", "fs.inotify.max_user_instances").ok()) == 4096


def test_for_everybody(machine):
    assert "sdmed answers" in machine.sdmectl("doctor").out
    assert machine.run("root", "sdmectl", "ps").ok() == "no containers found"
