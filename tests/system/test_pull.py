# SPDX-License-Identifier: MIT
"""Root filesystems from registries, as users pull them: each kind of registry, what comes out against what umoci unpacks, shared
layers. Bad days of a pull: whoever takes part in it is killed, the server goes, the disk is full. Nothing half made is seen, and
the next pull fetches only the rest. And what the two units of a pull may do, read off while they run."""
import contextlib
import gzip
import os
import pathlib
import re
import shutil
import signal

import pytest

import bus
import guests
import host
import images
import registries
import tars
import trees
from test_crash import small_disk  # noqa: F401 a fixture

BULK = 6_000_000


def base(root):
    """The bottom of an image: one of every kind of file, and what a root filesystem has."""
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/os-release").write_text('ID=tiny\nPRETTY_NAME="Tiny 1"\nVERSION_ID=1\n')
    (root / "sbin").mkdir()
    (root / "sbin/init").write_text("#!/bin/false\n")
    (root / "sbin/init").chmod(0o755)
    trees.make_specials(root / "srv/special")
    for name in ("block", "null"):  # umoci makes none of them anew in each unpacking
        (root / "srv/special" / name).unlink()
    (root / "srv/gone").write_text("removed by a layer above\n")
    (root / "srv/kept").mkdir()
    (root / "srv/kept/below").write_text("below\n")
    (root / "srv/emptied").mkdir()
    (root / "srv/emptied/old").write_text("old\n")


def middle(root):
    (root / "srv/gone").unlink()
    (root / "srv/kept/above").write_text("above\n")
    os.chown(root / "srv/kept/above", 33, 44)
    shutil.rmtree(root / "srv/emptied")
    (root / "srv/emptied").mkdir()
    (root / "srv/emptied/new").write_text("new\n")
    (root / "srv/special/owned").chmod(0o600)
    os.link(root / "srv/special/linked-a", root / "srv/linked-above")


def top(word):
    def write(root):
        (root / "etc" / word).write_text(word)
        (root / "var").mkdir(exist_ok=True)
        (root / "var" / word).write_bytes(os.urandom(3_000_000))
    return write


@pytest.fixture(scope="module")
def lab(prepared_host, tmp_path_factory):
    """Two images that share two layers, one of them in an index of two platforms, in registries of three kinds."""
    folder = tmp_path_factory.mktemp("pull")
    layout = folder / "layout"
    images.umoci_image(layout, "one", [base, middle, top("one")])
    images.umoci_image(layout, "shared", [], base="one")
    images.umoci_image(layout, "two", [top("two")], base="one")
    images.umoci_image(layout, "other", [lambda root: (root / "other").write_text("other\n")], architecture=images.OTHER)
    images.add_index(layout, "multi", [("other", images.OTHER), ("one", images.ARCHITECTURE)])
    with registries.Lab(folder) as made:
        made.layout = layout
        for target in ("plain/t/multi", "basic/priv/multi", "bearer/public/multi", "bearer/priv/multi"):
            made.push(f"oci:{layout}:multi", target, "--all")
        made.push(f"oci:{layout}:two", "plain/t/two")
        made.push(f"oci:{layout}:one", "plain/t/v2s2", "--format=v2s2")
        images.copy(f"oci:{layout}:one", f"dir:{folder}/tar", "--dest-decompress")
        images.copy(f"dir:{folder}/tar", f"oci:{folder}/zstd:1", "--dest-compress-format=zstd")
        made.push(f"oci:{folder}/zstd:1", "plain/t/zstd", "--preserve-digests")
        made.unpacked = images.umoci_unpack(layout, "one", folder / "bundle")
        yield made
    shutil.rmtree(folder)


def stack_of(rootfs, where):
    """The layers of a root filesystem merged, as a container sees them."""
    layers = host.sdmectl("root", "fs", "show", rootfs, "--json").json()[0]["layers"]
    lower = "".join(f",lowerdir+={host.STORE / 'layers' / layer / 'tree'}" for layer in layers)
    where.mkdir()
    empty = where.parent / f"{where.name}-empty"
    empty.mkdir()
    host.run("root", "mount", "-t", "overlay", "-o", f"userxattr,ro{lower},lowerdir+={empty}", "overlay", where).ok()
    return where


