# SPDX-License-Identifier: MIT
"""Pods: a network that containers share. Everything is done by bob, who is nobody to the host."""
import json
import pathlib
import shutil

import pytest

import guests
import host
from test_network import address_of, answers, get, get_inside, has_address, listening, networks_gone, root


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


# What it takes that the applications of a container get into a pod which the container is not in.
APART = ["--private-network", "--no-userns"]
# The first line of what answers on port 80 of the loopback, without a program for it.
SPEAK = "exec 3<>/dev/tcp/127.0.0.1/80 && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && head -n1 <&3"


@pytest.mark.parametrize("users", ["--userns", "--no-userns"])
def test_members_share_a_loopback(web, trixie, pod, users):
    server = guests.start(guests.create(web, "--pod", pod, users))
    friend = guests.start(quiet(trixie, pod, users))
    stranger = guests.start(guests.confined(web))
    assert shown(pod)["members"] == sorted([server, friend])
    host.until(lambda: "200" in guests.exec_in(friend, "bash", "-c", SPEAK).out, "an answer on the loopback")
    guests.exec_in(stranger, "systemctl", "stop", "nginx")
    assert guests.exec_in(stranger, "bash", "-c", SPEAK).status != 0
    host.restart_daemon()
    assert "200" in guests.exec_in(friend, "bash", "-c", SPEAK).out
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


def test_members_stay_in_a_pod_whose_unit_is_restarted(web, pod, port):
    """An administrator may; and the next member would start it again."""
    host.sdmectl("bob", "pod", "net", "attach", pod, "zone", "podzone").ok()
    host.sdmectl("bob", "pod", "port", "add", pod, f"{port}:80").ok()
    member = guests.start(guests.create(web, "--pod", pod))
    space = guests.shell_in(member, "readlink /proc/1/ns/net").ok()
    host.systemctl("stop", f"sdme-pod@{pod}.service").ok()
    assert not answers("127.0.0.1", port) and "host0" not in guests.shell_in(member, "ip -br link").out
    host.systemctl("start", f"sdme-pod@{pod}.service").ok()
    assert get("127.0.0.1", port) == 200
    assert shown(pod)["address"] in guests.exec_in(member, "ip", "-4", "address").out
    assert root("nsenter", f"--net=/run/sdmed/pods/{pod}/netns", "readlink", "/proc/self/ns/net").ok() == space


def test_a_member_has_the_address_of_its_pod(trixie, pod):
    member = guests.create(trixie, "--pod", pod)
    assert address_of(member) == ""
    host.sdmectl("bob", "pod", "net", "attach", pod, "veth").ok()
    assert address_of(member) == shown(pod)["address"] != ""


@pytest.mark.parametrize("up", [False, True], ids=["down", "up"])
def test_the_first_network_of_a_boot(trixie, pod, up):
    """Nothing of an earlier one is there to write to."""
    host.until(networks_gone, "no network")
    host.systemctl("stop", "sdmed.service")
    for place in ("/run/sdmed/network", "/run/sdmed/pods"):
        shutil.rmtree(place, ignore_errors=True)
    member = guests.start(quiet(trixie, pod)) if up else ""
    host.sdmectl("bob", "pod", "net", "attach", pod, "veth").ok()
    assert shown(pod)["network"] == "veth"
    assert not up or shown(pod)["address"] in guests.exec_in(member, "ip", "-4", "address").out


def test_a_container_does_not_take_a_pods_name_in_a_zone(trixie, pod):
    zone = host.unique("z")
    host.sdmectl("bob", "pod", "net", "attach", pod, "zone", zone).ok()
    other = guests.create(trixie, "--network-zone", zone)
    for words in (["create", pod, "--fs", trixie, "--network-zone", zone], ["rename", other, pod]):
        refused = host.sdmectl("bob", *words)
        assert refused.status == 5 and f"the name of pod '{pod}'" in refused.err, refused


