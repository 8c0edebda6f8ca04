# SPDX-License-Identifier: MIT
"""Disk images: of every kind that is read, the tree that went in comes out; of every other, a sentence. Nothing is left."""
import contextlib
import dataclasses
import hashlib
import lzma
import os
import pathlib
import pwd
import random
import shutil
import signal
import stat
import struct
import subprocess

import pytest

import disks
import guests
import host
import images
import registries
import tars
import trees

FSTAB = """\
LABEL=the-root  /          ext4  defaults  0 1
LABEL=the-boot  /boot      ext4  defaults  0 2
LABEL=THE-ESP   /boot/efi  vfat  umask=0077  0 2
LABEL=the-swap  none       swap  sw  0 0
tmpfs           /scratch   tmpfs defaults  0 0
"""


def whole_seconds(tree):
    """Tools that make file systems know no smaller ones."""
    for path in trees.walk(tree):
        full = os.path.join(tree, path)
        seconds = int(os.lstat(full).st_mtime)
        os.utime(full, (seconds, seconds), follow_symlinks=False)


@pytest.fixture(scope="module")
def debian(prepared_host):
    """(tree, its scan): a Debian that boots, with one of every kind of file, a kernel's place and an fstab."""
    tree = guests.WORK / "disk-debian"
    tars.unpack(guests.TARBALLS / "trixie.tar", tree)
    trees.make_specials(tree / guests.SPECIALS)
    (tree / "etc/fstab").write_text(FSTAB)
    (tree / "boot/efi").mkdir()
    (tree / "boot/vmlinuz-6.12").write_bytes(b"a kernel" * 1000)
    (tree / "boot/grub").mkdir()
    (tree / "boot/grub/grub.cfg").write_text("menuentry\n")
    whole_seconds(tree)
    yield tree, trees.scan(tree)
    shutil.rmtree(tree)


@pytest.fixture(scope="module")
def small(prepared_host):
    """(tree, its scan): the least that is a system, with names that every tool can store."""
    tree = guests.WORK / "disk-small"
    (tree / "etc").mkdir(parents=True)
    (tree / "etc/os-release").write_text('ID=tiny\nPRETTY_NAME="Tiny 1"\n')
    (tree / "usr/bin").mkdir(parents=True)
    trees.copy_program("/usr/bin/id", tree / "usr/bin/id", 0o4755)
    (tree / "usr/bin/other").symlink_to("id")
    os.chown(tree / "usr/bin/id", 12, 34)
    (tree / "sbin").mkdir()
    (tree / "sbin/init").write_text("#!/bin/false\n")
    (tree / "sbin/init").chmod(0o755)
    whole_seconds(tree)
    yield tree, trees.scan(tree)
    shutil.rmtree(tree)


@pytest.fixture
def image():
    """Where a test's image is."""
    path = guests.WORK / "image"
    yield path
    for left in guests.WORK.glob("image*"):
        left.unlink()


def part(name):
    return guests.WORK / f"image-{name}"


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---- nothing is left ------------------------------------------------------------------------------

def our_loops():
    """Loop devices on files of this host's own file systems; others' hosts have some too."""
    ours = {f"{os.major(os.stat(place).st_dev)}:{os.minor(os.stat(place).st_dev)}" for place in (host.STORE, guests.WORK)}
    found = subprocess.run(["losetup", "--noheadings", "--raw", "--output", "NAME,BACK-MAJ:MIN"], check=True, capture_output=True, text=True)
    return [line for line in found.stdout.splitlines() if line.split()[1] in ours]


def helpers():
    return subprocess.run(["pgrep", "--list-full", "^qemu-"], capture_output=True, text=True, check=False).stdout.splitlines()


@pytest.fixture(autouse=True)
def nothing_stays(prepared_host):
    mounts = pathlib.Path("/proc/self/mountinfo").read_text()
    yield
    host.until(lambda: not our_loops(), f"loop devices to be freed: {our_loops()}")
    host.until(lambda: not helpers(), f"qemu to end: {helpers()}")
    assert pathlib.Path("/proc/self/mountinfo").read_text() == mounts


