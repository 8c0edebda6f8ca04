# SPDX-License-Identifier: MIT
"""Asking: passwords in a terminal, no polkit at all, prompts that stay open, callers that leave, limits of users."""
import contextlib
import os
import re
import signal

import pexpect
import pytest

import bus
import guests
import host
import tars


# ---- a password -----------------------------------------------------------------------------------

def test_password_in_a_terminal(stopped):
    with host.terminal("alice", "/usr/bin/sdmectl", "start", stopped, session=True) as child:
        child.expect("AUTHENTICATING FOR org.sdme.manage-containers")
        child.expect(f"start container '{stopped}'")
        child.expect("Password: ")
        child.sendline("admin")
        child.expect("AUTHENTICATION COMPLETE")
        host.until(lambda: guests.state(stopped) == "running", "the container to run")


def test_wrong_password(stopped):
    with host.terminal("alice", "/bin/sh", "-c", f"sdmectl start {stopped}; echo status=$?", session=True) as child:
        child.expect("Password: ")
        child.sendline("wrong")
        while child.expect(["status=4", "Password: "]):
            child.sendline("wrong")
    assert guests.state(stopped) == "stopped"


def test_no_password_is_asked_where_it_is_unwanted(stopped):
    with host.terminal("alice", "/bin/sh", "-c", f"sdmectl --no-ask-password start {stopped}; echo status=$?", session=True) as child:
        child.expect("status=4")
        assert "Password" not in child.before


def test_many_questions_in_one_command(trixie, stopped):
    """Several jobs, several prompts, one agent."""
    second = guests.confined(trixie)
    with host.terminal("alice", "/bin/sh", "-c", f"sdmectl enable {stopped} {second}; echo status=$?", session=True) as child:
        while child.expect(["status=0", "Password: "]):
            child.sendline("admin")


def at_the_prompt(words, change):
    """What becomes of alice's command when something changes while an administrator is asked for it."""
    command = " ".join(words)
    with host.terminal("alice", "/bin/sh", "-c", f"sdmectl {command}; echo status=$?", session=True) as child:
        child.expect("Password: ")
        change()
        child.sendline("admin")
        child.expect(r"status=(\d+)")
        return int(child.match[1]), child.before


def test_container_reaches_the_host_by_the_time_of_the_answer(stopped):
    """What was authorised was to start one that does not."""
    def grant():
        host.sdmectl("root", "set", stopped, "-b", "/srv/guests:/srv/x:ro").ok()
    status, said = at_the_prompt(["start", stopped], grant)
    assert status == 5 and "was changed in the meantime" in said
    assert guests.state(stopped) == "stopped"


def test_what_it_requires_reaches_the_host_by_the_time_of_the_answer(trixie, stopped):
    other = guests.confined(trixie)
    host.sdmectl("bob", "set", stopped, "--requires", other).ok()
    status, said = at_the_prompt(["start", stopped], lambda: host.sdmectl("root", "set", other, "-b", "/srv/guests:/srv/x:ro").ok())
    assert status == 5 and "has changed while it was being authorised" in said
    assert guests.state(stopped) == guests.state(other) == "stopped"


def test_guest_sees_the_host_by_the_time_of_the_answer(running):
    status, said = at_the_prompt(["exec", running, "--", "true"],
                                 lambda: host.sdmectl("root", "mount", running, "/srv/guests:/srv/x:ro").ok())
    assert status == 125 and "has changed while it was being authorised" in said


def test_volume_is_anothers_by_the_time_of_the_answer(trixie):
    volume, name = host.unique("vol"), host.unique("late")
    with host.rule('subject.user === "alice" && (action.id === "org.sdme.create-volume" || action.id === "org.sdme.remove")'):
        host.sdmectl("alice", "volume", "create", volume).ok()

        def swap():
            host.sdmectl("alice", "volume", "rm", volume).ok()
            host.sdmectl("bob", "volume", "create", volume).ok()
        status, said = at_the_prompt(["create", name, "--fs", trixie, "--private-network", "-b", f"{volume}:/srv/x"], swap)
    assert status == 5 and "has changed while it was being authorised" in said
    assert guests.state(name) is None


# ---- no polkit ------------------------------------------------------------------------------------

def test_no_polkit(stopped):
    with host.no_polkit():
        for user in ("alice", "bob"):
            result = host.sdmectl(user, "-v", "start", stopped)
            assert result.status == 4 and bus.ACCESS_DENIED in result.err
            assert "polkit" in result.err
        assert host.sdmectl("alice", "ps").status == 0
        assert host.sdmectl("root", "enable", stopped).ok() == stopped
    assert host.sdmectl("bob", "enable", stopped).ok() == stopped


# ---- prompts that stay open -----------------------------------------------------------------------

def prompts_open():
    return int(re.search(r"(\d+) prompts open", host.unit("sdmed.service", "StatusText"))[1])


def test_others_are_served_while_a_prompt_is_open(box, stopped):
    with host.silent_polkit(), bus.caller("alice") as alice:
        alice.begin("StartContainer", stopped, {}, interactive=True)
        host.until(lambda: prompts_open() == 1, "the prompt to be open")
        listed = host.run("bob", "sdmectl", "ps", timeout=2)
        assert box in listed.ok()
        assert host.sdmectl("root", "enable", stopped).ok()
        assert not alice.answered()


