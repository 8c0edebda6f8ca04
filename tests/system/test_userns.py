# SPDX-License-Identifier: MIT
"""User namespaces by idmapped layers: root inside is nobody outside, and nothing on disk shows it."""
import os
import pathlib

import pytest

import guests
import host
import trees
from guests import exec_in, shell_in

SPECIAL = "/" + guests.SPECIALS


def uid_map(name):
    return shell_in(name, "cat /proc/self/uid_map").out.split()


@pytest.fixture(scope="module")
def mapped(box):
    return box


def test_default_where_the_network_is_private(mapped):
    inside, outside, count = (int(word) for word in uid_map(mapped))
    assert inside == 0 and count == 65536 and outside > 0 and outside % 65536 == 0
    assert os.stat(f"/proc/{host.leader(mapped)}").st_uid == outside
    shown = [c for c in host.sdmectl("alice", "ps", "--json").json() if c["name"] == mapped][0]
    assert shown["userns"] is True and shown["network"] == "private" and shown["privileged"] is False


def test_range_collides_with_nobody(running, mapped):
    """Two containers that run have two ranges, which no user of the host is in."""
    first, second = int(uid_map(mapped)[1]), int(uid_map(running)[1])
    assert abs(first - second) >= 65536
    taken = [entry.pw_uid for entry in host.pwd.getpwall()]
    assert not [uid for uid in taken if first <= uid < first + 65536]


def test_network_is_private(mapped):
    assert exec_in(mapped, "sh", "-c", "ls /sys/class/net").out.split() == ["lo"]
    assert os.readlink(f"/proc/{host.leader(mapped)}/ns/net") != os.readlink("/proc/self/ns/net")


def test_files_on_disk_stay_as_they_were(running):
    shell_in(running, "mkdir /srv/made && touch /srv/made/of-root && chown 1234:2345 /srv/made && ln /srv/made/of-root /srv/link").ok()
    shell_in(running, "touch of-tester && chmod 4750 of-tester && mkfifo pipe", options=["--user", "tester"]).ok()
    upper = guests.upper(running)
    made = os.lstat(upper / "srv/made")
    assert (made.st_uid, made.st_gid) == (1234, 2345)
    assert os.lstat(upper / "srv/made/of-root").st_uid == 0 and os.lstat(upper / "srv/link").st_nlink == 2
    of_tester = os.lstat(upper / "home/tester/of-tester")
    assert (of_tester.st_uid, of_tester.st_mode & 0o7777) == (1234, 0o4750)
    outside = int(uid_map(running)[1])
    assert {info.st_uid for info in trees.walk(upper).values()} <= {0, 1234, *range(1, 1000)}
    assert not [path for path, info in trees.walk(upper).items() if info.st_uid >= outside]


def test_ownership_inside(mapped):
    shown = shell_in(mapped, f"stat -c '%u %g %a' / /etc/shadow {SPECIAL}/owned {SPECIAL}/setuid-id").out.splitlines()
    assert shown[0] == "0 0 755" and shown[2] == "1234 2345 640" and shown[3] == "0 0 4755"
    assert shown[1].startswith("0 42")


def test_setuid_works(mapped):
    plain = exec_in(mapped, "id", options=["--user", "tester"]).out
    raised = exec_in(mapped, f"{SPECIAL}/setuid-id", options=["--user", "tester"]).out
    assert "uid=1234(tester)" in plain and "euid" not in plain
    assert "uid=1234(tester)" in raised and "euid=0(root)" in raised
    assert "egid=0(root)" in exec_in(mapped, f"{SPECIAL}/setgid-id", options=["--user", "tester"]).out


def test_file_capabilities_work(mapped):
    assert exec_in(mapped, "cat", "/etc/shadow", options=["--user", "tester"]).status == 1
    assert "tester" in exec_in(mapped, f"{SPECIAL}/capable-cat", "/etc/shadow", options=["--user", "tester"]).out


def test_removed_and_replaced_files(running):
    """Whiteouts and opaque directories are made from inside, and hold after a restart."""
    shell_in(running, "rm -r /usr/share/base-files && mkdir /usr/share/base-files && touch /usr/share/base-files/mine && rm /etc/debian_version").ok()
    host.sdmectl("bob", "restart", running, "--term", timeout=180).ok()
    assert shell_in(running, "ls /usr/share/base-files").out.split() == ["mine"]
    assert exec_in(running, "cat", "/etc/debian_version").status == 1


def test_restart_keeps_what_was_written(running):
    shell_in(running, "echo kept > /srv/kept && chown tester /srv/kept").ok()
    host.sdmectl("bob", "stop", running, timeout=180).ok()
    host.sdmectl("bob", "start", running, timeout=180).ok()
    assert shell_in(running, "cat /srv/kept; stat -c %U /srv/kept").out.split() == ["kept", "tester"]


def test_host_is_out_of_reach(mapped):
    """Root inside is nobody: neither devices nor the kernel's settings obey it."""
    assert exec_in(mapped, "sh", "-c", "echo 1 > /proc/sys/kernel/panic").status != 0
    assert exec_in(mapped, "mknod", "/srv/device", "b", "7", "0").status != 0
    assert exec_in(mapped, "mount", "-o", "remount,rw", "/sys").status != 0


def test_no_user_namespace(trixie):
    name = guests.start(guests.create(trixie, "--private-network", "--no-userns"))
    assert uid_map(name) == ["0", "0", "4294967295"]
    assert os.stat(f"/proc/{host.leader(name)}").st_uid == 0
    raised = exec_in(name, f"{SPECIAL}/setuid-id", options=["--user", "tester"]).out
    assert "euid=0(root)" in raised


def test_block_devices_of_an_image(mapped):
    """A device node that came with the image opens nothing."""
    probe = ["systemd-run", "--quiet", "--wait", "--pipe", "-p", "DevicePolicy=closed", "dd", "if=/dev/loop0", "of=/dev/null", "count=1"]
    if host.run("root", *probe).status == 0:
        pytest.skip("this host does not enforce DevicePolicy= (no BPF for its control groups)")
    assert shell_in(mapped, f"dd if={SPECIAL}/block of=/dev/null count=1").status != 0
    assert shell_in(mapped, f"dd if={SPECIAL}/null of=/dev/null count=1").status == 0


def test_user_namespace_on_the_network_of_the_host(trixie):
    name = guests.start(guests.create(trixie, "--userns"))
    assert int(uid_map(name)[1]) > 0
    assert os.readlink(f"/proc/{host.leader(name)}/ns/net") == os.readlink("/proc/self/ns/net")


def test_no_mount_is_left(stopped):
    """A container mounts in a namespace of its own: the host never sees it, stopped or running."""
    def ours():
        return [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if "/sdmed/" in line]
    assert not ours()
    guests.start(stopped)
    assert not ours()
    host.sdmectl("bob", "stop", "--kill", stopped).ok()
    assert not ours()