# ---- every kind that is read ----------------------------------------------------------------------

def bare(tree):
    return disks.ext4(part("bare"), tree)


def kernel_reads(kind):
    subprocess.run(["modprobe", kind], capture_output=True, check=False)
    return kind in pathlib.Path("/proc/filesystems").read_text().split()


def gpt(tree):
    """As an installer makes it: the fstab says what goes where."""
    with disks.without(tree, "boot") as boot:
        root = disks.ext4(part("root"), tree, label="the-root")
        started = disks.ext4(part("boot"), boot, size=32 * disks.MIB, label="the-boot")
    return disks.disk(part("gpt"), [(disks.ESP, "esp", disks.vfat(part("esp"), "THE-ESP")), (disks.LINUX, "boot", started),
                                    (disks.SWAP, "swap", disks.swap(part("swap"))), (disks.LINUX, "root", root)])


def typed(tree):
    """As systemd-repart makes it: types say what goes where."""
    with disks.without(tree, "usr") as usr, disks.without(tree, "boot") as boot:
        parts = [(disks.USR, "", disks.ext4(part("usr"), usr)), (disks.XBOOTLDR, "", disks.ext4(part("boot"), boot, size=32 * disks.MIB)),
                 (disks.ROOT, "", disks.ext4(part("root"), tree))]
    return disks.disk(part("typed"), parts)


def mbr(tree):
    """No fstab names the partition with the kernel, but it looks so."""
    with disks.without(tree, "boot") as boot:
        started = disks.ext4(part("boot"), boot, size=32 * disks.MIB, kind="ext2")
        root = disks.ext4(part("root"), tree)
    return disks.disk(part("mbr"), [("83", "", started), ("82", "", disks.swap(part("swap"))), ("83", "", root)], table="dos")


def subvolume(tree):
    return disks.disk(part("btrfs"), [(disks.LINUX, "", disks.btrfs(part("root"), tree, "@"))])


def default_subvolume(tree):
    return disks.btrfs(part("default"), tree)


KINDS = {kind.__name__: kind for kind in (bare, gpt, typed, mbr, subvolume, default_subvolume)}


def packed(raw, how, path):
    if how == "raw":
        os.rename(raw, path)
    elif how == "xz":
        path.write_bytes(lzma.compress(raw.read_bytes(), preset=0))
        raw.unlink()
    else:
        disks.qcow2(raw, path, *how.split()[1:])
        raw.unlink()
    return path


def without_devices(scan):
    return {path: entry for path, entry in scan.items() if not (stat.S_ISCHR(entry.mode) or stat.S_ISBLK(entry.mode))}


def comparable(scan):
    """What is not the tool's: directories that were mounted on, and the one that every ext4 has."""
    made = {".", "boot", "boot/efi", "usr"}
    return {path: dataclasses.replace(entry, mode=0, mtime_ns=0, uid=0, gid=0) if path in made else entry
            for path, entry in scan.items() if os.path.basename(path) != "lost+found"}


def same(rootfs, scan):
    found = trees.differences(comparable(scan), comparable(trees.scan(trees.layer_of(rootfs))))
    assert not found, found


def boots(rootfs):
    name = guests.start(guests.confined(rootfs))
    assert guests.exec_in(name, "systemctl", "is-system-running").out.strip() in ("running", "degraded")
    guests.kill(name)


@pytest.mark.parametrize("kind,how", [("bare", "raw"), ("bare", "qcow2 -c"), ("bare", "xz"), ("gpt", "qcow2"), ("typed", "raw"),
                                      ("mbr", "raw"), ("subvolume", "qcow2"), ("default_subvolume", "raw")])
