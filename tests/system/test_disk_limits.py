# SPDX-License-Identifier: MIT
"""What a container may write to the disk, by the quota groups of btrfs. Projects of ext4 and XFS: tests/vm_suite."""
import pytest

import bus
import guests
import host
from conftest import keep

DISK = guests.WORK / "btrfs"


def quotas(verb, *options):
    host.run("root", "btrfs", "quota", verb, *options, host.STORE).ok()


@pytest.fixture(scope="module", autouse=True)
def store_on_btrfs(prepared_host):
    """The store is on a btrfs with quotas."""
    host.systemctl("stop", "sdmed.service").ok()
    with open(DISK, "wb") as disk:
        disk.truncate(2 << 30)
    host.run("root", "mkfs.btrfs", "-q", DISK).ok()
    host.run("root", "mount", "-o", "loop", DISK, host.STORE).ok()
    host.STORE.chmod(0o700)
    host.restart_daemon()
    quotas("enable", "--simple")
    yield
    host.systemctl("stop", "sdmed.service").ok()
    host.until(lambda: host.run("root", "umount", host.STORE).status == 0, "the store to be free")
    DISK.unlink()
    host.restart_daemon()


@pytest.fixture(scope="module")
def counted(store_on_btrfs):
    """A Debian 13 rootfs there; bob's."""
    return guests.import_as("bob", keep("rootfs", "counted"), guests.TARBALLS / "trixie.tar")


@pytest.fixture(scope="module")
def empty(store_on_btrfs):
    """A rootfs that does not boot, there; bob's."""
    host.run("bob", "sh", "-c", "mkdir -p /tmp/empty/etc && tar -C /tmp/empty -c . > /tmp/empty.tar").ok()
    return guests.import_as("bob", keep("rootfs", "empty"), "/tmp/empty.tar", "--install-packages", "no")


def fill(name, megabytes):
    return guests.shell_in(name, f"head -c {megabytes}M /dev/zero > /root/filler; status=$?; sync; exit $status")


def most(name):
    """What the file system holds a container to; None where it does not."""
    rows = host.run("root", "btrfs", "qgroup", "show", "-r", "--raw", host.STORE).ok().splitlines()
    [row] = [row.split() for row in rows if row.endswith(f"containers/{name}/written")]
    return None if row[3] == "none" else int(row[3])


def test_held_changed_and_kept(counted):
    name = guests.start(guests.confined(counted, "--disk", "64M"))
    full = fill(name, 100)
    assert full.status != 0 and "quota" in full.err
    host.sdmectl("bob", "set", name, "--disk", "256M").ok()
    assert fill(name, 100).ok() == ""
    host.sdmectl("bob", "restart", "--kill", name, timeout=180).ok()
    assert most(name) == 256 << 20 and fill(name, 300).status != 0
    host.sdmectl("bob", "set", name, "--disk", "none").ok()
    assert most(name) is None and fill(name, 300).ok() == ""


def test_nobody_else_is_held(counted):
    limited, other = guests.start(guests.confined(counted, "--disk", "64M")), guests.start(guests.confined(counted))
    assert fill(limited, 100).status != 0
    assert fill(other, 100).ok() == ""


def test_below_what_is_there(empty):
    name = guests.confined(empty)
    (guests.upper(name) / "filler").write_bytes(bytes(40 << 20))
    host.run("root", "sync").ok()
    refused = host.sdmectl("bob", "-v", "set", name, "--disk", "20M")
    assert refused.status == 1 and bus.error("LimitExceeded") in refused.err
    assert most(name) is None and "disk" not in host.sdmectl("bob", "show", name, "--json").json()[0]


def test_set_before_its_first_start(counted):
    name = guests.confined(counted)
    host.sdmectl("bob", "set", name, "--disk", "64M").ok()
    assert most(name) == 64 << 20
    assert fill(guests.start(name), 100).status != 0


def test_gone_without_a_trace(empty):
    name = guests.confined(empty, "--disk", "64M")
    assert host.run("root", "btrfs", "subvolume", "show", guests.upper(name).parent).status == 0
    host.sdmectl("bob", "rm", name).ok()
    host.nothing_left()
    assert host.run("root", "btrfs", "subvolume", "list", host.STORE).ok() == ""


def test_full_it_can_be_changed_and_started(counted):
    """What sdmed writes of it is not counted, and it starts, so that somebody can make room."""
    name, other = guests.start(guests.confined(counted, "--disk", "64M")), host.unique("other")
    assert fill(name, 100).status != 0 and guests.shell_in(name, "head -c 2M /dev/zero > /root/more").status != 0
    host.sdmectl("bob", "set", name, "--protected", "-e", "A=1").ok()
    host.sdmectl("bob", "stop", "--kill", name).ok()
    host.sdmectl("bob", "rename", name, other).ok()
    guests.start(other)
    assert most(other) == 64 << 20 and guests.exec_in(other, "hostname").ok() == other
    guests.shell_in(other, "rm /root/filler && sync && head -c 10M /dev/zero > /root/filler").ok()
    host.sdmectl("bob", "set", other, "--no-protected").ok()


def test_volume_with_subvolumes_goes():
    """On btrfs a guest can make subvolumes of its own in there."""
    host.sdmectl("bob", "volume", "create", name := host.unique("vol")).ok()
    inner = host.STORE / "volumes" / name / "data"
    for word in ("one", "two"):
        host.run("root", "btrfs", "subvolume", "create", inner / word).ok()
        inner = inner / word
        (inner / "deep/er").mkdir(parents=True)
        (inner / "deep/er/file").touch()
    host.sdmectl("bob", "volume", "rm", name).ok()
    host.nothing_left()


def test_renamed_it_is_held_as_before(empty):
    name, other = guests.confined(empty, "--disk", "64M"), host.unique("other")
    host.sdmectl("bob", "rename", name, other).ok()
    assert most(other) == 64 << 20


def test_without_quotas(empty):
    limited = guests.confined(empty, "--disk", "64M")
    quotas("disable")
    try:
        for verb in (["create", "--fs", empty, "--private-network"], ["set", guests.confined(empty)]):
            refused = host.sdmectl("bob", "-v", *verb, "--disk", "64M")
            assert refused.status == 1 and bus.error("NotSupported") in refused.err and "btrfs quota enable" in refused.err
        refused = host.sdmectl("bob", "start", limited)
        assert refused.status != 0 and "btrfs quota enable" in refused.err
        host.sdmectl("bob", "set", limited, "--disk", "none").ok()
    finally:
        quotas("enable", "--simple")
