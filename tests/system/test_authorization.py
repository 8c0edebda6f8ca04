# SPDX-License-Identifier: MIT
"""Who may do what: refused without a rule, member by member; allowed by one; and what others may not know."""
import os
import pathlib
import re

import pytest

import bus
import guests
import host
import tars


NOWHERE = "docker://127.0.0.1:1/none"


# ---- nobody without a rule ------------------------------------------------------------------------

@pytest.fixture
def of_bob(box, trixie, processes):
    """A job and a session of bob's: {"job": N, "session": N}."""
    with bus.caller("bob") as bob:
        job = bob.call("StartContainer", box, {})
        bob.wait_job(job)
        reading, writing = os.pipe()
        null, sink = os.pipe()
        session = bob.call("Exec", box, "", [b"sleep", b"60"], [], b"", bus.Fd(reading), bus.Fd(sink), bus.Fd(sink), {})
        yield {"job": job, "session": session}
        bob.call("SignalSession", session, 9, {})
        bob.call("WaitSession", session)
        for fd in (reading, writing, null, sink):
            os.close(fd)


@pytest.fixture
def request_of(box, trixie, shop, of_bob):
    """request_of(member): arguments of a call that root could make, about things of bob's."""
    pipes = [os.pipe() for _ in range(3)]
    streams = {"data": pipes[0][0], "in": pipes[0][0], "out": pipes[1][1], "err": pipes[2][1]}

    def arguments(member):
        for name, kind in bus.METHODS[member].inputs:
            if kind == "h":
                yield bus.Fd(streams[name])
            elif name in of_bob:
                yield of_bob[name]
            elif name == "name":
                new = {"ImportRootfs": "stolen", "PullRootfs": "stolen", "CreateContainer": "stolen", "CreatePod": "stolen",
                       "CreateVolume": "stolen", "RemoveRootfs": "unused", "RemoveVolume": "unused", "RenameContainer": "idle"}
                yield new.get(member) or (trixie if "Rootfs" in member else shop if "Pod" in member else box)
            elif name == "source":
                yield NOWHERE
            else:
                yield {"a{sv}": {}, "s": trixie if name == "rootfs" else "other-box" if name == "new_name" else "", "as": [box],
                       "aay": [b"A=B"], "ay": b"", "i": 15}[kind]

    guests.import_as("bob", "unused", "-", stdin=tars.small())
    host.sdmectl("bob", "volume", "create", "unused").ok()
    guests.confined(trixie, name="idle")  # only a stopped one is renamed
    yield lambda member: list(arguments(member))
    for pair in pipes:
        for fd in pair:
            os.close(fd)


def test_every_method_has_a_gate():
    kinds = {method.gate.split()[0] for method in bus.METHODS.values()}
    assert {"public", "owner", "computed"} <= kinds
    assert len(bus.GATED) >= 18
    assert {name for name in bus.METHODS if name not in bus.GATED} == {
        "ListContainers", "ListRootfs", "ListPods", "ListJobs", "ListVolumes", "InspectCache", "CheckHost"}


@pytest.mark.parametrize("interactive", [False, True])
def test_refused_on_the_bus(request_of, box, interactive):
    before = guests.state(box), host.entries("containers"), host.entries("rootfs")
    answers = {member: bus.refusal("alice", member, *request_of(member), interactive=interactive) for member in bus.GATED}
    assert {member: answer for member, answer in answers.items() if answer not in bus.REFUSALS} == {}
    assert (guests.state(box), host.entries("containers"), host.entries("rootfs")) == before
    # The same calls, by one who may: nothing but the caller made the difference.
    for member in ("InspectContainer", "InspectRootfs", "StartContainer", "EnableContainer", "DisableContainer"):
        answer = bus.call("bob", member, *request_of(member))
        if isinstance(answer, int):  # a job, which holds the container
            assert bus.call("bob", "WaitJob", answer)[0] == "done"


