# SPDX-License-Identifier: MIT
"""What is enabled runs again after a reboot: by systemd, with nobody logged in, and before anybody asks the daemon."""
from machine import until

NAMES = ["site", "front", "back"]


def answer(machine, port):
    return machine.shell(f"curl -s -m 10 -o /dev/null -w '%{{http_code}}' http://127.0.0.1:{port}/").out


def states(machine):
    return {shown["name"]: shown["state"] for shown in machine.sdmectl("ps", "--json").json()}


def test_enabled_containers_come_back(machine):
    machine.sdmectl("pod", "new", "shop", "-p", "8081:80").ok()
    machine.sdmectl("create", "site", "--fs", "web", "--network-veth", "-p", "8080:80").ok()
    machine.sdmectl("create", "front", "--fs", "web", "--pod", "shop").ok()
    machine.sdmectl("create", "back", "--fs", "web", "--pod", "shop", "--masked-services", "nginx.service").ok()
    machine.sdmectl("create", "idle", "--fs", "web", "--private-network").ok()
    machine.sdmectl("enable", *NAMES).ok()
    machine.sdmectl("start", *NAMES, "idle", timeout=600).ok()
    for port in (8080, 8081):
        until(lambda: answer(machine, port) == "200", f"an answer on port {port} before the reboot")
    machine.sdmectl("exec", "site", "--", "sh", "-c", "echo kept >/root/kept; sync").ok()
    machine.reboot()

    assert machine.run("root", "systemctl", "is-active", "sdmed.service").out.strip() == "inactive"
    assert machine.run("root", "loginctl", "list-sessions", "--no-legend").ok() == ""
    for port in (8080, 8081):
        until(lambda: answer(machine, port) == "200", f"an answer on port {port}")
    assert machine.run("root", "systemctl", "is-active", "sdmed.service").out.strip() == "inactive"
    assert states(machine) == dict.fromkeys(NAMES, "running") | {"idle": "stopped"}
    assert machine.sdmectl("pod", "show", "shop", "--json").json()[0]["members"] == ["back", "front"]
    assert machine.sdmectl("exec", "site", "--", "cat", "/root/kept").ok() == "kept"
    machine.sdmectl("rm", *NAMES, "idle", timeout=600).ok()
    machine.sdmectl("pod", "rm", "shop").ok()
