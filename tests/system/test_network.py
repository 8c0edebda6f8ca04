# SPDX-License-Identifier: MIT
"""Networks of our own: links, zones, published ports. Everything is done by bob, who is nobody to the host."""
import contextlib
import http.client
import json
import pathlib
import re
import socket
import subprocess
import threading

import pytest

import guests
import host

INTERFACES = pathlib.Path("/sys/class/net")
NETWORKS = pathlib.Path("/run/sdmed/network")


def root(*argv):
    return host.run("root", *argv)


def shown(name):
    return host.sdmectl("bob", "show", "--json", name).json()[0]


def get(address, port, seconds=20):
    """The status of / there, as soon as there is one."""
    def ask():
        connection = http.client.HTTPConnection(address, port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/")
            return connection.getresponse().status
    return host.until(ask, f"an answer of {address} port {port}", seconds)


def answers(address, port):
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=2):
        return True
    return False


def get_inside(name, url):
    return guests.exec_in(name, "curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", url).out


def address_of(name):
    return next(c["address"] for c in host.sdmectl("root", "ps", "--json").json() if c["name"] == name)


def listening(port, protocol="t"):
    """What ss shows of a port of the host."""
    return root("ss", "-Hln" + protocol, f"sport = :{port}").out.strip()


def has_address(name):
    """Its own systemd-networkd took what our DHCP offered."""
    return host.until(lambda: address_of(name) in guests.exec_in(name, "ip", "-4", "-br", "address", "show", "host0").out,
                      f"the address of {name}")


def networks_gone():
    return not [i for i in INTERFACES.iterdir() if i.name.startswith(("sd-", "sp-", "sdz-", "sdme-"))]


# ---- a container is reached -----------------------------------------------------------------------

@pytest.mark.parametrize("network", [["--network-veth"], ["--network-zone", "lan"]], ids=["veth", "zone"])
@pytest.mark.parametrize("users", ["--userns", "--no-userns"])
def test_a_published_port_answers_everywhere(web, port, network, users):
    name = guests.start(guests.create(web, *network, users, "-p", f"{port}:80"))
    for address in ("127.0.0.1", "::1", address_of(name)):
        assert get(address, 80 if address == address_of(name) else port) == 200
    assert "*:" + str(port) in listening(port)
    assert has_address(name)
    host.kill_daemon()
    assert get("127.0.0.1", port) == 200


def test_it_is_not_the_default_to_publish(web, port):
    name = guests.start(guests.create(web, "--network-veth"))
    assert get(address_of(name), 80) == 200
    assert not answers("127.0.0.1", port) and not listening(port)


def test_ports_alone_make_a_link(web, port):
    name = guests.create(web, "-p", f"{port}:80")
    one = shown(name)
    assert one["network"] == "veth" and one["userns"] is True and one["ports"] == [f"{port}:80/tcp"]
    assert one["features"] == [] and one["privileged"] is False


def test_only_the_address_that_was_given_listens(web, port):
    name = guests.start(guests.create(web, "-p", f"127.0.0.1:{port}:80", "-p", f"[::1]:{port}:80"))
    gateway = address_of(name).rsplit(".", 1)[0] + ".1"
    assert get("127.0.0.1", port) == 200 and get("::1", port) == 200
    assert not answers("127.0.0.2", port)
    assert not answers(re.search(r"inet (10[.\d]+)", root("ip", "-4", "address", "show", "sdme-links").out)[1], port), gateway


def test_the_guest_sees_who_asks_as_somebody_else_than_itself(web, port):
    """Not from its own loopback, where many programs trust whoever comes."""
    name = guests.start(guests.create(web, "-p", f"{port}:80"))
    assert get("127.0.0.1", port) == 200
    log = host.until(lambda: guests.shell_in(name, "cat /var/log/nginx/access.log").out, "a line of the log")
    assert not log.startswith("127.") and log.startswith("10.")


def test_udp(web, port):
    name = guests.start(guests.create(web, "-p", f"{port}:7777/udp"))
    # An echo server: nc answers one datagram and ends, and is started anew.
    server = threading.Thread(target=guests.shell_in, args=(name, "echo answer | nc -u -l -W 1 7777"), daemon=True)
    server.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)

        def ask():
            with contextlib.suppress(OSError):
                client.sendto(b"question", ("127.0.0.1", port))
                return client.recv(100)
        assert host.until(ask, "an answer by UDP") == b"answer\n"
    server.join(20)
    assert listening(port, "u")