# sdmectl words for every gated member; those without a verb of their own come with another's.
WORDS = {
    "InspectContainer": ["show", "box"], "InspectRootfs": ["fs", "show", "trixie"],
    "ImportRootfs": ["fs", "import", "stolen", "-"], "RemoveRootfs": ["fs", "rm", "unused"],
    "RenameContainer": ["rename", "idle", "other-box"], "PauseContainer": ["pause", "box"], "ResumeContainer": ["resume", "box"],
    "GetUsage": ["stats", "--once", "box"], "UpdateContainer": ["set", "box", "--memory", "1G"], "CreatePod": ["pod", "new", "stolen"],
    "UpdatePod": ["pod", "net", "attach", "shop", "veth"], "RemovePod": ["pod", "rm", "shop"],
    "CreateContainer": ["create", "stolen", "--fs", "trixie", "--private-network"], "StartContainer": ["start", "box"],
    "StopContainer": ["stop", "box"], "RestartContainer": ["restart", "box"], "EnableContainer": ["enable", "box"],
    "DisableContainer": ["disable", "box"], "RemoveContainer": ["rm", "box"], "Exec": ["exec", "box", "--", "true"],
    "OpenShell": ["exec", "--tty", "box", "--", "true"], "OpenLog": ["logs", "box"], "WaitJob": ["jobs", "wait", "{job}"],
    "CancelJob": ["jobs", "cancel", "{job}"], "PullRootfs": ["fs", "import", "stolen", NOWHERE],
    "CreateVolume": ["volume", "create", "stolen"], "RemoveVolume": ["volume", "rm", "unused"],
    "CollectGarbage": ["fs", "gc"], "ListCache": ["fs", "cache", "ls"], "CleanCache": ["fs", "cache", "clean"],
}
ONLY_WITH_ANOTHER = {"WaitSession", "SignalSession"}  # of a session that Exec or OpenShell gave


def test_every_method_has_a_verb():
    assert WORDS.keys() | ONLY_WITH_ANOTHER == bus.GATED.keys()


def test_refused_by_the_client(request_of, of_bob, box):
    before = guests.state(box), host.entries("containers"), host.entries("rootfs")
    wrong = {}
    for member, words in WORDS.items():
        words = [word.format(**of_bob) for word in words]
        result = host.sdmectl("alice", "-v", *words, stdin=tars.small() if member == "ImportRootfs" else b"")
        expected = 125 if member in ("Exec", "OpenShell") else 4
        if result.status != expected or not any(name in result.err for name in bus.REFUSALS):
            wrong[member] = result
    assert not wrong
    assert (guests.state(box), host.entries("containers"), host.entries("rootfs")) == before


def test_refused_by_busctl(request_of, box, trixie, of_bob):
    """busctl(1) as anybody would use it, which allows prompts where it can."""
    values = {"s": "other-box", "a{sv}": "0", "as": "1 box", "aay": "0", "ay": "0", "t": "1", "i": "15", "h": "0"}
    wrong = {}
    for member, method in bus.GATED.items():
        if "h" in method.signature:
            continue  # test_busctl_only.py hands descriptors over
        words = []
        for name, kind in method.inputs:
            special = {"name": trixie if member == "InspectRootfs" else "unused" if member in ("RemoveRootfs", "RemoveVolume") else
                       "idle" if member == "RenameContainer" else
                       "stolen" if member in ("CreateContainer", "CreatePod", "CreateVolume") else
                       "shop" if "Pod" in member else box, "rootfs": trixie, "source": NOWHERE, "job": of_bob["job"],
                       "session": of_bob["session"], "user": ""}
            words += str(special.get(name, values[kind])).split(" ") if kind == "as" else [str(special.get(name, values[kind]))]
        result = host.busctl("alice", "call", bus.NAME, bus.PATH, bus.MANAGER, member, method.signature, *words)
        if result.status == 0 or not re.search("Access denied|Interactive authentication required|needs a password|refused", result.err):
            wrong[member] = result
    assert not wrong


