# SPDX-License-Identifier: MIT
"""The daemon as a service: activated, gone when idle, watched, confined, and telling what it does."""
import json
import os
import re
import time

import pytest

import bus
import guests
import host
import tars

CEILING = 2.0  # of `systemd-analyze security`: 0 is confined, 10 is not
LIBRARIES = {"libarchive", "libcurl", "libyaml-cpp"}  # of the workers, if at all


# ---- coming and going -----------------------------------------------------------------------------

def test_activated_by_its_name(box):
    host.systemctl("stop", "sdmed.service").ok()
    assert host.daemon_pid() == 0
    assert box in host.sdmectl("alice", "ps").ok()
    assert host.daemon_pid() > 0


def test_reply_after_activation_is_quick():
    host.systemctl("stop", "sdmed.service").ok()
    start = time.monotonic()
    host.sdmectl("alice", "ps").ok()
    assert time.monotonic() - start < 3 * host.SLOWER


def test_leaves_when_idle(box):
    """It says STOPPING=1 before it gives its name up; containers run on; the next call brings it back."""
    before = host.invocation(box)
    with host.settings("[Daemon]\nIdleExitSec=1s\n"):
        cursor = host.journal_cursor()
        host.sdmectl("alice", "ps").ok()
        first = host.daemon_pid()
        host.until(lambda: host.daemon_pid() == 0, "the daemon to leave", 15)
        assert host.unit("sdmed.service", "Result") == "success"
        assert host.invocation(box) == before
        said = [e["MESSAGE"] for e in host.journal("UNIT=sdmed.service", since=cursor)]
        assert any("Deactivated successfully" in line for line in said) and not any("start request repeated" in line for line in said)
        host.sdmectl("alice", "ps").ok()
        assert host.daemon_pid() not in (0, first)


def test_says_that_it_stops(tiny, tmp_path):
    """STOPPING=1 comes before the name is given up; and its leaving is no news of what it kept."""
    if host.SANITIZED:
        pytest.skip("LeakSanitizer and strace both want to be the tracer")
    trace_file = tmp_path / "trace"
    with host.settings("[Daemon]\nIdleExitSec=1s\n"):
        host.sdmectl("alice", "ps").ok()
        pid = host.daemon_pid()
        trace = host.spawn("root", "strace", "-f", "-e", "trace=sendmsg,sendto", "-s", "400", "-o", trace_file,
                           "-p", str(pid))
        host.until(lambda: host.daemon_pid() == 0, "the daemon to leave", 15)
        trace.communicate(timeout=20)
    lines = trace_file.read_text(errors="replace")
    stopping, release = lines.find("STOPPING=1"), lines.find("ReleaseName")
    assert 0 <= stopping < release
    assert "InterfacesRemoved" not in lines


def test_stays_while_it_is_needed(box):
    """A call that waits, a session that runs and an upload keep it."""
    with host.settings("[Daemon]\nIdleExitSec=1s\n"):
        reading, writing = os.pipe()
        with bus.caller("bob") as bob:
            job = bob.call("ImportRootfs", "stays", bus.Fd(reading), {})
            os.close(reading)
            pid = host.daemon_pid()
            assert host.stays(lambda: host.daemon_pid() == pid, 3)
            bob.call("CancelJob", job, {})
        os.close(writing)
        host.until(lambda: host.daemon_pid() == 0, "the daemon to leave", 15)


def test_calls_across_the_exit_are_answered():
    """Whoever calls in the moment of its leaving gets an answer."""
    with host.settings("[Daemon]\nIdleExitSec=1s\n"):
        host.sdmectl("alice", "ps").ok()
        seen = set()
        deadline = time.monotonic() + 9
        while time.monotonic() < deadline:
            # It looks once a second, so one to two seconds of quiet is when it leaves.
            pause = 0.9 + 0.2 * (len(seen) % 6)
            host.stays(lambda: True, pause)
            host.systemctl("reset-failed", "sdmed.service")
            assert bus.call("alice", "ListContainers", {}) is not None
            seen.add((host.daemon_pid(), len(seen)))
        assert len({pid for pid, _ in seen}) > 1, "it never left"


# ---- what it tells --------------------------------------------------------------------------------

def test_status_line():
    host.sdmectl("alice", "ps").ok()
    assert re.fullmatch(r"\d+ jobs running, \d+ containers, \d+ prompts open", host.unit("sdmed.service", "StatusText"))


