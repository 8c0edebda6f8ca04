# SPDX-License-Identifier: MIT
"""Bad days of a pull: whoever takes part in it is killed, the server goes, the disk is full. Nothing half made is seen, and
the next pull fetches only the rest. And what the two units of a pull may do, read off while they run."""
import contextlib
import os
import pathlib
import re

import pytest

import bus
import guests
import host
import images
import registries
import tars
from test_crash import small_disk  # noqa: F401 a fixture

BULK = 6_000_000


@pytest.fixture
def image():
    """A small layer and a large one."""
    small = tars.Archive().file("etc/os-release", b'ID=tiny\nPRETTY_NAME="Tiny 1"\n').bytes()
    large = tars.Archive().file("data", os.urandom(BULK)).bytes()
    return images.from_layers([small, large])


class Pull:
    """A pull by bob that the server holds in the middle of its layers."""

    def __init__(self, faulty, image, processes):
        self.faulty, self.image = faulty, image
        self.name = host.unique("pulled")
        self.source = f"docker://{faulty.place}/held/img:1"
        self.client = processes("bob", "sdmectl", "-v", "fs", "import", "--install-packages=no", self.name, self.source)
        layer = "/blobs/" + images.digest(image.layers[-1])
        host.until(lambda: faulty.requests(layer), "the last layer to be asked for")
        self.job = host.until(lambda: [j for j in host.sdmectl("root", "jobs", "--json").json()
                                       if j["target"] == self.name and j["bytes_done"] > BULK // 4], "half of it")[-1]["id"]

    @property
    def units(self):
        return f"sdme-job-{self.job}.service", f"sdme-job-{self.job}-fetch.service"

    def pids(self):
        return [int(host.unit(unit, "MainPID")) for unit in self.units]

    def end(self):
        self.faulty.released.set()
        _, err = self.client.communicate(timeout=120)
        return self.client.returncode, err.decode()

    def nothing_is_seen(self):
        host.nothing_left()
        assert self.name not in host.entries("rootfs")
        assert host.our_units("sdme-job-*-fetch.service") == []
        assert os.listdir("/var/cache/sdmed/fetch") == []

    def again(self):
        """The next pull, of a server that holds nothing back: what it asked for."""
        self.faulty.seen.clear()
        guests.import_as("bob", self.name, f"docker://{self.faulty.place}/img:1", "--install-packages=no")
        return self.faulty.requests("/blobs/")


@pytest.fixture
def pull(image, processes):
    host.sdmectl("root", "fs", "cache", "clean", "--all").ok()
    host.sdmectl("root", "fs", "gc").ok()
    with registries.Faulty({"img": image}) as faulty, registries.insecure(faulty.place):
        yield Pull(faulty, image, processes)
        faulty.released.set()


def resumed(pull):
    asked = pull.again()
    assert all(seen.range for seen in asked), f"at most the rest of each layer was to be fetched, not {asked}"


@pytest.mark.parametrize("which", [0, 1], ids=["import", "fetch"])
def test_killed_worker(pull, which):
    os.kill(pull.pids()[which], 9)
    status, err = pull.end()
    assert status == 1 and "org.sdme1.Error." in err, err
    pull.nothing_is_seen()
    resumed(pull)


def test_killed_daemon(pull):
    """Both units run on, and who asks again sees the end."""
    before = pull.pids()
    host.kill_daemon()
    assert pull.pids() == before
    status, err = pull.end()
    assert status == 0, err
    assert pull.name in host.entries("rootfs")
    host.nothing_left()


def test_all_are_killed(pull):
    """The daemon too: the next one tidies up, and the cache has what was fetched."""
    pids = pull.pids()
    host.kill_daemon()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)
    status, _ = pull.end()
    assert status == 1
    host.sdmectl("root", "ps").ok()
    pull.nothing_is_seen()
    resumed(pull)


def test_cancelled(pull):
    host.sdmectl("bob", "jobs", "cancel", str(pull.job)).ok()
    status, _ = pull.end()
    assert status == 130
    pull.nothing_is_seen()
    resumed(pull)


def test_client_is_killed(pull):
    """Its job goes with it: nobody waits for it."""
    host.kill_group(pull.client)
    host.until(lambda: not host.worker_units(), "the units to end")
    pull.nothing_is_seen()
    resumed(pull)


def test_detached(pull):
    """A job that nobody waits for by intent goes on."""
    name = host.unique("detached")
    host.sdmectl("bob", "fs", "import", "--detach", "--install-packages=no", name, pull.source).ok()
    pull.faulty.released.set()
    host.until(lambda: name in host.entries("rootfs"), "the pull to end by itself", 60)
    host.nothing_left()


def test_full_disk(small_disk, image, processes):  # noqa: F811
    """One that does not fit fails, leaves the room it took, and what was fetched is not fetched again."""
    big = images.from_layers([tars.Archive().file("data", os.urandom(40 << 20)).bytes()])
    with registries.Faulty({"img": big, "fits": image}) as faulty, registries.insecure(faulty.place):
        result = host.sdmectl("bob", "-v", "fs", "import", "--install-packages=no", "large", f"docker://{faulty.place}/img:1")
        assert result.status == 1 and bus.error("NoSpace") in result.err, result
        host.nothing_left()
        assert not host.entries("rootfs") and not host.entries("layers")
        free = os.statvfs(host.STORE)
        assert free.f_bavail > 0.9 * free.f_blocks
        guests.import_as("bob", "small", f"docker://{faulty.place}/fits:1", "--install-packages=no")


# ---- the workers' view ----------------------------------------------------------------------------

def status_of(pid):
    return dict(re.findall(r"^(\w+):\s*(.*)$", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M))


PLACES = ["/", "/usr", "/etc", "/var", "/run", "/home", "/root", "/var/lib/sdmed/layers", "/var/lib/sdmed/rootfs",
          "/var/lib/sdmed/containers", "/var/cache/sdmed/oci", "/run/sdmed/jobs"]


def writable(pid, *more):
    """Of places, those where a process like this one may make a file, as it sees them."""
    user = status_of(pid)["Uid"].split()[0]
    enter = ["nsenter", f"--target={pid}", "--mount", "--", "setpriv", f"--reuid={user}", "--clear-groups", "test", "-w"]
    return {place for place in (*PLACES, *more) if host.run("root", *enter, place).status == 0}


def exposure(unit):
    """What systemd-analyze makes of it, from 0 to 10."""
    shown = host.run("root", "systemd-analyze", "security", "--no-pager", unit).out
    return float(re.search(r"Overall exposure level for \S+: (\d+\.\d)", shown)[1])


def test_what_they_may(pull):
    unpack, fetch = pull.pids()
    unpack_unit, fetch_unit = pull.units

    # Who talks to the network is nobody, with nothing.
    seen = status_of(fetch)
    assert seen["CapEff"] == seen["CapPrm"] == seen["CapBnd"] == "0" * 16
    assert seen["NoNewPrivs"] == "1" and seen["Seccomp"] == "2" and int(seen["Uid"].split()[0]) >= 61184
    assert os.readlink(f"/proc/{fetch}/ns/net") == os.readlink("/proc/1/ns/net")
    root = f"/proc/{fetch}/root"
    assert os.listdir(f"{root}/var/lib/sdmed") == [] and os.listdir(f"{root}/home") == []
    assert sorted(os.listdir(f"{root}/var/cache/sdmed")) == ["fetch", "oci"]
    assert os.listdir(f"{root}/var/cache/sdmed/fetch") == [str(pull.job)]
    blobs = f"/var/cache/sdmed/fetch/{pull.job}"
    assert writable(fetch, blobs) == {blobs}

    # Who unpacks has the powers of files, and no network.
    seen = status_of(unpack)
    capabilities = host.run("root", "capsh", f"--decode={seen['CapBnd']}").out.split("=")[1].strip().split(",")
    assert set(capabilities) == {"cap_chown", "cap_dac_override", "cap_fowner", "cap_fsetid", "cap_setfcap", "cap_mknod"}
    assert seen["NoNewPrivs"] == "1" and seen["Seccomp"] == "2"
    assert os.readlink(f"/proc/{unpack}/ns/net") != os.readlink("/proc/1/ns/net")
    assert len(pathlib.Path(f"/proc/{unpack}/net/dev").read_text().strip().splitlines()) == 3  # two of headings, and lo
    staging, out = f"/var/lib/sdmed/staging/{pull.job}", f"/run/sdmed/jobs/{pull.job}/out"
    assert writable(unpack, staging, out) - {"/run/sdmed/jobs"} == {staging, out}  # that is empty memory of its own

    # In systemd's own words; a service without a sandbox has 9.6.
    assert exposure(fetch_unit) < 3 and exposure(unpack_unit) < 3.5
    assert exposure("dbus.service") > 4, "the negative control"
    pull.end()
