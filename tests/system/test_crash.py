# SPDX-License-Identifier: MIT
"""Bad days: the daemon or a worker is killed, at any moment; the disk is full; two want the same."""
import concurrent.futures
import contextlib
import os
import pathlib
import signal
import time

import pytest

import bus
import guests
import host
import tars


def job_of(target, kind):
    found = [j for j in host.sdmectl("root", "jobs", "--json").json() if j["target"] == target and j["kind"] == kind]
    return found[-1] if found else None


def ended(target, kind):
    job = job_of(target, kind)
    return job if job and job["state"] in ("done", "failed", "cancelled") else None


def worker_of(target, kind):
    """The pid of a job's worker."""
    def find():
        job = job_of(target, kind)
        return job and job["state"] == "running" and int(host.unit(f"sdme-job-{job['id']}.service", "MainPID"))
    return host.until(find, f"the worker of {kind} {target}")


def next_command_works(tiny):
    name = guests.confined(tiny)
    host.sdmectl("bob", "rm", name).ok()
    host.nothing_left()


# ---- the daemon -----------------------------------------------------------------------------------

def test_container_outlives_the_daemon(box, tiny):
    before, pid = host.invocation(box), host.leader(box)
    host.kill_daemon()
    assert (host.invocation(box), host.leader(box)) == (before, pid)
    assert guests.state(box) == "running"
    assert guests.exec_in(box, "true").status == 0
    host.restart_daemon()
    assert host.invocation(box) == before
    next_command_works(tiny)


def test_session_outlives_the_daemon(box, processes):
    """A command goes on, and its client learns how it ended."""
    client = processes("bob", "sdmectl", "exec", box, "--", "sh", "-c", "echo ready; read line; echo $line; exit 11", stdin=-1)
    assert client.stdout.readline() == b"ready\n"
    host.kill_daemon()
    out, err = client.communicate(b"after\n", timeout=30)
    assert (client.returncode, out) == (11, b"after\n"), err


@pytest.mark.parametrize("how", ["kill", "restart"])
def test_import_goes_on_without_the_daemon(processes, how, tiny):
    """The worker is found again; the client, which asks again, sees the end."""
    name = host.unique("import")
    archive = tars.padded(tars.small(), 3_000_000)
    client = processes("bob", "sdmectl", "fs", "import", name, "-", stdin=-1)
    client.stdin.write(archive[:1_500_000])
    client.stdin.flush()
    worker = worker_of(name, "import")
    host.kill_daemon() if how == "kill" else host.restart_daemon()
    os.kill(worker, 0)  # still there
    _, err = client.communicate(archive[1_500_000:], timeout=60)
    assert client.returncode == 0, err
    assert name in host.entries("rootfs")
    next_command_works(tiny)


def test_daemon_is_killed_and_the_worker_ends_meanwhile(processes, tiny):
    """Who comes back finds the result on disk."""
    name = host.unique("import")
    archive = tars.padded(tars.small(), 1_000_000)
    reading, writing = os.pipe()
    with bus.caller("bob") as bob:
        job = bob.call("ImportRootfs", name, bus.Fd(reading), {"on-disconnect": ("s", "continue")})
    os.close(reading)
    worker = worker_of(name, "import")
    with host.drop_in("sdmed.service", "[Service]\nRestart=no\n"):
        os.kill(host.daemon_pid(), signal.SIGKILL)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(archive)
        host.until(lambda: not os.path.exists(f"/proc/{worker}"), "the worker to end")
    host.systemctl("reset-failed", "sdmed.service")
    host.sdmectl("bob", "jobs", "wait", str(job)).ok()
    assert name in host.entries("rootfs")
    next_command_works(tiny)


def test_daemon_and_worker_are_killed(tiny):
    name = host.unique("import")
    reading, writing = os.pipe()
    with bus.caller("bob") as bob:
        bob.call("ImportRootfs", name, bus.Fd(reading), {"on-disconnect": ("s", "continue")})
    os.close(reading)
    worker = worker_of(name, "import")
    with host.drop_in("sdmed.service", "[Service]\nRestart=no\n"):
        os.kill(host.daemon_pid(), signal.SIGKILL)
        os.kill(worker, signal.SIGKILL)
        host.until(lambda: not host.worker_units(), "the worker to end")
    host.systemctl("reset-failed", "sdmed.service")
    job = host.until(lambda: ended(name, "import"), "the end of the job")
    assert (job["state"], job["error"]) == ("failed", bus.error("DaemonRestarted"))
    os.close(writing)
    next_command_works(tiny)


