# SPDX-License-Identifier: MIT
"""Trees of files, looked at entry by entry: outside by system calls, inside a guest by the guest's own tools."""
import collections
import contextlib
import dataclasses
import hashlib
import os
import pathlib
import stat
import subprocess
import tempfile

import host


@dataclasses.dataclass(frozen=True)
class Entry:
    mode: int  # with the type
    uid: int
    gid: int
    size: int  # 0 for directories
    mtime_ns: int
    device: int  # of device nodes
    target: str  # of symbolic links
    digest: str  # of content
    xattrs: tuple  # with capabilities and access control lists
    linked: tuple  # the other names of the same file


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _names(found):
    """Of each file with several names, all its names."""
    names = collections.defaultdict(list)
    for path, info in found.items():
        if info.st_nlink > 1 and not stat.S_ISDIR(info.st_mode):
            names[info.st_dev, info.st_ino].append(path)
    return names


def walk(root):
    """Paths below root, and root itself as ".", that are on its file system: {path: lstat}."""
    found = {".": os.lstat(root)}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = os.lstat(path)
    return found


def scan(root):
    """Everything of a tree: {path: Entry}."""
    root = str(root)
    found = walk(root)
    names = _names(found)
    entries = {}
    for path, info in found.items():
        full = os.path.join(root, path)
        kind = stat.S_IFMT(info.st_mode)
        entries[path] = Entry(
            mode=info.st_mode, uid=info.st_uid, gid=info.st_gid, size=0 if kind == stat.S_IFDIR else info.st_size,
            mtime_ns=info.st_mtime_ns, device=info.st_rdev if kind in (stat.S_IFCHR, stat.S_IFBLK) else 0,
            target=os.readlink(full) if kind == stat.S_IFLNK else "", digest=digest(full) if kind == stat.S_IFREG else "",
            xattrs=tuple((name, os.getxattr(full, name, follow_symlinks=False))
                         for name in sorted(os.listxattr(full, follow_symlinks=False))),
            linked=tuple(sorted(names.get((info.st_dev, info.st_ino), ()))))
    return entries


def differences(one, other, limit=10):
    """What differs between two scans, for people; nothing when they are equal."""
    lines = []
    for path in sorted(one.keys() | other.keys()):
        if path not in other:
            lines.append(f"{path}: only in the first")
        elif path not in one:
            lines.append(f"{path}: only in the second")
        elif one[path] != other[path]:
            fields = [f"{key}: {before!r} / {after!r}" for (key, before), after in
                      zip(dataclasses.asdict(one[path]).items(), dataclasses.asdict(other[path]).values()) if before != after]
            lines.append(f"{path}: " + "; ".join(fields))
    return "\n".join(lines[:limit] + ([f"and {len(lines) - limit} more"] if len(lines) > limit else []))


def layer_of(rootfs):
    """The unpacked tree of a root filesystem in the store."""
    layers = host.sdmectl("root", "fs", "show", rootfs, "--json").json()[0]["layers"]
    return host.STORE / "layers" / layers[0] / "tree"


@contextlib.contextmanager
def merged(layers):
    """What the kernel makes of layers of the store, top first: the root of the overlay."""
    with tempfile.TemporaryDirectory() as top:
        root, nothing = pathlib.Path(top, "root"), pathlib.Path(top, "nothing")
        root.mkdir()
        nothing.mkdir()  # an overlay without an upper directory wants two
        lower = ":".join([str(host.STORE / "layers" / layer / "tree") for layer in layers] + [str(nothing)])
        subprocess.run(["mount", "-t", "overlay", "-o", f"ro,userxattr,lowerdir={lower}", "none", root], check=True)
        try:
            yield root
        finally:
            subprocess.run(["umount", root], check=True)


# ---- inside a guest -------------------------------------------------------------------------------

# What stat(1) and readlink(1) tell; the digests and the extended attributes have lists of their own.
STAT = "%n\\0%f\\0%u\\0%g\\0%s\\0%.9Y\\0%t:%T\\0"


def guest_stat(name, top="."):
    """{path: (mode, uid, gid, size, mtime_ns, device)} of the guest's root file system, as root inside sees it."""
    command = f"cd / && find {top} -xdev -print0 | xargs -0 stat --printf='{STAT}'"
    raw = host.run("root", "sdmectl", "exec", name, "--", "sh", "-c", command)
    raw.ok()
    fields = raw.raw.decode("utf-8", "surrogateescape").split("\0")[:-1]
    entries = {}
    for path, mode, uid, gid, size, mtime, device in zip(*[iter(fields)] * 7):
        seconds, fraction = mtime.split(".")
        major, minor = (int(part, 16) for part in device.split(":"))
        bits = int(mode, 16)
        kind = stat.S_IFMT(bits)
        entries[os.path.normpath(path)] = (
            bits, int(uid), int(gid), 0 if kind == stat.S_IFDIR else int(size), int(seconds) * 10**9 + int(fraction),
            os.makedev(major, minor) if kind in (stat.S_IFCHR, stat.S_IFBLK) else 0)
    return entries


