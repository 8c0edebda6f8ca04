# SPDX-License-Identifier: MIT
"""What becomes of a container by itself: restart, requirements, protection, removal when it has stopped."""
import os
import pathlib
import shutil
import signal

import pytest

import bus
import guests
import host

UNITS = pathlib.Path("/etc/systemd/system")


def drop_in(name):
    return UNITS / f"{host.container_unit(name)}.d"


def show(name):
    return host.sdmectl("bob", "show", name, "--json").json()[0]


def invocation_is_new(name, before):
    return guests.state(name) == "running" and host.invocation(name) not in ("", before)


# ---- restart --------------------------------------------------------------------------------------

def test_restarted_when_it_fails(trixie):
    name = guests.start(guests.confined(trixie, "--restart", "on-failure"))
    before = host.invocation(name)
    os.kill(int(host.unit(host.container_unit(name), "MainPID")), signal.SIGKILL)
    host.until(lambda: invocation_is_new(name, before), "it to run again", 60)
    host.sdmectl("bob", "stop", name).ok()
    assert host.stays(lambda: guests.state(name) == "stopped", 3), "stopped is stopped"


def healthy(name):
    host.sdmectl("bob", "wait", name, "--for", "healthy", "--timeout", "30").ok()
    return show(name)["health"] == "ok"


def test_health_of_those_that_systemd_started(trixie):
    """Whoever started it: after a failure, as another needs it, while no daemon was there."""
    name = guests.start(guests.confined(trixie, "--restart", "on-failure"))
    before = host.invocation(name)
    os.kill(int(host.unit(host.container_unit(name), "MainPID")), signal.SIGKILL)
    host.until(lambda: invocation_is_new(name, before), "it to run again", 60)
    assert healthy(name)
    user = guests.start(guests.confined(trixie, "--requires", guests.confined(trixie)))
    assert show(show(user)["requires"][0])["health"] == "ok", "whoever started it knows at once"
    host.sdmectl("bob", "stop", name).ok()
    host.systemctl("stop", "sdmed.socket", "sdmed.service").ok()
    host.systemctl("start", host.container_unit(name)).ok()
    host.restart_daemon()
    assert healthy(name)


def test_restart_is_taken_back(stopped):
    host.sdmectl("bob", "set", stopped, "--restart", "on-failure").ok()
    guests.start(stopped)
    assert host.unit(host.container_unit(stopped), "Restart") == "on-failure" and drop_in(stopped).is_dir()
    host.sdmectl("bob", "set", stopped, "--restart", "no").ok()
    assert host.unit(host.container_unit(stopped), "Restart") == "no" and not drop_in(stopped).exists()


@pytest.mark.parametrize("before, after", [("no", "on-failure"), ("on-failure", "no")])
def test_systemd_is_told_though_a_worker_was_killed_before_it_could(trixie, before, after):
    """It had the files as they are to be already, and systemd had not read them."""
    name = guests.start(guests.confined(trixie, "--restart", "on-failure"))
    file = drop_in(name) / "50-sdmed.conf"
    text = file.read_text()
    if before == "no":
        host.sdmectl("bob", "set", name, "--restart", "no").ok()
        drop_in(name).mkdir()
        file.write_text(text)
    else:
        shutil.rmtree(drop_in(name))
    assert host.unit(host.container_unit(name), "Restart") == before
    host.sdmectl("bob", "set", name, "--restart", after).ok()
    assert host.unit(host.container_unit(name), "Restart") == after


def test_killed_is_not_restarted(trixie):
    name = guests.start(guests.confined(trixie, "--restart", "on-failure"))
    host.sdmectl("bob", "stop", "--kill", name).ok()
    assert host.stays(lambda: guests.state(name) == "stopped", 3)


def test_one_that_cannot_boot_fails_at_once(tiny):
    name = guests.confined(tiny, "--restart", "on-failure")
    result = host.sdmectl("bob", "start", name, timeout=50)
    assert result.status == 1, result
    assert host.stays(lambda: guests.state(name) == "stopped", 3)


