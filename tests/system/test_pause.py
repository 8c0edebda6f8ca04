# SPDX-License-Identifier: MIT
"""Standing still and going on; and waiting for what a container is to be."""
import time

import pytest

import bus
import guests
import host


@pytest.fixture
def paused(running):
    assert host.sdmectl("bob", "pause", running).ok() == running
    assert guests.state(running) == "paused"
    return running


def ticks(name):
    """How far a counter inside came."""
    return int((guests.upper(name) / "srv/ticks").read_text() or 0)


COUNTER = "[Service]\nExecStart=/bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i > /srv/.t; mv /srv/.t /srv/ticks; sleep 0.1; done'\n"


def test_stands_still_and_goes_on(stopped):
    guests.add_unit(stopped, "counter.service", COUNTER)
    guests.start(stopped)
    host.until(lambda: (guests.upper(stopped) / "srv/ticks").exists() and ticks(stopped) > 2, "the counter")
    host.sdmectl("bob", "pause", stopped).ok()
    before = ticks(stopped)
    assert host.stays(lambda: ticks(stopped) == before, 1)
    host.sdmectl("bob", "resume", stopped).ok()
    assert guests.state(stopped) == "running"
    host.until(lambda: ticks(stopped) > before, "it to go on")


def test_twice_is_no_error(paused):
    host.sdmectl("bob", "pause", paused).ok()
    for _ in range(2):
        host.sdmectl("bob", "resume", paused).ok()


def test_a_new_daemon_knows(paused):
    host.kill_daemon()
    host.until(lambda: guests.state(paused) == "paused", "the state")
    host.sdmectl("bob", "resume", "--all").ok()
    assert guests.state(paused) == "running"


@pytest.mark.parametrize("how", [[], ["--term"], ["--kill"]])
def test_stopped_while_paused(paused, how):
    host.sdmectl("bob", "stop", *how, paused).ok()
    assert guests.state(paused) == "stopped"


def test_started_while_paused(paused):
    host.sdmectl("bob", "start", paused).ok()
    assert guests.state(paused) == "running"
    assert guests.exec_in(paused, "true").status == 0


def test_removed_while_paused(paused):
    host.sdmectl("bob", "rm", paused).ok()


def test_nothing_is_run_in_it(paused):
    refused = guests.exec_in(paused, "true", user="bob")
    assert refused.status == 125 and "resume" in refused.err


def test_one_that_does_not_run(stopped):
    for verb, member in (("pause", "PauseContainer"), ("resume", "ResumeContainer")):
        refused = host.sdmectl("bob", verb, stopped)
        assert refused.status == 1 and "does not run" in refused.err
        with bus.caller("bob") as bob:
            with pytest.raises(bus.BusError) as error:
                bob.do(member, stopped, {})
            assert error.value.name == "org.sdme1.Error.NotRunning"


def test_who_may_pause(running):
    assert host.sdmectl("alice", "--no-ask-password", "pause", running).status == 4
    assert guests.state(running) == "running"
    assert host.sdmectl("bob", "pause", "nobody").status == 3


# ---- a guest that ignores everything --------------------------------------------------------------

def test_deaf_guest_is_killed(trixie):
    """Its PID 1 hears nothing: stopped by SIGSTOP to all there is."""
    name = guests.start(guests.confined(trixie))
    host.systemctl("kill", "--kill-whom=all", "--signal=STOP", host.container_unit(name)).ok()
    begun = time.monotonic()
    host.sdmectl("bob", "stop", "--kill", name, timeout=60).ok()
    assert time.monotonic() - begun < 15 * host.SLOWER and guests.state(name) == "stopped"


# ---- wait -----------------------------------------------------------------------------------------

def test_wait_for_what_is(box):
    assert host.sdmectl("alice", "wait", box, "--for", "running").status == 0
    assert host.sdmectl("alice", "wait", box, "--for", "healthy").status == 0


def test_wait_for_what_comes(stopped, processes):
    waiters = [processes("alice", "sdmectl", "wait", stopped, "--for", word) for word in ("running", "healthy")]
    assert host.stays(lambda: all(w.poll() is None for w in waiters), 1)
    guests.start(stopped)
    assert [w.wait(20) for w in waiters] == [0, 0]
    last = processes("alice", "sdmectl", "wait", stopped)
    assert host.stays(lambda: last.poll() is None, 1)
    host.sdmectl("bob", "stop", "--kill", stopped).ok()
    assert last.wait(20) == 0


def test_wait_while_the_daemon_goes_and_comes(running, processes):
    with host.settings("[Daemon]\nIdleExitSec=1s\n"):
        waiter = processes("alice", "sdmectl", "wait", running)
        host.kill_daemon()
        assert host.stays(lambda: waiter.poll() is None, 2)
        host.systemctl("stop", host.container_unit(running)).ok()
        assert waiter.wait(20) == 0


def test_wait_no_longer(stopped):
    begun = time.monotonic()
    late = host.sdmectl("alice", "wait", stopped, "--for", "running", "--timeout", "1")
    assert late.status == 124 and stopped in late.err and time.monotonic() - begun < 10


def test_wait_for_one_that_goes(stopped, processes):
    waiters = [processes("alice", "sdmectl", "wait", stopped, "--for", "running")]
    assert host.stays(lambda: waiters[0].poll() is None, 1)
    host.sdmectl("bob", "rm", stopped).ok()
    assert waiters[0].wait(20) == 3


def test_wait_by_the_socket(box):
    assert host.sdmectl("alice", "--address", host.PEER, "wait", box, "--for", "running").status == 0


def test_wait_for_nonsense(box):
    assert host.sdmectl("alice", "wait", box, "--for", "paused").status == 64
    assert host.sdmectl("alice", "wait", "nobody").status == 3
    assert host.sdmectl("alice", "wait", box, "--timeout", "0").status == 64
