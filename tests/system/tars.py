# SPDX-License-Identifier: MIT
"""Archives: of trees, and such as nobody should make."""
import bz2
import gzip
import io
import lzma
import os
import pathlib
import subprocess
import tarfile

EVERYTHING = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls", "--format=posix",
              "--pax-option=delete=atime,delete=ctime"]


def pack(folder, archive, *options):
    """What GNU tar makes of a folder with everything in it."""
    subprocess.run(["tar", *EVERYTHING, *options, "-C", folder, "-cf", archive, "."], check=True)
    return pathlib.Path(archive)


def unpack(archive, folder, acls=True):
    os.makedirs(folder)
    subprocess.run(["tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", *(["--acls"] if acls else []),
                    "-C", folder, "-xpf", archive], check=True)


def zstd(data):
    return subprocess.run(["zstd", "-q", "-1"], input=data, capture_output=True, check=True).stdout


def unzstd(data):
    return subprocess.run(["zstd", "-dq"], input=data, capture_output=True, check=True).stdout


COMPRESS = {"plain": bytes, "gz": lambda data: gzip.compress(data, 1), "bz2": lambda data: bz2.compress(data, 1),
            "xz": lambda data: lzma.compress(data, preset=0), "zst": zstd}


def multi_member(how, data, pieces=3):
    """One stream after the other, as parallel compressors and cat(1) make them."""
    size = len(data) // pieces + 1
    return b"".join(COMPRESS[how](data[start:start + size]) for start in range(0, len(data), size))


class Archive:
    """A tar archive that is written entry by entry: nothing is checked."""

    def __init__(self):
        self.stream = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.stream, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, name, kind=tarfile.REGTYPE, data=b"", mode=0o644, target="", device=(0, 0)):
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode, entry.linkname, entry.size = kind, mode, target, len(data)
        entry.devmajor, entry.devminor = device
        self.tar.addfile(entry, io.BytesIO(data))
        return self

    def file(self, name, data=b"data\n", **more):
        return self.add(name, data=data, **more)

    def folder(self, name, mode=0o755):
        return self.add(name, tarfile.DIRTYPE, mode=mode)

    def symlink(self, name, target):
        return self.add(name, tarfile.SYMTYPE, target=target)

    def hard_link(self, name, target):
        return self.add(name, tarfile.LNKTYPE, target=target)

    def character_device(self, name, major, minor):
        return self.add(name, tarfile.CHRTYPE, device=(major, minor))

    def bytes(self):
        self.tar.close()
        return self.stream.getvalue()


def small():
    """The least that is a root filesystem."""
    return (Archive().folder("etc").file("etc/os-release", b'ID=tiny\nPRETTY_NAME="Tiny 1"\nVERSION_ID=1\n')
            .folder("usr").folder("sbin").file("sbin/init", b"#!/bin/false\n", mode=0o755).bytes())


def padded(data, size):
    """The archive with a file of that many random bytes more."""
    archive = Archive()
    archive.file("padding", os.urandom(size))
    return archive.bytes()[:-2 * 512] + data


# name: (archive, the word of the error, what the sentence says)
def hostile():
    good = small()
    compressed = gzip.compress(good)
    yield "empty", b"", ("UnsupportedFormat", "Corrupt")
    yield "text", b"This is no archive.\n" * 100, ("UnsupportedFormat", "Corrupt")
    yield "random", os.urandom(100_000), ("UnsupportedFormat", "Corrupt")
    yield "truncated", padded(good, 200_000)[:150_000], ("Corrupt",)
    yield "truncated-gz", gzip.compress(padded(good, 200_000))[:150_000], ("Corrupt",)
    yield "damaged-gz", compressed[:-8] + bytes(8), ("Corrupt",)
    yield "garbage-after-gz", compressed + b"garbage" * 100, ("Corrupt",)
    yield "zip", b"PK\x03\x04" + bytes(200), ("UnsupportedFormat", "Corrupt")
    yield "dot-dot", Archive().file("etc/../../escaped").bytes(), ("Corrupt",)
    yield "absolute", Archive().file("/escaped").bytes(), ("Corrupt",)
    yield "through-symlink", Archive().symlink("out", "/tmp").file("out/escaped").bytes(), ("Corrupt",)
    yield "through-relative-symlink", Archive().symlink("out", "../../../../../../../tmp").file("out/escaped").bytes(), ("Corrupt",)
    yield "folder-through-symlink", Archive().symlink("out", "/tmp").folder("out/escaped").bytes(), ("Corrupt",)
    yield "hard-link-out", Archive().hard_link("passwd", "../../../../../../etc/passwd").bytes(), ("Corrupt",)
    yield "hard-link-absolute", Archive().hard_link("passwd", "/etc/passwd").bytes(), ("Corrupt",)
    yield "hard-link-through-symlink", Archive().symlink("out", "/etc").hard_link("passwd", "out/passwd").bytes(), ("Corrupt",)
    yield "hard-link-to-nothing", Archive().hard_link("one", "two").bytes(), ("Corrupt",)
    yield "device-through-symlink", Archive().symlink("out", "/tmp").character_device("out/escaped", 1, 3).bytes(), ("Corrupt",)
    yield "whiteout", Archive().character_device("removed", 0, 0).bytes(), ("Corrupt",)
    yield "root-is-a-file", Archive().file(".").bytes(), ("Corrupt",)
    yield "too-deep", Archive().file("d/" * 2500 + "file").bytes(), ("Corrupt",)
