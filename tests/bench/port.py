# SPDX-License-Identifier: MIT
"""A published port between two network namespaces: sdme-proxy, systemd-socket-proxyd and the kernel's own forwarding."""
import contextlib
import json
import multiprocessing
import os
import selectors
import socket
import statistics
import subprocess
import time

CLIENT, HOST, GUEST = "bench-client", "bench-host", "bench-guest"
HOST_ADDRESS, GUEST_ADDRESS = "10.98.0.1", "10.98.1.2"
PROXYD = "/usr/lib/systemd/systemd-socket-proxyd"
OURS = "/usr/libexec/sdmed/sdme-proxy"
DNAT, OTHER, PROXY = "nft DNAT", "systemd-socket-proxyd", "sdme-proxy"
VARIANTS = (DNAT, OTHER, PROXY)
ECHO = 5300  # where the guest listens, and iperf3, which serves one at a time: one each
IPERF = {DNAT: 5201, OTHER: 5202, PROXY: 5203}
# Short turns, so that what else the machine does falls on all alike.
PING_ROUNDS, PINGS = 30, 500
CONNECT_ROUNDS, CONNECTS = 30, 100
SPEED_ROUNDS, SECONDS = 10, 1


def port_of(variant, service):
    """At the host."""
    return 7000 + 1000 * VARIANTS.index(variant) + service % 1000


@contextlib.contextmanager
def inside(namespace):
    """Sockets and processes made in here belong to the namespace."""
    with open("/proc/self/ns/net", encoding="ascii") as before, open(f"/run/netns/{namespace}", encoding="ascii") as there:
        os.setns(there.fileno(), os.CLONE_NEWNET)
        try:
            yield
        finally:
            os.setns(before.fileno(), os.CLONE_NEWNET)


@contextlib.contextmanager
def network(bench):
    """client -- host -- guest, each in a namespace of its own."""
    names = (CLIENT, HOST, GUEST)
    for name in names:
        bench.quiet("ip", "netns", "del", name)
        bench.run("ip", "netns", "add", name)
        bench.run("ip", "-n", name, "link", "set", "lo", "up")
    try:
        for end, subnet, near, far in ((CLIENT, "10.98.0", 2, 1), (GUEST, "10.98.1", 2, 1)):
            bench.run("ip", "-n", HOST, "link", "add", end, "type", "veth", "peer", "name", "host0", "netns", end)
            bench.run("ip", "-n", HOST, "address", "add", f"{subnet}.{far}/24", "dev", end)
            bench.run("ip", "-n", end, "address", "add", f"{subnet}.{near}/24", "dev", "host0")
            bench.run("ip", "-n", HOST, "link", "set", end, "up")
            bench.run("ip", "-n", end, "link", "set", "host0", "up")
            bench.run("ip", "-n", end, "route", "add", "default", "via", f"{subnet}.{far}")
        with inside(HOST):
            forward(bench)
        yield
    finally:
        for name in names:
            bench.quiet("ip", "netns", "del", name)


def forward(bench):
    bench.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    rules = "".join(f"{protocol} dport {port_of(DNAT, service)} dnat to {GUEST_ADDRESS}:{service}\n"
                    for service in (IPERF[DNAT], ECHO) for protocol in ("tcp", "udp"))
    bench.run("nft", "-f", "-", input="table ip bench {\nchain prerouting {\n"
              f"type nat hook prerouting priority dstnat\n{rules}}}\n}}\n")


