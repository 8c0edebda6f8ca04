# SPDX-License-Identifier: MIT
"""What of the host a container sees: bind mounts when it starts and while it runs, and what they must not be."""
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import socket

import pytest

import bus
import guests
import host
from guests import exec_in, shell_in

UIDS = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
HOMES = pathlib.Path("/home")
MAKES = 'subject.user === "alice" && ["org.sdme.create-container", "org.sdme.manage-containers", "org.sdme.container-shell"].indexOf(action.id) >= 0'


def record(name):
    return json.loads((host.STORE / "containers" / name / "record.json").read_text())


def inodes(name):
    return [bind["inode"] for bind in record(name)["definition"]["binds"]]


def own(path, user):
    os.lchown(path, UIDS[user], pwd.getpwnam(user).pw_gid)
    return path


def folder(path, user="root", mode=0o755, **files):
    path.mkdir()
    path.chmod(mode)
    own(path, user)
    for name, text in files.items():
        (path / name).write_text(text)
        own(path / name, user)
    return path


@pytest.fixture
def srv():
    """A directory of the host that root alone can change."""
    path = pathlib.Path("/srv") / host.unique("bound")
    yield folder(path, of_root="root's\n")
    shutil.rmtree(path)


@pytest.fixture
def home():
    """One of bob's, in his home."""
    path = HOMES / "bob" / host.unique("bound")
    yield folder(path, "bob", of_bob="bob's\n")
    for left in (HOMES / "bob").glob("bound-*"):
        left.unlink() if left.is_symlink() or left.is_file() else shutil.rmtree(left)


def mount(name, *binds, user="bob", **more):
    return host.sdmectl(user, "mount", name, *binds, **more)


def refused_start(name):
    """The sentence with which it does not start."""
    result = host.sdmectl("bob", "-v", "start", name, timeout=180)
    assert result.status not in (0, 4), result
    return result.err


def options_of(name, path):
    return exec_in(name, "findmnt", "-no", "OPTIONS", path).out.strip().splitlines()[-1].split(",")


# ---- when it starts -------------------------------------------------------------------------------

def test_at_the_start_with_a_user_namespace(trixie, srv, home):
    """Files of any owner have the same ids inside, both ways; what is not asked for does not count."""
    (srv / "of_tester").write_text("tester's\n")
    os.chown(srv / "of_tester", 1234, 1234)
    file = srv / "of_root"
    name = guests.confined(trixie, "--bind", f"{srv}:/srv/data", "-b", f"{home}:/mnt/new/deep:ro", "-b", f"{file}:/etc/one-file", "-b", f"{srv}:/run/mine",
                           "-b", f"{srv}:/tmp/mine")
    guests.start(name)
    assert int(shell_in(name, "cat /proc/self/uid_map").out.split()[1]) > 0
    assert shell_in(name, "cat /srv/data/of_root /mnt/new/deep/of_bob /etc/one-file /run/mine/of_tester /tmp/mine/of_root").out.split() == \
        ["root's", "bob's", "root's", "tester's", "root's"]
    assert shell_in(name, "stat -c %u /srv/data/of_root /srv/data/of_tester /mnt/new/deep/of_bob /mnt /mnt/new /mnt/new/deep").out.split() == \
        ["0", "1234", str(UIDS["bob"]), "0", "0", str(UIDS["bob"])]
    shell_in(name, "touch /srv/data/made && chown 1234 /srv/data/made && touch /srv/data/by-root").ok()
    assert (srv / "made").stat().st_uid == 1234 and (srv / "by-root").stat().st_uid == 0
    assert shell_in(name, "touch /mnt/new/deep/x").status != 0 and not (home / "x").exists()
    for path in ("/srv/data", "/mnt/new/deep", "/etc/one-file"):
        assert {"nosuid", "nodev"} <= set(options_of(name, path))
    assert "ro" in options_of(name, "/mnt/new/deep") and "rw" in options_of(name, "/srv/data")
    assert shell_in(name, "mount -o remount,bind,rw /mnt/new/deep").status != 0
    assert shell_in(name, "mount -o remount,bind,suid /srv/data").status != 0