def test_drop_in_goes_with_the_container(trixie):
    name = guests.start(guests.confined(trixie, "--restart", "on-failure"))
    assert drop_in(name).is_dir()
    host.sdmectl("bob", "rm", name).ok()
    assert not drop_in(name).exists()


# ---- requirements ---------------------------------------------------------------------------------

@pytest.fixture
def chain(trixie):
    """front requires middle, which requires back."""
    back = guests.confined(trixie, word="back")
    middle = guests.confined(trixie, "--requires", back, word="middle")
    front = guests.confined(trixie, "--requires", middle, word="front")
    return front, middle, back


def began(name):
    return int(host.unit(host.container_unit(name), "ActiveEnterTimestampMonotonic"))


def test_required_ones_come_first(chain):
    front, middle, back = chain
    guests.start(front)
    assert [guests.state(name) for name in chain] == ["running"] * 3
    assert began(back) < began(middle) < began(front)
    assert host.unit(host.container_unit(middle), "After").split().count(host.container_unit(back)) == 1


def test_required_ones_of_several_options(chain, trixie):
    name = guests.confined(trixie, "--requires", chain[0], "--requires", f"{chain[1]},{chain[2]}", "--masked-services", "a.service",
                           "--masked-services", "b.service")
    assert show(name)["requires"] == list(chain)
    assert show(name)["masked_services"] == ["a.service", "b.service"]


def test_stopping_one_stops_no_other(chain):
    front, middle, back = chain
    guests.start(front)
    host.sdmectl("bob", "stop", "--term", back).ok()
    host.sdmectl("bob", "restart", "--kill", middle, timeout=180).ok()
    assert guests.state(front) == "running" and guests.state(back) == "running"


def test_several_at_once(chain):
    started = host.sdmectl("bob", "start", *chain, timeout=240).ok().split()
    assert set(started) == set(chain)
    assert [guests.state(name) for name in chain] == ["running"] * 3


def test_one_that_does_not_come_up_fails_the_start(trixie, tiny):
    bad = guests.confined(tiny, word="bad")
    name = guests.confined(trixie, "--requires", bad)
    result = host.sdmectl("bob", "start", name, timeout=60)
    assert result.status == 1 and bad in result.err
    assert guests.state(name) == "stopped"


def test_cycles_and_unknown_ones_are_refused(chain):
    front, _, back = chain
    refused = host.sdmectl("bob", "set", back, "--requires", front)
    assert refused.status == 64 and front in refused.err
    assert host.sdmectl("bob", "set", back, "--requires", back).status == 64
    assert host.sdmectl("bob", "set", back, "--requires", "nobody").status == 3
    assert show(back)["requires"] == []


def test_required_is_in_use(chain):
    front, middle, back = chain
    refused = host.sdmectl("bob", "rm", back)
    assert refused.status == 5 and middle in refused.err
    assert host.sdmectl("bob", "rm", back, middle, front).ok().split() == [front, middle, back]


def test_enabled_with_what_it_requires(chain):
    front, middle, back = chain
    host.sdmectl("bob", "enable", front).ok()
    wants = host.unit(host.container_unit(front), "Wants").split()
    assert host.container_unit(middle) in wants
    assert host.container_unit(back) in host.unit(host.container_unit(middle), "Wants").split()
    host.systemctl("start", host.container_unit(front)).ok()  # as at boot: without the daemon
    assert [guests.state(name) for name in chain] == ["running"] * 3


def test_nobody_starts_by_the_way_what_he_may_not(trixie):
    back = guests.create(trixie, word="back")  # on the host's network
    front = guests.confined(trixie, "--requires", back, word="front")
    with host.rule('subject.user === "alice" && action.id === "org.sdme.manage-containers"'):
        assert host.sdmectl("alice", "--no-ask-password", "start", front).status == 4
    assert guests.state(back) == "stopped"


# ---- protection -----------------------------------------------------------------------------------

