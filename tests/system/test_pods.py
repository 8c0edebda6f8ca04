# SPDX-License-Identifier: MIT
"""Pods: a network that containers share. Everything is done by bob, who is nobody to the host."""
import json
import pathlib

import pytest

import guests
import host
from test_network import answers, get, get_inside, has_address, listening, root


@pytest.fixture
def pod():
    name = host.unique("pod")
    host.sdmectl("bob", "pod", "new", name).ok()
    yield name
    if found := shown(name):
        guests.kill(*found["members"])
        host.sdmectl("root", "pod", "rm", name).ok()


def shown(name):
    found = [p for p in host.sdmectl("bob", "pod", "ls", "--json").json() if p["name"] == name]
    return found[0] if found else None


def quiet(rootfs, pod, *options):
    """A member without a web server, so that another has port 80."""
    return guests.create(rootfs, "--pod", pod, *options)


@pytest.mark.parametrize("users", ["--userns", "--no-userns"])
def test_members_share_a_loopback(web, trixie, pod, users):
    server = guests.start(guests.create(web, "--pod", pod, users))
    friend = guests.start(quiet(trixie, pod, users))
    stranger = guests.start(guests.confined(web))
    assert shown(pod)["members"] == sorted([server, friend])
    speak = "exec 3<>/dev/tcp/127.0.0.1/80 && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && head -n1 <&3"
    host.until(lambda: "200" in guests.exec_in(friend, "bash", "-c", speak).out, "an answer on the loopback")
    guests.exec_in(stranger, "systemctl", "stop", "nginx")
    assert guests.exec_in(stranger, "bash", "-c", speak).status != 0
    host.restart_daemon()
    assert "200" in guests.exec_in(friend, "bash", "-c", speak).out
    assert get_inside(server, "http://127.0.0.1/") == "200"


def test_no_member_can_change_the_network(trixie, pod):
    name = guests.start(quiet(trixie, pod))
    assert guests.shell_in(name, "ip link set lo down").status != 0
    assert guests.shell_in(name, "ip -br link").ok().startswith("lo")


def test_it_outlives_its_members_and_the_daemon(web, pod, port):
    name = guests.create(web, "--pod", pod)
    host.sdmectl("bob", "pod", "port", "add", pod, f"{port}:80").ok()
    guests.start(name)
    assert get("127.0.0.1", port) == 200
    host.kill_daemon()
    host.sdmectl("bob", "stop", name).ok()
    assert host.unit(f"sdme-pod@{pod}.service", "ActiveState") == "active"
    guests.start(name)
    assert get("127.0.0.1", port) == 200


@pytest.mark.parametrize("how", [[], ["--attach", "veth"], ["--zone", "podzone"]], ids=["private", "veth", "zone"])
def test_ports(web, port, how):
    pod = host.unique("pod")
    host.sdmectl("bob", "pod", "new", pod, *how, "-p", f"{port}:80").ok()
    name = guests.start(guests.create(web, "--pod", pod))
    assert get("127.0.0.1", port) == 200 and get("::1", port) == 200
    assert "*:" + str(port) in listening(port)
    log = guests.shell_in(name, "cat /var/log/nginx/access.log").out
    assert log and not log.startswith("127."), log
    guests.kill(name)
    host.sdmectl("bob", "pod", "rm", pod).ok()
    assert not answers("127.0.0.1", port) and not listening(port)


