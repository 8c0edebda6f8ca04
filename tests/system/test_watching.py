# SPDX-License-Identifier: MIT
"""What happens, as it happens; what containers use; the definition in an editor."""
import json
import os
import pathlib
import signal

import pytest

import bus
import guests
import host


# ---- events ---------------------------------------------------------------------------------------

@pytest.fixture
def watch(processes, tmp_path):
    """watch(*words): a process that writes events, and how to read them."""
    def begin(*words, user="alice"):
        path = tmp_path / host.unique("events")
        with open(path, "wb") as out:
            process = processes(user, "sdmectl", "events", "--json", *words, stdout=out)
        host.until(lambda: _listens(process), "it to listen")

        def read():
            return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
        return process, read
    return begin


def _listens(process):
    """Whether the bus has its two rules; then it has heard the lists soon."""
    return process.poll() is None and host.stays(lambda: process.poll() is None, 1)


def of(events, name):
    return [event["event"] for event in events if event["type"] == "container" and event["name"] == name]


@pytest.mark.parametrize("words", [["events"], ["stats", "--json"]])
def test_ends_when_nobody_reads(processes, box, words):
    """Also while there is nothing to tell."""
    reading, writing = os.pipe()
    process = processes("bob", "sdmectl", *words, stdout=writing)
    os.close(writing)
    host.until(lambda: _listens(process), "it to listen")
    os.close(reading)
    host.until(lambda: process.poll() is not None, "its end")
    assert process.returncode == 0


def test_a_life_in_events(watch, trixie):
    _, read = watch()
    name = guests.confined(trixie)
    guests.start(name)
    host.sdmectl("bob", "pause", name).ok()
    host.sdmectl("bob", "resume", name).ok()
    host.sdmectl("bob", "set", name, "--memory", "1G").ok()
    host.sdmectl("bob", "stop", name).ok()
    host.sdmectl("bob", "enable", name).ok()
    host.sdmectl("bob", "rm", name).ok()
    host.until(lambda: "removed" in of(read(), name), "its end")
    seen = of(read(), name)
    wanted = iter(seen)
    assert all(word in wanted for word in ("created", "starting", "started", "paused", "resumed", "changed", "stopped",
                                           "enabled", "removed")), seen
    assert "healthy" in seen

    def jobs():
        return {(event["kind"], event["event"]) for event in read() if event["type"] == "job" and event.get("target") == name}
    host.until(lambda: {("start", "started"), ("start", "done"), ("remove", "done")} <= jobs(), "the events of its jobs")


def test_failures(watch, trixie, tiny):
    _, read = watch("--filter", "type=container", "--filter", "event=failed", "--filter", "event=removed")
    name = guests.start(guests.confined(trixie))
    os.kill(int(host.unit(host.container_unit(name), "MainPID")), signal.SIGKILL)
    host.until(lambda: of(read(), name) == ["failed"], f"the failure, not {read()}")
    assert {event["event"] for event in read()} <= {"failed", "removed"}


def test_rootfs(watch, trixie_tar):
    _, read = watch("--filter", "type=rootfs")
    name = guests.import_as("bob", host.unique("fs"), "-", stdin=__import__("tars").small())
    host.sdmectl("bob", "fs", "rm", name).ok()
    host.until(lambda: [e["event"] for e in read() if e["name"] == name] == ["created", "removed"], f"both, not {read()}")


def test_the_daemon_goes_and_comes(watch, trixie):
    """Killed in the middle: what happens then is told by the next one, which is fetched when it left."""
    name = guests.start(guests.confined(trixie))
    with host.settings("[Daemon]\nIdleExitSec=3s\n"):
        process, read = watch("--filter", f"name={name}")
        host.sdmectl("root", "ps").ok()  # so that it is there to be killed
        host.kill_daemon()
        host.systemctl("stop", host.container_unit(name)).ok()
        host.until(lambda: "stopped" in of(read(), name), "the news", 60)
        assert process.poll() is None


def test_a_daemon_that_cannot_come(watch, trixie):
    """The bus gives up starting it; it is asked for again, and again."""
    name = guests.start(guests.confined(trixie))
    process, read = watch("--filter", f"name={name}")
    host.systemctl("mask", "--runtime", "--now", "sdmed.service")
    try:
        refused = host.sdmectl("bob", "ps")
        assert refused.status == 69, refused
        assert host.stays(lambda: process.poll() is None, 6)  # it asks every five seconds
        host.systemctl("stop", host.container_unit(name)).ok()
    finally:
        host.systemctl("unmask", "--runtime", "sdmed.service").ok()
        host.restart_daemon()
    host.until(lambda: "stopped" in of(read(), name), "the news", 60)


def test_interrupted(watch):
    process, _ = watch()
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(10) == 130


def test_lines_for_people(processes, trixie, tmp_path):
    path = tmp_path / "lines"
    with open(path, "wb") as out:
        process = processes("alice", "sdmectl", "events", stdout=out)
    host.until(lambda: _listens(process), "it to listen")
    name = guests.confined(trixie)
    host.until(lambda: f"container {name} created" in path.read_text(), "the line")


@pytest.mark.parametrize("word", ["name", "colour=red", "=x"])
def test_bad_filters(word):
    assert host.sdmectl("alice", "events", "--filter", word).status == 64


# ---- stats ----------------------------------------------------------------------------------------

