# SPDX-License-Identifier: MIT
"""Root filesystems: every format, every kind of file kept exactly, replaced, removed; and archives that nobody should make."""
import os
import pathlib
import shutil

import pytest

import bus
import guests
import host
import tars
import trees


# ---- formats --------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def specials(prepared_host):
    """A tree with one of every kind of file: (folder, its scan, a tar of it)."""
    folder = guests.WORK / "specials"
    trees.make_specials(folder)
    archive = tars.pack(folder, guests.WORK / "specials.tar", "--sparse")
    return folder, trees.scan(folder), archive.read_bytes()


def same(rootfs, scan):
    found = trees.differences(scan, trees.scan(trees.layer_of(rootfs)))
    assert not found, found


@pytest.mark.parametrize("how", tars.COMPRESS)
def test_format(specials, how):
    _, scan, archive = specials
    path = guests.WORK / f"specials.{how}"
    path.write_bytes(tars.COMPRESS[how](archive))
    try:
        name = guests.import_as("bob", host.unique("rootfs"), path)
    finally:
        path.unlink()
    same(name, scan)


@pytest.mark.parametrize("how", [how for how in tars.COMPRESS if how != "plain"])
def test_multi_member_by_standard_input(specials, how):
    _, scan, archive = specials
    name = guests.import_as("bob", host.unique("rootfs"), "-", stdin=tars.multi_member(how, archive))
    same(name, scan)


@pytest.mark.parametrize("option", ["--format=gnu", "--format=ustar", "--format=v7"])
def test_old_formats(option):
    """Archives that hold less are kept as they are."""
    folder = guests.WORK / "old"
    folder.mkdir()
    try:
        (folder / "file").write_text("content")
        os.chown(folder / "file", 12, 34)
        (folder / "link").symlink_to("file")
        os.link(folder / "file", folder / "other")
        os.utime(folder / "file", (10**9, 10**9))
        for path in (folder / "link", folder):
            os.utime(path, (10**9, 10**9), follow_symlinks=False)
        archive = host.run("root", "tar", option, "-C", folder, "-c", ".").raw
        name = guests.import_as("bob", host.unique("rootfs"), "-", stdin=archive)
        same(name, trees.scan(folder))
    finally:
        shutil.rmtree(folder)


def test_directory(specials):
    folder, scan, _ = specials
    name = guests.import_as("root", host.unique("rootfs"), folder)
    same(name, scan)


def test_the_comparison_sees_changes(specials):
    """The negative control of all comparisons here: each kind of change shows."""
    folder, scan, archive = specials
    name = guests.import_as("bob", host.unique("rootfs"), "-", stdin=archive)
    tree = trees.layer_of(name)
    os.chown(tree / "owned", 0, 0)
    os.utime(tree / "plain", ns=(0, scan["plain"].mtime_ns + 1))
    os.removexattr(tree / "capable-cat", "security.capability")
    (tree / "deeper" / "linked-c").unlink()
    (tree / "sticky").chmod(0o777)
    (tree / "more").touch()
    found = trees.differences(scan, trees.scan(tree))
    for path in ("owned: uid", "plain: mtime_ns", "capable-cat: xattrs", "linked-c: only", "linked-a: linked", "sticky: mode", "more: only"):
        assert path in found, (path, found)


def test_directory_as_somebody():
    """A user imports what the user can read, and is told about the rest."""
    folder = pathlib.Path("/home/bob/tree")
    (folder / "etc").mkdir(parents=True)
    (folder / "etc/os-release").write_text("ID=mine\nPRETTY_NAME=Mine\n")
    try:
        name = guests.import_as("bob", host.unique("rootfs"), folder)
        assert (trees.layer_of(name) / "etc/os-release").exists()
        secret = folder / "secret"
        secret.write_text("root's")
        secret.chmod(0o600)
        result = host.sdmectl("bob", "fs", "import", "unreadable", str(folder))
        assert result.status == 65 and "secret" in result.err
        assert "unreadable" not in host.entries("rootfs")
        host.nothing_left()
    finally:
        shutil.rmtree(folder)


