# SPDX-License-Identifier: MIT
"""Containers from birth to death, by the client: and guests that do not do as they should."""
import json
import os
import re

import pytest

import bus
import guests
import host
import tars
from guests import exec_in, shell_in


def ps(user="alice"):
    return {c["name"]: c for c in host.sdmectl(user, "ps", "--json").json()}


# ---- the way of all containers --------------------------------------------------------------------

def test_whole_life(trixie):
    name = guests.confined(trixie)
    assert guests.state(name) == "stopped"
    assert host.sdmectl("bob", "start", name).ok() == name
    assert guests.state(name) == "running" and ps()[name]["health"] == "ok"
    assert exec_in(name, "cat", "/etc/hostname").ok() == name
    assert host.sdmectl("bob", "stop", name).ok() == name
    assert guests.state(name) == "stopped"
    assert host.sdmectl("bob", "rm", name).ok() == name
    assert guests.state(name) is None and name not in host.entries("containers")


def test_starting_twice_and_stopping_twice_is_no_error(running):
    before = host.invocation(running)
    assert host.sdmectl("bob", "start", running).ok() == running
    assert host.invocation(running) == before
    for _ in range(2):
        assert host.sdmectl("bob", "stop", "--kill", running).ok() == running


def test_new_with_a_rootfs(trixie):
    name = host.unique("new")
    result = host.sdmectl("bob", "new", name, "--fs", trixie, "--private-network", "--", "sh", "-c", "id -u; exit 4", timeout=180)
    assert (result.status, result.out) == (4, "0\n")
    assert guests.state(name) == "running" and name in result.err


def test_created_and_started(trixie):
    name = host.sdmectl("bob", "create", "--started", "--enable", "--fs", trixie, "--private-network", timeout=180).ok()
    assert guests.state(name) == "running" and ps()[name]["enabled"] is True


def test_machine_is_registered(running):
    listed = host.run("root", "machinectl", "list", "--no-legend").out
    assert running in listed.split()
    assert host.unit(host.container_unit(running), "Slice") == "machine.slice"


# ---- stopping -------------------------------------------------------------------------------------

STUBBORN = "[Service]\nExecStart=/bin/sh -c 'trap : TERM; while :; do sleep 1; done'\nTimeoutStopSec=infinity\nSendSIGKILL=no\n"


def stop_result(name, **options):
    with bus.caller("bob") as bob:
        return bob.do("StopContainer", name, options, seconds=90)


def test_graceful(running):
    """The guest is asked, and its services are stopped as they want."""
    guests.shell_in(running, "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/true\\nExecStop=/bin/touch "
                    "/srv/asked\\n' > /run/systemd/system/asked.service && systemctl start asked").ok()
    assert stop_result(running) == {"state": "stopped", "by": "graceful"}
    assert (guests.upper(running) / "srv/asked").exists()


def test_kill(running):
    """Nobody is asked."""
    guests.shell_in(running, "printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/true\\nExecStop=/bin/touch "
                    "/srv/asked\\n' > /run/systemd/system/asked.service && systemctl start asked").ok()
    assert stop_result(running, mode=("s", "kill"))["by"] == "kill"
    assert not (guests.upper(running) / "srv/asked").exists()


def test_from_tier_to_tier(stopped):
    """A guest that does not stop when asked is terminated, and one that does not then is killed."""
    guests.add_unit(stopped, "stubborn.service", STUBBORN)
    guests.start(stopped)
    with host.settings("[Boot]\nStopTimeoutTerminateSec=1s\n"):
        assert stop_result(stopped, **{"timeout-usec": ("t", 1_000_000)})["by"] in ("terminate", "kill")
    assert guests.state(stopped) == "stopped"
    assert not host.run("root", "pgrep", "-f", f"systemd-nspawn.*--machine={stopped}").out


def test_terminate(running):
    assert stop_result(running, mode=("s", "terminate"))["by"] == "terminate"


@pytest.mark.parametrize("how", [[], ["--term"], ["--kill"]])
def test_restart(running, how):
    before = host.invocation(running)
    assert host.sdmectl("bob", "restart", running, *how, timeout=180).ok() == running
    assert host.invocation(running) != before and guests.state(running) == "running"


def test_flags_that_exclude_each_other(box):
    assert host.sdmectl("bob", "stop", "--term", "--kill", box).status == 64
    assert guests.state(box) == "running"


