#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Package repositories for stand-ins of distributions, from Debian's packages: repositories.py SUITE DEBS OUT

DEBS is a directory of .deb files of the suite. OUT gets a repository of that name, for apt, and of trixie also `rpm` and
`pacman`: the same content, packed by that family's own tools under that family's names; `keyring` and
`makepkg` are for the tree of pacman's stand-in: the key that signed the packages, and shell code. Runs as root in the tree of tests/host."""
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys

# Families' names, and by which Debian packages begin what is in them; the first that matches.
PACKAGES = (("dbus", r"dbus|libdbus|libexpat|libapparmor"), ("util-linux", r"login|util-linux|libmount|libblkid|mount"),
            ("shadow", r"passwd|libsubid|libsemanage|libsepol|libbsd"), ("pam", r"libpam-modules|libpam-runtime"),
            ("systemd", r"systemd|libsystemd|libpam-systemd|libseccomp|libssl|libkmod|libacl|libaudit|libcap"))

# What Debian's own scripts would have done. That no daemon can be started is part of what the tests look for.
SCRIPTS = {"systemd": "systemd-sysusers; systemctl --quiet start systemd-journald.service || true",
           "dbus": "systemd-sysusers; dbus-daemon --system --fork || true"}

NOT_PACKED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/share/bug")
VERSION = "1"


def run(*argv, **options):
    done = subprocess.run([str(word) for word in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{argv[0]} failed:\n{done.stdout}")


# ---- apt ------------------------------------------------------------------------------------------

def make_apt(debs, out):
    """A flat repository: the index is what is in the packages, and where they are."""
    out.mkdir()
    stanzas = []
    for deb in sorted(debs.glob("*.deb")):
        shutil.copy(deb, out)
        fields = subprocess.run(["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True).stdout.rstrip("\n")
        content = deb.read_bytes()
        stanzas.append(f"{fields}\nFilename: ./{deb.name}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n")
    (out / "Packages").write_text("\n".join(stanzas))


# ---- the content of the others --------------------------------------------------------------------

def unpack(debs, place):
    """A tree for each package of the families', where all programs are in /usr/bin."""
    for deb in sorted(debs.glob("*.deb")):
        name = next((name for name, pattern in PACKAGES if re.match(pattern, deb.name)), None)
        if name is None:
            continue  # the bootstrap's own
        (place / name).mkdir(parents=True, exist_ok=True)
        run("dpkg-deb", "--extract", deb, place / name)
    for name, _ in PACKAGES:
        tree = place / name
        tree.mkdir(parents=True, exist_ok=True)
        for path in NOT_PACKED:
            shutil.rmtree(tree / path, ignore_errors=True)
        if (tree / "usr/sbin").is_dir():
            shutil.copytree(tree / "usr/sbin", tree / "usr/bin", symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(tree / "usr/sbin")


def files(tree):
    return [path for path in sorted(tree.rglob("*")) if path.is_symlink() or not path.is_dir()]


# ---- rpm ------------------------------------------------------------------------------------------

SPEC = """
%define debug_package %{{nil}}
%define __os_install_post %{{nil}}
%define _build_id_links none
%define _binary_payload w1.gzdio
Name: {name}
Version: {version}
Release: 1
Summary: Debian's, for a stand-in
License: various
AutoReqProv: no
{tags}
%description
%{{summary}}.
%install
cp -a {tree}/. %{{buildroot}}
{script}
%files
{files}
"""

# The shell that runs scripts is in the stand-in already, but no package told the database so.
RPM_TAGS = {"dbus": "Provides: dbus-1 = 1", "shadow": "Provides: shadow-utils = 1",
            "systemd": "Requires: dbus, pam\nProvides: /bin/sh"}


def make_rpm(place, out, work):
    out.mkdir()
    for name, _ in PACKAGES:
        tree = place / name
        listed = "\n".join(f'"/{path.relative_to(tree)}"' for path in files(tree))
        spec = work / f"{name}.spec"
        spec.write_text(SPEC.format(name=name, version=VERSION, tags=RPM_TAGS.get(name, ""), tree=tree,
                                    script=f"%post\n{SCRIPTS[name]}" if name in SCRIPTS else "", files=listed))
        defines = {"_topdir": work / "rpmbuild", "_tmppath": work, "_dbpath": work / "rpmdb", "_rpmdir": out}
        run("rpmbuild", "--quiet", "-bb", *(f"--define={key} {value}" for key, value in defines.items()), spec)
    run("createrepo_c", "--quiet", out)


# ---- pacman ---------------------------------------------------------------------------------------

PKGBUILD = """
pkgname={name}
pkgver={version}
pkgrel=1
pkgdesc="Debian's, for a stand-in"
arch=(any)
depends=({depends})
install={name}.install
options=(!strip !debug emptydirs)
PKGEXT=.pkg.tar.zst
COMPRESSZST=(zstd -c -q -1 -)
package() {{ cp -a "{tree}/." "$pkgdir"; }}
"""


def make_pacman(place, out, work, user="alice"):
    """makepkg refuses to run as root."""
    out.mkdir()
    work = work / "pacman"
    for name, _ in PACKAGES:
        folder = work / name
        folder.mkdir(parents=True)
        depends = "dbus pam" if name == "systemd" else ""
        (folder / "PKGBUILD").write_text(PKGBUILD.format(name=name, version=VERSION, depends=depends, tree=place / name))
        (folder / f"{name}.install").write_text("post_install() {\n    " + SCRIPTS.get(name, ":") + "\n}\n")
        run("chown", "-R", user, folder)
        run("setpriv", "--reuid", user, "--regid", user, "--clear-groups", "makepkg", "--nodeps", "--nocheck", "--skipinteg", cwd=folder)

        for package in folder.glob("*.pkg.tar.zst"):
            shutil.move(package, out)
    packages = sorted(out.glob("*.pkg.tar.zst"))
    sign(packages, out.parent / "keyring", work)
    run("repo-add", "--quiet", out / "stand-in.db.tar.gz", *packages)


def sign(packages, keyring, work):
    """With a key of its own, and the keyring by which pacman-key comes to trust it."""
    home = work / "gnupg"
    home.mkdir(mode=0o700)
    keyring.mkdir()
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    run(*gpg, "--quick-generate-key", "Stand-in <stand-in@localhost>", "ed25519", "sign", "never")
    run(*gpg, "--output", keyring / "stand-in.gpg", "--export")
    shown = subprocess.run([*gpg, "--with-colons", "--list-keys"], check=True, capture_output=True, text=True).stdout
    fingerprint = re.search(r"^fpr:+([0-9A-F]+):", shown, re.MULTILINE).group(1)
    (keyring / "stand-in-trusted").write_text(f"{fingerprint}:4:\n")
    for package in packages:
        run(*gpg, "--detach-sign", package)
    run("gpgconf", "--homedir", home, "--kill", "all")


def main():
    suite = sys.argv[1]
    debs, out = (pathlib.Path(argument) for argument in sys.argv[2:])
    out.mkdir(exist_ok=True)
    work = out.parent / "work"
    place = work / "trees"
    make_apt(debs, out / suite)
    if suite != "trixie":
        return
    unpack(debs, place)
    run("chmod", "-R", "a+rX", work)
    make_rpm(place, out / "rpm", work)
    make_pacman(place, out / "pacman", work)
    shutil.copytree("/usr/share/makepkg", out / "makepkg")  # which pacman-key reads


if __name__ == "__main__":
    main()
