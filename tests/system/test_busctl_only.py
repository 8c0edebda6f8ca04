# SPDX-License-Identifier: MIT
"""The interface is complete: busctl(1), pipes of the shell and nothing else import, create, start, run, read and remove."""
import json
import re
import xml.etree.ElementTree as xml

import pytest

import bus
import guests
import host
import tars

CALL = f"busctl --json=short call {bus.NAME} {bus.PATH} {bus.MANAGER}"


def sh(user, script, **options):
    return host.run(user, "bash", "-euo", "pipefail", "-c", script, **options)


def data(result):
    """What a call of busctl --json answers."""
    return json.loads(result.ok())["data"]


def wait_job(user, job):
    state, error, message, result = data(sh(user, f"{CALL} WaitJob t {job}"))
    assert (state, error) == ("done", ""), message
    return {key: value["data"] for key, value in result.items()}


def test_all_of_it(trixie_tar, trixie):
    rootfs, name = host.unique("by-busctl"), host.unique("by-busctl")
    archive = guests.WORK / "by-busctl.tar"
    archive.write_bytes(tars.small())

    job, = data(sh("bob", f"{CALL} ImportRootfs 'sha{{sv}}' {rootfs} 3 1 origin s 'by hand' 3<{archive}"))
    imported = wait_job("bob", job)
    assert imported["name"] == rootfs and imported["os"] == "Tiny 1" and imported["entries"] > 0
    described, = data(sh("bob", f"{CALL} InspectRootfs 'sa{{sv}}' {rootfs} 0"))
    assert described["origin"]["data"] == "by hand"

    job, = data(sh("bob", f"cat {archive} | {CALL} ImportRootfs 'sha{{sv}}' {rootfs}-p 3 1 on-disconnect s continue 3<&0"))
    assert wait_job("bob", job)["name"] == f"{rootfs}-p"

    job, made = data(sh("bob", f"{CALL} CreateContainer 'ssa{{sv}}' {name} {trixie} 1 network s private"))
    assert made == name
    assert wait_job("bob", job) == {"name": name}

    job, = data(sh("bob", f"{CALL} StartContainer 'sa{{sv}}' {name} 1 timeout-usec t 90000000"))
    started = wait_job("bob", job)
    assert started["state"] == "running"
    listed, = data(sh("alice", f"{CALL} ListContainers 'a{{sv}}' 1 name s {name}"))
    assert listed[0]["state"]["data"] == "running"

    # in: a here-string; out and err: pipes to cat.
    ran = sh("bob", f"""
        exec 4> >(cat >"$HOME/out") 5> >(cat >"$HOME/err")
        printf 'from outside' | {CALL} Exec 'ssaayaayayhhha{{sv}}' {name} '' 3 {_bytes("sh")} {_bytes("-c")} \
            {_bytes("cat; echo wrong >&2; exit 42")} 0 0 3 4 5 0 3<&0""")
    session, = data(ran)
    assert data(sh("bob", f"{CALL} WaitSession t {session}")) == [42, 0]
    host.until(lambda: sh("bob", "cat out").out == "from outside", "the output of the command")
    assert sh("bob", "cat err; rm out err").out == "wrong\n"

    for member, subject in (("StopContainer", name), ("RemoveContainer", name), ("RemoveRootfs", rootfs), ("RemoveRootfs", f"{rootfs}-p")):
        job, = data(sh("bob", f"{CALL} {member} 'sa{{sv}}' {subject} 0"))
        wait_job("bob", job)
    assert name not in host.entries("containers") and rootfs not in host.entries("rootfs")


def _bytes(word):
    """An ay as busctl takes it: its length and its bytes."""
    encoded = word.encode()
    return " ".join(str(number) for number in (len(encoded), *encoded))


def test_log(box):
    """The pipe that OpenLog answers with cannot leave busctl; that there is one can be seen."""
    assert json.loads(sh("bob", f"{CALL} OpenLog 'sa{{sv}}' {box} 1 lines u 5").ok())["type"] == "h"


def test_introspection_is_the_contract():
    """What the running daemon says of itself is what dbus/*.xml says."""
    shown = host.busctl("alice", "introspect", "--xml-interface", bus.NAME, bus.PATH).ok()
    interface = next(i for i in xml.fromstring(shown).iter("interface") if i.get("name") == bus.MANAGER)
    written = xml.parse(bus.XML / f"{bus.MANAGER}.xml").getroot().find("interface")
    assert members(interface) == members(written)


def members(interface):
    """Methods, properties and signals with their arguments' types."""
    return {(element.tag, element.get("name"), element.get("type"), element.get("access"),
             tuple((arg.get("type"), arg.get("direction")) for arg in element.findall("arg")))
            for element in interface if element.tag in ("method", "property", "signal")}


@pytest.mark.parametrize("interface, path", [
    ("org.sdme1.Container", "/org/sdme1/container/box"), ("org.sdme1.Rootfs", "/org/sdme1/rootfs/trixie")])
def test_objects_are_for_watching(box, interface, path):
    shown = host.busctl("alice", "introspect", "--no-legend", bus.NAME, path, interface).ok()
    assert {line.split()[1] for line in shown.splitlines()} == {"property"}
    in_xml = set(re.findall(r'<property name="(\w+)"', (bus.XML / f"{interface}.xml").read_text()))
    assert {line.split()[0].lstrip(".") for line in shown.splitlines()} == in_xml


def test_objects_come_and_go(tiny):
    """ObjectManager tells of every container, and signals say when one is made, changed and removed."""
    def paths():
        answer = host.busctl("alice", "--json=short", "call", bus.NAME, bus.PATH, "org.freedesktop.DBus.ObjectManager",
                             "GetManagedObjects").ok()
        return json.loads(answer)["data"][0]

    name = host.unique("seen")
    path = "/org/sdme1/container/" + name.replace("-", "_2d")
    with bus.signals() as signals:
        guests.confined(tiny, name=name)
        assert path in paths()
        assert paths()[path]["org.sdme1.Container"]["Name"]["data"] == name
        host.sdmectl("bob", "enable", name).ok()
        assert paths()[path]["org.sdme1.Container"]["Enabled"]["data"] is True
        host.sdmectl("bob", "rm", name).ok()
        assert path not in paths()
    told = {(item["member"], json.dumps(item["payload"])) for item in signals}
    assert any(member == "InterfacesAdded" and path in payload for member, payload in told)
    assert any(member == "InterfacesRemoved" and path in payload for member, payload in told)
    assert any(where == path and changed.get("Enabled") is True for _, where, changed in bus.changes(signals, "org.sdme1.Container"))