def test_at_the_start_without_a_user_namespace(trixie, srv):
    (srv / "of_tester").write_text("tester's\n")
    os.chown(srv / "of_tester", 1234, 1234)
    name = guests.start(guests.create(trixie, "--private-network", "--no-userns", "--bind", f"{srv}:/srv/data:ro"))
    assert shell_in(name, "stat -c %u /srv/data/of_tester; cat /srv/data/of_root").out.split() == ["1234", "root's"]
    assert shell_in(name, "touch /srv/data/x").status != 0


def test_set_user_id_programs_count_only_where_asked(trixie, srv):
    shutil.copy("/usr/bin/id", srv / "id")
    (srv / "id").chmod(0o4755)
    name = guests.start(guests.confined(trixie, "-b", f"{srv}:/srv/plain", "-b", f"{srv}:/srv/raised:suid"))
    assert "euid" not in exec_in(name, "/srv/plain/id", options=["--user", "tester"]).out
    assert "euid=0(root)" in exec_in(name, "/srv/raised/id", options=["--user", "tester"]).out


def test_sockets_and_devices(trixie, srv):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(srv / "socket"))
        os.mknod(srv / "null", 0o020666, os.makedev(1, 3))
        os.mkfifo(srv / "pipe")
        name = guests.start(guests.confined(trixie, "-b", f"{srv}/socket:/srv/socket", "-b", f"{srv}/null:/srv/null:dev"))
        assert shell_in(name, "test -S /srv/socket && test -c /srv/null && echo > /srv/null").status == 0
    assert "option 'dev'" in host.sdmectl("bob", "-v", "create", "--fs", trixie, "-b", f"{srv}/null:/srv/null").err
    assert "neither a directory" in host.sdmectl("bob", "-v", "create", "--fs", trixie, "-b", f"{srv}/pipe:/srv/pipe").err


def test_what_is_mounted_below_the_source_is_not_shown(trixie, srv):
    """Neither before nor after: it was not part of what was allowed."""
    for word in ("before", "after"):
        (srv / word).mkdir()
    host.run("root", "mount", "-t", "tmpfs", "tmpfs", str(srv / "before")).ok()
    try:
        (srv / "before/secret").write_text("x")
        name = guests.start(guests.confined(trixie, "-b", f"{srv}:/srv/data"))
        mount(name, f"{srv}:/srv/live").ok()
        host.run("root", "mount", "-t", "tmpfs", "tmpfs", str(srv / "after")).ok()
        (srv / "after/secret").write_text("x")
        assert not shell_in(name, "ls /srv/data/before /srv/data/after /srv/live/before /srv/live/after | grep secret").out
    finally:
        for word in ("before", "after"):
            host.run("root", "umount", str(srv / word))


def test_file_system_that_cannot_map_ids(trixie, srv):
    host.run("root", "mount", "-t", "ramfs", "ramfs", str(srv)).ok()
    try:
        (srv / "file").write_text("x\n")
        bind = f"{srv}:/srv/data"
        assert "cannot map ids" in refused_start(guests.confined(trixie, "-b", bind))
        name = guests.start(guests.confined(trixie))
        refused = host.sdmectl("bob", "-v", "mount", name, bind)
        assert "NotSupported" in refused.err and "cannot map ids" in refused.err
        assert not record(name)["definition"]["binds"]
        plain = guests.start(guests.create(trixie, "--private-network", "--no-userns", "-b", bind))
        assert shell_in(plain, "cat /srv/data/file").out == "x\n"
    finally:
        host.run("root", "umount", "--lazy", str(srv))


# ---- who may have what ----------------------------------------------------------------------------

@pytest.mark.parametrize("source", ["/etc", "/etc/ssl", "/dev/null", "/proc/1", "/sys", "/run", "/run/systemd", "/boot", "/root", "/var/lib/sdmed", "/var/cache/sdmed",
                                    "/var", "/var/lib", "/usr", "/usr/lib", "/usr/lib/sdmed", "/home", "/usr/libexec/sdmed"])
