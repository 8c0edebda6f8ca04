# SPDX-License-Identifier: MIT
"""The system suite: sdmed, sdmectl and the guests in a booted, disposable host, as root. Run it by tests/run."""
import os
import shutil
import socket
import signal

import pytest

import guests
import host
import tars


def pytest_configure(config):
    config.addinivalue_line("markers", "last: changes the host so much that nothing should come after it")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


# ---- the host -------------------------------------------------------------------------------------

@pytest.fixture(scope="session", autouse=True)
def prepared_host():
    if not shutil.which("sdmectl") or os.geteuid() != 0:
        pytest.exit("this wants root in a booted host with sdmed in it (tests/run)", 2)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:  # nohup(1) or '&' around the run is not around what is tried
            signal.signal(number, signal.SIG_DFL)
    host.restart_daemon()
    guests.kill_all()
    shutil.rmtree(guests.WORK, ignore_errors=True)
    guests.WORK.mkdir(parents=True)
    guests.WORK.chmod(0o755)
    with host.rule('subject.user === "bob"', place="60-bob"):
        yield
    guests.kill_all()
    shutil.rmtree(guests.WORK, ignore_errors=True)


KEPT = {"containers": set(), "rootfs": set()}  # what fixtures share


@pytest.fixture(autouse=True)
def tidy(prepared_host):
    """What a test leaves behind is removed; what sdmed leaves behind is a failure."""
    yield
    left = set(host.entries("containers")) - KEPT["containers"]
    guests.kill(*left)
    guests.remove_volumes()
    rootfs = set(host.entries("rootfs")) - KEPT["rootfs"]
    if rootfs:
        host.sdmectl("root", "fs", "rm", *rootfs)
    try:
        host.nothing_left()
    finally:
        host.stop_workers()
    layers = {record for name in host.entries("rootfs") for record in _layers("rootfs", name)}
    layers |= {record for name in host.entries("containers") for record in _layers("containers", name)}
    host.until(lambda: set(host.entries("layers")) == layers, "no layer that nobody uses")


def _layers(kind, name):
    return host.json.loads((host.STORE / kind / name / "record.json").read_text())["layers"]


def keep(kind, name):
    KEPT[kind].add(name)
    return name


# ---- root filesystems and containers that tests share ---------------------------------------------

@pytest.fixture(scope="session")
def trixie_tree(prepared_host):
    """What the rootfs trixie is made of, unpacked by tar(1)."""
    return guests.prepare_tree("trixie")


@pytest.fixture(scope="session")
def trixie_tar(trixie_tree):
    return tars.pack(trixie_tree, guests.WORK / "trixie.tar", "--sparse")


@pytest.fixture(scope="session")
def trixie(trixie_tar):
    """A Debian 13 rootfs; bob's."""
    return guests.import_as("bob", keep("rootfs", "trixie"), trixie_tar)


@pytest.fixture(scope="session")
def tiny(prepared_host):
    """A rootfs that does not boot; bob's."""
    return guests.import_as("bob", keep("rootfs", "tiny"), "-", stdin=tars.small())


@pytest.fixture(scope="session")
def web(prepared_host):
    """A rootfs with a web server that runs; bob's."""
    return guests.import_as("bob", keep("rootfs", "web"), guests.TARBALLS / "trixie-web.tar")


@pytest.fixture
def ports():
    """Two ports of the host that nobody has."""
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in (one, other)]


@pytest.fixture
def port(ports):
    return ports[0]


@pytest.fixture(scope="session")
def box(trixie):
    """A confined container that runs; bob's."""
    return guests.start(guests.confined(trixie, name=keep("containers", "box")))


@pytest.fixture(scope="session")
def shop(prepared_host):
    """A pod without members; bob's."""
    host.sdmectl("bob", "pod", "new", "shop").ok()
    return "shop"


@pytest.fixture(scope="session")
def clone(prepared_host):
    """A clone of the host that runs; bob's."""
    return guests.start(guests.create("", name=keep("containers", "clone")))


@pytest.fixture
def stopped(trixie):
    """A confined container of its own for the test; bob's."""
    return guests.confined(trixie)


@pytest.fixture
def running(stopped):
    return guests.start(stopped)


@pytest.fixture
def processes():
    """Processes that end with the test: processes(user, *argv) starts one."""
    started = []

    def start(user, *argv, **options):
        started.append(host.spawn(user, *argv, **options))
        return started[-1]
    yield start
    for process in started:
        if process.poll() is None:
            host.kill_group(process, signal.SIGKILL)