def plain(entry):
    """The part of an Entry that guest_stat tells."""
    return entry.mode, entry.uid, entry.gid, entry.size, entry.mtime_ns, entry.device


# systemd-nspawn mounts these over the guest's own.
MOUNTED = ("dev", "proc", "sys", "run", "tmp")


def written(name):
    """What a container has changed since it was made: the paths in its upper layer."""
    return set(walk(host.STORE / "containers" / name / "written/upper"))


def inside_differences(name, source, limit=10):
    """How the guest's view differs from the scan of what it was made from, where it has not written itself."""
    inside = guest_stat(name)
    changed = written(name)
    lines = []
    for path, entry in source.items():
        if path.split("/")[0] in MOUNTED or path in changed:
            continue
        seen = inside.get(path)
        if seen != plain(entry):
            lines.append(f"{path}: {plain(entry)} outside, {seen} inside")
    return "\n".join(lines[:limit] + ([f"and {len(lines) - limit} more"] if len(lines) > limit else []))


# ---- a tree with one of everything ----------------------------------------------------------------

def make_specials(top):
    """Files of every kind that a root filesystem may hold, below the directory top."""
    top = pathlib.Path(top)
    top.mkdir(parents=True)
    plain_file = top / "plain"
    plain_file.write_bytes(b"plain\n")
    os.utime(plain_file, ns=(1_000_000_000_123_456_789, 1_000_000_000_123_456_789))
    owned = top / "owned"
    owned.write_text("not root's\n")
    os.chown(owned, 1234, 2345)
    owned.chmod(0o640)
    copy_program("/usr/bin/id", top / "setuid-id", 0o4755)
    copy_program("/usr/bin/id", top / "setgid-id", 0o2755)
    copy_program("/usr/bin/cat", top / "capable-cat", 0o755)
    subprocess.run(["setcap", "cap_dac_read_search+ep", top / "capable-cat"], check=True)
    (top / "sticky").mkdir(mode=0o755)
    (top / "sticky").chmod(0o1777)
    listed = top / "listed"
    listed.write_text("access control\n")
    subprocess.run(["setfacl", "-m", "u:1234:rw,g:2345:r", listed], check=True)
    default = top / "default-acl"
    default.mkdir()
    subprocess.run(["setfacl", "-m", "u:1234:rwx", "-d", "-m", "u:1234:rwx", default], check=True)
    attributed = top / "attributed"
    attributed.write_text("extended attributes\n")
    os.setxattr(attributed, "user.binary", b"\0\1\2\xff")
    os.setxattr(attributed, "user.text", "größer".encode())
    (top / "linked-a").write_text("three names\n")
    os.link(top / "linked-a", top / "linked-b")
    (top / "deeper").mkdir()
    os.link(top / "linked-a", top / "deeper" / "linked-c")
    os.symlink("plain", top / "symlink")
    os.symlink("/nowhere/at all", top / "dangling")
    os.lchown(top / "dangling", 1234, 2345)
    os.utime(top / "dangling", ns=(1_100_000_000_000_000_001, 1_100_000_000_000_000_001), follow_symlinks=False)
    os.mkfifo(top / "fifo", 0o620)
    os.mknod(top / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    os.mknod(top / "block", 0o660 | stat.S_IFBLK, os.makedev(7, 200))
    with open(top / "sparse", "wb") as file:
        file.truncate(64 << 20)
        file.seek(32 << 20)
        file.write(b"an island")
    (top / "empty").touch()
    (top / "empty-dir").mkdir(mode=0o700)
    (top / "ä name with\nnew line and \\").write_text("odd\n")
    (top / ("long-" * 40)).write_text("a name of 200\n")
    os.utime(top / "empty-dir", ns=(987_654_321_000_000_007, 987_654_321_000_000_007))
    os.utime(top, ns=(1_200_000_000_555_555_555, 1_200_000_000_555_555_555))


def copy_program(source, target, mode):
    target.write_bytes(pathlib.Path(source).read_bytes())
    target.chmod(mode)