def test_reloads_of_systemd_end_no_job(tiny, processes):
    """A reload announces every unit as removed, also those that are only about to start."""
    names = [guests.confined(tiny) for _ in range(12)]
    processes("root", "sh", "-c", "while systemctl daemon-reload; do :; done")
    assert host.sdmectl("bob", "rm", *names).ok().split() == names


def test_remove_while_it_runs(running):
    pid = host.leader(running)
    assert host.sdmectl("bob", "rm", running).ok() == running
    assert not os.path.exists(f"/proc/{pid}")
    assert not host.our_units(host.container_unit(running))


# ---- several --------------------------------------------------------------------------------------

def test_several_names(trixie):
    names = [guests.confined(trixie) for _ in range(3)]
    result = host.sdmectl("bob", "start", names[0], "nobody", names[1], timeout=180)
    assert result.status == 3 and set(result.out.split()) == set(names[:2]) and "1 of 3 failed" in result.err
    assert [guests.state(name) for name in names] == ["running", "running", "stopped"]
    assert set(host.sdmectl("bob", "stop", "--kill", *names).ok().split()) == set(names)


def test_all(trixie, box):
    """--all is all that it applies to."""
    names = {guests.confined(trixie) for _ in range(2)}
    kept_running = {name for name, c in ps().items() if c["state"] == "running"}
    assert set(host.sdmectl("bob", "start", "--all", timeout=180).ok().split()) >= names
    assert host.sdmectl("bob", "start", "--all").status == 0  # nothing to do is no error
    assert host.sdmectl("bob", "start", "--all", "some").status == 64
    assert host.sdmectl("bob", "start").status == 64
    host.sdmectl("bob", "stop", "--kill", *names).ok()
    assert {name for name, c in ps().items() if c["state"] == "running"} == kept_running
    assert host.sdmectl("bob", "rm", "--all").status == 64  # nobody can be asked
    assert names <= set(ps())


def test_all_asks_first(box):
    with host.terminal("bob", "/usr/bin/sdmectl", "rm", "--all") as child:
        child.expect("remove")
        child.sendline("")
        child.expect(host.pexpect.EOF)
    assert guests.state(box) == "running"


def test_prefixes(tiny):
    one, other = guests.confined(tiny, name="prefix-one"), guests.confined(tiny, name="prefix-other")
    assert host.sdmectl("bob", "enable", "prefix-on").ok() == one
    result = host.sdmectl("bob", "enable", "prefix-o")
    assert result.status == 64 or result.status == 3
    assert one in result.err and other in result.err
    exact = guests.confined(tiny, name="prefix-o")
    assert host.sdmectl("bob", "enable", "prefix-o").ok() == exact
    assert [ps()[name]["enabled"] for name in (one, other, exact)] == [True, False, True]


# ---- at boot --------------------------------------------------------------------------------------

def test_enable(stopped):
    wanted = f"/etc/systemd/system/machines.target.wants/{host.container_unit(stopped)}"
    assert host.sdmectl("bob", "enable", stopped).ok() == stopped
    assert ps()[stopped]["enabled"] is True
    assert host.systemctl("is-enabled", host.container_unit(stopped)).out.strip() == "enabled"
    links = host.run("root", "find", "/etc/systemd/system", "-lname", "*sdme-container@.service").out.split()
    assert [link for link in links if link.endswith(host.container_unit(stopped))], wanted
    host.sdmectl("bob", "disable", stopped).ok()
    assert ps()[stopped]["enabled"] is False
    assert host.systemctl("is-enabled", host.container_unit(stopped)).out.strip() == "disabled"
    assert not [link for link in host.run("root", "find", "/etc/systemd/system", "-name", f"*{stopped}*").out.split()]


def test_boot_without_the_daemon(stopped):
    """An enabled container starts by systemd alone."""
    host.systemctl("stop", "sdmed.service", "sdmed.socket").ok()
    try:
        host.systemctl("start", host.container_unit(stopped)).ok()
        assert host.daemon_pid() == 0
        assert host.unit(host.container_unit(stopped), "ActiveState") == "active"
    finally:
        host.systemctl("start", "sdmed.socket").ok()
    assert guests.state(stopped) == "running"


def test_removing_disables(stopped):
    host.sdmectl("bob", "enable", stopped).ok()
    host.sdmectl("bob", "rm", stopped).ok()
    assert not host.run("root", "find", "/etc/systemd/system", "-name", f"*{stopped}*").out


# ---- what is shown --------------------------------------------------------------------------------

