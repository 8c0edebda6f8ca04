# SPDX-License-Identifier: MIT
"""Disk images of a tree, made without mounting anything: file systems are filled as they are made, partitions copied."""
import contextlib
import os
import pathlib
import shutil
import stat
import struct
import subprocess
import zlib

MIB = 1 << 20

# Types of the Discoverable Partitions Specification.
ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
XBOOTLDR = "bc13c2ff-59e6-4262-a352-b275fd6f7172"
ROOT = {"x86_64": "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "aarch64": "b921b045-1df0-41c3-af44-4c6f280d3fae"}[os.uname().machine]
USR = {"x86_64": "8484680c-9521-48c6-9c11-b0720656f69e", "aarch64": "b0e01050-ee5f-4390-949a-9101b17104e9"}[os.uname().machine]
LINUX = "0fc63daf-8483-4772-8e79-3d69d8477de4"
SWAP = "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, **options)


def create(path, size=0):
    path = pathlib.Path(path)
    with open(path, "wb") as file:
        file.truncate(size)
    return path


def room_for(tree, least=64 * MIB):
    """The size of a file system that holds a tree, with some room."""
    used = int(run("du", "--summarize", "--block-size=1", tree).stdout.split()[0])
    return max(least, (used * 3 // 2 // MIB + 32) * MIB)


# ---- file systems ---------------------------------------------------------------------------------

def ext4(path, tree=None, size=None, label="", kind="ext4"):
    path = create(path, size or room_for(tree))
    run("mke2fs", "-q", "-F", "-t", kind, *(["-L", label] if label else []), *(["-d", tree] if tree else []), path)
    return path


@contextlib.contextmanager
def without_devices(tree):
    """The tree with its device nodes taken out, of which mkfs.btrfs forgets what device they are."""
    nodes, folders = {}, {}
    for folder, _, files in os.walk(tree):
        for path in (os.path.join(folder, name) for name in files):
            info = os.lstat(path)
            if stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
                folders.setdefault(folder, os.stat(folder).st_mtime_ns)
                nodes[path] = info
                os.unlink(path)
    keep_times(folders)
    try:
        yield
    finally:
        for path, info in nodes.items():
            os.mknod(path, info.st_mode, info.st_rdev)
            os.chown(path, info.st_uid, info.st_gid)
            os.utime(path, ns=(info.st_mtime_ns, info.st_mtime_ns))
        keep_times(folders)


def keep_times(folders):
    for folder, time in folders.items():
        os.utime(folder, ns=(time, time))


def btrfs(path, tree, subvolume="", label=""):
    path = create(path, room_for(tree, 128 * MIB))
    with contextlib.ExitStack() as undo:
        undo.enter_context(without_devices(tree))
        top = tree
        if subvolume:
            top = pathlib.Path(f"{tree}.top")
            top.mkdir()
            undo.callback(shutil.rmtree, top)
            os.rename(tree, top / subvolume)
            undo.callback(os.rename, top / subvolume, tree)
        run("mkfs.btrfs", "--quiet", "--force", "--rootdir", top, *(["--subvol", subvolume] if subvolume else []),
            *(["--label", label] if label else []), path)
    return path


def crc32c(data):
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    check = 0xFFFFFFFF
    for byte in data:
        check = check >> 8 ^ table[(check ^ byte) & 0xFF]
    return check ^ 0xFFFFFFFF


def patch_btrfs(path, offset, data):
    """Changes the superblock, and its check sum with it."""
    with open(path, "r+b") as file:
        file.seek(65536)
        block = bytearray(file.read(4096))
        block[offset:offset + len(data)] = data
        block[:4] = struct.pack("<I", crc32c(block[32:]))
        file.seek(65536)
        file.write(block)


def xfs(path, tree):
    path = create(path, max(room_for(tree), 320 * MIB))
    prototype = pathlib.Path(f"{path}.proto")
    prototype.write_bytes(run("xfs_protofile", tree).stdout)
    run("mkfs.xfs", "-q", "-f", "-p", prototype, path)
    prototype.unlink()
    return path


def vfat(path, label, size=48 * MIB):
    path = create(path, size)
    run("mkfs.vfat", "-F", "32", "-n", label, path)
    return path


def swap(path, size=8 * MIB):
    path = create(path, size)
    run("mkswap", path)
    return path


def luks(path, size=8 * MIB):
    """What begins as LUKS 1 does."""
    header = struct.pack(">6sH32s32s32sII", b"LUKS\xba\xbe", 1, b"aes", b"xts-plain64", b"sha256", 4096, 64).ljust(168, b"\0")
    header += b"11111111-2222-3333-4444-555555555555".ljust(40, b"\0")
    path = create(path, size)
    with open(path, "r+b") as file:
        file.write(header)
    return path


def lvm(path, size=8 * MIB):
    """What begins as a physical volume does."""
    covered = struct.pack("<I8s32s", 32, b"LVM2 001", b"abcdefghijklmnopqrstuvwxyz012345").ljust(512 - 20, b"\0")
    check = zlib.crc32(covered, 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
    path = create(path, size)
    with open(path, "r+b") as file:
        file.seek(512)
        file.write(struct.pack("<8sQI", b"LABELONE", 1, check) + covered)
    return path


# ---- disks ----------------------------------------------------------------------------------------

def disk(path, parts, table="gpt"):
    """A disk with a partition table. parts: (type, name, file of the content), which is moved into it."""
    sizes = [-(-os.stat(content).st_size // MIB) for _, _, content in parts]
    path = create(path, (sum(sizes) + 2) * MIB)
    script, start = [f"label: {table}"], 1
    for (kind, name, _), size in zip(parts, sizes):
        script.append(f"start={start}MiB, size={size}MiB, type={kind}" + (f", name={name}" if name else ""))
        start += size
    run("sfdisk", "--quiet", path, input="\n".join(script).encode() + b"\n")
    start = 1
    for (_, _, content), size in zip(parts, sizes):
        run("dd", f"if={content}", f"of={path}", "bs=1M", f"seek={start}", "conv=notrunc,sparse", "status=none")
        os.unlink(content)
        start += size
    return path


def qcow2(raw, path, *options):
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", *options, raw, path)
    return pathlib.Path(path)


@contextlib.contextmanager
def without(tree, name):
    """The tree with a folder of it taken out and an empty one in its place; gives the folder."""
    aside = pathlib.Path(f"{tree}.{name}")
    inside = pathlib.Path(tree) / name
    info = os.stat(tree)
    os.rename(inside, aside)
    inside.mkdir()
    shutil.copystat(aside, inside)
    os.utime(tree, ns=(info.st_mtime_ns, info.st_mtime_ns))
    try:
        yield aside
    finally:
        inside.rmdir()
        os.rename(aside, inside)
        os.utime(tree, ns=(info.st_mtime_ns, info.st_mtime_ns))
