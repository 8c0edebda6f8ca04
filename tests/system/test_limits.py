# SPDX-License-Identifier: MIT
"""Limits: what systemd is told of them, at once, for good, and not any more. Whether the kernel holds them depends on the host."""
import pathlib

import pytest

import bus
import guests
import host

NONE = "infinity"
PROPERTIES = {"MemoryMax": "67108864", "MemorySwapMax": "33554432", "CPUQuotaPerSecUSec": "1.500000s", "CPUWeight": "50",
              "IOWeight": "200", "TasksMax": "500"}
FLAGS = ["--memory", "64M", "--swap", "32M", "--cpus", "1.5", "--cpu-weight", "50", "--io-weight", "200", "--tasks", "500"]
USUAL = {"MemoryMax": NONE, "MemorySwapMax": NONE, "CPUQuotaPerSecUSec": NONE, "CPUWeight": "[not set]", "IOWeight": "[not set]",
         "TasksMax": "16384"}


def told(name):
    return host.unit(host.container_unit(name), *PROPERTIES)


def shown(name):
    return host.sdmectl("bob", "show", name, "--json").json()[0]


def group_file(name, file):
    return pathlib.Path("/sys/fs/cgroup/machine.slice", host.container_unit(name), file)


def test_at_once_and_kept(running):
    before = host.invocation(running)
    host.sdmectl("bob", "set", running, *FLAGS).ok()
    assert told(running) == PROPERTIES
    assert host.invocation(running) == before
    assert {key: shown(running)[key] for key in ("memory", "swap", "cpus", "cpu_weight", "io_weight", "tasks")} == {
        "memory": 64 << 20, "swap": 32 << 20, "cpus": 1.5, "cpu_weight": 50, "io_weight": 200, "tasks": 500}
    host.kill_daemon()
    assert told(running) == PROPERTIES
    host.sdmectl("bob", "restart", "--kill", running, timeout=180).ok()
    assert told(running) == PROPERTIES


def test_from_the_beginning(trixie):
    name = guests.start(guests.confined(trixie, *FLAGS))
    assert told(name) == PROPERTIES


def test_none_takes_them_away(running):
    host.sdmectl("bob", "set", running, *FLAGS).ok()
    flags = [word if word.startswith("--") else "none" for word in FLAGS]
    host.sdmectl("bob", "set", running, *flags).ok()
    assert told(running) == USUAL
    assert not {"memory", "swap", "cpus", "cpu_weight", "io_weight", "tasks"} & set(shown(running))
    host.sdmectl("bob", "restart", "--kill", running, timeout=180).ok()
    assert told(running) == USUAL


def test_of_a_stopped_one(stopped):
    host.sdmectl("bob", "set", stopped, "--memory", "1G").ok()
    assert shown(stopped)["memory"] == 1 << 30
    guests.start(stopped)
    assert told(stopped)["MemoryMax"] == str(1 << 30)
    assert told(stopped)["MemorySwapMax"] == str(1 << 30), "swap is as much as memory"


def test_the_next_of_that_name_has_none(trixie):
    name = guests.start(guests.confined(trixie, *FLAGS))
    host.sdmectl("bob", "rm", name).ok()
    assert not pathlib.Path(f"/run/systemd/system.control/{host.container_unit(name)}.d").exists()
    guests.start(guests.confined(trixie, name=name))
    assert told(name) == USUAL


@pytest.mark.parametrize("file, value", [("memory.max", str(64 << 20)), ("pids.max", "500"), ("cpu.weight", "50")])
def test_the_kernel_is_told(running, file, value):
    if not group_file(running, file).exists():
        pytest.skip(f"this host has no {file}: the controller is not there")
    host.sdmectl("bob", "set", running, *FLAGS).ok()
    assert group_file(running, file).read_text().strip() == value


def test_below_what_is_in_use(running):
    if not group_file(running, "memory.current").exists():
        pytest.skip("this host does not count memory: the controller is not there")
    guests.exec_in(running, "sh", "-c", "head -c 64M /dev/zero > /dev/shm/full").ok()
    refused = host.sdmectl("bob", "set", running, "--memory", "16M")
    assert refused.status == 1 and "in use" in refused.err
    assert told(running)["MemoryMax"] == NONE and "memory" not in shown(running)


def test_what_is_refused_leaves_the_rest_as_it_was(trixie):
    name = guests.start(guests.create(trixie, "-p", "18090:80"))
    refused = host.sdmectl("bob", "set", name, "-p", "18091:80", "--tasks", "100", "--disk", "1G")
    assert refused.status == 1 and "disk" in refused.err
    assert shown(name)["ports"] == ["18090:80/tcp"] and told(name)["TasksMax"] == "16384"
    listening = host.run("root", "ss", "-ltnH").out
    assert ":18090 " in listening and ":18091 " not in listening


@pytest.mark.parametrize("flags", [
    ["--memory", "-1M"], ["--memory", "1M"], ["--memory", "many"], ["--memory", "99999999999999999999G"], ["--memory", "1X"],
    ["--cpus", "-1"], ["--cpus", "nan"], ["--cpus", "0.000001"], ["--cpus", "1e300"], ["--cpus", ""], ["--cpu-weight", "0"],
    ["--cpu-weight", "10001"], ["--io-weight", "-5"], ["--tasks", "1"], ["--disk", "1M"], ["--disk", "99999999999999999999G"], ["--tasks", "18446744073709551616"], ["--tasks", "1.5"],
    ["--memory", "0x10M"], ["--memory", " 64M"], ["--memory", "+64M"], ["--memory", "infinity"], ["--memory", "67108864iB"],
    ["--memory", "16E"], ["--cpus", "0x2"], ["--cpus", "infinity"], ["--cpus", " 1"], ["--tasks", "18446744073709551615"]])
def test_bad_ones(stopped, flags):
    for verb in (["set", stopped], ["create", "--private-network", "--name", "never"]):
        refused = host.sdmectl("bob", *verb, *flags)
        assert refused.status == 64 and len(refused.err.splitlines()) <= 2, refused
    assert guests.state("never") is None


@pytest.mark.parametrize("cpus", ["9000", "9e99"])
def test_how_many_processors_there_may_be_is_said(stopped, cpus):
    refused = host.sdmectl("bob", "set", stopped, "--cpus", cpus)
    assert refused.status == 64 and "between" in refused.err, refused


def test_bad_ones_on_the_bus(stopped):
    for key, value in (("memory", ("t", 1)), ("cpus", ("d", float("nan"))), ("cpus", ("d", -1.0)), ("tasks", ("t", 1 << 60)),
                       ("memory", ("s", "1G")), ("cpu-weight", ("t", 0))):
        assert bus.refusal("bob", "UpdateContainer", stopped, {key: value}) == "org.sdme1.Error.InvalidArgument", key


def test_disk_is_refused_with_the_reason(stopped):
    """A tmpfs and most disks hold none; those that do are in test_disk_limits.py."""
    refused = host.sdmectl("bob", "-v", "set", stopped, "--disk", "1G")
    assert refused.status == 1 and "disk" in refused.err and bus.error("NotSupported") in refused.err
    assert "disk" not in shown(stopped)


def test_who_may(running):
    assert host.sdmectl("alice", "--no-ask-password", "set", running, "--memory", "1G").status == 4
    assert told(running)["MemoryMax"] == NONE
