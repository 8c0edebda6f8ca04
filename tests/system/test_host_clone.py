# SPDX-License-Identifier: MIT
"""A clone of the running host: everything is there, and what happens inside stays inside."""
import os
import pathlib
import pwd
import subprocess

import pytest

import bus
import guests
import host
from guests import exec_in, shell_in

ALLOWED = ('subject.user === "alice" && ["org.sdme.create-container", "org.sdme.grant-host-access", "org.sdme.container-shell", '
           '"org.sdme.manage-privileged-containers"].indexOf(action.id) >= 0')


def test_new_as_a_user():
    """`sdmectl new` with a rule: made, started, and entered as oneself, with one's home and shell."""
    name = host.unique("new")
    with host.rule(ALLOWED):
        with host.terminal("alice", "/usr/bin/sdmectl", "new", name) as child:
            child.expect(r"\$ ", timeout=60 * host.SLOWER)
            child.sendline('echo "$(id -un):$HOME:$SHELL:$(pwd):$(hostname)"')
            child.expect(f"alice:/home/alice:/bin/bash:/home/alice:{name}")
            child.sendline("exit 3")
            child.expect(host.pexpect.EOF)
            child.close()
            assert child.exitstatus == 3
        assert exec_in(name, "id", "-un", user="alice").ok() == "alice"
        assert exec_in(name, "id", "-un", user="alice", options=["--user", "root"]).ok() == "root"
    assert guests.state(name) == "running"


def test_new_with_a_command():
    name = host.unique("new")
    result = host.sdmectl("bob", "new", name, "--", "sh", "-c", "pwd; exit 6", timeout=180)
    assert result.status == 6 and result.out == "/home/bob\n"
    assert guests.state(name) == "running"


def test_entering_a_clone_reaches_the_host(clone):
    """The shell of a clone asks for both actions: container-shell alone is not enough."""
    with host.rule('subject.user === "alice" && action.id === "org.sdme.container-shell"'):
        assert exec_in(clone, "true", user="alice").status == 125
        assert bus.refusal("alice", "OpenShell", clone, "", [], [], {}) in bus.REFUSALS


def test_it_is_this_host(clone):
    assert exec_in(clone, "cat", "/etc/debian_version").out == pathlib.Path("/etc/debian_version").read_text()
    shown = [c for c in host.sdmectl("alice", "ps", "--json").json() if c["name"] == clone][0]
    assert shown["host_clone"] is True and shown["rootfs"] == "" and shown["privileged"] is True
    assert shown["userns"] is False and shown["network"] == "host"
    features = host.sdmectl("bob", "show", clone, "--json").json()[0]["features"]
    assert set(features) == {"host-clone", "host-network", "no-user-namespace"}


def test_network_is_the_hosts(clone):
    assert os.readlink(f"/proc/{host.leader(clone)}/ns/net") == os.readlink("/proc/self/ns/net")


def test_identity_is_its_own(clone):
    for path in ("/etc/machine-id", "/etc/hostname"):
        assert exec_in(clone, "cat", path).out != pathlib.Path(path).read_text()
    assert exec_in(clone, "hostname").ok() == clone


# Asks the resolver that /etc/resolv.conf names for an address, without a C library in between.
ASK = """
import re, socket
server = re.search(r"^nameserver ([0-9.]+)", open("/etc/resolv.conf").read(), re.M)[1]
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asker.settimeout(5)
name = b"".join(bytes([len(part)]) + part for part in b"known-outside.test".split(b"."))
asker.sendto(bytes.fromhex("abcd01000001000000000000") + name + bytes.fromhex("0000010001"), (server, 53))
print(socket.inet_ntoa(asker.recv(500)[-4:]))
"""


def test_resolver_of_the_host(clone):
    """A name that only the host's resolver knows is known inside."""
    path = pathlib.Path("/etc/hosts")
    before = path.read_text()
    assert exec_in(clone, "python3", "-c", ASK).out.strip() != "192.0.2.77"
    path.write_text(before + "192.0.2.77 known-outside.test\n")
    try:
        host.until(lambda: "192.0.2.77" in host.run("root", "resolvectl", "query", "known-outside.test").out, "the host's resolver")
        assert "known-outside" not in exec_in(clone, "cat", "/etc/hosts").out
        assert exec_in(clone, "python3", "-c", ASK).ok() == "192.0.2.77"
    finally:
        path.write_text(before)


def snapshot(*paths):
    found = {}
    for path in paths:
        for folder, folders, files in os.walk(path):
            for name in folders + files:
                full = os.path.join(folder, name)
                info = os.lstat(full)
                found[full] = (info.st_mode, info.st_uid, info.st_size if not os.path.isdir(full) else 0, info.st_mtime_ns)
    return found


PACKAGE = guests.WORK / "hello-sdmed.deb"


