# SPDX-License-Identifier: MIT
"""The socket for peers: who they are says the kernel, what they may do says polkit, and a host without a bus is served too."""
import os
import pathlib
import socket

import pytest

import bus
import guests
import host
import tars
from test_fds import descriptors
from test_prompts import prompts_open


def peer(user, *words, **options):
    return host.sdmectl(user, "--address", host.PEER, *words, **options)


def test_everybody_may_ask(box):
    for user in ("alice", "bob", "root"):
        assert box in peer(user, "ps").ok()


def test_activation_by_the_socket(box):
    host.systemctl("stop", "sdmed.service").ok()
    assert host.daemon_pid() == 0
    assert box in peer("alice", "ps").ok()
    assert host.daemon_pid() > 0


def test_polkit_decides(stopped):
    assert peer("alice", "-v", "start", stopped).status == 4
    with host.rule(f'subject.user === "alice" && action.id === "org.sdme.manage-containers" && action.lookup("container") === "{stopped}"'):
        assert peer("alice", "enable", stopped).ok() == stopped
    assert peer("alice", "disable", stopped).status == 4
    with host.no_polkit():
        assert peer("bob", "enable", stopped).status == 4
        assert peer("root", "disable", stopped).ok() == stopped


def test_everything_works(tiny, trixie):
    """Import, create, start, exec, a terminal and removal, as over the bus; what passes descriptors, for root."""
    rootfs, name = host.unique("peer"), host.unique("peer")
    assert peer("root", "fs", "import", rootfs, "-", stdin=tars.small()).ok() == rootfs
    assert peer("bob", "create", name, "--fs", trixie, "--private-network").ok() == name
    assert peer("bob", "start", name, timeout=180).ok() == name
    data = os.urandom(1 << 20)
    assert peer("root", "exec", name, "cat", stdin=data).raw == data
    assert peer("root", "exec", name, "--", "sh", "-c", "exit 42").status == 42
    assert "systemd" in peer("root", "logs", name).ok()
    with host.terminal("root", "/usr/bin/sdmectl", "--address", host.PEER, "join", name, "--", "tty") as child:
        child.expect("/dev/pts/")
    assert peer("bob", "rm", name).ok() == name
    assert peer("root", "fs", "rm", rootfs).ok() == rootfs


def test_who_one_is_comes_from_the_kernel(stopped):
    """A peer that says it is root is who it is."""
    with bus.caller("alice", host.PEER) as alice, pytest.raises(bus.BusError) as refused:
        alice.call("StartContainer", stopped, {})
    assert refused.value.name in bus.REFUSALS
    # By hand, with the uid of root in the handshake.
    script = ("import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(5); "
              f"s.connect('{host.SOCKET}'); s.sendall(b'\\0AUTH EXTERNAL 30\\r\\n'); print(s.recv(100))")
    said = host.run("alice", "python3", "-c", script)
    assert "OK" not in said.out


def test_descriptors_of_peers(box):
    """The rules for descriptors hold here too."""
    with descriptors() as found, bus.caller("root", host.PEER) as root:
        for what in ("directory", "o-path", "proc", "pipe-write"):
            with pytest.raises(bus.BusError) as refused:
                root.call("ImportRootfs", "no-such", bus.Fd(found[what]), {})
            assert refused.value.name == bus.error("InvalidArgument"), what


def test_silent_peers_block_nobody(box):
    """One that connects and says nothing, one that says half, one that says nonsense; and after ten seconds they are gone."""
    peers = [socket.socket(socket.AF_UNIX) for _ in range(3)]
    for one, words in zip(peers, (b"", b"\0AUTH EXT", b"\0nonsense\r\n" * 10)):
        one.connect(host.SOCKET)
        one.sendall(words)
    assert box in host.run("alice", "sdmectl", "ps", timeout=3).ok()
    assert box in host.run("alice", "sdmectl", "--address", host.PEER, "ps", timeout=3).ok()
    for one in peers:
        one.settimeout(20)
        while one.recv(1000):
            pass
        one.close()


def test_limit_of_connections():
    """A user has so many; others, and root, still get theirs."""
    with host.settings("[Limits]\nPeersPerUser=3\n"):
        many = [bus.Caller("alice", host.PEER) for _ in range(3)]
        try:
            for one in many:
                one.call("ListContainers", {})
            assert peer("alice", "ps").status == 69
            assert peer("bob", "ps").status == 0 and peer("root", "ps").status == 0
        finally:
            for one in many:
                one.vanish()
        host.until(lambda: peer("alice", "ps").status == 0, "room for alice")


def test_peer_vanishes_in_the_prompt(stopped):
    with host.silent_polkit():
        once = bus.Caller("alice", host.PEER)
        once.begin("StartContainer", stopped, {}, interactive=True)
        host.until(lambda: prompts_open() == 1, "the prompt to be open")
        once.vanish()
        host.until(lambda: prompts_open() == 0, "the prompt to be withdrawn")
    assert guests.state(stopped) == "stopped"