def test_what_only_root_may_show(trixie, box, source):
    bind = [f"{source}:/srv/x:ro,dev"]
    for call in (("CreateContainer", "", trixie, {"binds": ("as", bind)}), ("UpdateContainer", box, {"add-binds": ("as", bind)})):
        assert bus.refusal("bob", *call) == bus.error("HostAccessDenied"), source
    assert not record(box)["definition"]["binds"]


def test_root_may_show_them(trixie):
    name = guests.start(guests.confined(trixie, "-b", "/etc:/srv/etc:ro", user="root"))
    assert shell_in(name, "cat /srv/etc/hostname").ok() == pathlib.Path("/etc/hostname").read_text().strip()


def test_homes_of_others(trixie, home):
    with host.rule(MAKES + ' || subject.user === "alice" && action.id === "org.sdme.grant-host-access"'):
        assert bus.error("HostAccessDenied") in wait_error("alice", trixie, f"{home}:/srv/x")
        mine = folder(HOMES / "alice" / "bound", "alice")
        try:
            guests.confined(trixie, "-b", f"{mine}:/srv/x", user="alice")
        finally:
            shutil.rmtree(mine)


def wait_error(user, rootfs, bind):
    """The error of the job that makes a container with it."""
    with bus.caller(user) as once:
        job, _ = once.call("CreateContainer", "", rootfs, {"binds": ("as", [bind]), "network": ("s", "private")})
        return once.call("WaitJob", job)[1]


def test_a_bind_has_to_be_granted(trixie, srv):
    """The right to make containers is not enough, and the refusal says for what it is not."""
    with host.rule(MAKES):
        refused = host.sdmectl("alice", "-v", "create", "--fs", trixie, "--private-network", "-b", f"{srv}:/srv/data:ro,suid")
        assert refused.status == 4 and f"bind:{srv}:ro" in refused.err and f"setuid:{srv}" in refused.err
        name = guests.start(guests.confined(trixie, user="alice"), user="alice")
        refused = host.sdmectl("alice", "-v", "mount", name, f"{srv}:/srv/data")
        assert refused.status == 4 and f"bind:{srv}" in refused.err
    assert "data" not in shell_in(name, "ls /srv").out


# ---- between authorisation and start --------------------------------------------------------------

def test_the_inode_is_kept_where_others_lead(trixie, srv, home):
    name = guests.confined(trixie, "-b", f"{srv}:/srv/a", "-b", f"{home}:/srv/b", "-b", f"{home}/of_bob:/srv/c")
    assert inodes(name) == [0, home.stat().st_ino, (home / "of_bob").stat().st_ino]
    host.sdmectl("bob", "umount", name, "/srv/a").ok()
    assert inodes(name) == [home.stat().st_ino, (home / "of_bob").stat().st_ino]


def test_source_swapped(trixie, home):
    name = guests.confined(trixie, "-b", f"{home}:/srv/x")
    home.rename(home.with_name("bound-old"))
    folder(home, "bob")
    assert "replaced by another since it was authorised" in refused_start(name)
    # What it was is taken back.
    shutil.rmtree(home)
    home.with_name("bound-old").rename(home)
    guests.start(name)
    assert shell_in(name, "cat /srv/x/of_bob").out == "bob's\n"


def test_source_authorised_anew(trixie, home):
    name = guests.confined(trixie, "-b", f"{home}:/srv/x")
    home.rename(home.with_name("bound-old"))
    folder(home, "bob", new="new\n")
    host.sdmectl("bob", "umount", name, "/srv/x").ok()
    mount(name, f"{home}:/srv/x").ok()
    guests.start(name)
    assert shell_in(name, "cat /srv/x/new").out == "new\n"


def test_source_removed(trixie, home):
    name = guests.confined(trixie, "-b", f"{home}:/srv/x")
    shutil.rmtree(home)
    assert f"bind source '{home}' is not there" in refused_start(name)