def test_journal_fields(tiny):
    cursor = host.journal_cursor()
    name = guests.confined(tiny)
    job = [j for j in host.sdmectl("bob", "jobs", "--json").json() if j["target"] == name][0]["id"]
    host.sdmectl("alice", "start", name)
    uids = {user: str(host.pwd.getpwnam(user).pw_uid) for user in ("alice", "bob")}
    found = host.journal("_SYSTEMD_UNIT=sdmed.service", f"SDME_CONTAINER={name}", since=cursor)
    of_job = [e for e in found if e.get("SDME_JOB") == str(job)]
    assert of_job and all(e["SDME_CALLER_UID"] == uids["bob"] for e in of_job)
    assert of_job[-1]["SDME_RESULT"] == "done"
    asked = {(e["SDME_ACTION"], e["SDME_CALLER_UID"], e["SDME_RESULT"]) for e in found if e.get("SDME_ACTION", "").startswith("org.sdme.")}
    assert ("org.sdme.create-container", uids["bob"], "allowed") in asked
    assert ("org.sdme.manage-containers", uids["alice"], "denied") in asked


def test_log_level():
    """`systemctl service-log-level`, for root and nobody else."""
    host.sdmectl("alice", "ps").ok()
    assert host.systemctl("service-log-level", "sdmed.service").ok() == "info"
    host.systemctl("service-log-level", "sdmed.service", "debug").ok()
    assert host.systemctl("service-log-level", "sdmed.service").ok() == "debug"
    host.systemctl("service-log-level", "sdmed.service", "info").ok()
    assert host.run("alice", "systemctl", "service-log-level", "sdmed.service", "debug").status != 0
    with bus.caller("alice") as alice, pytest.raises(bus.BusError):
        alice.call("Set", "org.freedesktop.LogControl1", "LogLevel", ("s", "debug"), signature="ssv",
                   interface="org.freedesktop.DBus.Properties", path="/org/freedesktop/LogControl1")


def test_bad_settings_cost_a_warning():
    cursor = host.journal_cursor()
    with host.settings("[Import]\nImportMaxBytes=soon\nNoSuchKey=1\n[Limits]\nJobsRunning=2\n"):
        host.sdmectl("alice", "ps").ok()
        said = [e["MESSAGE"] for e in host.journal("_SYSTEMD_UNIT=sdmed.service", since=cursor)]
    assert any("ImportMaxBytes" in line for line in said) and any("NoSuchKey" in line for line in said)
    assert not any("JobsRunning" in line for line in said)


# ---- what it is -----------------------------------------------------------------------------------

def test_unit():
    found = host.unit("sdmed.service", "Type", "WatchdogUSec", "BusName", "Restart", "NotifyAccess")
    assert found["Type"] == "notify" and found["BusName"] == "org.sdme1" and found["Restart"] == "on-failure"
    assert found["WatchdogUSec"] == "3min"
    pid = host.daemon_pid() or int(host.sdmectl("alice", "ps") and host.daemon_pid())
    environ = open(f"/proc/{pid}/environ", "rb").read()
    assert b"WATCHDOG_USEC=180000000" in environ


def test_watchdog():
    """A daemon that hangs is replaced, and nothing is lost."""
    with host.drop_in("sdmed.service", "[Service]\nWatchdogSec=2s\nWatchdogSignal=SIGKILL\n"):
        host.restart_daemon()
        pid = host.daemon_pid()
        assert host.stays(lambda: host.daemon_pid() == pid, 3)  # it feeds the dog
        os.kill(pid, 19)
        host.until(lambda: host.daemon_pid() not in (0, pid), "a new daemon", 20)
    host.restart_daemon()
    assert host.sdmectl("alice", "ps").status == 0


def test_security_ceiling():
    shown = host.run("root", "systemd-analyze", "security", "--no-pager", "--json=short", "sdmed.service")
    rows = json.loads(shown.ok())
    assert rows
    overall = host.run("root", "systemd-analyze", "security", "--no-pager", "sdmed.service").out
    level = float(re.search(r"Overall exposure level for sdmed.service: ([0-9.]+)", overall)[1])
    assert level <= CEILING
    # The negative control: a service that is not confined is far above.
    dbus = host.run("root", "systemd-analyze", "security", "--no-pager", "dbus.service").out
    assert float(re.search(r"exposure level for \S+: ([0-9.]+)", dbus)[1]) > CEILING


def test_confinement_of_the_process():
    host.sdmectl("alice", "ps").ok()
    status = open(f"/proc/{host.daemon_pid()}/status").read()
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.M) and re.search(r"^Seccomp:\s+2$", status, re.M)
    bounding = int(re.search(r"^CapBnd:\s+(\w+)$", status, re.M)[1], 16)
    assert bounding == 1 << 1  # CAP_DAC_OVERRIDE
    assert os.readlink(f"/proc/{host.daemon_pid()}/ns/net") != os.readlink("/proc/self/ns/net")
    assert int(re.search(r"^Threads:\s+(\d+)$", status, re.M)[1]) <= (3 if host.SANITIZED else 2)  # the loop, and one that closes