def same(rootfs, tree, tmp_path):
    merged = stack_of(rootfs, tmp_path / "merged")
    try:
        seen, expected = trees.scan(merged), trees.scan(tree)
    finally:
        host.run("root", "umount", merged).ok()
    expected["."] = seen["."]  # umoci's own directory stands for the root
    found = trees.differences(expected, seen)
    assert not found, found


def pull(source, *options, user="bob", **more):
    return guests.import_as(user, host.unique("rootfs"), f"docker://{source}", "--install-packages=no", *options, **more)


@pytest.mark.parametrize("source", ["plain/t/multi", "plain/t/v2s2", "plain/t/zstd", "bearer/public/multi"])
def test_the_tree_is_what_umoci_unpacks(lab, source, tmp_path):
    kind, repository = source.split("/", 1)
    name = pull(f"{getattr(lab, kind)}/{repository}:1")
    same(name, lab.unpacked, tmp_path)


def test_by_digest(lab, tmp_path):
    digest = host.sdmectl("root", "fs", "show", pull(f"{lab.plain}/t/multi:1"), "--json").json()[0]["digest"]
    name = pull(f"{lab.plain}/t/multi@{digest}")
    same(name, lab.unpacked, tmp_path)
    refused = host.sdmectl("bob", "fs", "import", "none", f"docker://{lab.plain}/t/multi@sha256:{'0' * 64}")
    assert refused.status == 3 and "none" not in host.entries("rootfs")


def test_with_a_password(lab, tmp_path):
    """The credentials of the user, as `podman login` writes them."""
    file = guests.WORK / "auth.json"  # a user gets there
    host.run("root", "skopeo", "login", f"--authfile={file}", f"--cert-dir={registries.CONTAINERS}/certs.d/{lab.basic}",
             f"--username={registries.USER}", f"--password={registries.PASSWORD}", lab.basic).ok()
    file.chmod(0o644)
    source = f"docker://{lab.basic}/priv/multi:1"
    refused = host.sdmectl("bob", "fs", "import", "none", source)
    assert refused.status == 4 and "none were given" in refused.err
    same(pull(f"{lab.basic}/priv/multi:1", f"--authfile={file}"), lab.unpacked, tmp_path)


def test_without_rights(lab):
    refused = host.sdmectl("alice", "fs", "import", "none", f"docker://{lab.plain}/t/multi:1")
    assert refused.status == 4 and "none" not in host.entries("rootfs")


def test_shared_layers_are_fetched_once(lab):
    one = pull(f"{lab.plain}/t/multi:1")
    before = set(host.entries("layers"))
    two = pull(f"{lab.plain}/t/two:1")
    assert len(set(host.entries("layers")) - before) == 1
    layers = {name: host.sdmectl("root", "fs", "show", name, "--json").json()[0]["layers"] for name in (one, two)}
    assert layers[one][-2:] == layers[two][-2:]
    host.sdmectl("bob", "fs", "rm", one).ok()
    host.nothing_left()
    assert set(layers[two]) <= set(host.entries("layers"))


# ---- what goes wrong ------------------------------------------------------------------------------

@pytest.fixture
def image():
    """A small layer and a large one."""
    small = tars.Archive().file("etc/os-release", b'ID=tiny\nPRETTY_NAME="Tiny 1"\n').bytes()
    large = tars.Archive().file("data", os.urandom(BULK)).bytes()
    return images.from_layers([small, large])


@pytest.fixture
def faulty(image):
    """A registry that misbehaves, with an image of which nothing is here yet."""
    host.sdmectl("root", "fs", "cache", "clean", "--all").ok()
    host.sdmectl("root", "fs", "gc").ok()
    with registries.Faulty({"img": image}) as registry, registries.insecure(registry.place):
        registry.layer = "/blobs/" + images.digest(image.layers[-1])
        yield registry
        registry.released.set()