PUBLIC = {"name": str, "state": str, "health": str, "os": str, "rootfs": str, "owner": int, "enabled": bool, "userns": bool,
          "network": str, "oci_pod": str, "address": str, "ports": list, "host_clone": bool, "privileged": bool, "created_usec": int,
          "requires": list, "protected": bool, "ephemeral": bool}
PRIVATE = {"uuid": str, "unit": str, "invocation": str, "main_pid": int, "layers": list, "opaque_dirs": list,
           "masked_services": list, "features": list, "binds": list, "environment": list, "profile": str, "restart": str, "capabilities": list,
           "drop_capabilities": list, "no_new_privileges": bool, "read_only": bool, "system_call_filter": list, "apparmor_profile": str}


def schema(found, wanted):
    assert {key: type(value) for key, value in found.items()} == wanted


def test_json_of_ps(box):
    found = ps()[box]
    schema(found, PUBLIC)
    assert found["owner"] == host.pwd.getpwnam("bob").pw_uid and "Debian" in found["os"] and found["rootfs"] == "trixie"
    short = host.sdmectl("alice", "ps", "--json=short").out
    assert short.count("\n") == 1 and json.loads(short) == host.sdmectl("alice", "--json=pretty", "ps").json()


def test_json_of_one_that_is_not_there(box):
    result = host.sdmectl("bob", "--json", "enable", box, "nobody")
    assert result.status == 3
    assert [entry.get("error") for entry in json.loads(result.out)] == [None, bus.error("NotFound")]
    host.sdmectl("bob", "disable", box).ok()


@pytest.mark.parametrize("words, said", [(["bogus"], "no verb 'bogus'"), (["fs", "bogus", "--force"], "no verb 'bogus'"),
                                         (["pod", "net"], "a verb is missing"), ([], "a verb is missing")])
def test_no_such_verb(words, said):
    result = host.sdmectl("bob", *words)
    assert result.status == 64 and said in result.err, result


def test_json_of_show(box, stopped):
    found = host.sdmectl("bob", "show", box, stopped, "--json").json()
    for each in found:
        schema(each, PUBLIC | PRIVATE)
    assert [each["name"] for each in found] == [box, stopped]
    assert found[0]["main_pid"] == int(host.unit(host.container_unit(box), "MainPID")) and found[1]["main_pid"] == 0
    assert found[0]["invocation"] == host.invocation(box) and found[1]["invocation"] == ""
    assert found[0]["unit"] == host.container_unit(box)


def test_tables(box):
    lines = host.sdmectl("alice", "ps").ok().splitlines()
    assert lines[0].split()[:3] == ["NAME", "STATUS", "HEALTH"]
    row = next(line for line in lines if line.startswith(box + " "))
    assert "running" in row and "bob" in row and "\x1b" not in row
    without = host.sdmectl("alice", "--no-legend", "ps").ok().splitlines()
    assert [line.split() for line in without] == [line.split() for line in lines[1:]]


def test_colours_only_on_a_terminal(box):
    with host.terminal("alice", "/usr/bin/env", "TERM=xterm", "sdmectl", "ps") as child:
        child.expect(host.pexpect.EOF)
        assert "\x1b[" in child.before
    with host.terminal("alice", "/usr/bin/env", "TERM=xterm", "NO_COLOR=1", "sdmectl", "ps") as child:
        child.expect(host.pexpect.EOF)
        assert "\x1b[" not in child.before and "running" in child.before


def test_jobs(box):
    host.sdmectl("bob", "start", box).ok()
    job = [j for j in host.sdmectl("alice", "jobs", "--json").json() if j["kind"] == "start" and j["target"] == box][-1]
    assert job["state"] == "done" and job["progress"] == 1.0 and job["error"] == ""
    # Those who come late still learn how it ended.
    assert host.sdmectl("bob", "jobs", "wait", str(job["id"])).ok() == box
    assert host.sdmectl("bob", "jobs", "show", str(job["id"]), "--json").json()[0]["result"]["state"] == "running"
    assert host.sdmectl("bob", "jobs", "cancel", str(job["id"])).status == 0  # of an ended one is no error
    assert host.sdmectl("bob", "jobs", "wait", "999999").status == 3


@pytest.mark.parametrize("words", [[], ["no-such-verb"], ["ps", "--no-such-option"], ["start", "--timeout", "0", "x"], ["exec", "x"],
                                   ["fs"], ["fs", "import", "name"], ["--json=xml", "ps"], ["jobs", "wait", "x"]])
