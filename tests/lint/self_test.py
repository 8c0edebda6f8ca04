#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The checks can fail: self_test.py TREE. Each spoils a copy of the tree in one place and must find exactly that."""
import pathlib
import re
import shutil
import sys
import tempfile

import check_banned
import check_docs
import check_format
import check_links
import check_man
import check_policy
import check_rooms
import check_shell
import check_spdx
import check_xml
import lint

MANAGER = "dbus/org.sdme1.Manager.xml"
POLICY = "polkit/org.sdme.policy"
ERRORS = "dbus/errors.hpp"
NEW = None  # instead of what is replaced: the file is new


def body(lines):
    return "// SPDX-License-Identifier: MIT\nvoid f() {\n" + "  g();\n" * lines + "}\n"


# (check, file, what is replaced, by what, what must be found)
SPOILS = [
    (check_rooms, "daemon/base/spoilt.hpp", NEW, '#include "store/store.hpp"\n', r"base may not include store/store\.hpp"),
    (check_rooms, "daemon/meson.build", "['base', []", "['base', ['store']", r"base uses store, which is not below it"),
    (check_rooms, "daemon/cellar/spoilt.hpp", NEW, "\n", r"cellar is not in the table"),
    (check_rooms, "daemon/bus/spoilt.hpp", NEW, '#include "machine/verbs.hpp"\n', r"bus may not include machine/verbs\.hpp"),
    (check_rooms, "daemon/spoilt.cpp", NEW, '#include "bus/door.hpp"\n#include "image/x.hpp"\n', r"never meet"),
    (check_rooms, "daemon/model/spoilt.hpp", NEW, '#include "gate_table.hpp"\n', r"gate_table\.hpp is only for daemon/bus/"),
    (check_rooms, "daemon/os/spoilt.hpp", NEW, '#include "nowhere.hpp"\n', r"nowhere\.hpp is neither"),
    (check_rooms, "client/spoilt.hpp", NEW, '#include "base/text.hpp"\n', r"the client may include only"),
    (check_rooms, "daemon/base/spoilt.cpp", NEW, "\n", r"spoilt\.cpp: daemon/meson\.build does not name it"),
    (check_rooms, "daemon/base/spoilt.cpp", NEW, "// x\n" * 401, r"401 lines, at most 400"),
    (check_rooms, "daemon/base/spoilt.hpp", NEW, "// x\n" * 161, r"161 lines, at most 160"),
    (check_rooms, "daemon/base/spoilt.cpp", NEW, body(59), r"f has 61 lines, at most 60"),
    (check_rooms, "daemon/base/spoilt.cpp", NEW, "namespace {\nclass C {\n C() : a_{1} {\n" + "g(\"}\");\n" * 60 + "}\n};\n}\n",
     r"has 62 lines, at most 60"),
    (check_banned, "daemon/os/spoilt.cpp", NEW, 'int x = system("true");\n', r"system\(: use"),
    (check_banned, "client/spoilt.cpp", NEW, 'auto* x = popen("true", "r");\n', r"popen"),
    (check_banned, "daemon/os/spoilt.cpp", NEW, 'std::filesystem::remove_all("x");\n', r"tree_remove"),
    (check_banned, "daemon/os/spoilt.cpp", NEW, 'auto* x = std::getenv("X");\n', r"getenv\(: use"),
    (check_banned, "daemon/os/spoilt.cpp", NEW, 'int x = std::stoi("1");\n', r"stoi\(: use"),
    (check_banned, "daemon/os/spoilt.cpp", NEW, "std::cout << 1;\n", r"std::cout: use"),
    (check_banned, "tests/unit/spoilt.cpp", NEW, "std::this_thread::sleep_for(1s);\n", r"sleep_for: use"),
    (check_banned, "tests/system/test_spoilt.py", NEW, "import time\ntime.sleep(1)\n", r"sleep: use"),
    (check_banned, "daemon/os/spoilt.cpp", NEW, "auto* x = new Thing;\n", r"make_unique"),
    (check_xml, MANAGER, '<annotation name="org.sdme1.Gate" value="public"/>', "", r"ListContainers: wants exactly one"),
    (check_xml, MANAGER, "<doc:doc>Version of the daemon, for example \"0.1.0\".</doc:doc>", "", r"Version: has no doc:doc"),
    (check_xml, "dbus/org.sdme1.Job.xml", 'type="d" access="read"', 'type="d" access="readwrite"', r"Progress can be written"),
    (check_xml, "dbus/org.sdme1.conf", 'send_interface="org.sdme1.Job"', 'send_interface="org.sdme1.Jab"', r"Jab.*too many"),
    (check_xml, "dbus/org.sdme1.conf", '<deny own="org.sdme1"/>', "", r"deny.*own.*is missing"),
    (check_xml, "dbus/names.hpp", '"org.sdme1.Job"', '"org.sdme1.Jab"', r"differ on org\.sdme1\.Jab"),
    (check_policy, MANAGER, 'value="import-rootfs"', 'value="import-root"', r"org\.sdme\.import-root: a gate asks it"),
    (check_policy, MANAGER, 'value="prune"', 'value="public"', r"org\.sdme\.prune: nothing in"),
    (check_policy, POLICY, "<allow_active>auth_admin_keep", "<allow_active>yes", r"inspect: defaults are"),
    (check_policy, POLICY, "imply\">org.sdme.manage-containers", "imply\">org.sdme.manage", r"manage, which does not exist"),
    (check_policy, POLICY, "'$(rootfs)'", "'$(rootfss)'", r"the detail rootfss, which org"),
    (check_policy, "polkit/sdme-group.rules.example", 'case "org.sdme.remove"', 'case "org.sdme.grant-host-access"',
     r"is never for a group"),
    (check_spdx, "daemon/base/text.hpp", "SPDX-License-Identifier: MIT", "", r"daemon/base/text\.hpp: has no SPDX"),
    (check_docs, "docs/man/sdmed.profiles.5.scd", "*ReadOnly=*", "*ReadNever=*", r"profile\.cpp differ on ReadOnly="),
    (check_docs, "daemon/store/profiles/strict.conf", "NoNewPrivileges=", "NoOldPrivileges=", r"there is no setting NoOldPrivileges="),
    (check_docs, ERRORS, "Polkit said no;", "Polkit says no.", r"errors\.md: is not what"),
    (check_docs, ERRORS, "kTimedOut = 124", "kTimedOut = 123", r"EXIT STATUS lacks 123"),
    (check_docs, "docs/man/sdmed.conf.5.scd", "*IdleExitSec=*", "*IdleSec=*", r"differ on IdleSec="),
    (check_docs, "docs/man/sdmed.8.scd", "*SDME_JOB=*", "*SDME_JAB=*", r"differ on SDME_JAB"),
    (check_docs, "units/sdmed.service.in", "ProtectClock=yes", "", r"sdmed\.service\.in differ on ProtectClock="),
    (check_docs, "units/sdmed.socket", "SocketMode=0666", "SocketMode=0666\nBacklog=4", r"sdmed\.socket differ on Backlog="),
    (check_docs, "README.md", "`scdoc`", "", r"does not say why scdoc"),
    (check_docs, "README.md", "(docs/contributing.md)", "(docs/contribute.md)", r"links to docs/contribute\.md"),
    (check_shell, "tests/spoilt", NEW, "#!/bin/bash\ncd x\nrm $unset_thing*\n", r"tests/spoilt"),
    (check_format, "daemon/base/spoilt.cpp", NEW, "// SPDX-License-Identifier: MIT\nint   x ;\n", r"daemon/base/spoilt\.cpp:2"),
]

