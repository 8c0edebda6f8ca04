# SPDX-License-Identifier: MIT
"""What only a virtual machine shows: limits and devices that the kernel holds, AppArmor, reboots, power cuts. Run it by tests/vm or
tests/run --vm. The suite runs outside; the machine has users as tests/host's have, and bob may do everything by a rule."""
import os
import pathlib

import pytest

import machine as machines

RUN = pathlib.Path(os.environ.get("SDMED_VM_RUN", "/nonexistent"))
TRIXIE, WEB = "/dev/vdc", "/dev/vdb"  # tarballs, as they are


def pytest_configure():
    if not (RUN / "disk").exists():
        pytest.exit("this wants a disk to boot from (tests/run --vm)", 2)


@pytest.fixture(scope="session")
def prepared():
    """A disk with the root filesystem "web" on it, imported; of a machine that is off."""
    disk = machines.overlay(RUN, "prepared.qcow2", RUN / "disk", "raw")
    machine = machines.Machine(RUN, disk)
    try:
        machine.power_on()
        machine.sdmectl("fs", "import", "web", "-", stdin=WEB, timeout=600).ok()
        machine.power_off()
    finally:
        machine.off()
    return disk


@pytest.fixture(scope="session")
def shared(prepared):
    """The machine of most tests: what one leaves there, the next one finds."""
    machine = machines.Machine(RUN, machines.overlay(RUN, "machine.qcow2", prepared))
    yield machine
    machine.off()


@pytest.fixture
def machine(shared):
    """The same, booted."""
    return shared.power_on() if shared.is_off() else shared


@pytest.fixture
def container(machine):
    """container(*options) makes and starts one; gone when the test ends."""
    made = []

    def make(*options):
        name = machine.sdmectl("create", "--fs", "web", *options).ok()
        made.append(name)
        machine.sdmectl("start", name).ok()
        return name
    yield make
    if made:
        machine.sdmectl("stop", "--kill", *made)
        machine.sdmectl("rm", *made).ok()


def pytest_runtest_logreport(report):
    """A log of what took how long."""
    if report.when == "call" and report.passed:
        print(f" {report.duration:.0f} s", end="")