def test_wrong_use(words):
    result = host.sdmectl("alice", *words)
    assert result.status == 64 and result.err and not result.out


def test_help_and_version():
    for words in (["--help"], ["start", "--help"], ["fs", "import", "-h"]):
        shown = host.sdmectl("alice", *words)
        assert "sdmectl" in shown.ok() and not shown.err
    version = bus.get("alice", bus.MANAGER, bus.PATH, "Version")
    assert version in host.sdmectl("alice", "--version").ok()


# ---- guests that do otherwise ---------------------------------------------------------------------

def failed_start(name, *options, status, word, user="bob"):
    result = host.sdmectl(user, "-v", "start", name, *options, timeout=120)
    assert result.status == status, result
    assert f"[{bus.error(word)}]" in result.err
    assert guests.state(name) in ("stopped", "failed")
    assert not host.run("root", "pgrep", "-f", f"systemd-nspawn.*--machine={name}").out
    return result.err


def test_without_an_init():
    rootfs = guests.import_as("bob", host.unique("rootfs"), "-", stdin=tars.Archive().folder("etc").file("etc/os-release", b"ID=x\n").bytes())
    said = failed_start(guests.confined(rootfs), status=1, word="BootFailed")
    assert "init" in said


def test_with_an_init_that_is_none(tiny):
    failed_start(guests.confined(tiny), status=1, word="BootFailed")


def without(name, *paths):
    """The container without these files of its rootfs: whiteouts, as if removed inside."""
    for path in paths:
        target = guests.upper(name) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        os.mknod(target, 0o600 | 0o020000, 0)


def test_without_dbus(stopped):
    """A guest that has no bus boots, runs commands and stops."""
    without(stopped, "usr/lib/systemd/system/dbus.socket", "usr/lib/systemd/system/dbus.service", "usr/bin/dbus-daemon")
    guests.start(stopped)
    assert exec_in(stopped, "ls", "/run/dbus/system_bus_socket").status != 0
    assert exec_in(stopped, "id", "-u").ok() == "0"
    assert exec_in(stopped, "id", "-un", options=["--user", "tester"]).ok() == "tester"
    assert ps()[stopped]["state"] == "running"
    assert stop_result(stopped)["by"] == "graceful"


def test_with_a_unit_that_fails(stopped):
    """Up, and degraded: it starts, and says so."""
    guests.add_unit(stopped, "broken.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n")
    with bus.caller("bob") as bob:
        result = bob.do("StartContainer", stopped, {})
    assert result == {"state": "running", "health": "degraded", "failed-units": ["broken.service"]}
    assert ps()[stopped]["health"] == "degraded"


def test_hangs_at_boot(stopped):
    guests.add_unit(stopped, "hangs.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\nTimeoutStartSec=infinity\n")
    said = failed_start(stopped, "--timeout", "5", status=124, word="TimedOut")
    assert "hangs.service" in said
    assert "systemd" in said  # the last lines of its log