def test_protected(trixie):
    name = guests.confined(trixie, "--protected")
    refused = host.sdmectl("bob", "rm", name)
    assert refused.status == 5 and "protected" in refused.err
    assert bus.refusal("bob", "RemoveContainer", name, {}) == "org.sdme1.Error.InUse"
    host.sdmectl("bob", "set", name, "--no-protected").ok()
    assert host.sdmectl("bob", "rm", name).ok() == name


def test_all_but_the_protected(trixie, box, clone):
    kept = guests.confined(trixie, "--protected")
    for name in (box, clone):
        host.sdmectl("bob", "set", name, "--protected").ok()
    try:
        gone = guests.confined(trixie)
        result = host.sdmectl("bob", "rm", "--all", "--force")
        assert result.ok() == gone and f"{kept} is protected" in result.err
        assert guests.state(kept) == "stopped" and guests.state(box) == "running"
    finally:
        for name in (kept, box, clone):
            host.sdmectl("bob", "set", name, "--no-protected").ok()


# ---- what goes when it has stopped ----------------------------------------------------------------

def ephemeral(rootfs):
    return guests.confined(rootfs, "--rm", word="passing")


def gone(name):
    host.until(lambda: guests.state(name) is None, f"{name} to go", 30)


def test_goes_when_it_was_stopped(trixie):
    name = ephemeral(trixie)
    assert host.stays(lambda: guests.state(name) == "stopped", 3), "it did not run yet"
    guests.start(name)
    host.sdmectl("bob", "stop", name).ok()
    gone(name)


def test_goes_though_another_of_its_name_just_went(trixie):
    name = host.unique("passing")
    for _ in range(2):
        guests.start(guests.confined(trixie, "--rm", name=name))
        host.sdmectl("bob", "stop", name).ok()
        gone(name)


def test_goes_when_it_powered_off(trixie):
    name = guests.start(ephemeral(trixie))
    guests.exec_in(name, "systemctl", "poweroff")
    gone(name)


def test_stays_when_it_reboots(trixie):
    name = guests.start(ephemeral(trixie))
    before = host.invocation(name)
    guests.exec_in(name, "systemctl", "reboot")
    host.until(lambda: invocation_is_new(name, before), "the reboot", 60)
    assert host.stays(lambda: guests.state(name) == "running", 3)


def test_goes_when_it_stopped_without_the_daemon(trixie):
    name = guests.start(ephemeral(trixie))
    host.systemctl("stop", "sdmed.service", "sdmed.socket").ok()
    host.systemctl("stop", host.container_unit(name)).ok()
    host.systemctl("start", "sdmed.socket", "sdmed.service").ok()
    gone(name)


def test_goes_when_the_daemon_was_killed(trixie):
    name = guests.start(ephemeral(trixie))
    host.kill_daemon()
    host.systemctl("kill", "--signal=KILL", host.container_unit(name)).ok()
    gone(name)


def test_the_daemon_stays_for_it(trixie):
    with host.settings("[Daemon]\nIdleExitSec=1s\n"):
        name = guests.start(ephemeral(trixie))
        pid = host.daemon_pid()
        assert host.stays(lambda: host.daemon_pid() == pid, 4)
        guests.exec_in(name, "systemctl", "poweroff")
        host.until(lambda: not (host.STORE / "containers" / name).exists(), "it to go", 30)


def test_new_with_rm(trixie):
    name = host.unique("new")
    result = host.sdmectl("bob", "new", name, "--rm", "--fs", trixie, "--private-network", "--", "sh", "-c", "exit 7", timeout=180)
    assert result.status == 7 and guests.state(name) is None


def test_what_does_not_go_together(trixie, stopped):
    for flags in (["--protected"], ["--restart", "on-failure"], ["--enable"]):
        assert host.sdmectl("bob", "create", "never", "--fs", trixie, "--private-network", "--rm", *flags).status == 64
    name = ephemeral(trixie)
    refused = host.sdmectl("bob", "set", stopped, "--requires", name)
    assert refused.status == 64 and name in refused.err