def test_file_that_the_user_cannot_read():
    secret = guests.WORK / "secret.tar"
    secret.write_bytes(tars.small())
    secret.chmod(0o600)
    result = host.sdmectl("bob", "fs", "import", "secret", str(secret))
    assert result.status == 65 and "ermission denied" in result.err
    secret.unlink()


# ---- Debian, twice --------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def bookworm_tree(prepared_host):
    tree = guests.prepare_tree("bookworm")
    yield tree
    shutil.rmtree(tree)


def boots_and_is_the_same(rootfs, scan):
    """Outside as the source, inside as the source, and up."""
    same(rootfs, scan)
    name = guests.start(guests.confined(rootfs))
    assert guests.exec_in(name, "systemctl", "is-system-running").out.strip() in ("running", "degraded")
    health = [c["health"] for c in host.sdmectl("bob", "ps", "--json").json() if c["name"] == name]
    assert health == ["ok"], guests.exec_in(name, "systemctl", "--failed", "--no-pager").out
    found = trees.inside_differences(name, scan)
    assert not found, found
    return name


def attributes_inside(name):
    """Extended attributes, capabilities and access control lists, as the guest's own tools tell them."""
    special = "/" + guests.SPECIALS
    assert guests.exec_in(name, "getfattr", "-n", "user.binary", "-e", "hex", "--only-values", f"{special}/attributed").raw == b"\0\1\2\xff"
    assert "cap_dac_read_search=ep" in guests.exec_in(name, "getcap", f"{special}/capable-cat").ok()
    listed = guests.exec_in(name, "getfacl", "-pn", f"{special}/listed").ok()
    assert "user:1234:rw-" in listed and "group:2345:r--" in listed
    default = guests.exec_in(name, "getfacl", "-pn", f"{special}/default-acl").ok()
    assert "default:user:1234:rwx" in default
    assert "user.binary" not in guests.exec_in(name, "getfattr", f"{special}/plain").ok()


def test_trixie_as_tarball(trixie, trixie_tree):
    attributes_inside(boots_and_is_the_same(trixie, trees.scan(trixie_tree)))


def test_trixie_as_directory(trixie_tree):
    rootfs = guests.import_as("root", host.unique("trixie"), trixie_tree)
    attributes_inside(boots_and_is_the_same(rootfs, trees.scan(trixie_tree)))


@pytest.mark.parametrize("suite, version", [("bookworm", "12"), ("bullseye", "11")])
def test_older_one_as_tarball(suite, version):
    """The tarball that mmdebstrap made, against what tar(1) makes of it."""
    rootfs = guests.import_as("bob", host.unique(suite), guests.TARBALLS / f"{suite}.tar")
    pristine = guests.WORK / "pristine"
    tars.unpack(guests.TARBALLS / f"{suite}.tar", pristine, acls=False)  # there they are attributes like others
    try:
        name = boots_and_is_the_same(rootfs, trees.scan(pristine))
    finally:
        shutil.rmtree(pristine)
    assert version in guests.shell_in(name, ". /etc/os-release; echo $VERSION_ID").ok()


def test_bookworm_as_directory(bookworm_tree):
    rootfs = guests.import_as("root", host.unique("bookworm"), bookworm_tree)
    boots_and_is_the_same(rootfs, trees.scan(bookworm_tree))


# ---- what is known of it --------------------------------------------------------------------------

def test_what_is_shown(tiny, trixie, trixie_tree, box):
    shown = {item["name"]: item for item in host.sdmectl("alice", "fs", "ls", "--json").json()}
    assert shown["tiny"]["os"] == "Tiny 1" and shown["tiny"]["distro"] == "tiny"
    assert shown["tiny"]["bootable"] is True and shown["tiny"]["containers"] == []
    assert shown["trixie"]["distro"] == "debian" and "trixie" in shown["trixie"]["os"]
    assert shown["trixie"]["containers"] == ["box"]
    files = sum(entry.size for entry in trees.scan(trixie_tree).values() if entry.digest)
    assert 0.5 * files < shown["trixie"]["size"] <= files
    more = host.sdmectl("bob", "fs", "show", "trixie", "--json").json()[0]
    assert more["digest"].startswith("sha256:") and more["origin"].endswith("/trixie.tar") and more["version_id"] == "13"
    assert abs(more["entries"] - len(trees.walk(trixie_tree))) <= 1