def test_public_members_need_nothing(box):
    for member in ("ListContainers", "ListRootfs", "ListJobs", "ListVolumes"):
        assert bus.refusal("alice", member, {}) is None
    assert host.sdmectl("alice", "ps").ok() and host.sdmectl("alice", "fs", "ls").ok() and host.sdmectl("alice", "jobs").status == 0


def test_owners_look_without_asking(trixie):
    """Own things may be looked into and own jobs cancelled; starting asks all the same."""
    with host.rule('subject.user === "alice" && (action.id === "org.sdme.create-container")'):
        name = guests.confined(trixie, user="alice")
    assert host.sdmectl("alice", "show", name, "--json").json()[0]["owner"] == host.pwd.getpwnam("alice").pw_uid
    assert host.sdmectl("alice", "logs", name).status == 0
    assert host.sdmectl("alice", "start", name).status == 4
    assert host.sdmectl("alice", "rm", name).status == 4


def test_properties_cannot_be_set(box):
    for user, names in (("alice", (bus.ACCESS_DENIED,)), ("root", ("org.freedesktop.DBus.Error.PropertyReadOnly", bus.ACCESS_DENIED))):
        for interface, path, name in ((bus.MANAGER, bus.PATH, "Version"), ("org.sdme1.Container", f"/org/sdme1/container/{box}", "State")):
            with bus.caller(user) as once, pytest.raises(bus.BusError) as refused:
                once.call("Set", interface, name, ("s", "x"), interface="org.freedesktop.DBus.Properties", path=path, signature="ssv")
            assert refused.value.name in names
    assert bus.get("alice", bus.MANAGER, bus.PATH, "Version")
    assert bus.get("alice", "org.sdme1.Container", f"/org/sdme1/container/{box}", "State") == "running"


def test_nobody_takes_the_name():
    take = ["call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName", "su"]
    assert "denied" in host.busctl("alice", *take, "org.sdme1", "0").err
    assert "denied" in host.busctl("alice", *take, "org.sdme1.Other", "0").err


# ---- a rule ---------------------------------------------------------------------------------------

def test_rule_for_one_container_and_one_verb(trixie):
    mine, other = guests.confined(trixie), guests.confined(trixie)
    allowed = ('subject.user === "alice" && action.id === "org.sdme.manage-containers" && '
               f'action.lookup("container") === "{mine}" && action.lookup("verb") === "start"')
    assert host.sdmectl("alice", "start", mine).status == 4
    with host.rule(allowed):
        assert host.sdmectl("alice", "start", mine).ok() == mine
        assert guests.state(mine) == "running"
        for words in (["stop", mine], ["start", other], ["rm", mine], ["enable", mine], ["restart", mine]):
            assert host.sdmectl("alice", *words).status == 4, words
        assert host.sdmectl("alice", "exec", mine, "true").status == 125
        assert guests.state(mine) == "running" and guests.state(other) == "stopped"
    assert host.sdmectl("alice", "start", mine).status == 4


def test_rule_that_says_no(trixie):
    name = guests.confined(trixie)
    with host.rule('subject.user === "alice"', result="NO"):
        assert bus.refusal("alice", "StartContainer", name, {}) == bus.ACCESS_DENIED
        assert bus.refusal("alice", "CreateContainer", "", "", {}) == bus.error("HostAccessDenied")


def test_reaching_the_host_is_an_action_of_its_own(trixie):
    """Without a private network, or without a user namespace, a container reaches the host."""
    with host.rule('subject.user === "alice" && action.id === "org.sdme.create-container"'):
        confined = guests.confined(trixie, user="alice")
        for options in ([], ["--private-network", "--no-userns"], ["--userns"]):
            assert host.sdmectl("alice", "create", "--fs", trixie, *options).status == 4, options
        assert host.sdmectl("alice", "create").status == 4
    open_one = guests.create(trixie)
    with host.rule('subject.user === "alice" && action.id === "org.sdme.manage-containers"'):
        assert host.sdmectl("alice", "enable", confined).ok()
        assert host.sdmectl("alice", "enable", open_one).status == 4
    with host.rule('subject.user === "alice" && action.id === "org.sdme.manage-privileged-containers"'):
        assert host.sdmectl("alice", "enable", open_one).ok()
    for name, privileged in ((confined, False), (open_one, True)):
        shown = [c for c in host.sdmectl("alice", "ps", "--json").json() if c["name"] == name][0]
        assert shown["privileged"] is privileged