def test_stats(box):
    used = host.sdmectl("bob", "stats", box, "--once", "--json").json()
    assert [one["name"] for one in used] == [box] and used[0]["state"] == "running"
    assert used[0]["cpu_usec"] > 0 and used[0]["cpu_percent"] >= 0
    table = host.sdmectl("bob", "stats", "--once").ok()
    assert table.splitlines()[0].split()[:2] == ["NAME", "STATUS"] and box in table
    if pathlib.Path("/sys/fs/cgroup/cgroup.controllers").read_text().split().count("memory"):
        assert used[0]["memory"] > 1 << 20 and used[0]["tasks"] > 3


def test_stats_count_what_is_done(box):
    before = host.sdmectl("bob", "stats", box, "--once", "--json").json()[0]["cpu_usec"]
    guests.shell_in(box, "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done").ok()
    assert host.sdmectl("bob", "stats", box, "--once", "--json").json()[0]["cpu_usec"] > before + 10_000


def test_stats_of_one_that_does_not_run(stopped):
    used = host.sdmectl("bob", "stats", stopped, "--once", "--json").json()[0]
    assert used["state"] == "stopped" and "cpu_usec" not in used
    assert stopped not in host.sdmectl("bob", "stats", "--once").ok()


def test_stats_are_the_owners(box):
    assert host.sdmectl("alice", "--no-ask-password", "stats", box, "--once").status == 4
    assert box not in host.sdmectl("alice", "stats", "--once").ok()
    assert bus.refusal("bob", "GetUsage", ["nobody"], {}) == "org.sdme1.Error.NotFound"
    assert bus.refusal("bob", "GetUsage", [box], {"x": ("b", True)}) == "org.sdme1.Error.InvalidArgument"
    assert host.sdmectl("bob", "stats", "nobody").status == 3


def test_stats_go_on(box, processes, tmp_path):
    path = tmp_path / "stats"
    with open(path, "wb") as out:
        process = processes("bob", "sdmectl", "stats", box, "--json", stdout=out)
    host.until(lambda: len(path.read_text().splitlines()) >= 3, "three readings")
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(10) == 130


def test_stats_on_a_terminal(box):
    with host.terminal("bob", "sdmectl", "stats", box) as child:
        child.expect("RECEIVED")
        child.expect(box)
        child.expect(box)
        child.sendintr()
        child.expect("\\^C|$")


# ---- edit -----------------------------------------------------------------------------------------

def edit(name, script, user="bob"):
    """With an editor that is a line of sed or sh on the file "$1"."""
    tool = pathlib.Path(host.pwd.getpwnam(user).pw_dir) / "editor"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    return host.run(user, "sdmectl", "edit", name, env={"EDITOR": str(tool), "TMPDIR": "/tmp"})


def test_edit(running):
    done = edit(running, r"""sed -i 's/^memory = .*/memory = "512M"/; s/^environment = .*/environment = ["A=1", "B=2"]/' "$1" """)
    assert done.status == 0 and "environment" in done.err and "memory" not in done.err, done
    shown = host.sdmectl("bob", "show", running, "--json").json()[0]
    assert shown["memory"] == 512 << 20 and shown["environment"] == ["A=1", "B=2"]
    assert host.unit(host.container_unit(running), "MemoryMax") == str(512 << 20)
    done = edit(running, r"""sed -i 's/^memory = .*/memory = "none"/' "$1" """)
    assert done.status == 0 and "memory" not in host.sdmectl("bob", "show", running, "--json").json()[0]


def test_edit_says_when_it_counts(stopped):
    text = edit(stopped, 'cat "$1" >&2').err
    assert text.index("at once") < text.index("memory =") < text.index("next start") < text.index("network =")
    assert "nothing was changed" in text


@pytest.mark.parametrize("line, word", [("memory = 1x", "quotes"), ('memory = "1M"', "memory"), ("colour = 1", "colour"), ("nonsense", "KEY = VALUE"),
                                        ('protected = "yes"', "true or false"), ("ports = [1]", "list of words")])
def test_a_bad_edit_is_kept(stopped, line, word):
    key = line.split(" ")[0]
    bad = edit(stopped, f"""grep -v '^{key} =' "$1" > "$1.x"; echo '{line}' >> "$1.x"; cat "$1.x" > "$1"; rm "$1.x" """)
    assert bad.status == 64 and word in bad.err, bad
    kept = pathlib.Path(bad.err.split("kept in ")[1].split()[0].rstrip(")"))
    assert line in kept.read_text()
    kept.unlink()


def test_an_editor_that_fails(stopped):
    drafts = set(pathlib.Path("/tmp").glob("sdmectl-*"))
    bad = edit(stopped, "exit 3")
    assert bad.status == 1 and "editor" in bad.err
    assert host.run("bob", "sdmectl", "edit", stopped, env={"EDITOR": "", "VISUAL": ""}).status == 64
    assert edit("nobody", "true").status == 3
    assert set(pathlib.Path("/tmp").glob("sdmectl-*")) == drafts, "drafts that nobody wrote in"


def test_the_whole_definition(stopped):
    """Whatever can be changed is there: also that it goes when it has stopped."""
    edit(stopped, """sed -i 's/^ephemeral = .*/ephemeral = true/' "$1" """)
    assert host.sdmectl("bob", "show", "--json", stopped).json()[0]["ephemeral"]


def test_edit_is_the_owners(stopped):
    assert host.run("alice", "sdmectl", "--no-ask-password", "edit", stopped, env={"EDITOR": "true"}).status == 4