def test_one_without_an_init():
    archive = tars.Archive().folder("etc").file("etc/os-release", b"ID=x\n").bytes()
    name = guests.import_as("bob", host.unique("rootfs"), "-", stdin=archive)
    assert [item["bootable"] for item in host.sdmectl("bob", "fs", "ls", "--json").json() if item["name"] == name] == [False]


def test_words_of_a_stranger_are_made_printable():
    """os-release may hold anything; a terminal is not given it."""
    archive = tars.Archive().folder("etc").file("etc/os-release", b'ID=x\nPRETTY_NAME="\x1b[31mred\x07\xff\xfe"\n').bytes()
    name = guests.import_as("bob", host.unique("rootfs"), "-", stdin=archive)
    shown = host.sdmectl("bob", "fs", "ls")
    assert name in shown.ok() and b"\x1b" not in shown.raw and b"\x07" not in shown.raw


def test_result_is_printed(specials):
    name = host.unique("rootfs")
    assert host.sdmectl("bob", "fs", "import", name, "-", stdin=tars.small()).ok() == name
    shown = host.sdmectl("bob", "fs", "import", "--force", "--json", name, "-", stdin=tars.small()).json()
    assert shown["name"] == name and shown["digest"].startswith("sha256:")


# ---- replaced and removed -------------------------------------------------------------------------

def test_force(trixie):
    """A container keeps what it was made from; new ones get the new."""
    name = guests.import_as("bob", host.unique("rootfs"), "-", stdin=tars.small())
    old = guests.confined(name)
    other = tars.Archive().folder("etc").file("etc/os-release", b"ID=two\nPRETTY_NAME=Two\n").bytes()
    assert host.sdmectl("bob", "fs", "import", name, "-", stdin=other).status == 5
    guests.import_as("bob", name, "-", "--force", stdin=other)
    new = guests.confined(name)
    systems = {c["name"]: c["os"] for c in host.sdmectl("bob", "ps", "--json").json()}
    assert systems[old] == "Tiny 1" and systems[new] == "Two"
    host.sdmectl("bob", "rm", old).ok()
    host.until(lambda: len(host.entries("layers")) == len({trees.layer_of(r) for r in host.entries("rootfs")}), "the old layer to go")


def test_in_use_is_not_removed(tiny):
    name = guests.import_as("bob", host.unique("rootfs"), "-", stdin=tars.small())
    user = guests.confined(name)
    result = host.sdmectl("bob", "-v", "fs", "rm", name)
    assert result.status == 5 and bus.error("InUse") in result.err and user in result.err
    assert name in host.entries("rootfs")
    host.sdmectl("bob", "rm", user).ok()
    assert host.sdmectl("bob", "fs", "rm", name).ok() == name
    assert name not in host.entries("rootfs")


def test_several_are_removed_at_once():
    names = [guests.import_as("bob", host.unique("rootfs"), "-", stdin=tars.small()) for _ in range(3)]
    result = host.sdmectl("bob", "fs", "rm", names[0], "nobody", names[1], names[2])
    assert result.status == 3 and sorted(result.out.split()) == sorted(names)
    assert "1 of 4 failed" in result.err


def test_detach():
    path = pathlib.Path("/home/bob/small.tar")
    path.write_bytes(tars.small())
    name = host.unique("rootfs")
    job = host.sdmectl("bob", "fs", "import", "--detach", name, str(path)).ok()
    host.sdmectl("bob", "jobs", "wait", job).ok()
    assert name in host.entries("rootfs")
    path.unlink()