def test_daemon_is_killed_in_every_phase(tiny):
    """Again and again, at moments spread over a create: each time it is there whole or not at all."""
    for round_number in range(6):
        name = host.unique("phase")
        client = host.spawn("bob", "sdmectl", "create", name, "--fs", tiny, "--private-network")
        host.until(lambda: round_number < 2 or host.entries("staging") or client.poll() is not None, "the create to begin")
        host.kill_daemon()
        out, err = client.communicate(timeout=60)
        host.nothing_left()
        exists = name in host.entries("containers")
        assert exists == (guests.state(name) == "stopped")
        if client.returncode == 0:
            assert exists and out.decode().strip() == name, err
        if exists:
            host.sdmectl("bob", "rm", name).ok()
    next_command_works(tiny)


def test_daemon_is_killed_while_a_container_starts(stopped, tiny):
    guests.add_unit(stopped, "slow.service", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'until [ -e /run/go ]; do sleep 0.1; done'\n")
    client = host.spawn("bob", "sdmectl", "start", stopped)
    guests.wait_for_state(stopped, "starting")
    host.kill_daemon()
    assert guests.state(stopped) == "starting"
    # The name is still held by the job that was found again.
    assert host.sdmectl("bob", "-v", "rm", stopped).status == 5
    host.until(lambda: guests.exec_in(stopped, "touch", "/run/go").status == 0, "a way in")
    _, err = client.communicate(timeout=60)
    assert client.returncode == 0, err
    assert guests.state(stopped) == "running"
    next_command_works(tiny)


# ---- the worker -----------------------------------------------------------------------------------

def test_worker_of_an_import_is_killed(processes, tiny):
    name = host.unique("import")
    client = processes("bob", "sdmectl", "-v", "fs", "import", name, "-", stdin=-1)
    client.stdin.write(tars.padded(tars.small(), 2_000_000)[:1_000_000])
    client.stdin.flush()
    os.kill(worker_of(name, "import"), signal.SIGKILL)
    assert client.wait(30) == 1
    assert bus.error("Internal").encode() in client.stderr.read()
    assert name not in host.entries("rootfs")
    next_command_works(tiny)


def test_worker_of_a_create_is_killed(tiny):
    """By a hand quicker than the worker: systemd starts it into a signal that is already there."""
    with host.drop_in("sdme-job-.service", "[Service]\nExecStartPre=/bin/sleep infinity\n"):
        name = host.unique("create")
        client = host.spawn("bob", "sdmectl", "create", name, "--fs", tiny, "--private-network")
        unit = host.until(lambda: host.our_units("sdme-job-*.service"), "the worker's unit")[0]
        host.systemctl("kill", "--signal=KILL", unit).ok()
        client.communicate(timeout=30)
        assert client.returncode == 1
        host.nothing_left()
        assert name not in host.entries("containers")
    next_command_works(tiny)


def test_worker_of_a_change_is_killed(stopped, tiny):
    """The record is as it was, and nobody is told that anything was removed."""
    record = host.STORE / "containers" / stopped / "record.json"
    before = record.read_text()
    with host.drop_in("sdme-job-.service", "[Service]\nExecStartPre=/bin/sleep infinity\n"):
        client = host.spawn("bob", "sdmectl", "set", stopped, "--tasks", "100", "-e", "A=1")
        unit = host.until(lambda: host.our_units("sdme-job-*.service"), "the worker's unit")[0]
        host.systemctl("kill", "--signal=KILL", unit).ok()
        _, told = client.communicate(timeout=30)
        assert client.returncode == 1 and b"counts until that stops" in told and b"removed" not in told
    assert record.read_text() == before
    next_command_works(tiny)


def test_worker_of_a_start_is_killed(stopped, processes, tiny):
    """The job failed, the guest that nobody waits for any more is stopped, and the next start works."""
    guests.add_unit(stopped, "slow.service", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'until [ -e /srv/go ]; do sleep 0.1; done'\n")
    client = processes("bob", "sdmectl", "start", stopped)
    guests.wait_for_state(stopped, "starting")
    os.kill(worker_of(stopped, "start"), signal.SIGKILL)
    assert client.wait(30) == 1
    guests.wait_for_state(stopped, "stopped")
    (guests.upper(stopped) / "srv").mkdir(exist_ok=True)
    (guests.upper(stopped) / "srv/go").touch()
    guests.start(stopped)
    next_command_works(tiny)


def test_worker_of_a_start_cannot_start(stopped, tiny):
    """The boot that began meanwhile is ended: the job failed, and with it all that it began."""
    with host.drop_in("sdme-job-.service", "[Service]\nExecStartPre=/bin/false\n"):
        assert host.sdmectl("bob", "start", stopped).status == 1
        guests.wait_for_state(stopped, "stopped")
    guests.start(stopped)
    next_command_works(tiny)


def test_boot_that_systemd_refuses(stopped, tiny):
    """Said by systemd, and not by a worker that waits for a boot which never comes."""
    unit = host.container_unit(stopped)
    host.systemctl("mask", "--runtime", unit).ok()
    try:
        said = bus.sentence(host.sdmectl("bob", "-v", "start", stopped), 1, "Internal")
        assert "masked" in said
    finally:
        host.systemctl("unmask", "--runtime", unit).ok()
    guests.start(stopped)
    next_command_works(tiny)


def test_worker_that_lingers(stopped):
    """A result on disk is the end of the job; what filled a directory is waited for."""
    with host.drop_in("sdme-job-.service", "[Service]\nExecStopPost=/bin/sleep 4\n"):
        guests.start(stopped)
        assert host.worker_units() and guests.state(stopped) == "running"
        host.until(lambda: not host.worker_units(), "the worker to end")
        began = time.monotonic()
        guests.import_as("bob", host.unique("lingers"), "-", stdin=tars.small())
        assert time.monotonic() - began > 4


def test_worker_of_a_session_is_killed(box, processes):
    client = processes("bob", "sdmectl", "exec", box, "--", "sh", "-c", "echo ready; exec sleep 4323")
    assert client.stdout.readline() == b"ready\n"
    unit = host.our_units("sdme-session-*.service")[0]
    os.kill(int(host.unit(unit, "MainPID")), signal.SIGKILL)
    assert client.wait(30) == 125
    host.until(lambda: guests.exec_in(box, "pgrep", "-fx", "sleep 4323").status == 1, "the command to go with its worker")


# ---- the disk -------------------------------------------------------------------------------------

@pytest.fixture
def small_disk():
    """The store on a file system of 24 MB."""
    host.systemctl("stop", "sdmed.service").ok()
    host.run("root", "mount", "-t", "tmpfs", "-o", "size=24M,mode=0700", "small", host.STORE).ok()
    host.restart_daemon()
    yield
    host.systemctl("stop", "sdmed.service").ok()
    host.until(lambda: host.run("root", "umount", host.STORE).status == 0, "the small disk to be free")
    host.restart_daemon()


def fill(file):
    with contextlib.suppress(OSError), open(file, "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


def test_full_disk(small_disk):
    """An import that does not fit fails, and leaves the room it took; one that fits works."""
    result = host.sdmectl("bob", "-v", "fs", "import", "large", "-", stdin=tars.padded(tars.small(), 40 << 20))
    assert result.status == 1 and bus.error("NoSpace") in result.err
    host.nothing_left()
    assert not host.entries("rootfs") and not host.entries("layers")
    free = os.statvfs(host.STORE)
    assert free.f_bavail > 0.9 * free.f_blocks
    assert host.sdmectl("bob", "fs", "import", "small", "-", stdin=tars.padded(tars.small(), 1 << 20)).ok() == "small"
    fill(host.STORE / "filler")  # not even room for a record
    for words in (["create", "--fs", "small", "--private-network"], ["fs", "import", "another", "-"]):
        result = host.sdmectl("bob", "-v", *words, stdin=tars.small())
        assert result.status == 1 and bus.error("NoSpace") in result.err, result
    assert host.entries("containers") == [] and host.entries("rootfs") == ["small"]
    (host.STORE / "filler").unlink()
    host.nothing_left()
    assert host.sdmectl("bob", "create", "fits", "--fs", "small", "--private-network").ok() == "fits"


def test_full_disk_changes_nothing_by_half(small_disk):
    """What systemd knows of a container is not changed where the record could not follow; removing needs no room."""
    guests.import_as("bob", "small", "-", stdin=tars.small())
    first, second = [guests.confined("small") for _ in range(2)]
    host.sdmectl("bob", "pod", "new", "early").ok()
    before = host.sdmectl("bob", "show", "--json", first).json()
    fill(host.STORE / "filler")
    for words in (["set", first, "--restart", "on-failure", "--requires", second], ["enable", first], ["rename", first, "later"],
                  ["pod", "port", "add", "early", "8080:80"]):
        result = host.sdmectl("bob", "-v", *words)
        assert result.status == 1 and bus.error("NoSpace") in result.err, (words, result)
    assert host.sdmectl("bob", "show", "--json", first).json() == before
    assert host.systemctl("is-enabled", host.container_unit(first)).out.strip() == "disabled"
    assert not pathlib.Path(f"/etc/systemd/system/{host.container_unit(first)}.d").exists()
    host.sdmectl("bob", "rm", first, second).ok()
    host.sdmectl("bob", "pod", "rm", "early").ok()


# ---- two at once ----------------------------------------------------------------------------------

def race(*calls):
    """Runs calls at the same time: their results."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_two_create_one_name(tiny):
    for _ in range(5):
        name = host.unique("race")
        both = race(*[lambda: host.sdmectl("bob", "-v", "create", name, "--fs", tiny, "--private-network")] * 2)
        assert sorted(result.status for result in both) == [0, 5], both
        host.sdmectl("bob", "rm", name).ok()


def test_two_import_one_name():
    """The first holds the name while it uploads; the second is told who does."""
    name = host.unique("race")
    reading, writing = os.pipe()
    with bus.caller("bob") as bob:
        job = bob.call("ImportRootfs", name, bus.Fd(reading), {})
        os.close(reading)
        second = host.sdmectl("bob", "-v", "fs", "import", name, "-", stdin=tars.small())
        assert second.status == 5 and bus.error("Busy") in second.err and f"job {job}" in second.err
        os.write(writing, tars.small())
        os.close(writing)
        bob.wait_job(job)
    third = host.sdmectl("bob", "-v", "fs", "import", name, "-", stdin=tars.small())
    assert third.status == 5 and bus.error("AlreadyExists") in third.err


def test_start_and_remove(stopped):
    both = race(lambda: host.sdmectl("bob", "start", stopped, timeout=120), lambda: host.sdmectl("bob", "rm", stopped, timeout=120))
    assert 5 in [result.status for result in both] or [result.status for result in both] in ([0, 0], [3, 0])


def test_rootfs_is_removed_while_a_container_is_made():
    """Either there is both, or neither."""
    for _ in range(5):
        rootfs = guests.import_as("bob", host.unique("race"), "-", stdin=tars.small())
        name = host.unique("race")
        made, removed = race(lambda: host.sdmectl("bob", "create", name, "--fs", rootfs, "--private-network"),
                             lambda: host.sdmectl("bob", "fs", "rm", rootfs))
        assert (made.status == 0) != (removed.status == 0), (made, removed)
        assert (name in host.entries("containers")) == (rootfs in host.entries("rootfs")) == (made.status == 0)


# ---- damage ---------------------------------------------------------------------------------------

def test_record_that_cannot_be_read(tiny):
    """One damaged container is shown as such and can be removed; the others are as ever."""
    broken, whole = guests.confined(tiny), guests.confined(tiny)
    record = host.STORE / "containers" / broken / "record.json"
    record.write_text(record.read_text()[:-20])
    host.restart_daemon()
    shown = {c["name"]: c for c in host.sdmectl("alice", "ps", "--json").json()}
    assert shown[whole]["health"] != shown[broken]["health"] and "unreadable" in shown[broken]["health"]
    result = host.sdmectl("bob", "-v", "start", broken)
    assert result.status == 65 and bus.error("Corrupt") in result.err
    assert host.sdmectl("bob", "rm", broken).ok() == broken
    assert broken not in host.entries("containers")


def test_store_of_a_newer_daemon():
    """It is not touched."""
    version = host.STORE / "version.json"
    before = version.read_text()
    host.systemctl("stop", "sdmed.service").ok()
    version.write_text('{"version": 99}\n')
    try:
        host.systemctl("start", "sdmed.service")
        result = host.sdmectl("bob", "ps")
        assert result.status == 69
        assert any("newer" in entry["MESSAGE"] for entry in host.journal("_SYSTEMD_UNIT=sdmed.service"))
    finally:
        version.write_text(before)
        host.restart_daemon()
    assert host.sdmectl("bob", "ps").status == 0


def test_leftovers_are_swept():
    """What a crash of the machine would leave: the next start removes it."""
    host.systemctl("stop", "sdmed.service").ok()
    (host.STORE / "staging/12345/tree").mkdir(parents=True)
    (host.STORE / "containers/half-made/upper").mkdir(parents=True)
    (host.STORE / ("layers/" + "ab" * 32) / "tree").mkdir(parents=True)
    host.restart_daemon()
    host.nothing_left()
    assert "half-made" not in host.entries("containers") and "ab" * 32 not in host.entries("layers")