@pytest.fixture
def package():
    """A Debian package with a program and a script that runs as root."""
    tree = guests.WORK / "package"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text("Package: hello-sdmed\nVersion: 1\nArchitecture: all\nMaintainer: T <t@example.org>\n"
                                         "Description: a test\n")
    (tree / "DEBIAN/postinst").write_text("#!/bin/sh\nuseradd --system hello-sdmed\n")
    (tree / "DEBIAN/postinst").chmod(0o755)
    (tree / "usr/bin/hello-sdmed").write_text("#!/bin/sh\necho hello\n")
    (tree / "usr/bin/hello-sdmed").chmod(0o755)
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, PACKAGE], check=True, capture_output=True)
    return PACKAGE.read_bytes()


def test_changes_stay_inside(package):
    """A package installed and files removed: inside they are, outside nothing changed."""
    clone = guests.start(guests.create(""))
    before = snapshot("/etc", "/usr/bin", "/usr/share/doc", "/var/lib/dpkg", "/home")
    shell_in(clone, "cat > /root/p.deb && dpkg -i /root/p.deb", stdin=package).ok()
    shell_in(clone, "rm /etc/debian_version /usr/bin/getfacl && rm -r /usr/share/zoneinfo /home/bob && touch /home/alice/inside").ok()
    assert exec_in(clone, "hello-sdmed").out == "hello\n"
    assert "install ok installed" in exec_in(clone, "dpkg", "-s", "hello-sdmed").out
    assert exec_in(clone, "ls", "/etc/debian_version", "/home/bob").status != 0
    assert snapshot("/etc", "/usr/bin", "/usr/share/doc", "/var/lib/dpkg", "/home") == before
    assert os.path.exists("/usr/share/zoneinfo") and not os.path.exists("/usr/bin/hello-sdmed")
    with pytest.raises(KeyError):
        pwd.getpwnam("hello-sdmed")
    assert host.run("root", "dpkg", "-s", "hello-sdmed").status != 0


def test_snapshot_sees_changes():
    """The negative control."""
    before = snapshot("/home")
    path = pathlib.Path("/home/alice/outside")
    path.touch()
    changed = snapshot("/home") != before
    path.unlink()
    assert changed


def test_opaque_directories(clone):
    """What a clone does not see of the host: its units and its log by default, and what one names."""
    unit = pathlib.Path("/etc/systemd/system/only-outside.service")
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    log = pathlib.Path("/var/log/only-outside.log")
    log.touch()
    try:
        assert exec_in(clone, "ls", str(unit)).status != 0
        assert exec_in(clone, "ls", str(log)).status != 0
        assert exec_in(clone, "ls", "/etc/debian_version", "/var/lib/dpkg/status").status == 0  # others are seen
    finally:
        unit.unlink()
        log.unlink()


def test_opaque_directories_of_ones_own():
    name = guests.start(guests.create("", "-o", "/home,/opt/none"))
    assert exec_in(name, "ls", "/home").ok() == ""
    assert exec_in(name, "ls", "-d", "/etc/systemd/system/sockets.target.wants").status == 0  # no longer among them
    assert set(host.sdmectl("bob", "show", name, "--json").json()[0]["opaque_dirs"]) == {"/home", "/opt/none"}


def test_masked_services(clone):
    assert shell_in(clone, "systemctl is-active systemd-resolved.service").out.strip() == "inactive"
    assert shell_in(clone, "systemctl is-enabled systemd-resolved.service").out.strip() in ("masked", "masked-runtime")
    assert host.unit("systemd-resolved.service", "ActiveState") == "active"  # here it runs


def test_store_is_not_visible(clone, box):
    assert exec_in(clone, "ls", "-A", str(host.STORE)).out.split() == []
    assert shell_in(clone, "find /var/lib/sdmed /run/sdmed -name record.json 2>/dev/null").out == ""


def test_other_mounts_of_the_host():
    """What else is mounted on the host is there too, and can be written without being changed."""
    place = pathlib.Path("/srv/mounted")
    place.mkdir()
    disk = guests.WORK / "disk"
    host.run("root", "truncate", "--size=16M", disk).ok()
    host.run("root", "mke2fs", "-q", "-t", "ext4", disk).ok()
    host.run("root", "mount", "-o", "loop", disk, place).ok()
    try:
        (place / "outside").write_text("outside")
        name = guests.start(guests.create(""))
        assert exec_in(name, "cat", f"{place}/outside").out == "outside"
        shell_in(name, f"echo inside > {place}/outside && touch {place}/more").ok()
        assert (place / "outside").read_text() == "outside" and not (place / "more").exists()
        guests.kill(name)
    finally:
        host.run("root", "umount", place).ok()
        disk.unlink()
        place.rmdir()


def test_clone_with_a_user_namespace():
    """Confined in all but what it shows: root inside is nobody outside."""
    name = guests.start(guests.create("", "--private-network"))
    assert int(shell_in(name, "cat /proc/self/uid_map").out.split()[1]) > 0
    assert shell_in(name, "stat -c %u / /home/alice").out.split() == ["0", "1000"]
    shell_in(name, "touch /home/alice/mine && stat -c %u /etc/shadow").ok()
    assert not os.path.exists("/home/alice/mine")