def test_source_is_a_link_now(trixie, home):
    name = guests.confined(trixie, "-b", f"{home}:/srv/x")
    home.rename(home.with_name("bound-old"))
    home.symlink_to("/etc")
    sentence = refused_start(name)
    assert "has the link" in sentence and str(home) in sentence


def test_way_is_a_link_now(trixie, home):
    deep = folder(home / "deep", "bob")
    name = guests.confined(trixie, "-b", f"{deep}:/srv/x")
    home.rename(home.with_name("bound-old"))
    home.symlink_to("bound-old")
    assert "has the link" in refused_start(name)


def test_source_changed_its_owner(trixie, home):
    name = guests.confined(trixie, "-b", f"{home}:/srv/x")
    own(home, "root")
    sentence = refused_start(name)
    assert "leads from" in sentence and "of user 0" in sentence
    own(home, "alice")
    assert "leads from" in refused_start(name)


def test_source_was_given_to_another(trixie, srv):
    """By root, in a directory of root's."""
    given = folder(srv / "given")
    own(given, "bob")
    name = guests.confined(trixie, "-b", f"{given}:/srv/x")
    own(given, "alice")
    sentence = refused_start(name)
    assert "belonged to user" in sentence and str(UIDS["alice"]) in sentence
    host.sdmectl("bob", "umount", name, "/srv/x").ok()
    host.sdmectl("bob", "mount", name, f"{given}:/srv/x").ok()
    guests.start(name)


def test_way_came_into_others_hands(trixie, srv):
    inner = folder(srv / "inner")
    name = guests.confined(trixie, "-b", f"{inner}:/srv/x")
    srv.chmod(0o777)
    assert "can now be replaced by others than root" in refused_start(name)
    srv.chmod(0o755)
    guests.start(name)


def test_what_is_not_roots_nor_ones_own_is_never_shown(trixie, home):
    """Below a user's directory even root's files: the user decides what the name leads to."""
    (home / "of_root").write_text("x")
    result = host.sdmectl("bob", "-v", "create", "--fs", trixie, "-b", f"{home}/of_root:/srv/x")
    assert result.status == 4 and "leads from" in result.err and "HostAccessDenied" in result.err
    result = host.sdmectl("root", "-v", "create", "--fs", trixie, "-b", f"{home}/of_root:/srv/x")
    assert "leads from" in result.err


def test_source_that_is_not_there(trixie, box):
    assert bus.error("NotFound") in wait_error("bob", trixie, "/srv/nothing-there:/srv/x")
    result = host.sdmectl("bob", "-v", "mount", box, "/srv/guests/nothing:/srv/x")
    assert result.status != 0
    assert not record(box)["definition"]["binds"]


# ---- while it runs --------------------------------------------------------------------------------

@pytest.fixture(params=["--userns", "--no-userns"])
def live(trixie, request):
    return guests.start(guests.create(trixie, "--private-network", request.param))


def test_live(live, srv, home):
    (srv / "of_tester").write_text("tester's\n")
    os.chown(srv / "of_tester", 1234, 1234)
    mount(live, f"{srv}:/srv/data", f"{home}:/mnt/new/deep:ro", f"{srv}/of_root:/srv/one-file").ok()
    seen = "cat /srv/data/of_root /mnt/new/deep/of_bob /srv/one-file; stat -c %u /srv/data/of_tester /mnt/new; touch /mnt/new/deep/x || echo refused"
    assert shell_in(live, seen).out.split() == ["root's", "bob's", "root's", "1234", "0", "refused"]
    assert {"nosuid", "nodev"} <= set(options_of(live, "/srv/data"))
    shell_in(live, "touch /srv/data/by-root && touch /srv/data/of-1234 && chown 1234 /srv/data/of-1234").ok()
    assert (srv / "by-root").stat().st_uid == 0 and (srv / "of-1234").stat().st_uid == 1234
    assert inodes(live) == [0, home.stat().st_ino, 0]
    # A restart shows the same.
    host.sdmectl("bob", "restart", live, "--term", timeout=180).ok()
    assert shell_in(live, seen).out.split() == ["root's", "bob's", "root's", "1234", "0", "refused"]


