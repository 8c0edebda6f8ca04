#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the source of org.sdme1(5): gen_interface_man.py OUTPUT ERRORS POLICY XML…"""
import re
import sys

import contract

# What a doc:doc says after these words is a list of its own.
LABELS = "Options|Definition|Filter|Keys|Result|Errors of the job|Errors"


def escape(text):
    return re.sub(r"([\\*_#|\[\]<>~+`])", r"\\\1", text)


def bold(text):
    return f"*{text}*" if re.fullmatch(r"[A-Za-z0-9.-]+", text) else escape(text)


def prose(doc):
    """Paragraphs of a doc:doc; an indented 'key  text' becomes an entry of its own."""
    out = []
    for block in re.split(r"\n[ \t]*\n", doc.strip()):
        entry = re.search(r"^  (\S.*?)  +(\S.*)$", block, re.M)
        lead = block[:entry.start()] if entry else block
        lead = re.sub(rf"(?<=[.)]) ({LABELS}):", r"\n\1:", " ".join(lead.split()))
        out += [escape(line.strip()) + "\n" for line in lead.split("\n") if line.strip()]
        if entry:
            words = " ".join(block[entry.start():].split()[len(entry[1].split()):])
            out.append(f"{escape(entry[1])}\n\t{escape(words)}\n")
    return "\n".join(out)


def gate_sentence(gates):
    words = gates[0].split()
    if words == ["public"]:
        return "Anyone may call it."
    if words == ["computed"]:
        return "What polkit is asked follows from the whole request, as said below."
    if words[0] == "owner":
        return f"The owner may call it; others ask polkit for *{contract.PREFIX}{words[1]}*."
    return f"Asks polkit for *{contract.PREFIX}{words[0]}*."


def member(one):
    lines = [f"*{one.name}* {escape(one.signature)}"]
    body = prose(one.doc).strip().split("\n")
    if one.kind == "method":
        body = [gate_sentence(one.gates), ""] + body
    return "\n".join(lines + ["\t" + line if line else "" for line in body]) + "\n"


def interface(one):
    out = [f"# {one.name}\n", prose(one.doc)]
    for kind, title in (("method", "Methods"), ("property", "Properties"), ("signal", "Signals")):
        members = [m for m in one.members if m.kind == kind]
        if members:
            out += [f"## {title}\n"] + [member(m) for m in members]
    return "\n".join(out)


HEAD = """org.sdme1(5)

# NAME

org.sdme1 - D-Bus interface of the container service

# DESCRIPTION

*sdmed*(8) has the name *org.sdme1* on the system bus. */org/sdme1* carries *org.sdme1.Manager*, which acts, and
*org.freedesktop.DBus.ObjectManager*. The objects below it are for watching: they have properties, PropertiesChanged and no
methods.

|[ */org/sdme1/container/*NAME
:[ *org.sdme1.Container*
|  */org/sdme1/rootfs/*NAME
:  *org.sdme1.Rootfs*
|  */org/sdme1/pod/*NAME
:  *org.sdme1.Pod*
|  */org/sdme1/job/*N
:  *org.sdme1.Job*

The Manager also answers peer to peer on */run/sdmed/sdmed.sock*, without objects to watch. There is no Hello and no bus
driver there: connect, authenticate with EXTERNAL, call. Only root can pass file descriptors that way; members that take or
give one answer others with NotSupported.

Long work answers at once with the number of a job. *WaitJob* waits for its end; the Job object shows its progress.

Signatures below are those of the D-Bus specification: the arguments, then what is answered.
"""

AUTHORIZATION = """# AUTHORIZATION

Root may do everything. For others, calls that are not public ask *polkit*(8) about the actions below, after the whole request
has been checked and before anything is done. A caller who set ALLOW_INTERACTIVE_AUTHORIZATION may be asked for a password. The defaults are those for any, inactive and active
sessions. More than one action may be asked for a call; then each has to be allowed.
"""

# Every detail that the daemon passes; polkit/*.policy may name no other.
DETAILS = {
    "verb": "what is asked: start, stop, restart, enable, disable, remove, create, import, replace, enter, inspect, cancel, …",
    "target": "what it is asked for, in words: container 'web', root filesystem 'debian', job 17",
    "container": "name of the container",
    "rootfs": "name of the root filesystem, or of a new container: where it comes from",
    "pod": "name of the pod",
    "volume": "name of the volume",
    "source": "where an import comes from, as its caller says",
    "job": "number of the job or session",
    "kind": "kind of the job",
    "owner": "uid of who owns the target",
    "own": "yes if that is who asks, else no",
    "privileged": "yes if the container reaches the host, else no",
    "features": "what reaches the host: host-clone, host-network, no-user-namespace, bind:PATH, …; see CreateContainer",
    "user": "whom the command runs as inside",
    "program": "the first word of the command",
    "command_line": "the command, shortened and with control characters replaced",
}


def authorization(policy):
    out = [AUTHORIZATION]
    for action in contract.actions(policy):
        implied = f" Who has it has {', '.join(f'*{i}*' for i in action.implies)} too." if action.implies else ""
        out.append(f"*{action.id}* ({', '.join(escape(d) for d in action.defaults)})\n"
                   f"\t{escape(action.description)}.{implied}\n")
    out.append("Rules can look at these details with action.lookup(), each where it makes sense:\n")
    out += [f"*{name}*\n\t{escape(what)}\n" for name, what in DETAILS.items()]
    return "\n".join(out)


def error_table(header):
    out = ["# ERRORS\n", "Messages are for people: one sentence, sometimes with details below it. The names are for programs.\n"]
    out += [f"*{row.bus_name}*\n\t{escape(row.meaning)}\n" for row in contract.errors(header)]
    return "\n".join(out)


TAIL = """# STABILITY

Members are not removed, and signatures, keys and error names do not change, while the number in *org.sdme1* is 1. Keys may be
added to what is answered; ignore those you do not know.

# EXAMPLES

```
busctl call org.sdme1 /org/sdme1 org.sdme1.Manager ListContainers a{sv} 0
busctl tree org.sdme1
busctl monitor org.sdme1
```

# SEE ALSO

*sdmectl*(1), *sdmed*(8), *sdmed.conf*(5), *polkit*(8), *busctl*(1)
"""


def main(output, errors, policy, *xml):
    parts = [HEAD] + [interface(i) for i in contract.interfaces(xml)] + [authorization(policy), error_table(errors), TAIL]
    with open(output, "w", encoding="utf-8") as out:
        out.write("\n".join(parts))


if __name__ == "__main__":
    main(*sys.argv[1:])