def test_slow_boot_is_waited_for(stopped, processes):
    """While it boots it is starting, and can be entered, looked at and cancelled."""
    guests.add_unit(stopped, "slow.service", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'until [ -e /run/go ]; do sleep 0.1; done'\n")
    client = processes("bob", "sdmectl", "start", stopped)
    guests.wait_for_state(stopped, "starting")
    assert client.poll() is None
    host.until(lambda: exec_in(stopped, "touch", "/run/go").status == 0, "a way in")
    assert client.wait(60) == 0 and guests.state(stopped) == "running"


def test_start_is_cancelled(stopped, processes):
    guests.add_unit(stopped, "hangs.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\nTimeoutStartSec=infinity\n")
    client = processes("bob", "sdmectl", "start", stopped)
    guests.wait_for_state(stopped, "starting")
    client.send_signal(2)
    assert client.wait(60) == 130
    guests.wait_for_state(stopped, "stopped")


def test_powers_itself_off_at_boot(stopped):
    guests.add_unit(stopped, "off.service", "[Unit]\nDefaultDependencies=no\nBefore=sysinit.target\n[Service]\nType=oneshot\n"
                    "ExecStart=/bin/systemctl poweroff --force\n", wanted_by="sysinit.target")
    said = failed_start(stopped, status=1, word="BootFailed")
    assert "powered itself off" in said


LASTING = "[Unit]\nBefore=multi-user.target\n[Service]\nType=oneshot\nExecStart=/bin/sleep 300\n"


@pytest.mark.parametrize("enabled", [False, True])
def test_stopped_by_another_while_it_starts(stopped, processes, enabled):
    if enabled:  # systemd forgets one that nobody needs
        host.sdmectl("bob", "enable", stopped).ok()
    guests.add_unit(stopped, "lasting.service", LASTING)
    client = processes("bob", "sdmectl", "start", stopped)
    host.until(lambda: exec_in(stopped, "systemctl", "is-active", "lasting.service").out.strip() == "activating", "its boot")
    host.systemctl("stop", host.container_unit(stopped)).ok()
    said = client.communicate(timeout=60)[1].decode()
    assert client.returncode == 1 and "somebody else stopped the unit" in said, said


def test_nothing_is_run_while_it_powers_off(stopped):
    guests.add_unit(stopped, "lasting.service", "[Service]\nExecStart=/bin/sleep 300\nExecStop=/bin/sleep 300\n")
    guests.start(stopped)
    exec_in(stopped, "systemctl", "poweroff")  # which may end it, too
    result = exec_in(stopped, "true")
    assert result.status == 125 and "is about to end" in result.err, result


def test_powers_itself_off_later(running):
    before = host.invocation(running)
    exec_in(running, "systemctl", "poweroff")
    guests.wait_for_state(running, "stopped")
    assert host.unit(host.container_unit(running), "Result") == "success"
    guests.start(running)
    assert host.invocation(running) != before


def test_reboots_itself(running):
    boot = exec_in(running, "cat", "/proc/1/stat").out.split()[21]
    shell_in(running, "echo kept > /srv/kept")
    exec_in(running, "systemctl", "reboot")
    host.until(lambda: guests.state(running) == "running" and exec_in(running, "cat", "/proc/1/stat").out.split()[21:22] not in ([], [boot]),
               "the guest to be up again", 60)
    assert exec_in(running, "cat", "/srv/kept").ok() == "kept"


@pytest.mark.parametrize("verb, state", [("stop", "stopped"), ("restart", "running")])
def test_stopped_while_it_reboots(running, verb, state):
    """It does not listen then, comes back, and is asked again; nobody waits until systemd-nspawn would be killed."""
    exec_in(running, "systemctl", "reboot")  # which may end it, too
    host.sdmectl("bob", verb, running, timeout=60).ok()
    assert guests.state(running) == state


def test_stopped_while_it_boots(stopped):
    """At its very beginning a guest is deaf."""
    host.systemctl("start", "--no-block", host.container_unit(stopped)).ok()
    host.until(lambda: guests.state(stopped) == "starting", "the start")
    host.sdmectl("bob", "stop", stopped, timeout=60).ok()
    assert guests.state(stopped) == "stopped"


def test_guest_cannot_speak_for_its_unit(running):
    """A notification from inside changes nothing outside."""
    before = host.unit(host.container_unit(running), "MainPID", "StatusText")
    exec_in(running, "systemd-notify", "--status=forged", "MAINPID=1")
    assert host.unit(host.container_unit(running), "MainPID", "StatusText") == before


def test_guest_that_crashes(running):
    """Its init is killed: the unit fails, sdmed says so, and it starts again."""
    os.kill(host.leader(running), 9)
    host.until(lambda: guests.state(running) in ("failed", "stopped"), "the end of the guest")
    assert exec_in(running, "true", user="bob").status == 125
    guests.start(running)


def test_control_characters_of_a_guest(running):
    """What a guest writes on its console does not reach a terminal as such."""
    shell_in(running, r"printf '\033[31mred\007\n' > /dev/console")
    host.until(lambda: "red" in host.sdmectl("bob", "logs", running).out, "the line")
    assert b"\x1b" not in host.sdmectl("bob", "logs", running, "--output", "short").raw


NAMES = re.compile(r"^[a-z][a-z0-9-]*$", re.M)


def test_results_are_names_alone(trixie, stopped):
    """Standard output holds results, and nothing else, for scripts."""
    for words in (["start", stopped], ["restart", "--kill", stopped], ["stop", "--kill", stopped], ["enable", stopped], ["rm", stopped]):
        result = host.sdmectl("bob", *words, timeout=180)
        assert result.ok() == stopped and NAMES.fullmatch(result.out.strip())


def test_more_than_are_queued_at_once(tiny):
    with host.settings("[Limits]\nJobsRunning=1\nJobsQueued=2\n"):
        names = [guests.confined(tiny) for _ in range(7)]
        assert host.sdmectl("bob", "rm", *names).ok().split() == names
        assert not set(names) & set(host.entries("containers"))