def activated(variant, service, *options):
    command = {OTHER: [PROXYD, f"{GUEST_ADDRESS}:{service}"], PROXY: [OURS, GUEST_ADDRESS, str(service)]}[variant]
    return subprocess.Popen(["systemd-socket-activate", *options, "-l", f"{HOST_ADDRESS}:{port_of(variant, service)}",
                             *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def echo_server(ready):
    """What comes on a connection goes back; who only connects gets a byte when it says it has ended."""
    listening = socket.create_server(("", ECHO), backlog=1024)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("", ECHO))
    waiting = selectors.EpollSelector()
    waiting.register(listening, selectors.EVENT_READ)
    waiting.register(datagrams, selectors.EVENT_READ)
    ready.set()
    while True:
        for key, _ in waiting.select():
            if key.fileobj is listening:
                client = listening.accept()[0]
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                waiting.register(client, selectors.EVENT_READ)
            elif key.fileobj is datagrams:
                datagrams.sendto(*datagrams.recvfrom(65536))
            elif data := key.fileobj.recv(65536):
                key.fileobj.sendall(data)
            else:
                waiting.unregister(key.fileobj)
                key.fileobj.close()


@contextlib.contextmanager
def services():
    """The guest's servers and the two proxies: {(variant, service): process}."""
    ready = multiprocessing.Event()
    with inside(GUEST):
        iperf = [subprocess.Popen(["iperf3", "-s", "-p", str(service)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                 for service in IPERF.values()]
        echo = multiprocessing.Process(target=echo_server, args=[ready], daemon=True)
        echo.start()
    ready.wait()
    with inside(HOST):
        proxies = {(variant, service): activated(variant, service) for variant in (OTHER, PROXY)
                   for service in (IPERF[variant], ECHO)}
        proxies[PROXY, "udp"] = activated(PROXY, ECHO, "-d")
    try:
        with inside(CLIENT):
            yield proxies
    finally:
        for process in (*iperf, *proxies.values()):
            process.terminate()
            process.wait()
        echo.terminate()
        echo.join()


def connected(port, kind=socket.SOCK_STREAM):
    client = socket.socket(socket.AF_INET, kind)
    client.settimeout(10)
    client.connect((HOST_ADDRESS, port))
    if kind == socket.SOCK_STREAM:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def until_it_answers(port, kind):
    for _ in range(100):
        try:
            with connected(port, kind) as client:
                client.settimeout(1)
                client.sendall(b"x")
                if client.recv(1):
                    return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing answers at port {port}")


def pings(port, kind=socket.SOCK_STREAM):
    with connected(port, kind) as client:
        client.sendall(b"x" * 64)
        client.recv(64)  # the first finds its way
        before = time.monotonic()
        for _ in range(PINGS):
            client.sendall(b"x" * 64)
            client.recv(64)
        return (time.monotonic() - before) / PINGS * 1e6


def connects(port):
    before = time.monotonic()
    for _ in range(CONNECTS):
        with connected(port) as client:
            client.sendall(b"x")
            client.recv(1)
    return (time.monotonic() - before) / CONNECTS * 1e6


def throughput(port, *options):
    """The server takes one at a time, and hears later than the client that one has ended."""
    for _ in range(50):
        done = subprocess.run(["iperf3", "-J", "-c", HOST_ADDRESS, "-p", str(port), "-t", str(SECONDS), *options],
                              capture_output=True, text=True)
        told = json.loads(done.stdout)
        if done.returncode == 0:
            return told["end"]["sum_received"]["bits_per_second"] / 1e9
        if "busy" not in told["error"]:
            break
        time.sleep(0.1)
    raise SystemExit(f"iperf3: {told['error']}")


def in_turns(measures, rounds):
    taken = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            taken[name].append(measure())
    return {name: statistics.median(figures) for name, figures in taken.items()}


def show_all(bench, what, figures, unit):
    print(f"   {what}")
    for name, figure in figures.items():
        bench.show(name, figure, unit=unit, against=None if name == DNAT else figures[DNAT], other=DNAT)
    if OTHER in figures:
        bench.show(PROXY, figures[PROXY], unit=unit, against=figures[OTHER], other=OTHER)


def measure(bench, proxies):
    for variant in VARIANTS:
        until_it_answers(port_of(variant, ECHO), socket.SOCK_STREAM)
    for variant in (DNAT, PROXY):
        until_it_answers(port_of(variant, ECHO), socket.SOCK_DGRAM)
    everyone = {variant: port_of(variant, ECHO) for variant in VARIANTS}
    show_all(bench, "TCP, 64 bytes there and back", in_turns({v: lambda p=p: pings(p) for v, p in everyone.items()}, PING_ROUNDS), "us")
    show_all(bench, "TCP, a connection with one byte there and back",
             in_turns({v: lambda p=p: connects(p) for v, p in everyone.items()}, CONNECT_ROUNDS), "us")
    datagrams = {v: lambda p=port_of(v, ECHO): pings(p, socket.SOCK_DGRAM) for v in (DNAT, PROXY)}
    show_all(bench, "UDP, 64 bytes there and back", in_turns(datagrams, PING_ROUNDS), "us")
    for what, options in (("TCP, to the guest", []), ("TCP, from the guest", ["-R"]), ("TCP, eight at once", ["-P8"])):
        costs = {OTHER: [], PROXY: []}
        speeds = {v: lambda v=v, o=options: costed(bench, proxies, costs, v, o) for v in VARIANTS}
        show_all(bench, what, in_turns(speeds, SPEED_ROUNDS), "Gbit/s")
        for variant, cost in costs.items():
            bench.show(f"CPU time of {variant} a gigabyte", statistics.median(cost))


def costed(bench, proxies, costs, variant, options):
    """The throughput; what CPU time a proxy took for a gigabyte is noted."""
    if variant not in costs:
        return throughput(port_of(variant, IPERF[variant]), *options)
    before = bench.cpu_seconds(proxies[variant, IPERF[variant]].pid)
    speed = throughput(port_of(variant, IPERF[variant]), *options)
    costs[variant].append((bench.cpu_seconds(proxies[variant, IPERF[variant]].pid) - before) / (speed * SECONDS / 8))
    return speed


def bench_port(bench):
    print("-- a published port, by veth pairs")
    with network(bench), services() as proxies:
        measure(bench, proxies)