class Held:
    """A pull by bob that the server holds in the middle of its layers."""

    def __init__(self, faulty, processes):
        self.faulty = faulty
        self.name = host.unique("pulled")
        self.source = f"docker://{faulty.place}/held/img:1"
        self.client = processes("bob", "sdmectl", "-v", "fs", "import", "--install-packages=no", self.name, self.source)
        host.until(lambda: faulty.requests(faulty.layer), "the last layer to be asked for")
        self.job = host.until(lambda: [j for j in host.sdmectl("root", "jobs", "--json").json()
                                       if j["target"] == self.name and j["bytes_done"] > BULK // 4], "half of it")[-1]["id"]

    @property
    def units(self):
        return f"sdme-job-{self.job}.service", f"sdme-job-{self.job}-fetch.service"

    def pids(self):
        return [int(host.unit(unit, "MainPID")) for unit in self.units]

    def end(self):
        """The server goes on."""
        self.faulty.released.set()
        return self.wait()

    def wait(self):
        _, err = self.client.communicate(timeout=120)
        return self.client.returncode, err.decode()


@pytest.fixture
def held(faulty, processes):
    return Held(faulty, processes)


def nothing_is_seen(name):
    host.nothing_left()
    assert name not in host.entries("rootfs")
    assert host.our_units("sdme-job-*-fetch.service") == []
    assert os.listdir("/var/cache/sdmed/fetch") == []


def is_resumed(faulty, name):
    """Nothing is seen of a pull that failed, and the next one, of a server that holds nothing back, asks for the rest alone."""
    nothing_is_seen(name)
    faulty.seen.clear()
    guests.import_as("bob", name, f"docker://{faulty.place}/img:1", "--install-packages=no")
    asked = faulty.requests("/blobs/")
    assert faulty.requests(faulty.layer) and all(seen.range for seen in asked), asked


@pytest.mark.parametrize("which", [0, 1], ids=["import", "fetch"])
def test_killed_worker(held, which):
    os.kill(held.pids()[which], 9)
    status, err = held.wait()
    assert status == 1 and "org.sdme1.Error." in err, err
    is_resumed(held.faulty, held.name)


def test_killed_daemon(held):
    """Both units run on, and who asks again sees the end."""
    before = held.pids()
    host.kill_daemon()
    assert held.pids() == before
    status, err = held.end()
    assert status == 0, err
    assert held.name in host.entries("rootfs")
    host.nothing_left()


def test_all_are_killed(held):
    """The daemon too: the next one tidies up, and the cache has what was fetched."""
    pids = held.pids()
    host.kill_daemon()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)
    status, _ = held.wait()
    assert status == 1
    host.sdmectl("root", "ps").ok()
    is_resumed(held.faulty, held.name)


@pytest.mark.parametrize("how", ["by-command", "by-signal"])
def test_cancelled(held, how):
    if how == "by-command":
        host.sdmectl("bob", "jobs", "cancel", str(held.job)).ok()
    else:
        held.client.send_signal(signal.SIGINT)
    status, _ = held.wait()
    assert status == 130
    is_resumed(held.faulty, held.name)


def test_client_is_killed(held):
    """Its job goes with it: nobody waits for it."""
    host.kill_group(held.client)
    host.until(lambda: not host.worker_units(), "the units to end")
    is_resumed(held.faulty, held.name)


def test_server_dies(faulty):
    result = host.sdmectl("bob", "fs", "import", "broken", f"docker://{faulty.place}/truncated.99/wrong-range/img:1",
                          "--install-packages=no")
    assert result.status == 1 and faulty.place in result.err
    is_resumed(faulty, "broken")


def test_fault_of_a_layer_is_told(image):
    """Though a server fails just after it was found."""
    def lie(config):
        config["rootfs"]["diff_ids"][0] = images.digest(b"other")
    lying = images.from_layers([gzip.decompress(layer) for layer in image.layers], config_change=lie)
    with registries.Faulty({"img": lying}) as faulty, registries.insecure(faulty.place):
        def answer(request, body):
            if images.digest(lying.layers[-1]) not in request.path:
                return faulty.answer(request, body)
            faulty.released.wait(1)
            return request.send(404)
        faulty.server.answer = answer
        result = host.sdmectl("bob", "-v", "fs", "import", "--install-packages=no", "lying", f"docker://{faulty.place}/img:1")
    assert result.status == 65 and bus.error("VerificationFailed") in result.err, result
    nothing_is_seen("lying")


def test_detached(held):
    """A job that nobody waits for by intent goes on."""
    name = host.unique("detached")
    host.sdmectl("bob", "fs", "import", "--detach", "--install-packages=no", name, held.source).ok()
    held.faulty.released.set()
    host.until(lambda: name in host.entries("rootfs"), "the pull to end by itself", 60)
    host.nothing_left()


def test_full_disk(small_disk, image, processes):  # noqa: F811
    """One that does not fit fails, leaves the room it took, and what was fetched is not fetched again."""
    big = images.from_layers([tars.Archive().file("data", os.urandom(40 << 20)).bytes()])
    with registries.Faulty({"img": big, "fits": image}) as faulty, registries.insecure(faulty.place):
        result = host.sdmectl("bob", "-v", "fs", "import", "--install-packages=no", "large", f"docker://{faulty.place}/img:1")
        assert result.status == 1 and bus.error("NoSpace") in result.err, result
        host.nothing_left()
        assert not host.entries("rootfs") and not host.entries("layers")
        free = os.statvfs(host.STORE)
        assert free.f_bavail > 0.9 * free.f_blocks
        guests.import_as("bob", "small", f"docker://{faulty.place}/fits:1", "--install-packages=no")


# ---- the workers' view ----------------------------------------------------------------------------

def status_of(pid):
    return dict(re.findall(r"^(\w+):\s*(.*)$", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M))


PLACES = ["/", "/usr", "/etc", "/var", "/run", "/home", "/root", "/var/lib/sdmed/layers", "/var/lib/sdmed/rootfs",
          "/var/lib/sdmed/containers", "/var/cache/sdmed/oci", "/run/sdmed/jobs"]


def writable(pid, *more):
    """Of places, those where a process like this one may make a file, as it sees them."""
    user = status_of(pid)["Uid"].split()[0]
    enter = ["nsenter", f"--target={pid}", "--mount", "--", "setpriv", f"--reuid={user}", "--clear-groups", "test", "-w"]
    return {place for place in (*PLACES, *more) if host.run("root", *enter, place).status == 0}


def exposure(unit):
    """What systemd-analyze makes of it, from 0 to 10."""
    shown = host.run("root", "systemd-analyze", "security", "--no-pager", unit).out
    return float(re.search(r"Overall exposure level for \S+: (\d+\.\d)", shown)[1])


def test_what_they_may(held):
    unpack, fetch = held.pids()
    unpack_unit, fetch_unit = held.units

    # Who talks to the network is nobody, with nothing.
    seen = status_of(fetch)
    assert seen["CapEff"] == seen["CapPrm"] == seen["CapBnd"] == "0" * 16
    assert seen["NoNewPrivs"] == "1" and seen["Seccomp"] == "2" and int(seen["Uid"].split()[0]) >= 61184
    assert os.readlink(f"/proc/{fetch}/ns/net") == os.readlink("/proc/1/ns/net")
    root = f"/proc/{fetch}/root"
    assert os.listdir(f"{root}/var/lib/sdmed") == [] and os.listdir(f"{root}/home") == []
    assert sorted(os.listdir(f"{root}/var/cache/sdmed")) == ["fetch", "oci"]
    assert os.listdir(f"{root}/var/cache/sdmed/fetch") == [str(held.job)]
    blobs = f"/var/cache/sdmed/fetch/{held.job}"
    assert writable(fetch, blobs) == {blobs}

    # Who unpacks has the powers of files, and no network.
    seen = status_of(unpack)
    capabilities = host.run("root", "capsh", f"--decode={seen['CapBnd']}").out.split("=")[1].strip().split(",")
    assert set(capabilities) == {"cap_chown", "cap_dac_override", "cap_fowner", "cap_fsetid", "cap_setfcap", "cap_mknod"}
    assert seen["NoNewPrivs"] == "1" and seen["Seccomp"] == "2"
    assert os.readlink(f"/proc/{unpack}/ns/net") != os.readlink("/proc/1/ns/net")
    assert len(pathlib.Path(f"/proc/{unpack}/net/dev").read_text().strip().splitlines()) == 3  # two of headings, and lo
    staging, out = f"/var/lib/sdmed/staging/{held.job}", f"/run/sdmed/jobs/{held.job}/out"
    assert writable(unpack, staging, out) - {"/run/sdmed/jobs"} == {staging, out}  # that is empty memory of its own

    # In systemd's own words; a service without a sandbox has 9.6.
    assert exposure(fetch_unit) < 3 and exposure(unpack_unit) < 3.5
    assert exposure("dbus.service") > 4, "the negative control"
    held.end()