def test_connections_while_it_boots_wait(web, port):
    name = guests.create(web, "-p", f"{port}:80")
    host.sdmectl("bob", "start", name).ok()
    assert answers("127.0.0.1", port)  # at once, whatever the guest does
    assert get("127.0.0.1", port) == 200


# ---- names ----------------------------------------------------------------------------------------

def test_names_within_a_zone(web):
    a, b = (guests.start(guests.create(web, "--network-zone", "names", name=host.unique(word))) for word in ("na", "nb"))
    other = guests.start(guests.create(web, "--network-zone", "other"))
    for name in (b, f"{b}.names.internal"):
        assert host.until(lambda: get_inside(a, f"http://{name}/") == "200", f"{name} from {a}")
    assert host.until(lambda: get_inside(b, f"http://{a}/") == "200", f"{a} from {b}")
    assert guests.exec_in(other, "getent", "ahostsv4", a).status != 0
    assert address_of(b) in guests.exec_in(a, "getent", "ahostsv4", b).out


def test_a_name_is_ours_to_give(web):
    """A guest that calls itself otherwise is not found by that name, nor does it take another's."""
    a = guests.start(guests.create(web, "--network-zone", "names"))
    b = guests.create(web, "--network-zone", "names")
    (guests.upper(b) / "etc/hostname").write_text(a + "\n")
    guests.start(b)
    assert has_address(b)
    assert address_of(a) in guests.exec_in(b, "getent", "ahostsv4", f"{a}.names.internal").out
    assert address_of(b) in guests.exec_in(a, "getent", "ahostsv4", b).out


def test_the_host_knows_its_containers(web):
    name = guests.start(guests.create(web, "--network-veth"))
    assert has_address(name)
    assert address_of(name) in root("getent", "ahostsv4", name).out
    assert get(name, 80) == 200


def test_resolved_and_others_ask_us(web):
    name = guests.start(guests.create(web, "--network-zone", "names"))
    assert "search names.internal" in guests.shell_in(name, "cat /etc/resolv.conf").out
    private = guests.start(guests.create(web, "--private-network"))
    assert "nameserver" not in guests.shell_in(private, "cat /etc/resolv.conf").out


def without_networkd(name):
    mask = guests.upper(name) / "etc/systemd/system/systemd-networkd.service"
    mask.parent.mkdir(parents=True, exist_ok=True)
    mask.symlink_to("/dev/null")


@pytest.mark.parametrize("users", ["--userns", "--no-userns"])
@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "masked"])
def test_a_guest_is_found_whatever_it_has(web, suite, users):
    """Debian 11 has its units in /lib; and one that has no DHCP client to run is set up for it."""
    friend = guests.start(guests.create(web, "--network-zone", "has"))
    rootfs = web if suite == "masked" else guests.import_as("bob", host.unique(suite), guests.TARBALLS / f"{suite}.tar")
    name = guests.create(rootfs, "--network-zone", "has", users)
    if suite == "masked":
        without_networkd(name)
    guests.start(name)
    assert has_address(name) and has_address(friend)
    assert address_of(friend) in guests.exec_in(name, "getent", "ahostsv4", friend).ok()
    assert address_of(name) in guests.exec_in(friend, "getent", "ahostsv4", name).ok()
    assert address_of(name) in root("getent", "ahostsv4", name).ok()
    if suite == "masked":
        assert get(address_of(name), 80) == 200
        guests.exec_in(name, "ip", "link", "set", "host0", "down").ok()  # it is the guest's all the same


# ---- who reaches whom -----------------------------------------------------------------------------

@pytest.mark.parametrize("tool", ["dnsmasq", "nft", "ip"])
def test_a_tool_that_is_missing_is_named(web, tool):
    path = pathlib.Path("/usr/sbin", tool).resolve()
    name = guests.create(web, "--network-veth")
    path.rename(f"{path}.away")
    try:
        refused("start", name, status=1, says=f"sdmectl: the network did not come up: the program '{tool}' is not installed")
    finally:
        path.with_name(path.name + ".away").rename(path)
    host.until(lambda: not host.our_units("sdme-rules@links.service", "sdme-network@links.service"), "no unit of the network")


