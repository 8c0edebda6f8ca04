# SPDX-License-Identifier: MIT
"""Limits are held by the kernel, against the guest alone. A disposable host has none of the controllers, and no file system with
projects."""
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


def fill(machine, name, megabytes):
    return inside(machine, name, f"head -c {megabytes}M /dev/zero > /root/filler; status=$?; sync; exit $status")


def test_disk(machine, container, neighbour):
    """A project of ext4."""
    other, _ = neighbour
    name = container("--private-network", "--disk", "32M")
    full = fill(machine, name, 50)
    assert full.status != 0 and "quota" in full.err
    assert fill(machine, other, 50).ok() == ""
    machine.sdmectl("set", name, "--disk", "100M").ok()
    assert fill(machine, name, 50).ok() == ""
    refused = machine.sdmectl("set", name, "--disk", "20M")
    assert refused.status == 1 and "more than" in refused.err
    machine.sdmectl("restart", "--kill", name).ok()
    assert fill(machine, name, 150).status != 0
    machine.sdmectl("set", name, "--disk", "none").ok()
    assert fill(machine, name, 150).ok() == ""


XFS = """
    truncate -s 400M /var/tmp/xfs && mkfs.xfs -q /var/tmp/xfs
    systemctl stop sdmed.socket sdmed.service
    mount -o loop,{option} /var/tmp/xfs /var/lib/sdmed && chmod 700 /var/lib/sdmed
    systemctl start sdmed.socket
    mkdir -p /var/tmp/small/etc && tar -C /var/tmp/small -c . | sdmectl fs import small - --install-packages no
"""


@pytest.fixture
def on_xfs(machine):
    """on_xfs(option): the store is on an XFS that is mounted with it."""
    yield lambda option: machine.shell(XFS.format(option=option)).ok()
    machine.shell("systemctl stop sdmed.socket sdmed.service; umount /var/lib/sdmed; rm /var/tmp/xfs; systemctl start sdmed.socket").ok()


def test_disk_on_xfs(machine, on_xfs):
    """Root outside is held to it, too, so nothing has to boot."""
    on_xfs("prjquota")
    made = machine.sdmectl("create", "--fs", "small", "--private-network", "--disk", "32M").ok()
    fill_upper = f"head -c {{}}M /dev/zero > /var/lib/sdmed/containers/{made}/written/upper/filler"
    assert machine.shell(fill_upper.format(50)).status != 0
    machine.sdmectl("set", made, "--disk", "100M").ok()
    machine.shell(fill_upper.format(50)).ok()
    refused = machine.sdmectl("set", made, "--disk", "20M")
    assert refused.status == 1 and "more than" in refused.err
    machine.sdmectl("rm", made).ok()
    assert "104857600" not in machine.shell("xfs_quota -x -c 'report -p -N -b' /var/lib/sdmed").ok()


def test_disk_where_nothing_counts(machine, on_xfs):
    on_xfs("noquota")
    refused = machine.sdmectl("create", "--fs", "small", "--private-network", "--disk", "32M")
    assert refused.status == 1 and "prjquota" in refused.err