def test_cancel_by_its_owner(processes):
    name = host.unique("rootfs")
    client = processes("bob", "sdmectl", "fs", "import", name, "-", stdin=-1)
    client.stdin.write(tars.padded(tars.small(), 2_000_000)[:1_000_000])
    client.stdin.flush()
    host.until(lambda: host.entries("staging"), "the import to have begun")
    job = [j for j in host.sdmectl("bob", "jobs", "--json").json() if j["target"] == name][0]
    assert host.sdmectl("alice", "jobs", "cancel", str(job["id"])).status == 4
    host.sdmectl("bob", "jobs", "cancel", str(job["id"])).ok()
    assert client.wait(30) == 130
    host.nothing_left()


def test_interrupted_client(processes):
    name = host.unique("rootfs")
    client = processes("bob", "sdmectl", "fs", "import", name, "-", stdin=-1)
    client.stdin.write(b"\0" * 512)
    client.stdin.flush()
    host.until(lambda: host.entries("staging"), "the import to have begun")
    client.send_signal(2)
    assert client.wait(30) == 130
    host.nothing_left()


# ---- progress -------------------------------------------------------------------------------------

def test_progress_is_plain_lines():
    """Of what takes its time; what is done at once has nothing to tell."""
    name = host.unique("rootfs")
    result = host.run("bob", "sh", "-c", f"(sleep 1; cat) | sdmectl fs import {name} -", stdin=tars.small())
    assert result.ok() == name
    assert f"import {name}" in result.err and "\x1b" not in result.err and "\r" not in result.err


def test_progress_is_monotonic(trixie_tar):
    """Signals of the job: never backwards, at most ten a second, complete at the end; and they tell no secrets."""
    with bus.signals() as signals:
        guests.import_as("bob", host.unique("rootfs"), trixie_tar)
    seen = [(time, changed["Progress"]) for time, _, changed in bus.changes(signals, "org.sdme1.Job") if "Progress" in changed]
    values = [value for _, value in seen]
    assert len(values) > 2 and values == sorted(values) and values[-1] == 1.0
    assert len(seen) <= 10 * (seen[-1][0] - seen[0][0]) + 5  # its states come when they come
    assert "trixie.tar" not in str(signals)  # where it came from is its owner's


# ---- hostile archives -----------------------------------------------------------------------------

HOSTILE = list(tars.hostile())
OUTSIDE = ("/tmp/escaped", "/escaped", "/tmp/sdmed-escaped")


def rejected(user, archive, words, status=65, **options):
    """The sentence with which an import ends; nothing of it is left anywhere."""
    name = host.unique("hostile")
    said = bus.sentence(host.sdmectl(user, "-v", "--progress=none", "fs", "import", name, "-", stdin=archive, **options), status, *words)
    host.nothing_left()
    assert name not in host.entries("rootfs")
    assert not any(os.path.lexists(path) for path in OUTSIDE)
    return said