def test_no_two_that_are_attached_at_once_have_the_same_address(trixie):
    names = [host.unique("pod") for _ in range(4)]
    zone = host.unique("z")
    for name in names:
        host.sdmectl("bob", "pod", "new", name).ok()
    members = [guests.start(quiet(trixie, name)) for name in names]
    try:
        attaching = [host.spawn("bob", "sdmectl", "pod", "net", "attach", name, "zone", zone) for name in names]
        assert [process.wait(60) for process in attaching] == [0] * len(names)
        assert len({shown(name)["address"] for name in names}) == len(names)
    finally:
        guests.kill(*members)
        for name in names:
            host.sdmectl("bob", "pod", "rm", name).ok()


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


@pytest.mark.parametrize("how", ["--pod", "--oci-pod"])
def test_a_pod_of_another_is_not_joined_without_leave(trixie, pod, how):
    """Whoever is in it is on the loopback of all its members."""
    join = [how] if how == "--pod" else [*APART, how]
    allowed = "['org.sdme.create-container', 'org.sdme.grant-host-access'].indexOf(action.id) >= 0"
    with host.rule(f"subject.user === 'alice' && {allowed}"):
        said = host.sdmectl("alice", "create", "guest", "--fs", trixie, *join, pod)
        assert said.status == 4 and "manage-containers" in said.err, said.err
        own = host.unique("pod")
        host.sdmectl("alice", "pod", "new", own).ok()
        host.sdmectl("alice", "create", "guest", "--fs", trixie, *join, own).ok()
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


# ---- OCI applications alone -----------------------------------------------------------------------

UNIT = """[Service]
ExecStart=/usr/sbin/nginx -c /etc/application.conf
"""
NGINX = "daemon off; pid /run/application.pid; events {} http { server { listen 80; location / { return 200; } } }"
DROP_IN = "50-sdmed-pod.conf"


def serving(web, pod, *how):
    """A container that runs, with a web server for an application; its unit knows nothing of pods."""
    name = guests.create(web, "--oci-pod", pod, *(how or APART))
    guests.add_unit(name, "sdme-oci-web.service", UNIT)
    (guests.upper(name) / "etc/application.conf").write_text(NGINX)
    return guests.start(name)


def ask(name, *command):
    """What a command says as an application of the container."""
    return guests.exec_in(name, "systemd-run", "--quiet", "--wait", "--pipe", "--collect", "--unit=sdme-oci-ask", *command)


def ask_for(name, url):
    return ask(name, "curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", url).out


def drop_ins(name):
    return guests.exec_in(name, "systemctl", "show", "-P", "DropInPaths", "sdme-oci-web.service").ok()


def networks_of(name, pod):
    """That of the application, of the guest's PID 1, and of the pod."""
    inside = "readlink /proc/$(systemctl show -P MainPID sdme-oci-web)/ns/net /proc/1/ns/net"
    of_pod = root("nsenter", f"--net=/run/sdmed/pods/{pod}/netns", "readlink", "/proc/self/ns/net").ok()
    return *guests.shell_in(name, inside).ok().split(), of_pod.strip()


@pytest.mark.parametrize("how", [APART, ["--network-veth", "--no-userns"],
                                 [*APART, "--hardened", "--capability=net_admin"]], ids=["private", "veth", "hardened"])
def test_applications_are_in_a_pod_without_their_container(web, pod, port, how):
    host.sdmectl("bob", "pod", "port", "add", pod, f"{port}:80").ok()
    name = serving(web, pod, *how)
    assert host.sdmectl("bob", "show", "--json", name).json()[0]["oci_pod"] == pod
    assert shown(pod)["members"] == shown(pod)["oci_members"] == [name]
    assert f"{name}(oci)" in host.sdmectl("bob", "pod", "ls").out
    guests.exec_in(name, "systemctl", "stop", "nginx").ok()
    assert get("127.0.0.1", port) == 200 and get("::1", port) == 200
    application, own, of_pod = networks_of(name, pod)
    assert application == of_pod != own
    assert get_inside(name, "http://127.0.0.1/") == "000"
    host.restart_daemon()
    assert get("127.0.0.1", port) == 200
    host.kill_daemon()
    host.sdmectl("bob", "restart", name, timeout=180).ok()
    assert get("127.0.0.1", port) == 200
    assert networks_of(name, pod)[0] == of_pod


