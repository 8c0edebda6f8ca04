# SPDX-License-Identifier: MIT
"""The power fails in the middle of a job, and right after one was reported done: afterwards each thing is there whole or not at
all, nothing is left aside, and what was reported is so. The disk is one whose cache is lost too: a copy-on-write image,
whose tables qemu writes when the machine asks it to flush."""
import dataclasses
import time

import pytest

import machine as machines
from conftest import RUN, TRIXIE
from machine import until

STORE = "/var/lib/sdmed"
MOMENTS = (0.3, 0.7, "done")  # parts of the time that the job takes when nothing happens
FILES = 3000  # that a container to be removed has written


@dataclasses.dataclass
class Host:
    machine: machines.Machine
    disk_below: str
    seconds: dict  # by job
    is_good: bool = True  # the last check found nothing


# ---- what is asked of the store -------------------------------------------------------------------

def listed(machine, *verb):
    return {shown["name"]: shown for shown in machine.sdmectl(*verb, "--json").json()}


def entries(machine, folder):
    return machine.shell(f"ls -A {STORE}/{folder} 2>/dev/null").out.split()


# Prints the layers that records name.
LAYERS = """
import json, pathlib, sys
for place in sys.argv[1:]:
    print(*json.loads(pathlib.Path(place).read_text())["layers"], sep="\\n")
"""


def layers(machine, *places):
    records = " ".join(f"{STORE}/{place}/record.json" for place in places)
    return machine.shell(f"python3 -c '{LAYERS}' $(ls -d {records} 2>/dev/null)").ok().split()


def check_store(machine):
    """Housekeeping is done by the daemon's first start; every entry is one that is listed."""
    containers, rootfs = listed(machine, "ps"), listed(machine, "fs", "ls")
    for folder in ("staging", "trash"):
        until(lambda folder=folder: not entries(machine, folder), f"nothing in {folder}, not {entries(machine, folder)}", 60)
    assert set(entries(machine, "containers")) == set(containers)
    assert set(entries(machine, "rootfs")) == set(rootfs)
    until(lambda: set(entries(machine, "layers")) == set(layers(machine, "containers/*", "rootfs/*")), f"no layer that nobody uses: {entries(machine, 'layers')}", 60)
    assert "web" in rootfs
    assert not machine.shell("systemctl list-units --all --plain --no-legend 'sdme-job-*'").ok()
    return containers, rootfs


def works(machine, name):
    machine.sdmectl("start", name).ok()
    assert machine.sdmectl("exec", name, "--", "echo", "works").ok() == "works"
    machine.sdmectl("rm", name).ok()


# ---- the jobs -------------------------------------------------------------------------------------

class Import:
    command = ("fs", "import", "late", "-")
    stdin = TRIXIE

    def prepare(self, machine):
        pass

    def check(self, machine, containers, rootfs, done):
        assert "late" in rootfs or not done
        if "late" in rootfs:
            [layer] = layers(machine, "rootfs/late")
            compare = f"tar --compare --file={TRIXIE} -C {STORE}/layers/{layer}/tree 2>&1"
            differ = machine.shell(compare + " | grep -E 'Contents|Size|No such|Symlink|Mode'").out
            assert not differ, differ
            machine.sdmectl("fs", "rm", "late").ok()


class Create:
    command = ("create", "made", "--fs", "web", "--private-network")
    stdin = None

    def prepare(self, machine):
        pass

    def check(self, machine, containers, rootfs, done):
        assert "made" in containers or not done
        if "made" in containers:
            assert containers["made"]["state"] == "stopped"
            works(machine, "made")


class Start:
    command = ("start", "begun")
    stdin = None

    def prepare(self, machine):
        machine.sdmectl("create", "begun", "--fs", "web", "--private-network").ok()

    def check(self, machine, containers, rootfs, done):
        assert containers["begun"]["state"] == "stopped"
        works(machine, "begun")


class Remove:
    command = ("rm", "gone")
    stdin = None

    def prepare(self, machine):
        machine.sdmectl("create", "gone", "--fs", "web", "--private-network").ok()
        machine.shell(f"mkdir -p {STORE}/containers/gone/written/upper/srv && cd {STORE}/containers/gone/written/upper/srv && seq {FILES} | xargs touch").ok()

    def check(self, machine, containers, rootfs, done):
        assert "gone" not in containers or not done
        if "gone" in containers:
            assert len(machine.shell(f"ls {STORE}/containers/gone/written/upper/srv").out.split()) == FILES
            works(machine, "gone")


JOBS = {"import": Import(), "create": Create(), "start": Start(), "remove": Remove()}


# ---- the cuts -------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def host(prepared, shared):
    """A machine in which each job was done once, to know how long it takes."""
    shared.off()  # two would take each other's time
    machine = machines.Machine(RUN, machines.overlay(RUN, "power.qcow2", prepared))
    seconds = {}
    try:
        machine.power_on()
        for name, job in JOBS.items():
            job.prepare(machine)
            begun = time.monotonic()
            machine.sdmectl(*job.command, stdin=job.stdin).ok()
            seconds[name] = time.monotonic() - begun
            if name == "start":
                machine.sdmectl("stop", "--kill", "begun").ok()
            job.check(machine, listed(machine, "ps"), listed(machine, "fs", "ls"), True)
        print("seconds:", {name: round(took, 1) for name, took in seconds.items()})
        yield Host(machine, prepared, seconds)
    finally:
        machine.off()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", JOBS)
def test_cut(host, name, moment):
    """The machine goes on after each cut with what was left, so one boot looks after the last cut and before the next."""
    if not host.is_good:  # what a test before found should not be found again
        host.machine.off()
        host.machine.disk = machines.overlay(RUN, "power.qcow2", host.disk_below)
        host.machine.power_on()
    host.is_good = False
    machine, job = host.machine, JOBS[name]
    job.prepare(machine)
    machine.run("root", "sync")
    running = machine.start("bob", "sdmectl", *job.command, stdin=job.stdin)
    if moment == "done":
        running.wait().ok()
        done = True
    else:
        found = running.wait_up_to(moment * host.seconds[name])
        done = found is not None and found.status == 0
    machine.cut()
    machine.power_on()
    containers, rootfs = check_store(machine)
    job.check(machine, containers, rootfs, done)
    host.is_good = True
