# SPDX-License-Identifier: MIT
"""The booted host that the tests run in: its users, its daemon, polkit, the journal. Everything that waits polls here.

alice has no rights, a rule of conftest.py lets bob do everything, admin knows a password (it is his name)."""
import contextlib
import dataclasses
import itertools
import json
import os
import pathlib
import pwd
import signal
import subprocess
import time

import pexpect

STORE = pathlib.Path("/var/lib/sdmed")
SOCKET = "/run/sdmed/sdmed.sock"
PEER = f"unix:path={SOCKET}"
SETTINGS = pathlib.Path("/etc/sdmed/sdmed.conf.d/99-test.conf")
RULES = pathlib.Path("/etc/polkit-1/rules.d")

SANITIZED = "ASAN_OPTIONS" in os.environ
SLOWER = 4 if SANITIZED else 1  # how much longer everything may take

numbers = itertools.count(1)


def unique(word):
    """A name that no other test has."""
    return f"{word}-{next(numbers)}"


# ---- waiting --------------------------------------------------------------------------------------

def until(condition, what="it", seconds=20.0):
    """Polls until the condition is true, and returns what it returned."""
    deadline = time.monotonic() + seconds * SLOWER
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds * SLOWER:.0f} s for {what}"
        time.sleep(0.02)


def stays(condition, seconds=0.5):
    """Whether the condition is true all the while: for what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            return False
        time.sleep(0.02)
    return True


# ---- commands as users ----------------------------------------------------------------------------

@dataclasses.dataclass
class Result:
    status: int
    out: str
    err: str
    raw: bytes  # standard output as it came

    def ok(self):
        assert self.status == 0, f"status {self.status}: {self.err}{self.out}"
        return self.out.strip()

    def json(self):
        return json.loads(self.ok())


def environment(user, **more):
    entry = pwd.getpwnam(user)
    own = {"HOME": entry.pw_dir, "USER": user, "LOGNAME": user, "SHELL": entry.pw_shell, "LANG": "C.UTF-8",
           "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    inherited = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
    return own | inherited | more


def identity(user):
    """What subprocess needs to run as this user."""
    entry = pwd.getpwnam(user)
    groups = os.getgrouplist(user, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups, "cwd": entry.pw_dir, "env": environment(user)}


def become(user):
    """Turns this (forked) process into the user's."""
    entry = pwd.getpwnam(user)
    os.setsid()
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.chdir(entry.pw_dir)


def spawn(user, *argv, env=None, **options):
    """A process of the user in a session of its own: no terminal, and signals to it reach nobody else."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               "start_new_session": True} | identity(user) | options
    options["env"] = options["env"] | (env or {})
    return subprocess.Popen([str(word) for word in argv], **options)


def run(user, *argv, stdin=b"", timeout=120, env=None, **options):
    """Runs a command to its end. stdin: bytes, or an open file."""
    fed = isinstance(stdin, bytes)
    process = spawn(user, *argv, stdin=subprocess.PIPE if fed else stdin, env=env, **options)
    try:
        out, err = process.communicate(stdin if fed else None, timeout=timeout * SLOWER)
    except subprocess.TimeoutExpired:
        kill_group(process)
        raise
    return Result(process.returncode, (out or b"").decode(errors="replace"), (err or b"").decode(errors="replace"), out)


def kill_group(process, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    return process.communicate()


def sdmectl(user, *args, **options):
    return run(user, "sdmectl", *args, **options)


def busctl(user, *args, **options):
    return run(user, "busctl", *args, **options)


def systemctl(*args):
    return run("root", "systemctl", *args)


@contextlib.contextmanager
def terminal(user, *argv, session=False, size=(24, 80)):
    """A command on a terminal of its own; with `session` in a login session, where polkit can ask."""
    words = [str(word) for word in argv]
    if session:
        child = pexpect.spawn("machinectl", ["--quiet", "shell", f"{user}@.host", *words], dimensions=size, timeout=30 * SLOWER,
                              env=environment("root", TERM="dumb"), encoding="utf-8")
    else:
        entry = pwd.getpwnam(user)

        def demote():
            os.initgroups(user, entry.pw_gid)
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
        child = pexpect.spawn(words[0], words[1:], dimensions=size, timeout=30 * SLOWER, cwd=entry.pw_dir, preexec_fn=demote,
                              env=environment(user, TERM="dumb"), encoding="utf-8")
    try:
        yield child
    finally:
        child.close(force=True)


# ---- systemd --------------------------------------------------------------------------------------

def unit(name, *properties):
    """Properties of a unit, as text."""
    lines = systemctl("show", "--property=" + ",".join(properties), name).ok().splitlines()
    found = dict(line.split("=", 1) for line in lines)
    return found[properties[0]] if len(properties) == 1 else found


def is_running(name, program):
    """The unit's main process is that program: no longer systemd, which has its confinement yet to build."""
    try:
        return os.readlink(f"/proc/{unit(name, 'MainPID')}/exe").endswith("/" + program)
    except OSError:
        return False


