#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Written pages agree with the sources: check_docs.py TREE. The table of errors, the exit codes, the settings, security
profiles, the journal fields, the sandbox lines, the dependencies, the links between pages."""
import re
import sys

import lint


def errors_faults(root):
    lint.contract(root)
    sys.path.insert(0, str(root / "docs"))
    sys.modules.pop("gen_errors", None)
    import gen_errors
    sys.path.pop(0)
    if lint.read(root / "docs/errors.md") != gen_errors.text(root / "dbus/errors.hpp"):
        yield "docs/errors.md: is not what docs/gen_errors.py prints"


def exit_faults(root):
    codes = set(re.findall(r"inline constexpr int k\w+ = (\d+);", lint.read(root / "dbus/errors.hpp")))
    page = lint.read(root / "docs/man/sdmectl.1.scd")
    table = page.split("# EXIT STATUS", 1)[-1].split("\n# ", 1)[0]
    documented = set(re.findall(r"^\*(\d+)\*", table, re.M)) | set(re.findall(r", \*(\d+)\*", table))
    for code in sorted(codes - documented, key=int):
        yield f"sdmectl(1): EXIT STATUS lacks {code}"
    for code in sorted(documented - codes - {"125", "126", "127", "143"}, key=int):
        yield f"sdmectl(1): EXIT STATUS has {code}, which dbus/errors.hpp does not"


def settings_faults(root):
    source = root / "daemon/store/settings.cpp"
    rows = re.findall(r'\{"(\w+)", "(\w+)", Kind::k\w+', lint.read(source)) if source.exists() else []
    if not rows:
        yield "daemon/store/settings.cpp: no settings were found"
    page = lint.read(root / "docs/man/sdmed.conf.5.scd")
    documented = {(section.lower(), key) for section, body in re.findall(r"^# \\\[(\w+)\\\]\n(.*?)(?=^# |\Z)", page, re.M | re.S)
                  for key in re.findall(r"^\*(\w+)=\*", body, re.M)}
    known = {(section.lower(), key) for section, key in rows}
    for section, key in sorted(known ^ documented):
        yield f"sdmed.conf(5) and daemon/store/settings.cpp differ on {key}= in section {section}"
    sample = root / "packaging/sdmed.conf"
    if sample.exists():
        named = set(re.findall(r"^#?\s?([A-Z]\w+)=", lint.read(sample), re.M))
        for key in sorted(named ^ {key for _, key in known}):
            yield f"packaging/sdmed.conf and daemon/store/settings.cpp differ on {key}="


def profile_faults(root):
    """Settings of security profiles: in the source, in the manual, and in the files that are shipped."""
    known = set(re.findall(r'\{"(\w+)",\s*\[\]\(Profile&', lint.read(root / "daemon/store/profile.cpp")))
    if not known:
        yield "daemon/store/profile.cpp: no settings were found"
    documented = set(re.findall(r"^\*(\w+)=\*", lint.read(root / "docs/man/sdmed.profiles.5.scd"), re.M))
    for key in sorted(known ^ documented):
        yield f"sdmed.profiles(5) and daemon/store/profile.cpp differ on {key}="
    for path in lint.files(root, ".conf", below="daemon/store/profiles"):
        for key in sorted(set(re.findall(r"^(\w+)=", lint.read(path), re.M)) - known):
            yield f"{lint.place(root, path)}: there is no setting {key}="
        if f"*{path.stem}*" not in lint.read(root / "docs/man/sdmed.profiles.5.scd"):
            yield f"sdmed.profiles(5): does not have the profile {path.stem}"


def journal_faults(root):
    fields = re.findall(r'"(SDME_\w+)"', lint.read(root / "daemon/base/log.hpp"))
    page = lint.read(root / "docs/man/sdmed.8.scd").replace("\\", "")
    for field in sorted(set(fields) ^ set(re.findall(r"\*(SDME_\w+)=\*", page))):
        yield f"sdmed(8) and daemon/base/log.hpp differ on {field}"


def directives(text):
    """Names of the lines below [Service], [Socket] and the like, [Unit] and [Install] aside."""
    section, found = "", set()
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif section not in ("Unit", "Install") and re.match(r"[A-Z]\w*=", line):
            found.add(line.split("=")[0])
    return found


def section(page, title):
    found = re.search(rf"^## `{re.escape(title)}`\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    return found[1] if found else ""


def explained(text):
    return {name for cell in re.findall(r"^\|([^|]*)\|", text, re.M) for name in re.findall(r"`([A-Z]\w*)=?[^`]*`", cell)}


def hardening_faults(root):
    page = lint.read(root / "docs/hardening.md")
    for path in [*lint.files(root, ".service", ".service.in", ".socket", below="units")]:
        name = path.name.removesuffix(".in")
        said = explained(section(page, name))
        for directive in sorted(directives(lint.read(path)) ^ said):
            yield f"docs/hardening.md and units/{path.name} differ on {directive}="
    source = root / "daemon/job/sandbox.cpp"
    if source.exists():
        used = set(re.findall(r'\{"((?!AF_)[A-Z]\w+)",', lint.read(source))) - {"Environment", "Type"}
        for directive in sorted(used ^ explained(section(page, "sdme-job-N.service"))):
            yield f"docs/hardening.md and daemon/job/sandbox.cpp differ on {directive}="


def control_packages(root, field):
    body = re.search(rf"^{field}:(.*?)(?=^\S|\Z)", lint.read(root / "packaging/debian/control"), re.M | re.S)
    names = {re.split(r"[\s(:<]", item.strip())[0] for item in (body[1] if body else "").split(",")}
    return {name for name in names if name and not name.startswith(("$", "debhelper"))}


def dependency_faults(root):
    """README's table has each package of debian/control once."""
    named = explained_words(lint.read(root / "README.md"), "Dependencies")
    wanted = set().union(*(control_packages(root, field) for field in ("Build-Depends", "Depends", "Recommends")))
    for name in sorted(wanted - named):
        yield f"README.md: does not say why {name} is needed"
    for name in sorted(named - wanted):
        yield f"README.md: says why {name} is needed, which packaging/debian/control does not name"


def explained_words(page, title):
    body = page.split(f"## {title}", 1)[-1].split("\n## ", 1)[0]
    return {word for row in re.findall(r"^\|([^|]*)\|", body, re.M) for word in re.findall(r"`([^`]+)`", row)}


def link_faults(root):
    for path in lint.files(root, ".md"):
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", lint.read(path)):
            if not (path.parent / target).exists():
                yield f"{lint.place(root, path)}: links to {target}, which does not exist"
        for target in re.findall(r"`((?:docs|tests|daemon|client|dbus|polkit|units|packaging)/[\w./@-]+)`", lint.read(path)):
            if not (root / target).exists():
                yield f"{lint.place(root, path)}: names {target}, which does not exist"


def check(root):
    for part in (errors_faults, exit_faults, settings_faults, profile_faults, journal_faults, hardening_faults, dependency_faults,
                 link_faults):
        yield from part(root)


if __name__ == "__main__":
    lint.main(check)