def test_peer_vanishes_while_it_waits():
    """What it waited for goes on, and its end is told to nobody."""
    reading, writing = os.pipe()
    with bus.caller("bob") as bob:
        job = bob.call("ImportRootfs", host.unique("waits"), bus.Fd(reading), {"on-disconnect": ("s", "continue")})
        pid = host.daemon_pid()
        waiting = [bus.Caller("bob", host.PEER) for _ in range(3)]
        for one in waiting:
            one.begin("WaitJob", job)
        assert not any(one.answered(0.2) for one in waiting)
        for one in waiting:
            one.vanish()
        assert str(job) in peer("bob", "jobs").ok()
        bob.call("CancelJob", job, {})
        assert bob.call("WaitJob", job)[0] == "cancelled"
    os.close(reading)
    os.close(writing)
    assert host.daemon_pid() == pid


def test_daemon_ends_while_calls_wait():
    """They hear that they get no answer, and it ends in good order."""
    reading, writing = os.pipe()
    with bus.caller("bob") as bob, bus.caller("bob", host.PEER) as by_peer:
        job = bob.call("ImportRootfs", host.unique("waits"), bus.Fd(reading), {"on-disconnect": ("s", "continue")})
        for one in (bob, by_peer):
            one.begin("WaitJob", job)
        assert not bob.answered(0.2) and not by_peer.answered()
        host.systemctl("stop", "sdmed.service").ok()
        assert host.unit("sdmed.service", "Result") == "success"
        for one in (bob, by_peer):
            with pytest.raises(bus.BusError):
                one.finish(10)
    os.close(reading)
    os.close(writing)
    bus.call("bob", "WaitJob", job)


def test_peer_vanishes_in_mid_upload():
    name = host.unique("upload")
    reading, writing = os.pipe()
    once = bus.Caller("root", host.PEER)
    once.call("ImportRootfs", name, bus.Fd(reading), {})
    os.close(reading)
    host.until(lambda: host.entries("staging"), "the import to have begun")
    once.vanish()
    host.nothing_left()
    os.close(writing)
    assert name not in host.entries("rootfs")


def test_only_the_manager_is_there(box):
    with bus.caller("alice", host.PEER) as alice, pytest.raises(bus.BusError) as refused:
        alice.call("Get", "org.sdme1.Container", "State", interface="org.freedesktop.DBus.Properties",
                   path=f"/org/sdme1/container/{box}", signature="ss")
    assert "Unknown" in refused.value.name


# ---- no bus at all --------------------------------------------------------------------------------

@pytest.fixture
def no_system_bus():
    """dbus is stopped; afterwards those that lost it are started anew."""
    host.systemctl("stop", "sdmed.service").ok()
    host.systemctl("stop", "polkit.service", "systemd-machined.service")
    host.systemctl("mask", "--runtime", "--now", "dbus.socket", "dbus.service")
    for left in ("/run/dbus/system_bus_socket",):
        pathlib.Path(left).unlink(missing_ok=True)
    yield
    host.systemctl("unmask", "--runtime", "dbus.socket", "dbus.service")
    host.systemctl("start", "dbus.socket", "dbus.service").ok()
    host.until(lambda: host.busctl("root", "status", "org.freedesktop.systemd1").status == 0, "systemd to be back on the bus")
    host.systemctl("restart", "systemd-logind.service", "polkit.service").ok()
    host.restart_daemon()


@pytest.mark.last
def test_without_a_system_bus(trixie, box, no_system_bus):
    """Root works over the socket: list, import, create, start, exec, stop, remove; others cannot be asked about."""
    before = host.invocation(box)
    assert host.sdmectl("root", "ps").status == 69
    assert box in peer("root", "ps").ok()
    rootfs, name = host.unique("busless"), host.unique("busless")
    assert peer("root", "fs", "import", rootfs, "-", stdin=tars.small()).ok() == rootfs
    assert peer("root", "create", name, "--fs", trixie, "--private-network").ok() == name
    assert peer("root", "show", name, "--json").json()[0]["name"] == name
    assert peer("root", "start", name, timeout=120).ok() == name
    assert peer("root", "exec", name, "--", "sh", "-c", "id -u; exit 42").status == 42
    assert peer("root", "exec", box, "id", "-u").ok() == "0"
    result = peer("bob", "start", name)
    assert result.status == 4 and "polkit" in result.err
    assert peer("bob", "ps").status == 0
    assert peer("root", "stop", "--term", name, timeout=120).ok() == name
    assert peer("root", "rm", name).ok() == name
    assert peer("root", "fs", "rm", rootfs).ok() == rootfs
    assert host.invocation(box) == before


@pytest.mark.last
def test_name_is_claimed_when_a_bus_appears(box):
    """After that, without a restart, both ways lead in."""
    host.systemctl("stop", "sdmed.service").ok()
    host.systemctl("stop", "polkit.service", "systemd-machined.service")
    host.systemctl("mask", "--runtime", "--now", "dbus.socket", "dbus.service")
    pathlib.Path("/run/dbus/system_bus_socket").unlink(missing_ok=True)
    try:
        peer("root", "ps").ok()
        pid = host.daemon_pid()
        assert pid > 0
    finally:
        host.systemctl("unmask", "--runtime", "dbus.socket", "dbus.service")
        host.systemctl("start", "dbus.socket", "dbus.service").ok()
        host.until(lambda: host.busctl("root", "status", "org.freedesktop.systemd1").status == 0, "systemd to be back on the bus")
        host.systemctl("restart", "systemd-logind.service", "polkit.service").ok()
    host.until(lambda: box in host.sdmectl("alice", "ps").out, "the name on the bus")
    assert host.daemon_pid() == pid
    assert guests.exec_in(box, "true", user="bob").status == 0