def container_unit(name):
    return f"sdme-container@{name}.service"


def invocation(name):
    return unit(container_unit(name), "InvocationID")


def leader(name):
    """PID 1 of a guest, as the host numbers it."""
    return int(run("root", "machinectl", "show", "--property=Leader", "--value", name).ok())


def our_units(*patterns):
    found = run("root", "systemctl", "list-units", "--all", "--plain", "--no-legend", *patterns).ok()
    return [line.split()[0] for line in found.splitlines()]


def worker_units():
    return our_units("sdme-job-*.service", "sdme-session-*.service")


def journal(*matches, since=None):
    """Entries of the journal as dictionaries."""
    run("root", "journalctl", "--sync")
    words = ["journalctl", "--quiet", "--output=json", "--all", *matches]
    if since:
        words.append(f"--after-cursor={since}")
    return [json.loads(line) for line in run("root", *words).ok().splitlines()]


def journal_cursor():
    run("root", "journalctl", "--sync")
    shown = run("root", "journalctl", "--quiet", "--lines=0", "--show-cursor").ok()
    return shown.split("cursor: ", 1)[1].strip()


# ---- the daemon -----------------------------------------------------------------------------------

def daemon_pid():
    return int(unit("sdmed.service", "MainPID"))


def restart_daemon():
    """Anew, and whatever the tests did to it forgotten: systemd limits how often a service may start."""
    systemctl("reset-failed", "sdmed.service")
    systemctl("restart", "sdmed.service").ok()


def kill_daemon():
    """kill -9; returns when systemd has put a new one in its place."""
    pid = daemon_pid()
    assert pid > 0, "the daemon does not run"
    systemctl("reset-failed", "sdmed.service")
    os.kill(pid, signal.SIGKILL)
    until(lambda: daemon_pid() not in (0, pid) and unit("sdmed.service", "ActiveState") == "active", "a new daemon")


@contextlib.contextmanager
def settings(text):
    """The daemon with other settings."""
    SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    SETTINGS.write_text(text)
    try:
        restart_daemon()
        yield
    finally:
        SETTINGS.unlink()
        restart_daemon()


@contextlib.contextmanager
def drop_in(unit_name, text):
    """The unit with more lines, from its next start on."""
    place = pathlib.Path(f"/run/systemd/system/{unit_name}.d/99-test.conf")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    systemctl("daemon-reload").ok()
    try:
        yield
    finally:
        place.unlink()
        systemctl("daemon-reload").ok()


def entries(folder):
    """Names in a folder of the store."""
    place = STORE / folder
    return sorted(path.name for path in place.iterdir()) if place.is_dir() else []


def nothing_left():
    """Staging and trash are empty and no worker is left, as soon as the housekeeping is done."""
    until(lambda: not entries("staging") and not entries("trash"),
          f"empty staging ({entries('staging')}) and trash ({entries('trash')})")
    until(lambda: not worker_units(), f"no workers, not {worker_units()}")


def stop_workers():
    """What a test that failed left at work: the next one is not to fail for it."""
    units = worker_units()
    if units:
        systemctl("stop", *units)


# ---- polkit ---------------------------------------------------------------------------------------

@contextlib.contextmanager
def rule(condition, result="YES", place="50-test"):
    """A rule of an administrator: when the JavaScript condition holds for an action of ours."""
    path = RULES / f"{place}.rules"
    path.write_text('polkit.addRule(function(action, subject) {\n'
                    '    if (action.id.indexOf("org.sdme.") !== 0) return polkit.Result.NOT_HANDLED;\n'
                    f'    return ({condition}) ? polkit.Result.{result} : polkit.Result.NOT_HANDLED;\n}});\n')
    path.chmod(0o644)
    try:
        systemctl("reload-or-restart", "polkit.service").ok()
        yield
    finally:
        path.unlink()
        systemctl("reload-or-restart", "polkit.service").ok()


@contextlib.contextmanager
def no_polkit():
    systemctl("mask", "--runtime", "--now", "polkit.service").ok()
    try:
        yield
    finally:
        systemctl("unmask", "--runtime", "polkit.service").ok()
        systemctl("start", "polkit.service").ok()


@contextlib.contextmanager
def silent_polkit():
    """polkit takes questions and answers none: every prompt stays open."""
    systemctl("start", "polkit.service").ok()
    systemctl("kill", "--signal=STOP", "polkit.service").ok()
    try:
        yield
    finally:
        systemctl("kill", "--signal=CONT", "polkit.service").ok()