@pytest.mark.parametrize("archive, words", [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_hostile(archive, words):
    before = trees.digest("/etc/passwd")
    layers = host.entries("layers")
    rejected("bob", archive, words)
    assert trees.digest("/etc/passwd") == before and os.stat("/etc/passwd").st_nlink == 1
    assert host.entries("layers") == layers


def test_harmless_neighbours_are_taken():
    """The negative control: what looks like the hostile ones, and is not."""
    archive = (tars.Archive().folder("a").file("a/./b").file("./c").symlink("out", "/etc/passwd").symlink("up", "../../..")
               .hard_link("d", "c").character_device("null", 1, 3).file("a..b").file("..c").bytes())
    name = guests.import_as("bob", host.unique("rootfs"), "-", stdin=archive)
    assert {"a/b", "c", "out", "up", "d", "null", "a..b", "..c"} <= trees.scan(trees.layer_of(name)).keys()


def test_overlay_attributes_are_dropped():
    """An archive cannot speak to the overlay file system that its tree becomes a part of."""
    folder = guests.WORK / "attributes"
    folder.mkdir()
    try:
        for path in (folder / "dir", folder / "other"):
            path.mkdir()
            os.setxattr(path, "user.overlay.opaque", b"y")
            os.setxattr(path, "trusted.overlay.opaque", b"y")
            os.setxattr(path, "user.kept", b"y")
        archive = tars.pack(folder, guests.WORK / "attributes.tar").read_bytes()
        assert b"user.overlay.opaque" in archive
        name = guests.import_as("bob", host.unique("rootfs"), "-", stdin=archive)
        assert os.listxattr(trees.layer_of(name) / "dir") == ["user.kept"]
    finally:
        shutil.rmtree(folder)


def test_attributes_that_only_root_of_the_host_has():
    """trusted.* cannot be kept by a worker without CAP_SYS_ADMIN: it is refused, not lost silently."""
    folder = guests.WORK / "trusted"
    folder.mkdir()
    try:
        os.setxattr(folder, "trusted.other", b"x")
        archive = tars.pack(folder, guests.WORK / "trusted.tar").read_bytes()
        rejected("bob", archive, ["NotSupported"], status=1)
    finally:
        shutil.rmtree(folder)


def many_entries(count):
    archive = tars.Archive()
    for number in range(count):
        archive.add(f"{number // 1000}/{number}")
    return archive.bytes()


def test_100_000_entries():
    archive = many_entries(100_000)
    name = guests.import_as("bob", host.unique("many"), "-", stdin=archive)
    shown = host.sdmectl("bob", "fs", "show", name, "--json").json()[0]
    assert shown["entries"] == 100_000
    host.sdmectl("bob", "fs", "rm", name).ok()
    host.until(lambda: not host.entries("trash"), "100,000 entries to be removed", 60)


def test_holes_stay_holes():
    """A sparse file takes the room of its content, which is what the limit counts."""
    sparse = host.run("root", "sh", "-c", f"cd {guests.WORK} && truncate -s 1G big && tar --sparse -c big && rm big").raw
    with host.settings("[Import]\nImportMaxBytes=4M\n"):
        name = guests.import_as("bob", host.unique("rootfs"), "-", stdin=sparse)
    info = os.stat(trees.layer_of(name) / "big")
    assert info.st_size == 1 << 30 and info.st_blocks < 100


def test_1_000_deep():
    name = guests.import_as("bob", host.unique("deep"), "-", stdin=tars.Archive().file("d/" * 1000 + "file").bytes())
    assert len(trees.walk(trees.layer_of(name))) == 1002
    host.sdmectl("bob", "fs", "rm", name).ok()


def test_limits():
    """A bomb, and too many entries, beyond configured limits; and what is just within them."""
    bomb = tars.Archive().file("zeros", bytes(8 << 20)).bytes()
    with host.settings("[Import]\nImportMaxBytes=4M\nImportMaxEntries=1000\n"):
        for how in ("gz", "xz", "zst"):
            said = rejected("bob", tars.COMPRESS[how](bomb), ["LimitExceeded"], status=1)
            assert "ImportMaxBytes" in said
        assert "ImportMaxEntries" in rejected("bob", many_entries(1500), ["LimitExceeded"], status=1)
        guests.import_as("bob", host.unique("rootfs"), "-", stdin=many_entries(900))
        guests.import_as("bob", host.unique("rootfs"), "-", stdin=tars.Archive().file("zeros", bytes(3 << 20)).bytes())
    guests.import_as("bob", host.unique("rootfs"), "-", stdin=tars.COMPRESS["gz"](bomb))


def test_time_limit(processes):
    with host.settings("[Import]\nImportMaxSec=1s\n"):
        client = processes("bob", "sdmectl", "-v", "fs", "import", "slow", "-", stdin=-1)
        client.stdin.write(b"\0" * 512)
        client.stdin.flush()
        assert client.wait(30) == 124
        assert b"ImportMaxSec" in client.stderr.read()
        host.nothing_left()