def test_writes_nothing_of_run_but_its_own():
    """Whatever systemd makes of ProtectSystem=strict and ProtectProc= together; mounts are seen as the process sees them."""
    host.sdmectl("alice", "ps").ok()
    root = f"/proc/{host.daemon_pid()}/root"

    def is_read_only(path):
        return bool(os.statvfs(root + path).f_flag & os.ST_RDONLY)
    assert not [path for path in ("/", "/etc", "/run", "/run/systemd", "/run/lock") if not is_read_only(path)]
    assert not [path for path in ("/run/sdmed", "/run/sdmed/jobs", "/var/lib/sdmed", "/var/cache/sdmed") if is_read_only(path)]


def needed(program):
    shown = host.run("root", "python3", "-c", """
import subprocess, sys
print(subprocess.run(['ldd', sys.argv[1]], capture_output=True, text=True).stdout)""", program).out
    return set(re.findall(r"^\s*(lib[\w+-]+)\.so", shown, re.M))


def test_libraries():
    libexec = os.path.dirname(re.search(r"path=(\S+)", host.unit("sdmed.service", "ExecStart"))[1])
    daemon = needed(f"{libexec}/sdmed")
    assert "libsystemd" in daemon or "libsdbus-c++" in daemon
    assert not daemon & LIBRARIES
    assert "libarchive" in needed(f"{libexec}/sdme-import")  # the negative control


def test_memory():
    if host.SANITIZED:
        pytest.skip("sanitizers need memory of their own")
    host.restart_daemon()
    host.sdmectl("alice", "ps").ok()
    status = open(f"/proc/{host.daemon_pid()}/status").read()
    assert int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)[1]) < 24 * 1024


def test_sandbox_of_an_import():
    """The properties of a worker that runs, and what its process may."""
    reading, writing = os.pipe()
    with bus.caller("bob") as bob:
        job = bob.call("ImportRootfs", "looked-at", bus.Fd(reading), {})
        os.close(reading)
        unit = f"sdme-job-{job}.service"
        host.until(lambda: host.is_running(unit, "sdme-import"), "the worker")
        found = host.unit(unit, "NoNewPrivileges", "PrivateNetwork", "ProtectSystem", "CapabilityBoundingSet", "MemoryMax",
                          "RestrictNamespaces", "RuntimeMaxUSec", "ProtectHome", "KillMode", "TasksMax", "User", "MainPID")
        assert found["NoNewPrivileges"] == found["PrivateNetwork"] == "yes" and found["ProtectSystem"] == "strict"
        assert set(found["CapabilityBoundingSet"].split()) == {
            "cap_chown", "cap_dac_override", "cap_fowner", "cap_fsetid", "cap_setfcap", "cap_mknod"}
        assert found["MemoryMax"] == str(1 << 30) and found["RuntimeMaxUSec"] == "6h" and found["KillMode"] == "mixed"
        assert found["ProtectHome"] == "tmpfs" and int(found["TasksMax"]) <= 32
        root = f"/proc/{found['MainPID']}/root"
        assert os.listdir(f"{root}/home") == [] and sorted(os.listdir(f"{root}/var/lib/sdmed")) == ["layers", "staging"]
        assert os.listdir(f"{root}/var/lib/sdmed/staging") == [str(job)]
        network = open(f"/proc/{found['MainPID']}/net/dev").read()
        assert len(network.strip().splitlines()) == 3  # two of headings, and lo
        bob.call("CancelJob", job, {})
    os.close(writing)


def test_answers_while_an_import_runs(trixie_tar, box, processes):
    """`ps` of an unprivileged user does not wait for anybody."""
    client = processes("bob", "sdmectl", "fs", "import", host.unique("busy"), str(trixie_tar))
    host.until(lambda: host.entries("staging"), "the import to have begun")
    took = []
    while client.poll() is None and len(took) < 20:
        start = time.monotonic()
        with bus.caller("alice") as alice:
            begun = time.monotonic()
            assert box in [c["name"] for c in alice.call("ListContainers", {})]
            took.append(time.monotonic() - begun)
        assert time.monotonic() - start < 5 * host.SLOWER
    assert took and sorted(took)[len(took) // 2] < 0.5 * host.SLOWER
    assert client.wait(240) == 0


def test_nothing_accumulates(tiny):
    """After many requests the daemon holds no more descriptors than before."""
    def descriptors():
        return len(os.listdir(f"/proc/{host.daemon_pid()}/fd"))

    def once():
        name = guests.confined(tiny)
        host.sdmectl("bob", "rm", name).ok()
        guests.import_as("bob", "again", "-", "--force", stdin=tars.small())
        host.nothing_left()
    once()
    before = descriptors()
    for _ in range(5):
        once()
    host.until(lambda: descriptors() <= before, f"{before} descriptors, not {descriptors()}")
