# SPDX-License-Identifier: MIT
"""Root filesystems from registries, as users pull them: each kind of registry, what comes out against what umoci unpacks, shared
layers, pulls that were broken off."""
import os
import pathlib
import shutil
import signal

import pytest

import guests
import host
import images
import registries
import tars
import trees


CACHE = pathlib.Path("/var/cache/sdmed")


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


@pytest.fixture
def faulty():
    """A registry that misbehaves, with one image of one layer that is in no cache yet."""
    archive = tars.Archive().file("etc/os-release", b"ID=x\n").file("data", os.urandom(8_000_000))
    with registries.Faulty({"img": images.from_layers([archive.bytes()])}) as registry, registries.insecure(registry.place):
        registry.layer = images.digest(registry.images["img"].layers[0])
        yield registry


def begin(faulty, name):
    """A pull that stands still in the middle of the layer."""
    process = host.spawn("bob", "sdmectl", "fs", "import", name, f"docker://{faulty.place}/half/img:1", "--install-packages=no")
    host.until(lambda: faulty.requests("/blobs/" + faulty.layer), "the layer to be asked for")
    fetching = host.until(lambda: host.our_units("sdme-job-*-fetch.service"), "the unit that fetches")[0]
    part = faulty.layer.replace(":", "-") + ".part"
    host.until(lambda: any(path.stat().st_size > 1_000_000 for path in CACHE.glob(f"fetch/*/{part}")), "half of the layer")
    return process, fetching


def is_resumed(faulty):
    """The next pull asks for the rest alone."""
    host.nothing_left()
    assert "broken" not in host.entries("rootfs")
    faulty.seen.clear()
    pull(f"{faulty.place}/img:1")
    assert all(seen.range for seen in faulty.requests(faulty.layer)) and faulty.requests(faulty.layer), faulty.seen


@pytest.mark.parametrize("who", ["fetch", "import"])
def test_worker_is_killed(faulty, who):
    process, fetching = begin(faulty, "broken")
    unit = fetching if who == "fetch" else fetching.replace("-fetch", "")
    host.systemctl("kill", "--signal=KILL", unit).ok()
    _, err = process.communicate(timeout=30 * host.SLOWER)
    assert process.returncode == 1 and err, (process.returncode, err)
    is_resumed(faulty)


def test_pull_is_cancelled(faulty):
    process, _ = begin(faulty, "broken")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30 * host.SLOWER)
    assert process.returncode == 130
    is_resumed(faulty)


def test_server_dies(faulty):
    result = host.sdmectl("bob", "fs", "import", "broken", f"docker://{faulty.place}/truncated.99/wrong-range/img:1",
                          "--install-packages=no")
    assert result.status == 1 and faulty.place in result.err
    is_resumed(faulty)


def test_daemon_is_killed(faulty):
    """The pull goes on, and the daemon that comes next takes what it made."""
    process, fetching = begin(faulty, "survivor")
    host.kill_daemon()
    assert host.unit(fetching, "ActiveState") == "active"
    faulty.released.set()
    host.until(lambda: "survivor" in host.entries("rootfs"), "the rootfs", 60)
    host.kill_group(process, signal.SIGTERM)
