#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Polkit actions: check_policy.py TREE. What is asked exists, what exists is asked, the defaults are the golden ones."""
import importlib.util
import re

import lint

ONCE = ("auth_admin", "auth_admin", "auth_admin")
KEPT = ("auth_admin", "auth_admin", "auth_admin_keep")
# The second copy of the defaults is on purpose: to loosen one takes two edits and a reason.
GOLDEN = {
    "inspect": KEPT,
    "manage-containers": KEPT,
    "manage-privileged-containers": ONCE,
    "create-container": KEPT,
    "create-volume": KEPT,
    "grant-host-access": ONCE,
    "import-rootfs": KEPT,
    "container-shell": ONCE,
    "prune": KEPT,
    "remove": KEPT,
    "cancel-others-job": KEPT,
}
IMPLIES = {"manage-privileged-containers": ["org.sdme.manage-containers"]}
# What no rule of a group may open.
NEVER_BY_GROUP = {"org.sdme.grant-host-access", "org.sdme.manage-privileged-containers", "org.sdme.cancel-others-job"}


def literals(root):
    """Every string in the sources of the bus room and of the mains: what the daemon can ask polkit about."""
    found = set()
    paths = [*lint.files(root, *lint.CODE, below="daemon/bus"), *(root / "daemon").glob("*.cpp")]
    for path in paths:
        found |= set(re.findall(r'"((?:\\.|[^"\\\n])*)"', lint.bare(lint.read(path), keep_strings=True)))
    return found


def passed(root):
    """Keys of details that the daemon passes: {"key", text}, or details["key"]. Variants are properties, not details."""
    texts = [lint.bare(lint.read(p), keep_strings=True) for p in lint.files(root, *lint.CODE, below="daemon/bus")]
    return {name for text in texts for pair in re.findall(r'\{"(\w+)",(?!\s*(?:sdbus::)?Variant)|\bdetails\["(\w+)"\]', text)
            for name in pair if name}


def documented_details(root):
    lint.contract(root)
    spec = importlib.util.spec_from_file_location("gen_interface_man", root / "docs/gen_interface_man.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return set(module.DETAILS)


def action_faults(actions):
    ids = {action.id for action in actions}
    for name in sorted(set(GOLDEN) ^ {i.removeprefix("org.sdme.") for i in ids}):
        yield f"org.sdme.{name}: is not both in polkit/org.sdme.policy and in the golden table"
    for action in actions:
        name = action.id.removeprefix("org.sdme.")
        if action.defaults != GOLDEN.get(name, action.defaults):
            yield f"{action.id}: defaults are {action.defaults}, golden {GOLDEN[name]}"
        if action.implies != IMPLIES.get(name, []):
            yield f"{action.id}: implies {action.implies}, golden {IMPLIES.get(name, [])}"
        for implied in action.implies:
            if implied not in ids:
                yield f"{action.id}: implies {implied}, which does not exist"
        if not action.description or not action.message.endswith((".", "$(command_line)")):
            yield f"{action.id}: wants a description, and a message that is a sentence"


def usage_faults(root, ids):
    gated = set().union(*(lint.contract(root).gate_actions(i) for i in lint.interfaces(root)))
    for name in sorted(gated - ids):
        yield f"{name}: a gate asks it, and polkit/org.sdme.policy does not have it"
    said = literals(root)
    asked = gated | {i for i in ids if i.removeprefix("org.sdme.") in said}
    for name in sorted(ids - asked):
        yield f"{name}: nothing in dbus/*.xml or daemon/bus asks it"
    for path in lint.files(root, *lint.CODE, below="daemon/bus"):
        for name in re.findall(r'Check\s*\{\s*(?:\.action\s*=\s*)?"([a-z-]+)"', lint.read(path)):
            if f"org.sdme.{name}" not in ids:
                yield f"{lint.place(root, path)}: asks org.sdme.{name}, which polkit/org.sdme.policy does not have"


def detail_faults(root, actions):
    documented, given = documented_details(root), passed(root)
    used = {(action.id, name) for action in actions for name in re.findall(r"\$\(([^)]*)\)", action.message)}
    for action, name in sorted(used):
        if name not in documented:
            yield f"{action}: its message names the detail {name}, which org.sdme1(5) does not document"
        if name not in given:
            yield f"{action}: its message names the detail {name}, which nothing in daemon/bus passes"
    for name in sorted(documented - given):
        yield f"org.sdme1(5) documents the detail {name}, which nothing in daemon/bus passes"
    rules = lint.read(root / "polkit/sdme-group.rules.example")
    for name in sorted(set(re.findall(r'lookup\("(\w+)"\)', rules)) - documented):
        yield f"polkit/sdme-group.rules.example: looks at the detail {name}, which org.sdme1(5) does not document"


def rule_faults(root, ids):
    path = root / "polkit/sdme-group.rules.example"
    named = set(re.findall(r'case\s+"([^"]+)"', lint.read(path)))
    for name in sorted(named - ids):
        yield f"{lint.place(root, path)}: {name} does not exist"
    for name in sorted(named & NEVER_BY_GROUP):
        yield f"{lint.place(root, path)}: {name} is never for a group"


def check(root):
    actions = lint.contract(root).actions(root / "polkit/org.sdme.policy")
    ids = {action.id for action in actions}
    yield from action_faults(actions)
    yield from usage_faults(root, ids)
    yield from detail_faults(root, actions)
    yield from rule_faults(root, ids)


if __name__ == "__main__":
    lint.main(check)