def test_live_flags_are_the_hosts_to_change(running, srv):
    mount(running, f"{srv}:/srv/data:ro").ok()
    assert shell_in(running, "mount -o remount,bind,rw /srv/data").status != 0
    assert shell_in(running, "mount -o remount,bind,ro,suid,dev /srv/data").status != 0
    assert shell_in(running, "touch /srv/data/x").status != 0


def test_umount_of_what_came_while_it_ran(live, srv):
    mount(live, f"{srv}:/srv/data", f"{srv}/of_root:/srv/file").ok()
    done = host.sdmectl("bob", "umount", live, "/srv/data", "/srv/file")
    assert done.status == 0 and "counts when" not in done.err + done.out
    assert shell_in(live, "ls /srv/data; cat /srv/file; grep -c /srv/ /proc/self/mountinfo").out.strip() == "0"
    assert not record(live)["definition"]["binds"]


def test_umount_of_what_it_started_with(trixie, srv):
    """In a user namespace the kernel lets none of these go: it is hidden, and said to go with the next start."""
    mapped, plain = [guests.start(guests.create(trixie, "--private-network", userns, "-b", f"{srv}:/srv/data", "-b", f"{srv}/of_root:/srv/file"))
                     for userns in ("--userns", "--no-userns")]
    for name, pending in ((mapped, True), (plain, False)):
        done = host.sdmectl("bob", "umount", name, "/srv/data", "/srv/file")
        assert done.status == 0 and ("binds counts when" in done.err + done.out) is pending, done
        assert shell_in(name, "ls /srv/data; cat /srv/file").out == ""
        mount(name, f"{srv}:/srv/data:ro").ok()  # and there is room for it again
        assert shell_in(name, "cat /srv/data/of_root; touch /srv/data/x || echo refused").out.split() == ["root's", "refused"]
    host.sdmectl("bob", "umount", mapped, "/srv/data").ok()
    host.sdmectl("bob", "restart", mapped, "--term", timeout=180).ok()
    assert shell_in(mapped, "ls /srv/data; cat /srv/file; grep -c ' /srv/' /proc/self/mountinfo").out.strip() == "0"


@pytest.mark.parametrize("userns", ["--userns", "--no-userns"])
def test_umount_of_one_that_has_another_inside(trixie, srv, home, userns):
    """The kernel neither copies nor lets go one alone of those that a user namespace started with."""
    inner = f"{home}:/srv/outer/in/ner"
    name = guests.start(guests.create(trixie, "--private-network", userns, "-b", f"{srv}:/srv/outer", "-b", inner))
    host.sdmectl("bob", "umount", name, "/srv/outer").ok()
    assert shell_in(name, "cat /srv/outer/of_root; cat /srv/outer/in/ner/of_bob").out == "bob's\n"
    if userns == "--userns":  # nothing that is written there would last
        assert "Read-only" in shell_in(name, "touch /srv/outer/x").err
    mount(name, f"{srv}:/srv/outer:ro").ok()
    assert shell_in(name, "cat /srv/outer/of_root /srv/outer/in/ner/of_bob").out == "root's\nbob's\n"
    host.sdmectl("bob", "umount", name, "/srv/outer", "/srv/outer/in/ner").ok()
    assert shell_in(name, "cat /srv/outer/of_root /srv/outer/in/ner/of_bob").out == ""
    assert not record(name)["definition"]["binds"]