def test_applications_of_several_containers_share_a_loopback(web, trixie, pod):
    serving(web, pod)
    friend = guests.start(guests.create(web, "--oci-pod", pod, *APART))
    member = guests.start(quiet(trixie, pod))
    assert host.until(lambda: ask_for(friend, "http://127.0.0.1/") == "200", "an answer on the loopback")
    assert "200" in guests.exec_in(member, "bash", "-c", SPEAK).out
    guests.exec_in(friend, "systemctl", "stop", "nginx").ok()
    assert get_inside(friend, "http://127.0.0.1/") == "000"
    assert ask(friend, "ip", "link", "set", "lo", "down").status != 0
    assert "inet 127.0.0.1" in ask(friend, "ip", "address", "show", "lo").ok()


def test_applications_resolve_names_as_their_pod_does(web, pod):
    name = serving(web, pod)
    neighbour = guests.start(guests.create(web, "--network-zone", "podzone"))
    assert has_address(neighbour)
    assert ask_for(name, f"http://{neighbour}/") == "000"
    host.sdmectl("bob", "pod", "net", "attach", pod, "zone", "podzone").ok()
    assert host.until(lambda: ask_for(name, f"http://{neighbour}/") == "200", "the neighbour's name")
    assert host.until(lambda: get_inside(neighbour, f"http://{pod}.podzone.internal/") == "200", "the pod's name")
    assert get_inside(name, f"http://{neighbour}/") == "000"


def test_an_application_is_taken_out_of_its_pod(web, pod):
    name = serving(web, pod)
    assert DROP_IN in drop_ins(name)
    said = host.sdmectl("bob", "set", name, "--oci-pod", "")
    assert said.status == 0 and "oci-pod" in said.err, said.err
    host.sdmectl("bob", "restart", name, timeout=180).ok()
    application, own, of_pod = networks_of(name, pod)
    assert application == own != of_pod
    assert DROP_IN not in drop_ins(name) and DROP_IN not in root("find", str(guests.upper(name))).out
    host.sdmectl("bob", "pod", "rm", pod).ok()


@pytest.mark.parametrize("options, says", [
    (["--pod", "POD", "--no-userns"], "as a whole"),
    (["--host-network"], "--private-network"),
    (["--private-network"], "--no-userns"),
    ([*APART, "--hardened"], "CAP_NET_ADMIN"),
    ([*APART, "--drop-capability=sys_admin"], "CAP_SYS_ADMIN"),
    (["--network-veth", "--no-userns", "--drop-capability=net_raw"], "CAP_NET_ADMIN"),
    ([*APART, "--system-call-filter=~setns"], "setns"),
], ids=["pod", "host", "userns", "hardened", "sys_admin", "set-up", "setns"])
def test_what_would_keep_an_application_out_is_refused(trixie, pod, options, says):
    options = [pod if word == "POD" else word for word in options]
    said = host.sdmectl("bob", "-v", "create", "--fs", trixie, "--oci-pod", pod, *options)
    assert said.status == 64 and says in said.err and "InvalidArgument" in said.err, said.err
    assert shown(pod)["members"] == []


def test_what_is_refused_of_applications(trixie, pod):
    def refused(*words, status, name, says):
        said = host.sdmectl("bob", "-v", *words)
        assert said.status == status and name in said.err and says in said.err, said.err
    refused("create", "--fs", trixie, "--oci-pod", "nosuch", *APART, status=3, name="NotFound", says="no pod 'nosuch'")
    refused("create", "--fs", trixie, "--oci-pod", "Wrong", *APART, status=64, name="InvalidArgument", says="pod name")
    member = guests.create(trixie, "--oci-pod", pod, *APART)
    refused("pod", "rm", pod, status=5, name="InUse", says=member)
    refused("set", member, "--userns", status=64, name="InvalidArgument", says="user namespace")
    refused("set", member, "--pod", pod, status=64, name="InvalidArgument", says="as a whole")
    refused("set", member, "--oci-pod", "nosuch", status=3, name="NotFound", says="no pod 'nosuch'")
    assert shown(pod)["oci_members"] == [member]