def test_links_and_zones_are_apart(web):
    linked, other = (guests.start(guests.create(web, "--network-veth")) for _ in range(2))
    zone = guests.start(guests.create(web, "--network-zone", "lan"))
    friend = guests.start(guests.create(web, "--network-zone", "lan"))
    for name in (linked, other, zone, friend):
        assert has_address(name) and get(address_of(name), 80) == 200
    assert get_inside(friend, f"http://{address_of(zone)}/") == "200"
    for one, another in ((linked, other), (linked, zone), (zone, linked)):
        assert get_inside(one, f"http://{address_of(another)}/") == "000"


def test_out_by_the_hosts_address(web):
    """Masqueraded: a server outside sees the host."""
    name = guests.start(guests.create(web, "--network-veth"))
    assert has_address(name)
    with outside() as (ns, theirs, ours):
        server = subprocess.Popen(["ip", "netns", "exec", ns, "python3", "-c", SAY_WHO], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout.readline() == "listening\n"
            host.until(lambda: guests.exec_in(name, "nc", "-z", "-w", "2", theirs, "7000").status == 0, "the way out")
            assert server.stdout.readline().strip() == ours
        finally:
            server.kill()
            server.wait()
        # And nobody out there begins anything with the guest, but by a published port.
        root("ip", "netns", "exec", ns, "ip", "route", "add", "default", "via", ours).ok()
        tried = root("ip", "netns", "exec", ns, "curl", "-s", "-m", "2", f"http://{address_of(name)}/")
        assert tried.status != 0


SAY_WHO = """
import socket
s = socket.create_server(("0.0.0.0", 7000))
print("listening", flush=True)
print(s.accept()[1][0], flush=True)
"""


@contextlib.contextmanager
def outside():
    """A neighbour of the host: a network namespace behind a link; its name, its address and the host's."""
    ns, link, theirs, ours = host.unique("out"), "outlink", "198.51.100.2", "198.51.100.1"
    for words in (f"netns add {ns}", f"link add {link} type veth peer name eth0 netns {ns}", f"addr add {ours}/24 dev {link}",
                  f"link set {link} up", f"-n {ns} addr add {theirs}/24 dev eth0", f"-n {ns} link set eth0 up",
                  f"-n {ns} link set lo up"):
        root("ip", *words.split()).ok()
    try:
        yield ns, theirs, ours
    finally:
        root("ip", "netns", "del", ns)


def tables():
    return root("nft", "list", "tables").out


def test_rules_that_somebody_flushed_are_back(web):
    """As nftables.service does whenever it is reloaded."""
    guests.start(guests.create(web, "--network-zone", "rules"))
    host.until(lambda: host.is_running("sdme-rules@zone-rules.service", "sdme-network"), "who keeps the rules")
    before = root("nft", "list", "table", "inet", "sdme-zone-rules").ok()
    for _ in range(3):
        root("nft", "flush", "ruleset").ok()
        host.until(lambda: "sdme-zone-rules" in tables(), "the rules")
    assert root("nft", "list", "table", "inet", "sdme-zone-rules").ok() == before


def test_rules_that_stay_away_are_seen(web):
    guests.start(guests.create(web, "--network-zone", "rules"))
    root("systemctl", "stop", "sdme-rules@zone-rules.service").ok()
    root("nft", "delete", "table", "inet", "sdme-zone-rules").ok()
    said = host.sdmectl("alice", "doctor", "--json")
    found = next(one for one in json.loads(said.out) if one["check"] == "rules")
    assert said.status == 1 and found["level"] == "problem" and "zone-rules" in found["finding"]
    root("sh", "-c", re.search("'(systemctl restart [^']*)'", found["fix"])[1]).ok()
    assert "sdme-zone-rules" in tables()


def test_a_published_port_from_outside(web, port):
    guests.start(guests.create(web, "-p", f"{port}:80"))
    with outside() as (ns, _, ours):
        status = host.until(lambda: root("ip", "netns", "exec", ns, "curl", "-s", "-m", "5", "-o", "/dev/null", "-w",
                                             "%{http_code}", f"http://{ours}:{port}/").out == "200", "the port from outside")
        assert status


# ---- changed while it runs ------------------------------------------------------------------------

def test_ports_come_and_go_while_it_runs(web, port):
    name = guests.start(guests.create(web, "--network-veth"))
    pid = shown(name)["main_pid"]
    host.sdmectl("bob", "port", "add", name, f"{port}:80").ok()
    assert get("127.0.0.1", port) == 200
    assert f"{port}:80/tcp" in host.sdmectl("bob", "port", "ls", name).ok()
    host.sdmectl("bob", "restart", name, timeout=120).ok()
    assert get("127.0.0.1", port) == 200
    host.sdmectl("bob", "port", "rm", name, str(port)).ok()
    assert not answers("127.0.0.1", port) and not listening(port)
    one = shown(name)
    assert one["ports"] == [] and one["main_pid"] != pid


def test_a_reserved_port_comes_while_it_runs(web):
    name = guests.start(guests.create(web, "--network-veth"))
    host.sdmectl("bob", "port", "add", name, "79:80").ok()
    assert get("127.0.0.1", 79) == 200


def test_ports_that_are_published_already_or_not_at_all(web, port):
    name = guests.create(web, "-p", f"{port}:80")
    refused("port", "add", name, f"{port}:80", status=5, says="published there already", error="InUse")
    refused("port", "add", name, f"127.0.0.1:{port}:81", status=5, says=f"{port}:80/tcp is", error="InUse")
    refused("port", "rm", name, f"{port}:81", status=3, says="not among the ports", error="NotFound")
    refused("port", "rm", name, f"{port}/udp", status=3, says="not among the ports", error="NotFound")
    host.sdmectl("bob", "port", "rm", name, f"{port}:80").ok()
    assert shown(name)["ports"] == []


def test_a_port_for_either_kind_of_addresses(web, port):
    one = guests.start(guests.create(web, "--network-veth"))
    for address in ("0.0.0.0", "[::]"):
        host.sdmectl("bob", "port", "add", one, f"{address}:{port}:80").ok()
    assert get("127.0.0.1", port) == 200 and get("::1", port) == 200


def test_of_ports_that_cannot_all_be_published_none_is(web, ports):
    one = guests.start(guests.create(web, "--network-veth"))
    unit = f"sdme-port-{one}-{ports[1]}-tcp.socket"
    root("systemctl", "mask", "--runtime", unit).ok()
    try:
        assert host.sdmectl("bob", "port", "add", one, *(f"{port}:80" for port in ports)).status == 1
        assert not listening(ports[0])
    finally:
        root("systemctl", "unmask", "--runtime", unit).ok()


def test_a_port_outlives_its_proxies(web, port):
    one = guests.start(guests.create(web, "-p", f"{port}:80"))
    for _ in range(8):
        assert get("127.0.0.1", port) == 200
        root("systemctl", "kill", "--signal=KILL", f"sdme-port-{one}-{port}-tcp.service").ok()
    assert get("127.0.0.1", port) == 200


def test_a_port_goes_with_a_proxy_that_lost_its_socket(web, port):
    one = guests.start(guests.create(web, "-p", f"{port}:80"))
    assert get("127.0.0.1", port) == 200
    root("systemctl", "stop", f"sdme-port-{one}-{port}-tcp.socket").ok()
    host.sdmectl("bob", "port", "rm", one, str(port)).ok()
    assert not listening(port)


def test_a_changed_network_counts_from_the_next_start(web, port):
    name = guests.start(guests.create(web, "--network-veth"))
    said = host.sdmectl("bob", "set", name, "--network-zone", "lan")
    assert said.status == 0 and "network" in said.err and "next time" in said.err
    host.sdmectl("bob", "restart", name, timeout=120).ok()
    assert (INTERFACES / "sdz-lan").exists()
    assert get(address_of(name), 80) == 200


# ---- taken, wrong, gone ---------------------------------------------------------------------------

def refused(*words, status, says, error=None):
    result = host.sdmectl("bob", "-v", *words)
    assert result.status == status, result.err
    assert says in result.err, result.err
    assert error is None or f"Error.{error}" in result.err, result.err


def test_a_port_of_another_container_is_named(web, port):
    name = guests.create(web, "-p", f"{port}:80")
    refused("create", "--fs", web, "-p", f"127.0.0.1:{port}:80", status=5, says=f"published by container '{name}'", error="InUse")
    other = guests.create(web, "--network-veth")
    refused("port", "add", other, f"{port}:81", status=5, says=f"'{name}'", error="InUse")
    refused("set", other, "-p", f"{port}:81", status=5, says=f"'{name}'", error="InUse")


def test_a_port_of_another_program_is_named(web):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = holder.getsockname()[1]
        name = guests.create(web, "-p", f"{taken}:80")
        refused("start", name, status=1, says="python3", error="BootFailed")
        refused("start", name, status=1, says=f"{taken}:80/tcp")
        other = guests.start(guests.create(web, "--network-veth"))
        refused("port", "add", other, f"[::1]:{taken}:80", f"127.0.0.1:{taken}:81", status=5, says="InUse")
        assert shown(other)["ports"] == []
        assert not listening(taken).count("[::1]")
    assert guests.start(name)


def test_a_port_of_a_client_is_named(web):
    """The kernel gives them numbers of the same range."""
    name = guests.start(guests.create(web, "--network-veth"))
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        refused("port", "add", name, f"{client.getsockname()[1]}:80", status=5, says="by python3", error="InUse")


@pytest.mark.parametrize("words, says", [
    (["-p", "0:80"], "1 to 65535"), (["-p", "70000:80"], "1 to 65535"), (["-p", "80/sctp"], "neither tcp nor udp"),
    (["-p", "localhost:80:80"], "names are not looked up"), (["-p", "224.0.0.1:80:80"], "of a group"),
    (["-p", "255.255.255.255:80:80"], "of a group"), (["-p", "a"], "[ADDRESS:]"),
    (["-p", "8080:80", "-p", "127.0.0.1:8080:81"], "collide"),
    (["-p", "8080:80", "--host-network"], "are the host's already"), (["-p", "8080:80", "--private-network"], "veth or zone"),
    (["--network-zone", "abcdefghijkl"], "at most 11"), (["--network-zone", "Lan"], "zone name"),
    (["--network-bridge", "a/b"], "a bridge"), (["--network-bridge", "abcdefghijklmnop"], "15"),
    (["--network-veth", "--private-network"], "at most 1"),
])
def test_what_makes_no_sense(web, words, says):
    refused("create", "--fs", web, *words, status=64, says=says)


@pytest.mark.parametrize("words, says", [
    (["--network-bridge", "nosuch0"], "sdmectl: this host has no bridge 'nosuch0'"),
    (["--network-macvlan", "nosuch0"], "sdmectl: this host has no network interface 'nosuch0'"),
    (["--network-bridge", "lo"], "sdmectl: interface 'lo' of this host is no bridge"),
    (["--network-bridge", "sdz-lan"], "--network-zone"),
], ids=["bridge", "macvlan", "none", "ours"])
def test_what_the_host_does_not_have(web, words, says):
    guests.start(guests.create(web, "--network-zone", "lan"))
    name = guests.create(web, *words)
    refused("start", name, status=1, says=says, error="BootFailed")


def test_a_bridge_of_the_host(web):
    root("ip", "link", "add", "testbr0", "type", "bridge").ok()
    try:
        root("ip", "link", "set", "testbr0", "up").ok()
        name = guests.start(guests.create(web, "--network-bridge", "testbr0"))
        ports = [entry.name for entry in (INTERFACES / "testbr0/brif").iterdir()]
        assert len(ports) == 1
        assert address_of(name) == ""
        guests.exec_in(name, "ip", "address", "add", "203.0.113.7/24", "dev", "host0").ok()
        assert address_of(name) == "203.0.113.7"
        assert "203.0.113.7" in host.sdmectl("alice", "ps").out
        guests.kill(name)
    finally:
        root("ip", "link", "del", "testbr0")


@contextlib.contextmanager
def dhcp_server(interface):
    """Somebody else's network, and who gives addresses there."""
    root("ip", "address", "add", "203.0.113.1/24", "dev", interface).ok()
    root("ip", "link", "set", interface, "up").ok()
    server = host.spawn("root", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", f"--interface={interface}",
                        "--bind-dynamic", "--dhcp-range=203.0.113.50,203.0.113.60", "--leasefile-ro", "--user=root")
    try:
        yield
    finally:
        host.kill_group(server)


def test_macvlan(web):
    root("ip", "link", "add", "testdummy", "type", "veth", "peer", "name", "testpeer").ok()
    try:
        root("ip", "link", "set", "testdummy", "up").ok()
        name = guests.create(web, "--network-macvlan", "testdummy")
        started = host.sdmectl("bob", "start", name, timeout=120)
        if "Operation not supported" in started.err:
            pytest.skip("this kernel has no macvlan")
        started.ok()
        with dhcp_server("testpeer"):
            host.until(lambda: address_of(name).startswith("203.0.113."), "an address by DHCP")
        guests.kill(name)
    finally:
        root("ip", "link", "del", "testdummy")


def test_nothing_is_left_behind(web, ports):
    names = [guests.create(web, *words) for words in
             (["-p", f"{ports[0]}:80"], ["--network-zone", "gone", "-p", f"{ports[1]}:80"])]
    for name in names:
        guests.start(name)
    host.sdmectl("bob", "stop", names[0]).ok()
    guests.kill(names[1])
    host.until(networks_gone, "the interfaces to go")
    host.until(lambda: "sdme-" not in root("nft", "list", "tables").out, "the rules to go")
    host.until(lambda: not root("systemctl", "list-units", "--no-legend", "sdme-network@*", "sdme-port-*").out.strip(),
               "the units to go")
    assert not any(answers("127.0.0.1", port) for port in ports)


def test_dnsmasq_is_told_who_left(web):
    _, goes = (guests.start(guests.create(web, "--network-zone", "lan")) for _ in range(2))
    since = host.journal_cursor()
    guests.kill(goes)
    assert host.until(lambda: any(entry["MESSAGE"] == "cleared cache" for entry in
                                  host.journal("_SYSTEMD_UNIT=sdme-network@zone-lan.service", since=since)), "a reload")


def test_dnsmasq_that_dies_comes_back(web):
    name = guests.start(guests.create(web, "--network-zone", "back"))
    other = guests.start(guests.create(web, "--network-zone", "back"))
    assert host.until(lambda: get_inside(name, f"http://{other}/") == "200", "a name")
    host.systemctl("kill", "--signal=KILL", "sdme-network@zone-back.service").ok()
    assert host.until(lambda: get_inside(name, f"http://{other}/") == "200", "the name again")
    assert get_inside(name, f"http://{address_of(other)}/") == "200"


def test_a_guest_that_reboots_keeps_its_network(web, port):
    name = guests.start(guests.create(web, "-p", f"{port}:80"))
    assert get("127.0.0.1", port) == 200
    before = host.unit(host.container_unit(name), "MainPID")
    guests.exec_in(name, "systemctl", "reboot")
    host.until(lambda: host.unit(host.container_unit(name), "MainPID") not in ("0", before), "the reboot", 60)
    guests.wait_for_state(name, "running", 60)
    assert get("127.0.0.1", port, 60) == 200


def test_a_port_below_1024_reaches_the_host(web):
    with host.rule("subject.user === 'alice' && action.id !== 'org.sdme.grant-host-access'"):
        said = host.sdmectl("alice", "create", "low", "--fs", web, "-p", "80:80")
        assert said.status == 4, said.err
        host.sdmectl("alice", "create", "high", "--fs", web, "-p", "8088:80").ok()
        guests.kill("high")


def test_a_container_without_the_right_to_set_it_up_finds_its_network(web, port):
    """No DHCP client could: it lacks CAP_NET_RAW and CAP_NET_ADMIN."""
    name = guests.start(guests.create(web, "-p", f"{port}:80", "--drop-capability", "net_raw,net_admin"))
    assert get("127.0.0.1", port) == 200
    assert address_of(name) in guests.exec_in(name, "ip", "-4", "-br", "address", "show", "host0").out
    assert guests.shell_in(name, "ip link add x type dummy").status != 0


def test_addresses_in_json(web):
    name = guests.create(web, "--network-zone", "json")
    address = json.loads(host.sdmectl("bob", "--json=short", "ps").out)
    assert re.fullmatch(r"10\.\d+\.\d+\.\d+", next(c["address"] for c in address if c["name"] == name))