def test_all_or_nothing(live, srv, home):
    """The third cannot be mounted: the first two are not either, and what was to go is still there."""
    mount(live, f"{srv}:/srv/old").ok()
    shell_in(live, "mkdir -p /srv/a-directory").ok()
    added = [f"{srv}:/srv/one", f"{home}:/srv/two", f"{srv}/of_root:/srv/a-directory"]
    changes = {"add-binds": ("as", added), "remove-binds": ("as", ["/srv/old"])}
    with bus.caller("bob") as once:
        job = once.call("UpdateContainer", live, changes)
        state, error, message, _ = once.call("WaitJob", job)
    assert (state, error) == ("failed", bus.error("InvalidArgument")) and "is a directory" in message
    assert shell_in(live, "ls /srv/one /srv/two; cat /srv/old/of_root").out.replace("/srv/one:", "").replace("/srv/two:", "").split() == ["root's"]
    assert shell_in(live, "grep -c -e /srv/one -e /srv/two /proc/self/mountinfo").out.strip() == "0"
    assert [bind["bind"] for bind in record(live)["definition"]["binds"]] == [f"{srv}:/srv/old:rw"]


def test_one_inside_the_other(trixie, srv, home):
    """In whatever order they are named, and when the outer one comes or goes alone."""
    name = guests.confined(trixie, "-b", f"{home}:/srv/outer/in/ner:ro", "-b", f"{srv}:/srv/outer")
    seen = "cat /srv/outer/of_root /srv/outer/in/ner/of_bob"
    guests.start(name)
    assert shell_in(name, seen).out.split() == ["root's", "bob's"]
    other = guests.start(guests.confined(trixie))
    mount(other, f"{home}:/srv/outer/in/ner:ro").ok()
    mount(other, f"{srv}:/srv/outer").ok()
    assert shell_in(other, seen).out.split() == ["root's", "bob's"]
    host.sdmectl("bob", "restart", other, "--term", timeout=180).ok()
    assert shell_in(other, seen).out.split() == ["root's", "bob's"]
    plain = guests.start(guests.create(trixie, "--private-network", "--no-userns"))
    mount(plain, f"{home}:/srv/outer/in/ner:ro", f"{srv}:/srv/outer").ok()
    assert shell_in(plain, seen).out.split() == ["root's", "bob's"]
    host.sdmectl("bob", "umount", plain, "/srv/outer").ok()
    assert shell_in(plain, f"{seen} 2>&1; grep -c ' /srv/outer' /proc/self/mountinfo").out.split()[-2:] == ["bob's", "1"]


def test_names_that_no_file_has(box, stopped, srv):
    for name in (box, stopped):
        refused = mount(name, f"{srv}:/srv/{'a' * 256}")
        assert refused.status == 64 and "too long a name" in refused.err
        assert not record(name)["definition"]["binds"]


def test_place_that_a_read_only_root_lacks(trixie, srv):
    name = guests.start(guests.confined(trixie, "--read-only"))
    refused = mount(name, f"{srv}:/srv/new")
    assert refused.status == 1 and "it is read-only there" in refused.err and "journalctl" not in refused.err, refused
    mount(name, f"{srv}:/mnt").ok()
    host.sdmectl("bob", "stop", "--kill", name).ok()
    mount(name, f"{srv}:/srv/new").ok()
    guests.start(name)
    assert shell_in(name, "cat /mnt/of_root /srv/new/of_root").out == "root's\n" * 2


def test_read_only_becomes_writable(live, srv):
    mount(live, f"{srv}:/srv/data:ro").ok()
    with bus.caller("bob") as once:
        once.do("UpdateContainer", live, {"binds": ("as", [f"{srv}:/srv/data"])})
    shell_in(live, "touch /srv/data/x").ok()
    assert (srv / "x").exists()