def asked(stack, user, container):
    """A caller of whom a password is wanted, with an agent of its own that shows the prompt."""
    one = stack.enter_context(bus.caller(user))
    agent = stack.enter_context(host.terminal(user, "/usr/bin/pkttyagent", "--process", one.pid))
    while True:
        one.begin("StartContainer", container, {}, interactive=True)
        if not one.answered(0.5 * host.SLOWER):
            break
        with pytest.raises(bus.BusError) as early:
            one.finish()
        if early.value.name != bus.NEEDS_PASSWORD:  # else the agent is not there yet
            raise early.value
    agent.expect("Password: ")


def test_limit_of_prompts(stopped):
    """Four passwords may be asked of a user at a time; what needs none is not counted, nor is what others do."""
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            asked(stack, "alice", stopped)
        host.until(lambda: prompts_open() == 4, "four prompts to be open")
        with pytest.raises(bus.BusError) as refused:
            asked(stack, "alice", stopped)
        assert refused.value.name == bus.error("LimitExceeded") and "PromptsPerUser" in refused.value.message
        assert bus.refusal("alice", "StartContainer", stopped, {}) == bus.NEEDS_PASSWORD
        assert bus.refusal("bob", "InspectContainer", stopped, {}) is None
    host.until(lambda: prompts_open() == 0, "prompts of those who left to be closed")


FLOOD = """
import sys, dbus.bus, dbus.lowlevel
connection = dbus.bus.BusConnection(dbus.Bus.TYPE_SYSTEM)
for _ in range(50):
    message = dbus.lowlevel.MethodCallMessage("org.sdme1", "/org/sdme1", "org.sdme1.Manager", "StartContainer")
    message.append(sys.argv[1], dbus.Dictionary({}, signature="sv"), signature="sa{sv}")
    connection.send_message(message)
connection.flush()
sys.stdin.read()
"""


def test_limit_of_questions(stopped, processes):
    """A polkit that does not answer is not asked without end."""
    with host.silent_polkit():
        flood = [processes("alice", "python3", "-c", FLOOD, stopped, stdin=-1) for _ in range(2)]
        host.until(lambda: prompts_open() == 100, "the questions to be open")
        assert bus.refusal("alice", "StartContainer", stopped, {}) == bus.error("LimitExceeded")
        for one in flood:
            one.kill()
        host.until(lambda: prompts_open() == 0, "questions of those who left to be closed")


def test_caller_vanishes_in_the_prompt(stopped):
    """The prompt is withdrawn, and nothing is done, whatever the answer would have been."""
    call = f"exec busctl call {bus.NAME} {bus.PATH} {bus.MANAGER} StartContainer 'sa{{sv}}' {stopped} 0 >/dev/null 2>&1"
    path = guests.WORK / "prompt.sh"
    path.write_text("echo me=$$\n"
                    "mkfifo /tmp/prompt-$$\n"
                    "pkttyagent --process $$ --notify-fd 3 3>/tmp/prompt-$$ &\n"
                    "cat /tmp/prompt-$$; rm /tmp/prompt-$$\n"  # until the agent is there
                    f"{call}\n")
    with host.terminal("alice", "/bin/sh", path) as child:
        child.expect(r"me=(\d+)")
        pid = int(child.match[1])
        child.expect("Password: ")
        host.until(lambda: prompts_open() == 1, "the prompt to be open")
        assert host.stays(lambda: prompts_open() == 1)
        os.kill(pid, signal.SIGKILL)
        host.until(lambda: prompts_open() == 0, "the prompt to be withdrawn")
        child.expect(pexpect.EOF)  # its session died with it
    assert guests.state(stopped) == "stopped"
    assert not host.worker_units()


def test_caller_vanishes_right_after_the_prompt(tiny):
    """A job of one who left in the moment of the yes goes on or is cancelled; nothing is left lying."""
    for _ in range(5):
        name = host.unique("gone")
        once = bus.Caller("bob")
        once.begin("CreateContainer", name, tiny, {"network": ("s", "private")})
        once.vanish()
    host.nothing_left()
    host.until(lambda: prompts_open() == 0, "no prompt to be open")


def test_caller_vanishes_in_mid_upload(processes):
    name = host.unique("upload")
    client = processes("bob", "sdmectl", "fs", "import", name, "-", stdin=-1)
    client.stdin.write(tars.padded(tars.small(), 3_000_000)[:2_000_000])
    client.stdin.flush()
    host.until(lambda: host.entries("staging"), "the import to have begun")
    assert host.stays(lambda: host.entries("staging"))
    client.kill()
    host.nothing_left()
    assert name not in host.entries("rootfs")
    jobs = [job for job in host.sdmectl("root", "jobs", "--json").json() if job["target"] == name]
    assert {job["state"] for job in jobs} == {"cancelled"}


def test_limit_of_jobs(tiny):
    """JobsPerUser= for users; root has none."""
    with host.settings("[Limits]\nJobsPerUser=2\n"):
        pipes = [os.pipe() for _ in range(6)]
        with bus.caller("bob") as bob, bus.caller("root") as root:
            names = iter(host.unique("waits") for _ in pipes)
            jobs = [bob.call("ImportRootfs", next(names), bus.Fd(pipe[0]), {}) for pipe in pipes[:2]]
            with pytest.raises(bus.BusError) as refused:
                bob.call("ImportRootfs", next(names), bus.Fd(pipes[2][0]), {})
            assert refused.value.name == bus.error("LimitExceeded") and "JobsPerUser" in refused.value.message
            others = [root.call("ImportRootfs", next(names), bus.Fd(pipe[0]), {}) for pipe in pipes[3:6]]
            assert len(others) == 3
            assert host.entries("staging") and len(set(jobs + others)) == 5
        # All left: imports from a pipe are cancelled.
        for pipe in pipes:
            os.close(pipe[0])
            os.close(pipe[1])
        host.nothing_left()
