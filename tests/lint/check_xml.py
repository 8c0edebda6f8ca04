#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The contract is whole: check_xml.py TREE. Every member is documented, every method has its gate, and the bus policy
allows each interface and nothing else."""
import re
import xml.etree.ElementTree as tree

import lint

BUS_NAME = "org.sdme1"
ROOT_RULES = {("allow", (("own", BUS_NAME),)), ("allow", (("send_destination", BUS_NAME),))}
DENIED = {("deny", (("own", BUS_NAME),)), ("deny", (("send_destination", BUS_NAME),))}
STANDARD = [("org.freedesktop.DBus.Introspectable", None), ("org.freedesktop.DBus.Peer", None),
            ("org.freedesktop.DBus.ObjectManager", None), ("org.freedesktop.DBus.Properties", "Get"),
            ("org.freedesktop.DBus.Properties", "GetAll")]


def allow(interface, member=None):
    attributes = {"send_destination": BUS_NAME, "send_interface": interface}
    if member:
        attributes["send_member"] = member
    return ("allow", tuple(sorted(attributes.items())))


def member_faults(interface):
    if not interface.doc.strip():
        yield f"{interface.name}: has no doc:doc"
    for member in interface.members:
        name = f"{interface.name}.{member.name}"
        if not member.doc.strip():
            yield f"{name}: has no doc:doc"
        if member.kind == "method" and len(member.gates) != 1:
            yield f"{name}: wants exactly one org.sdme1.Gate, has {len(member.gates)}"
        if member.kind == "method" and interface.name != f"{BUS_NAME}.Manager":
            yield f"{name}: acting is the Manager's; the other objects are for watching"


def write_faults(root):
    for path in lint.XML:
        for one in tree.parse(root / path).getroot().iter("property"):
            if one.get("access") != "read":
                yield f"{path}: property {one.get('name')} can be written, and the bus policy denies Set to all"


def policy_faults(root, names):
    policies = tree.parse(root / "dbus/org.sdme1.conf").getroot().findall("policy")
    expected = {("user", "root"): ROOT_RULES,
                ("context", "default"): DENIED | {allow(*pair) for pair in STANDARD} | {allow(name) for name in names}}
    for policy in policies:
        key = next(iter(policy.items()), None)
        rules = {(rule.tag, tuple(sorted(rule.items()))) for rule in policy}
        if key not in expected:
            yield f"dbus/org.sdme1.conf: a policy for {key} is not expected"
            continue
        wanted = expected.pop(key)
        for tag, attributes in sorted(rules - wanted):
            yield f"dbus/org.sdme1.conf: {key[1]}: {tag} {dict(attributes)} is one rule too many"
        for tag, attributes in sorted(wanted - rules):
            yield f"dbus/org.sdme1.conf: {key[1]}: {tag} {dict(attributes)} is missing"
    for key in expected:
        yield f"dbus/org.sdme1.conf: the policy for {key} is missing"


def check(root):
    interfaces = lint.interfaces(root)
    for interface in interfaces:
        yield from member_faults(interface)
    yield from write_faults(root)
    names = {interface.name for interface in interfaces}
    yield from policy_faults(root, names)
    in_code = set(re.findall(r'k\w+Interface = "([^"]+)"', lint.read(root / "dbus/names.hpp")))
    for name in sorted(names ^ in_code):
        yield f"dbus/names.hpp and the XML differ on {name}"


if __name__ == "__main__":
    lint.main(check)