def test_attached_and_detached_while_it_runs(web, pod):
    member = guests.start(guests.create(web, "--pod", pod))
    neighbour = guests.start(guests.create(web, "--network-zone", "podzone"))
    assert has_address(neighbour)
    assert get_inside(member, f"http://{neighbour}/") == "000"
    host.sdmectl("bob", "pod", "net", "attach", pod, "zone", "podzone").ok()
    assert shown(pod)["network"] == "zone:podzone" and shown(pod)["address"].startswith("10.")
    assert host.until(lambda: get_inside(member, f"http://{neighbour}/") == "200", "the neighbour's name")
    assert host.until(lambda: get_inside(neighbour, f"http://{pod}.podzone.internal/") == "200", "the pod's name")
    assert get(shown(pod)["address"], 80) == 200
    host.sdmectl("bob", "pod", "net", "detach", pod).ok()
    assert shown(pod)["network"] == "private" and shown(pod)["address"] == ""
    assert get_inside(neighbour, f"http://{pod}.podzone.internal/") == "000"
    assert "host0" not in guests.shell_in(member, "ip -br link").out


def test_ports_come_and_go(web, pod, port):
    name = guests.start(guests.create(web, "--pod", pod))
    host.sdmectl("bob", "pod", "port", "add", pod, f"{port}:80").ok()
    assert get("127.0.0.1", port) == 200
    host.sdmectl("bob", "pod", "port", "rm", pod, str(port)).ok()
    assert not answers("127.0.0.1", port)
    assert guests.exec_in(name, "true").status == 0


def test_what_is_refused(web, trixie, pod, port):
    member = quiet(trixie, pod)

    def refused(*words, status, says):
        said = host.sdmectl("bob", "-v", *words)
        assert said.status == status and says in said.err, said.err
    refused("pod", "rm", pod, status=5, says=member)
    refused("pod", "new", pod, status=5, says="exists already")
    refused("pod", "new", "Wrong", status=64, says="pod name")
    refused("pod", "new", host.unique("p"), "-p", "0:80", status=64, says="1 to 65535")
    refused("pod", "net", "attach", pod, "zone", status=64, says="zone")
    refused("pod", "net", "attach", "nosuch", "veth", status=3, says="no pod 'nosuch'")
    refused("pod", "show", "nosuch", status=3, says="no pod")
    refused("create", "--fs", trixie, "--pod", "nosuch", status=3, says="no pod 'nosuch'")
    refused("create", "--fs", trixie, "--pod", pod, "-p", "8080:80", status=64, says="pod's")
    holder = guests.create(web, "-p", f"{port}:80")
    refused("pod", "port", "add", pod, f"{port}:80", status=5, says=holder)
    assert shown(pod)["ports"] == []


def test_a_pod_of_another_is_not_joined_without_leave(trixie, pod):
    """Whoever is in it is on the loopback of all its members."""
    with host.rule("subject.user === 'alice' && action.id === 'org.sdme.create-container'"):
        said = host.sdmectl("alice", "create", "guest", "--fs", trixie, "--pod", pod)
        assert said.status == 4 and "manage-containers" in said.err, said.err
        own = host.unique("pod")
        host.sdmectl("alice", "pod", "new", own).ok()
        host.sdmectl("alice", "create", "guest", "--fs", trixie, "--pod", own).ok()
    guests.kill("guest")
    host.sdmectl("root", "pod", "rm", own).ok()


def test_it_is_an_object_to_watch(pod):
    tree = host.busctl("bob", "--json=short", "call", "org.sdme1", "/org/sdme1", "org.freedesktop.DBus.ObjectManager",
                       "GetManagedObjects").out
    objects = json.loads(tree)["data"][0]
    own = [interfaces for path, interfaces in objects.items() if "/pod/" in path and
           interfaces.get("org.sdme1.Pod", {}).get("Name", {}).get("data") == pod]
    assert own and own[0]["org.sdme1.Pod"]["Network"]["data"] == "private"


def test_nothing_is_left_behind(web, pod):
    guests.kill(guests.start(guests.create(web, "--pod", pod)))
    host.sdmectl("bob", "pod", "rm", pod).ok()
    assert not (pathlib.Path("/run/sdmed/pods") / pod).exists()
    assert pod not in root("cat", "/proc/self/mounts").out
    assert host.unit(f"sdme-pod@{pod}.service", "ActiveState") == "inactive"
    assert shown(pod) is None