MEMBER = ('subject.user === "alice" && (action.id === "org.sdme.manage-containers" ||'
          ' action.id === "org.sdme.container-shell" && action.lookup("privileged") === "no")')


def test_reach_is_not_talked_away(trixie):
    """A container that runs reaches the host until it stops, whatever its record says by now."""
    name = guests.start(guests.create(trixie))
    confined = ("set", name, "--private-network", "--userns")
    with host.rule(MEMBER):
        refused = host.sdmectl("alice", *confined)
        assert refused.status == 4 and "manage-privileged-containers" in refused.err
        host.sdmectl("bob", *confined).ok()
        refused = guests.exec_in(name, "true", user="alice")
        assert refused.status == 125 and "host-network, no-user-namespace" in refused.err
        assert host.sdmectl("alice", "stop", name).status == 4
        shown = host.sdmectl("bob", "show", name, "--json").json()[0]
        assert shown["privileged"] is True and shown["features"] == ["host-network", "no-user-namespace"]
        guests.exec_in(name, "systemctl", "poweroff", user="bob")
        guests.wait_for_state(name, "stopped")
        assert host.sdmectl("bob", "show", name, "--json").json()[0]["features"] == []
        guests.start(name, user="alice")
        assert guests.exec_in(name, "id", "-u", user="alice").ok() == "0"


def test_what_was_granted_read_only_is_not_written_to(trixie):
    """Nor is one path taken for another, however it is called."""
    host.sdmectl("bob", "volume", "create", volume := host.unique("vol")).ok()
    odd = pathlib.Path("/srv/guests (read-only)")
    odd.mkdir()
    try:
        with host.rule('subject.user === "alice" && action.id !== "org.sdme.grant-host-access"'):
            name = guests.confined(trixie, user="alice")
            host.sdmectl("bob", "set", name, "-b", f"{volume}:/srv/x:ro", "-b", "/srv/guests:/srv/y:ro").ok()
            for bind, feature in ((f"{volume}:/srv/x", f"volume:{volume} of"), ("/srv/guests:/srv/y", "bind:/srv/guests)"),
                                  (f"{odd}:/srv/y", "bind:/srv/guests (read-only))"), (f"{volume}:/srv/x:ro,suid", f"setuid:{volume}")):
                refused = host.sdmectl("alice", "set", name, "-b", bind)
                assert refused.status == 4 and feature in refused.err, refused
            host.sdmectl("alice", "set", name, "-b", f"{volume}:/srv/elsewhere:ro").ok()
    finally:
        odd.rmdir()


def test_paths_in_prompts_are_plain(trixie):
    """An administrator reads what is granted: nothing in it turns the text around."""
    odd = pathlib.Path("/srv/a\u202eb")
    odd.mkdir()
    try:
        with host.rule('subject.user === "alice" && action.id !== "org.sdme.grant-host-access"'):
            refused = host.sdmectl("alice", "create", "--fs", trixie, "--private-network", "-b", f"{odd}:/srv/x")
            assert refused.status == 4 and "bind:/srv/a?b" in refused.err, refused
    finally:
        odd.rmdir()


def test_refusal_tells_strangers_no_paths(trixie):
    """Why it is refused, and not which directories of the host another's container is shown."""
    name = guests.create(trixie, "--private-network", "-b", "/srv/guests:/srv/x:ro")
    for verb in ("show", "start", "stats", "logs", "rm"):
        refused = host.sdmectl("alice", verb, name)
        assert refused.status == 4 and "(it reaches the host: bind)" in refused.err, refused
    mine = guests.confined(trixie)
    with host.rule('subject.user === "alice" && action.id === "org.sdme.manage-containers"'):
        refused = host.sdmectl("alice", "mount", mine, "/srv/guests:/srv/x")
        assert refused.status == 4 and "bind:/srv/guests" in refused.err, "what one asks for oneself is named"


