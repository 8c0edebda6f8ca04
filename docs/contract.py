# SPDX-License-Identifier: MIT
"""Reads the contract (dbus/*.xml, dbus/errors.hpp, polkit/*.policy) for the manual pages and the lint suite."""
import dataclasses
import pathlib
import re
import xml.etree.ElementTree as tree

DOC = "{http://www.freedesktop.org/dbus/1.0/doc.dtd}doc"
GATE = "org.sdme1.Gate"
PREFIX = "org.sdme."


@dataclasses.dataclass
class Member:
    kind: str  # method, property or signal
    name: str
    signature: str
    gates: list
    doc: str


@dataclasses.dataclass
class Interface:
    name: str
    doc: str
    members: list


@dataclasses.dataclass
class ErrorRow:
    word: str
    bus_name: str
    exit_status: int
    meaning: str


@dataclasses.dataclass
class Action:
    id: str
    description: str
    message: str
    defaults: tuple  # any, inactive, active
    implies: list


def _annotation(element, name):
    return [a.get("value") for a in element.findall("annotation") if a.get("name") == name]


def _args(element, direction):
    return ", ".join(f"{a.get('type')} {a.get('name')}" for a in element.findall("arg") if a.get("direction") == direction)


def _member(element):
    if element.tag == "property":
        const = "const" in _annotation(element, "org.freedesktop.DBus.Property.EmitsChangedSignal")
        signature = f"{element.get('type')}{', constant' if const else ''}"
    elif element.tag == "signal":
        signature = "(" + ", ".join(f"{a.get('type')} {a.get('name')}" for a in element.findall("arg")) + ")"
    else:
        out = _args(element, "out")
        signature = f"({_args(element, 'in')})" + (f" -> ({out})" if out else "")
    return Member(element.tag, element.get("name"), signature, _annotation(element, GATE), element.findtext(DOC) or "")


def interfaces(paths):
    found = []
    for path in paths:
        for interface in tree.parse(path).getroot().iter("interface"):
            members = [_member(e) for e in interface if e.tag in ("method", "property", "signal")]
            found.append(Interface(interface.get("name"), interface.findtext(DOC) or "", members))
    return found


def gate_actions(interface):
    """Ids of the actions that the gates of the interface's methods name."""
    words = [gate.split()[-1] for member in interface.members for gate in member.gates]
    return {PREFIX + word for word in words if word not in ("public", "computed")}


def errors(header):
    text = pathlib.Path(header).read_text(encoding="utf-8")
    codes = dict(re.findall(r"inline constexpr int (k\w+) = (\d+);", text))
    rows = re.findall(r'ErrorRow\{Errc::k\w+,\s*"([^"]+)",\s*"([^"]+)",\s*exit_code::(k\w+),\s*"([^"]+)"\s*\}', text)
    if not rows or len(rows) != text.count("ErrorRow{Errc::"):
        raise ValueError(f"{header}: the table of errors cannot be read")
    return [ErrorRow(word, bus, int(codes[code]), meaning) for word, bus, code, meaning in rows]


def actions(policy):
    found = []
    for action in tree.parse(policy).getroot().iter("action"):
        implies = [a.text.split() for a in action.findall("annotate")
                   if a.get("key") == "org.freedesktop.policykit.imply"]
        defaults = tuple(action.findtext(f"defaults/allow_{who}") or "no" for who in ("any", "inactive", "active"))
        found.append(Action(action.get("id"), action.findtext("description") or "", action.findtext("message") or "",
                            defaults, sum(implies, [])))
    return found