def test_the_tree_comes_out_and_boots(debian, image, kind, how):
    """As a user who may only read the image, which stays as it was."""
    tree, scan = debian
    packed(KINDS[kind](tree), how, image)
    image.chmod(0o644)
    before = digest(image)
    name = guests.import_as("bob", host.unique("disk"), image)
    assert digest(image) == before
    same(name, without_devices(scan) if "subvolume" in kind else scan)
    shown = host.sdmectl("bob", "fs", "show", name, "--json").json()[0]
    assert shown["distro"] == "debian" and shown["bootable"] is True
    boots(name)


def test_twice_is_the_same_layer(small, image):
    """The stream that is digested does not depend on who reads it, or when."""
    packed(bare(small[0]), "raw", image)
    one, other = (guests.import_as("bob", host.unique("disk"), image) for _ in range(2))
    assert trees.layer_of(one) == trees.layer_of(other)


def test_the_comparison_sees_changes(small, image):
    """The negative control."""
    packed(bare(small[0]), "raw", image)
    name = guests.import_as("bob", host.unique("disk"), image)
    same(name, small[1])
    os.chown(trees.layer_of(name) / "usr/bin/id", 0, 0)
    with pytest.raises(AssertionError, match="usr/bin/id: uid"):
        same(name, small[1])


def test_what_the_kernel_cannot_read_is_told(debian, image):
    """The boot loader's partition is not needed in a container."""
    if kernel_reads("vfat"):
        pytest.skip("this kernel reads FAT")
    packed(gpt(debian[0]), "raw", image)
    result = host.sdmectl("bob", "fs", "import", host.unique("disk"), image, timeout=240)
    assert result.status == 0 and "/boot/efi was left out" in result.err and "vfat" in result.err


def plain(scan):
    """What mkfs.xfs takes from its prototype: no times, no attributes."""
    return {path: dataclasses.replace(entry, mtime_ns=0, xattrs=()) for path, entry in comparable(scan).items()}


def test_xfs(small, image):
    packed(disks.xfs(part("xfs"), small[0]), "raw", image)
    name = guests.import_as("bob", host.unique("disk"), image)
    found = trees.differences(plain(small[1]), plain(trees.scan(trees.layer_of(name))))
    assert not found, found


def test_an_image_that_only_its_owner_may_read(small, image):
    """bob may, and qemu, which is nobody in particular otherwise, then reads it as him."""
    disks.qcow2(bare(small[0]), image)
    image.chmod(0o600)
    shutil.chown(image, "bob", "bob")
    same(guests.import_as("bob", host.unique("disk"), image), small[1])
    shutil.chown(image, "root", "root")
    same(guests.import_as("root", host.unique("disk"), image), small[1])


def test_a_journal_is_not_replayed(small, image):
    packed(bare(small[0]), "raw", image)
    disks.run("debugfs", "-w", "-R", "feature needs_recovery", image)
    assert b"needs_recovery" in disks.run("dumpe2fs", "-h", image).stdout
    before = digest(image)
    result = host.sdmectl("bob", "fs", "import", host.unique("disk"), image)
    assert result.status == 0 and "not unmounted cleanly" in result.err
    assert digest(image) == before


# ---- helpers that read what is hostile ------------------------------------------------------------

@contextlib.contextmanager
def halted(program):
    """A helper of a worker, which stands still as long as it is looked at."""
    def found():
        pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
        return [pid for pid in pids if command(pid)[:1] == [program]]
    pid = host.until(found, program)[0]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGCONT)