def test_hostile_destinations(live, srv):
    """What the guest makes of the destination leads nowhere but into the guest."""
    before = (sorted(os.listdir("/etc")), pathlib.Path("/etc/hostname").read_text())
    shell_in(live, "ln -s ../../../../etc /srv/up && ln -s /etc /srv/etc && ln -s /proc/1/root/etc /srv/magic && ln -s /nowhere/at/all /srv/dangling && "
                   "mkdir /srv/loop && ln -s loop2 /srv/loop/loop && ln -s loop /srv/loop/loop2 && mkfifo /srv/fifo").ok()
    for place in ("up", "etc"):
        mount(live, f"{srv}:/srv/{place}/sdmed-{place}").ok()
        assert shell_in(live, f"cat /etc/sdmed-{place}/of_root").out == "root's\n"
    for place in ("magic/x", "dangling", "loop/loop", "fifo/x", "etc/hostname"):
        result = mount(live, f"{srv}:/srv/{place}")
        assert result.status not in (0, 4), place
    mount(live, f"{srv}/of_root:/srv/fifo").ok()  # what is no directory can be covered by a file
    assert before == (sorted(os.listdir("/etc")), pathlib.Path("/etc/hostname").read_text())
    assert len(record(live)["definition"]["binds"]) == 3
    # Nor when it starts, with what it left there.
    host.sdmectl("bob", "restart", live, "--term", timeout=180).ok()
    assert shell_in(live, "cat /etc/sdmed-up/of_root /etc/sdmed-etc/of_root /srv/fifo").out == "root's\n" * 3
    assert before == (sorted(os.listdir("/etc")), pathlib.Path("/etc/hostname").read_text())
    assert not [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if str(srv) in line]


def test_what_the_guest_mounted_is_left_alone(live, srv):
    mount(live, f"{srv}:/srv/data").ok()
    shell_in(live, "mount -t tmpfs tmpfs /srv/data && touch /srv/data/of-guest").ok()
    done = host.sdmectl("bob", "umount", live, "/srv/data")
    assert done.status == 0 and "binds counts when" in done.err + done.out
    assert shell_in(live, "ls /srv/data").out.split() == ["of-guest"]
    assert not record(live)["definition"]["binds"]


def test_what_the_guest_unmounted_is_gone(live, srv):
    mount(live, f"{srv}:/srv/data").ok()
    shell_in(live, "umount /srv/data").ok()
    done = host.sdmectl("bob", "umount", live, "/srv/data")
    assert done.status == 0 and "counts when" not in done.err + done.out


def test_source_went_while_it_ran(live, home):
    """By what was recorded it is known to be ours, though the path leads there no more."""
    mount(live, f"{home}:/srv/data").ok()
    home.rename(home.with_name("bound-old"))
    done = host.sdmectl("bob", "umount", live, "/srv/data")
    assert done.status == 0 and "counts when" not in done.err + done.out
    assert shell_in(live, "ls /srv/data").out == ""


def test_stopped_container_is_changed_too(stopped, srv):
    mount(stopped, f"{srv}:/srv/data").ok()
    guests.start(stopped)
    assert shell_in(stopped, "cat /srv/data/of_root").out == "root's\n"


def test_daemon_dies_while_it_mounts(live, srv):
    """The worker ends its work, and the next daemon writes it down."""
    with bus.caller("bob") as once, contextlib.suppress(bus.BusError):
        once.call("UpdateContainer", live, {"add-binds": ("as", [f"{srv}:/srv/data"])})
    host.kill_daemon()
    host.until(lambda: record(live)["definition"]["binds"], "the bind in the record")
    assert shell_in(live, "cat /srv/data/of_root").out == "root's\n"


def test_cancelled_at_any_moment(live, srv, home):
    """Whatever is told is how it is: the guest sees what the record says."""
    ends = set()
    with bus.caller("bob") as once:
        for round in range(12):
            job = once.call("UpdateContainer", live, {"add-binds": ("as", [f"{srv}:/srv/one", f"{home}:/srv/two"])})
            for _ in range(round * 3):  # a little later each time
                once.call("ListJobs", {})
            once.call("CancelJob", job, {})
            state = once.call("WaitJob", job)[0]
            ends.add(state)
            done = state == "done"
            assert bool(record(live)["definition"]["binds"]) is done
            assert shell_in(live, "grep -c -e ' /srv/one ' -e ' /srv/two ' /proc/self/mountinfo").out.strip() == ("2" if done else "0")
            if done:
                once.do("UpdateContainer", live, {"binds": ("as", [])})
    assert "cancelled" in ends
