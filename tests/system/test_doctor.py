# SPDX-License-Identifier: MIT
"""sdmectl doctor: what it finds on this host, and what it finds when something is wrong."""
import contextlib
import pathlib

import bus
import host


def examined(user="alice"):
    result = host.sdmectl(user, "doctor", "--json")
    found = {one["check"]: one for one in host.json.loads(result.out)}
    assert result.status == (1 if any(one["level"] == "problem" for one in found.values()) else 0)
    return found


@contextlib.contextmanager
def file_with(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)
    try:
        yield
    finally:
        path.unlink()


def test_this_host():
    found = examined()
    for check in ("service", "kernel", "overlayfs", "tools", "networkd", "space", "machined"):
        assert found[check]["level"] == "ok", found[check]
    for one in found.values():
        assert one["finding"] and (one["level"] == "ok") == (one["fix"] == ""), one


def test_for_people():
    shown = host.sdmectl("alice", "doctor")
    assert shown.out.splitlines()[0].split() == ["CHECK", "LEVEL", "FINDING"]
    assert not host.worker_units()


def test_a_firewall_that_drops():
    """Which only root can see."""
    with bus.caller("alice") as alice:
        assert alice.do("CheckHost", {})["forward-drops"] == []
        host.run("root", "nft", "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }").ok()
        try:
            assert alice.do("CheckHost", {})["forward-drops"] == ["ip filter FORWARD"]
            found = examined()["firewall"]
            assert found["level"] == "problem" and "ip filter FORWARD" in found["finding"]
        finally:
            host.run("root", "nft", "delete table ip filter").ok()
    assert bus.refusal("alice", "CheckHost", {"x": ("b", True)}) == "org.sdme1.Error.InvalidArgument"


INPUT = "add table inet mine; add chain inet mine incoming { type filter hook input priority 0; policy accept; }"


def test_a_firewall_without_addresses_for_containers():
    """firewalld, for one, accepts by policy and refuses by its last rule."""
    try:
        host.run("root", "nft", INPUT + "; add rule inet mine incoming counter reject").ok()
        found = examined()["firewall"]
        assert found["level"] == "problem" and "inet mine incoming" in found["finding"] and "iifname" in found["fix"]
        host.run("root", "nft", 'insert rule inet mine incoming iifname "sd*" accept').ok()
        assert examined()["firewall"]["level"] == "ok"
    finally:
        host.run("root", "nft", "delete table inet mine").ok()


def test_files_that_are_in_the_way():
    with file_with("/etc/systemd/network/05-all.network", "[Match]\nName=*\n"), file_with("/etc/sysctl.d/99-test.conf", "net.ipv4.ip_forward=0\n"):
        found = examined()
    assert found["networkd"]["level"] == "problem" and found["forwarding"]["level"] == "problem"


def test_without_the_service():
    host.systemctl("mask", "--runtime", "--now", "sdmed.service", "sdmed.socket")
    try:
        assert examined()["service"]["level"] == "problem"
    finally:
        host.systemctl("unmask", "--runtime", "sdmed.service", "sdmed.socket").ok()
        host.systemctl("start", "sdmed.socket", "sdmed.service").ok()