def command(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    return []


def test_its_owner_does_not_govern_qemu(debian, image, processes):
    """Who takes over what serves the kernel a file can keep it waiting for ever."""
    packed(bare(debian[0]), "qcow2", image)
    image.chmod(0o600)
    shutil.chown(image, "bob", "bob")
    client = processes("bob", "sdmectl", "fs", "import", host.unique("owned"), str(image))
    with halted("/usr/bin/qemu-storage-daemon") as pid:
        assert os.stat(f"/proc/{pid}").st_uid == pwd.getpwnam("bob").pw_uid
        assert os.readlink(f"/proc/{pid}/fd/4")
        looked = host.run("bob", "readlink", f"/proc/{pid}/fd/4")
        assert looked.status != 0 and looked.out == ""
    assert client.wait(120) == 0


def test_tar_can_write_nothing(debian, image, processes):
    """Not the job's result, nor its staging directory, which is above the tree that it reads."""
    packed(bare(debian[0]), "raw", image)
    client = processes("bob", "sdmectl", "fs", "import", host.unique("packed"), str(image))
    with halted("/usr/bin/tar") as pid:
        job = host.until(lambda: host.entries("staging"), "staging")[0]
        for path in ("root/", "root/run", f"root/run/sdmed/jobs/{job}/out", f"root/var/lib/sdmed/staging/{job}", "cwd", "cwd/.."):
            assert os.statvfs(f"/proc/{pid}/{path}").f_flag & os.ST_RDONLY, path
        assert sorted(os.listdir(f"/proc/{pid}/cwd")) == sorted([*os.listdir(debian[0]), "lost+found"])
    assert client.wait(120) == 0


# ---- what is refused ------------------------------------------------------------------------------

def refused(image, *words, user="bob"):
    result = host.sdmectl(user, "fs", "import", "refused", image)
    assert result.status == 65, (result.status, result.err)
    for word in words:
        assert word in result.err, result.err
    assert "refused" not in host.entries("rootfs")
    host.nothing_left()
    return result.err


def patch(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.fixture
def small_qcow2(small, image):
    raw = bare(small[0])
    disks.qcow2(raw, image)
    raw.unlink()
    return image


def test_backing_file(small_qcow2):
    """Named by a header that says so, it is not opened, whoever asks."""
    patch(small_qcow2, 512, b"/etc/shadow")
    patch(small_qcow2, 8, struct.pack(">QI", 512, len("/etc/shadow")))
    for user in ("bob", "root"):
        said = refused(small_qcow2, "/etc/shadow", "qemu-img convert", user=user)
        assert "root:" not in said


@pytest.mark.parametrize("offset,field,word", [(32, struct.pack(">I", 1), "encrypted"), (4, struct.pack(">I", 9), "version 9"),
                                               (72, struct.pack(">Q", 4), "another file"), (72, struct.pack(">Q", 2), "corrupt"),
                                               (72, struct.pack(">Q", 1 << 40), "features")])
def test_qcow2_of_other_kinds(small_qcow2, offset, field, word):
    patch(small_qcow2, offset, field)
    refused(small_qcow2, word)


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_truncated_qcow2(small_qcow2, share):
    """What is missing would be read as zeros."""
    os.truncate(small_qcow2, int(os.stat(small_qcow2).st_size * share) // 65536 * 65536)
    refused(small_qcow2, "QCOW2")


def test_truncated_raw(small, image):
    packed(disks.disk(part("disk"), [(disks.LINUX, "", bare(small[0]))]), "raw", image)
    os.truncate(image, os.stat(image).st_size // 2)
    refused(image, "truncated")


def test_luks(image):
    packed(disks.luks(part("luks")), "raw", image)
    refused(image, "LUKS")


def test_partitions_without_a_root(image):
    disks.disk(image, [(disks.ESP, "", disks.vfat(part("esp"), "ESP")), (disks.LINUX, "", disks.lvm(part("lvm"))),
                       (disks.LINUX, "", disks.ext4(part("data"), size=8 * disks.MIB))])
    refused(image, "no root file system", "LVM", "partition 1 (vfat)", "partition 3 (ext4)")


def test_encrypted_root(image):
    disks.disk(image, [(disks.LINUX, "", disks.luks(part("luks"))), (disks.SWAP, "", disks.swap(part("swap")))])
    refused(image, "partition 1 is encrypted with LUKS", "partition 2 (swap)")


def test_disk_without_partitions(image):
    disks.disk(image, [])
    refused(image)


def test_damage_behind_a_good_superblock(small, image):
    """Random bytes where directories were."""
    packed(bare(small[0]), "raw", image)
    noise = random.Random(3).randbytes(1 << 20)
    size = os.stat(image).st_size
    for offset in range(256 * 1024, size - len(noise), len(noise)):
        patch(image, offset, noise)
    refused(image)


def test_damage_in_one_file(small, image):
    """A read error in the middle, in tar's words: a btrfs whose check sum of one block does not fit."""
    packed(default_subvolume(small[0]), "raw", image)
    content = (small[0] / "usr/bin/id").read_bytes()
    at = image.read_bytes().find(content[4096:8192])
    assert at > 0
    patch(image, at, b"\xff" * 64)
    refused(image, "not everything", "usr/bin/id")


def test_errors_panic_is_not_heeded(small, image):
    """An ext4 that says panic, with damage: this host lives on."""
    packed(bare(small[0]), "raw", image)
    disks.run("tune2fs", "-e", "panic", image)
    inode = disks.run("debugfs", "-R", "stat /usr/bin", image).stdout.decode()
    block = int(inode.split("(0):", 1)[1].split()[0].rstrip(","))
    patch(image, block * 1024 if "block size 1024" in inode else block * 4096, os.urandom(1024))
    assert host.sdmectl("bob", "fs", "import", "refused", image).status in (0, 65)


def test_several_devices(small, image):
    """The kernel would look for the other ones among this host's."""
    packed(default_subvolume(small[0]), "raw", image)
    disks.patch_btrfs(image, 0x88, struct.pack("<Q", 2))
    refused(image, "several disks")


def test_limits(debian, image):
    packed(bare(debian[0]), "raw", image)
    for setting in ("ImportMaxEntries=100", "ImportMaxBytes=4M"):
        with host.settings(f"[Import]\n{setting}\n"):
            result = host.sdmectl("bob", "fs", "import", "refused", image)
            assert result.status == 1 and setting.split("=", maxsplit=1)[0] in result.err
            host.nothing_left()


# ---- the worker dies ------------------------------------------------------------------------------

@pytest.mark.parametrize("how", ["raw", "qcow2"])
def test_killed_worker(debian, image, processes, how):
    """With a device, mounts and helpers: all go."""
    packed(bare(debian[0]), how, image)
    client = processes("bob", "sdmectl", "fs", "import", "killed", str(image))

    def reads(process):
        words = (process / "cmdline").read_bytes().split(b"\0")
        return words[0].endswith(b"/sdme-import") and b"disk" in words and "/dev/loop" in (process / "mountinfo").read_text()

    def readers():  # by /proc alone: to ask systemd takes longer than what is waited for
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                found += [int(process.name)] if reads(process) else []
        return found
    pid = host.until(readers, "the worker to have mounted the image")[0]
    os.kill(pid, signal.SIGKILL)
    assert client.wait(60) != 0
    host.nothing_left()


# ---- whatever a URL leads to ----------------------------------------------------------------------

def tarball(tree, path):
    return tars.pack(tree, path)


def oci_archive(tree, path):
    layer = tars.pack(tree, path.with_suffix(".layer")).read_bytes()
    image = images.from_layers([layer])
    path.write_bytes(images.archive_of((image, "1")))
    return path


def compressed_disk(tree, path):
    return packed(gpt(tree), "xz", path)


def qcow2_disk(tree, path):
    return packed(bare(tree), "qcow2", path)


@pytest.mark.parametrize("make", [tarball, oci_archive, compressed_disk, qcow2_disk])
def test_boots_from_a_url(debian, image, make):
    """What the file is, its content says; the address ends in nothing that would."""
    tree, _ = debian
    data = make(tree, image).read_bytes()
    with registries.Server(lambda request, _: request.send(200, data)) as server:
        name = guests.import_as("bob", host.unique("url"), f"http://{server.place}/latest")
    assert host.sdmectl("bob", "fs", "show", name, "--json").json()[0]["bootable"] is True
    boots(name)