def test_what_follows_from_a_change_is_asked_for(trixie):
    """Others that start with it, that it goes when it has stopped, and volumes of whom it belongs to."""
    name = guests.confined(trixie)
    open_one = guests.create(trixie)
    host.sdmectl("bob", "volume", "create", volume := host.unique("vol")).ok()
    with host.rule(MEMBER):
        refused = host.sdmectl("alice", "set", name, "--requires", open_one)
        assert refused.status == 4 and "manage-privileged-containers" in refused.err
        assert bus.refusal("alice", "UpdateContainer", name, {"ephemeral": ("b", True)}) in bus.REFUSALS
        refused = host.sdmectl("alice", "mount", name, f"{volume}:/srv/x")
        assert refused.status == 4 and f"volume:{volume}" in refused.err
    with host.rule(f"{MEMBER} && action.lookup('own') === 'yes' || action.id === 'org.sdme.create-container'"):
        mine = guests.confined(trixie, user="alice")
        assert host.sdmectl("alice", "set", mine, "--requires", name).status == 4
        with_others = guests.confined(trixie, "--requires", name, user="alice")
        assert host.sdmectl("alice", "start", with_others).status == 4
    assert guests.state(name) == "stopped"


EXAMPLE = pathlib.Path("/usr/share/doc/sdmed/examples/sdme-group.rules.example")


def test_example_rules(trixie):
    """Members of the group work with confined containers, and reach neither the host nor what others own."""
    target = host.RULES / "61-example.rules"
    target.write_text(EXAMPLE.read_text())
    host.run("root", "usermod", "-aG", "sdme", "alice").ok()
    try:
        host.systemctl("reload-or-restart", "polkit.service").ok()
        assert host.sdmectl("alice", "fs", "import", "mine", "-", stdin=tars.small()).ok()
        name = guests.confined(trixie, user="alice")
        guests.start(name, user="alice")
        assert guests.exec_in(name, "id", "-u", user="alice").ok() == "0"
        assert host.sdmectl("alice", "create", "--fs", trixie).status == 4  # the host's network
        assert host.sdmectl("alice", "create").status == 4  # a clone of the host
        others = guests.confined(trixie)
        assert host.sdmectl("alice", "rm", others).status == 4
        assert host.sdmectl("alice", "fs", "import", trixie, "-", "--force", stdin=tars.small()).status == 4
        assert host.sdmectl("alice", "rm", name).ok() == name
        assert host.sdmectl("alice", "fs", "rm", "mine").ok() == "mine"
    finally:
        target.unlink()
        host.run("root", "gpasswd", "-d", "alice", "sdme").ok()
        host.systemctl("reload-or-restart", "polkit.service").ok()


# ---- what others may not know ---------------------------------------------------------------------

def test_jobs_tell_others_no_messages(tiny):
    """Of another's job, anyone sees that it failed, and not why."""
    result = host.sdmectl("bob", "fs", "import", "broken", "-", stdin=b"no archive " * 100)
    assert result.status == 65
    listed = host.sdmectl("alice", "jobs", "--json").json()
    mine = [job for job in listed if job["target"] == "broken"][-1]
    assert mine["state"] == "failed" and mine["error"]
    assert "message" not in mine and "result" not in mine
    assert bus.refusal("alice", "WaitJob", mine["id"]) in bus.REFUSALS
    state, _, message, _ = bus.call("bob", "WaitJob", mine["id"])
    assert state == "failed" and message


def test_store_is_private(box):
    assert host.run("alice", "ls", host.STORE).status != 0
    assert host.run("alice", "ls", "/run/sdmed/jobs").status != 0
    assert os.stat(host.STORE).st_mode & 0o777 == 0o700
