# SPDX-License-Identifier: MIT
"""Limits are held by the kernel, against the guest alone. A disposable host has none of the controllers."""
import pytest

from machine import until

CGROUP = "/sys/fs/cgroup/machine.slice/sdme-container@{}.service"

# By the kernel, or by the guest's systemd, which then ends the rest of the unit (OOMPolicy=stop).
KILLED = (128 + 9, 128 + 15)


@pytest.fixture
def neighbour(container):
    """A container that nothing should happen to: (name, its main process)."""
    name = container("--private-network")
    return name, "systemctl show --property=MainPID --value sdme-container@" + name


def limit(machine, name, file):
    return machine.shell("cat " + CGROUP.format(name) + "/" + file).ok()


def counters(machine, name, file):
    return {key: int(value) for key, value in (line.split() for line in limit(machine, name, file).splitlines())}


def inside(machine, name, script):
    return machine.sdmectl("exec", name, "--", "sh", "-c", script)


def test_memory(machine, container, neighbour):
    other, main_process = neighbour
    before = machine.shell(main_process).ok()
    name = container("--private-network", "--memory", "200M", "--swap", "0")
    assert limit(machine, name, "memory.max") == str(200 << 20)
    hungry = inside(machine, name, "tail /dev/zero")
    print(hungry, counters(machine, name, "memory.events"))
    assert hungry.status in KILLED, hungry
    assert counters(machine, name, "memory.events")["oom_kill"] >= 1
    assert inside(machine, name, "echo lives").ok() == "lives"
    assert counters(machine, other, "memory.events")["oom_kill"] == 0
    assert machine.shell(main_process).ok() == before
    assert machine.run("root", "systemctl", "is-active", f"sdme-container@{name}.service").ok() == "active"


def test_memory_of_a_running_container(machine, container):
    name = container("--private-network")
    assert limit(machine, name, "memory.max") == "max"
    machine.sdmectl("set", name, "--memory", "300M", "--swap", "0").ok()
    assert limit(machine, name, "memory.max") == str(300 << 20)
    assert inside(machine, name, "tail /dev/zero").status in KILLED
    machine.sdmectl("set", name, "--memory", "none").ok()
    assert limit(machine, name, "memory.max") == "max"


def test_cpus(machine, container):
    name = container("--private-network", "--cpus", "0.5")
    measure = f"""
        stat={CGROUP.format(name)}/cpu.stat
        used() {{ awk '$1 == "usage_usec" {{ print $2 }}' $stat; }}
        now() {{ echo $(($(date +%s%N) / 1000)); }}
        begin=$(now) before=$(used)
        timeout 10 sdmectl exec {name} -- timeout 8 sh -c 'while :; do :; done & while :; do :; done'
        echo $(( ($(used) - before) * 1000 / ($(now) - begin) ))"""
    share = int(machine.shell(measure).ok()) / 1000
    stat = counters(machine, name, "cpu.stat")
    print(f"two loops used {share:.2f} processors; throttled {stat['nr_throttled']} times")
    assert limit(machine, name, "cpu.max") == "50000 100000"
    assert 0.2 < share < 0.65
    assert stat["nr_throttled"] > 10


def test_tasks(machine, container, neighbour):
    other, _ = neighbour
    name = container("--private-network", "--tasks", "100")
    assert limit(machine, name, "pids.max") == "100"
    bomb = machine.start("bob", "sdmectl", "exec", name, "--", "sh", "-c", "bomb() { bomb & bomb; }; bomb")
    until(lambda: counters(machine, name, "pids.events")["max"] > 0, "a fork that is refused")
    print("refused:", counters(machine, name, "pids.events")["max"], "most:", limit(machine, name, "pids.peak"))
    assert int(limit(machine, name, "pids.peak")) <= 100
    assert inside(machine, other, "echo lives").ok() == "lives"
    machine.sdmectl("stop", "--kill", name).ok()
    assert bomb.wait().status != 0
