# SPDX-License-Identifier: MIT
"""Variables of a container: everything that its systemd starts has them, with every character as it was given."""
import pytest

import bus
import guests
import host
from guests import exec_in, shell_in

ODD = {"ODD": r"""a b  "c" 'd' \e\n %h %% $HOME ${X} #;=: é""", "TAB": "x\ty", "EMPTY": "", "PLAIN": "1"}
FLAGS = [word for name, value in ODD.items() for word in ("-e", f"{name}={value}")]
UNIT = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'env -0 > /var/tmp/seen'\n"


def variables(text):
    return dict(line.split("=", 1) for line in text.rstrip("\0").split("\0"))


def of_exec(name, *options):
    return variables(exec_in(name, "env", "-0", options=options).raw.decode())


def shown(name):
    return host.sdmectl("bob", "show", name, "--json").json()[0]["environment"]


@pytest.mark.parametrize("userns", ["--userns", "--no-userns"])
def test_everything_inside_has_them(trixie, userns):
    name = guests.create(trixie, "--private-network", userns, *FLAGS)
    guests.add_unit(name, "seen.service", UNIT)
    guests.start(name)
    host.until(lambda: shell_in(name, "systemctl is-active seen.service").out.strip() == "active", "the service in the guest")
    for seen in (of_exec(name), variables(exec_in(name, "cat", "/var/tmp/seen").raw.decode())):
        assert ODD.items() <= seen.items()
    assert of_exec(name, "--user", "tester")["PLAIN"] == "1"
    assert of_exec(name, "-e", "PLAIN=2")["PLAIN"] == "2", "what the command is given wins"
    assert host.sdmectl("bob", "join", name, "--", "sh", "-c", "echo $PLAIN").out.strip() == "1"


def test_of_the_guests_systemd_itself(trixie):
    name = guests.start(guests.confined(trixie, "-e", "SYSTEMD_LOG_LEVEL=debug"))
    assert shell_in(name, "systemctl show --value --property=LogLevel").out.strip() == "debug"


def test_others_on_the_host_read_none(trixie):
    guests.start(guests.confined(trixie, "-e", "TOKEN=not-for-alice"))
    seen = host.run("alice", "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'").out
    assert "--boot" in seen and "not-for-alice" not in seen


def test_in_an_older_guest():
    rootfs = guests.import_as("bob", "bookworm", guests.TARBALLS / "bookworm.tar")
    name = guests.start(guests.confined(rootfs, *FLAGS))
    assert ODD.items() <= of_exec(name).items()


def test_changed_with_the_next_start(trixie):
    name = guests.start(guests.confined(trixie, "-e", "ONE=1"))
    done = host.sdmectl("bob", "set", name, "-e", "TWO=2")
    assert done.status == 0 and "environment counts when" in done.err
    assert "TWO" not in of_exec(name)
    host.sdmectl("bob", "restart", "--term", name, timeout=180).ok()
    assert of_exec(name)["TWO"] == "2" and "ONE" not in of_exec(name)
    with bus.caller("bob") as once:
        once.do("UpdateContainer", name, {"remove-environment": ("as", ["TWO"])})
    host.sdmectl("bob", "restart", "--term", name, timeout=180).ok()
    assert "TWO" not in of_exec(name)


def test_the_last_of_a_name_counts(stopped):
    host.sdmectl("bob", "set", stopped, "-e", "A=1", "-e", "B=1", "-e", "A=2").ok()
    assert shown(stopped) == ["B=1", "A=2"]
    with bus.caller("bob") as once:
        once.do("UpdateContainer", stopped, {"add-environment": ("as", ["B=3"])})
    assert shown(stopped) == ["A=2", "B=3"]


def test_none(stopped):
    host.sdmectl("bob", "set", stopped, "-e", "A=1", "-b", "/srv/guests:/srv/x:ro").ok()
    host.sdmectl("bob", "set", stopped, "-e", "", "-b", "").ok()
    assert shown(stopped) == [] and host.sdmectl("bob", "show", stopped, "--json").json()[0]["binds"] == []
    assert host.sdmectl("bob", "set", stopped, "-e", "A=1", "-e", "").status == 64


@pytest.mark.parametrize("assignment", ["NOTIFY_SOCKET=/x", "NOTIFY_SOCKET=", "container=docker", "LISTEN_FDS=3", "A", "=1", "1A=2", "A B=1", "A=\n", "A=\udcff"])
def test_what_is_refused(stopped, assignment):
    for verb in (["set", stopped], ["create", "--private-network", "--name", "never"]):
        refused = host.sdmectl("bob", *verb, "-e", assignment)
        assert refused.status == 64 and len(refused.err.splitlines()) == 1 and "serialize" not in refused.err, refused
    assert shown(stopped) == []


def test_more_than_programs_can_be_started_with(stopped):
    much = ("as", [f"A{number}={'x' * 32_000}" for number in range(9)])
    assert bus.refusal("bob", "UpdateContainer", stopped, {"environment": much}) == bus.error("InvalidArgument")
    assert shown(stopped) == []