SDMECTL = """#!/bin/sh
case $1 in
    --help) printf 'Usage: sdmectl\\n\\nOptions:\\n  --spoilt  x\\n\\nSubcommands:\\n  spoil  x\\n' ;;
    *) echo 'Usage: sdmectl spoil' ;;
esac
"""


def copy_of(root, to):
    shutil.copytree(root, to, ignore=lambda folder, names: [
        n for n in names if n in lint.OUTSIDE or (n.startswith("build") and (pathlib.Path(folder) / n).is_dir())])
    return to


def found(check, root, wanted, *arguments):
    return [fault for fault in check.check(root, *arguments) if re.search(wanted, fault)]


def failures(copy):
    unspoilt = {}
    for check, inside, old, new, wanted in SPOILS:
        name = f"{check.__name__} on {inside} ({wanted})"
        tool = {check_format: "clang-format", check_shell: "shellcheck"}.get(check)
        if tool and not shutil.which(tool):
            print(f"not tried, without {tool}: {name}")
            continue
        path = copy / inside
        before = lint.read(path) if old is not NEW else None
        if before is not None and old not in before:
            yield f"{name}: the file has no {old!r} to spoil"
            continue
        if check not in unspoilt:
            unspoilt[check] = list(check.check(copy))
        if any(re.search(wanted, fault) for fault in unspoilt[check]):
            yield f"{name}: found before anything was spoilt"
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(new if before is None else before.replace(old, new), encoding="utf-8")
        if not found(check, copy, wanted):
            yield f"{name}: not found"
        path.unlink() if before is None else path.write_text(before, encoding="utf-8")


def man_failures(copy):
    page = copy / "page"
    names = " ".join(f"{i.name} " + " ".join(m.name for m in i.members) for i in lint.interfaces(copy))
    contract = lint.contract(copy)
    names += " ".join(["", *(row.bus_name for row in contract.errors(copy / ERRORS)),
                       *(action.id for action in contract.actions(copy / POLICY))])
    page.write_text(names, encoding="utf-8")
    if list(check_man.check(copy, page)):
        yield "check_man: a page that names everything is refused"
    page.write_text(names.replace("WaitSession", ""), encoding="utf-8")
    if not found(check_man, copy, "does not name WaitSession", page):
        yield "check_man: a page without WaitSession is not refused"
    client = copy / "sdmectl"
    client.write_text(SDMECTL, encoding="utf-8")
    client.chmod(0o755)
    for wanted in ("does not have the verb 'spoil'", "does not have --spoilt", "which sdmectl --help does not"):
        if not found(check_man, copy, wanted, page, str(client)):
            yield f"check_man: not found: {wanted}"


def link_failures(copy):
    shell = str(pathlib.Path("/bin/sh").resolve())
    archives = sorted(pathlib.Path("/usr/lib").glob("*/libarchive.so.*"))
    if not found(check_links, copy, "links libc", f"sdme-guest-session={shell}"):
        yield "check_links: a dynamic guest program is not refused"
    if not archives or not found(check_links, copy, "links lib", f"sdmed={archives[0]}"):
        yield "check_links: what links a compressor is not refused for sdmed"
    if not found(check_links, copy, "does not exist", "sdmed=/nonexistent"):
        yield "check_links: a program that is not there is not refused"


def main():
    with tempfile.TemporaryDirectory() as place:
        copy = copy_of(pathlib.Path(sys.argv[1]), pathlib.Path(place) / "tree")
        faults = [*failures(copy), *man_failures(copy), *link_failures(copy)]
    print("\n".join(faults) or f"{len(SPOILS)} spoilt trees, each found")
    sys.exit(1 if faults else 0)


main()
