# SPDX-License-Identifier: MIT
"""Images in files: OCI layouts, archives of them, and what `docker save` writes, by the tools of others; and damaged ones."""
import gzip
import io
import json
import lzma
import shutil
import subprocess
import tarfile

import pytest

import guests
import host
import images
import registries
import tars
import trees


# ---- an image of a real system --------------------------------------------------------------------

def base_of(tree):
    def fill(root):
        subprocess.run(["cp", "-a", f"{tree}/.", root], check=True)
    return fill


def change(root):
    """What only a second layer can show: something goes, something is replaced, a directory becomes another."""
    (root / "etc/motd").unlink(missing_ok=True)
    (root / "etc/second-layer").write_text("here\n")
    shutil.rmtree(root / "srv/special")
    (root / "srv/special").mkdir()
    (root / "srv/special/new").write_text("new\n")


@pytest.fixture(scope="module")
def layout(trixie_tree):
    """An OCI layout with a Debian of two layers: its folder; the tag is 13."""
    folder = guests.WORK / "layout"
    images.umoci_image(folder, "13", [base_of(trixie_tree), change])
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def reference(layout):
    """The tree that umoci makes of it."""
    bundle = guests.WORK / "bundle"
    yield images.umoci_unpack(layout, "13", bundle)
    shutil.rmtree(bundle)


@pytest.fixture(scope="module")
def oci_archive(layout):
    path = guests.WORK / "oci.tar"
    images.skopeo("copy", f"oci:{layout}:13", f"oci-archive:{path}:13")
    yield path
    path.unlink()


@pytest.fixture(scope="module")
def docker_archive(layout):
    path = guests.WORK / "docker.tar"
    images.skopeo("copy", f"oci:{layout}:13", f"docker-archive:{path}:debian:13")
    yield path
    path.unlink()


def inspected(name):
    return host.sdmectl("root", "fs", "show", name, "--json").json()[0]


def layers_of(name):
    return json.loads((host.STORE / "rootfs" / name / "record.json").read_text())["layers"]


def boots(rootfs):
    name = guests.start(guests.confined(rootfs))
    guests.exec_in(name, "cat", "/etc/second-layer").ok()
    assert guests.exec_in(name, "ls", "/srv/special").ok() == "new"
    guests.kill(name)


def test_layout_directory(layout, reference):
    name = guests.import_as("root", host.unique("rootfs"), layout, "--install-packages=no")
    assert len(layers_of(name)) == 2
    with trees.merged(layers_of(name)) as root:
        found = trees.differences(trees.scan(reference), trees.scan(root))
    assert not found, found
    boots(name)


def test_archives_share_their_layers(oci_archive, docker_archive):
    first = guests.import_as("bob", host.unique("rootfs"), oci_archive, "--install-packages=no")
    before = set(host.entries("layers"))
    second = guests.import_as("bob", host.unique("rootfs"), docker_archive, "--install-packages=no")
    assert layers_of(first) == layers_of(second)
    assert set(host.entries("layers")) == before
    host.sdmectl("bob", "fs", "rm", first).ok()
    boots(second)


def test_archive_from_a_pipe(oci_archive):
    with open(oci_archive, "rb") as archive:
        packed = subprocess.Popen(["gzip", "-1"], stdin=archive, stdout=subprocess.PIPE)
        name = guests.import_as("bob", host.unique("rootfs"), "-", "--install-packages=no", stdin=packed.stdout)
        assert packed.wait() == 0
    assert len(layers_of(name)) == 2
    boots(name)


# ---- small ones -----------------------------------------------------------------------------------

def small_layer(word):
    return tars.Archive().folder("etc").file("etc/os-release", f"ID={word}\nPRETTY_NAME={word}\n".encode()).bytes()


def refused(data, code, *words, options=()):
    name = host.unique("rootfs")
    result = host.sdmectl("bob", "fs", "import", name, "-", "--install-packages=no", *options, stdin=data)
    assert result.status != 0
    for word in (*words,):
        assert word in result.err, result.err
    assert name not in host.entries("rootfs")
    return result


@pytest.mark.parametrize("how", tars.COMPRESS)
def test_compressed_archive(how):
    image = images.from_layers([small_layer("one"), small_layer("two")])
    name = guests.import_as("bob", host.unique("rootfs"), "-", "--install-packages=no",
                            stdin=tars.COMPRESS[how](images.archive_of((image, "1"))))
    shown = inspected(name)
    assert shown["os"] == "two"
    assert shown["digest"] == image.digest


def test_one_of_several():
    data = images.archive_of((images.from_layers([small_layer("one")]), "1"), (images.from_layers([small_layer("two")]), "2"))
    refused(data, 64, "1, 2")
    refused(data, 3, "'3'", options=["--tag=3"])
    name = guests.import_as("bob", host.unique("rootfs"), "-", "--tag=2", "--install-packages=no", stdin=data)
    assert inspected(name)["os"] == "two"


def test_one_of_several_behind_a_url():
    data = images.archive_of((images.from_layers([small_layer("one")]), "1"), (images.from_layers([small_layer("two")]), "2"))
    with registries.Server(lambda request, _: request.send(200, data)) as server:
        name = guests.import_as("bob", host.unique("rootfs"), f"http://{server.place}/images.tar", "--tag=2", "--install-packages=no")
    assert inspected(name)["os"] == "two"


def test_platforms():
    image = images.index([(images.from_layers([small_layer("other")], architecture=images.OTHER), images.OTHER),
                          (images.from_layers([small_layer("ours")]), images.ARCHITECTURE)])
    data = images.archive_of((image, "1"))
    name = guests.import_as("bob", host.unique("rootfs"), "-", "--install-packages=no", stdin=data)
    assert inspected(name)["os"] == "ours"
    name = guests.import_as("bob", host.unique("rootfs"), "-", f"--platform=linux/{images.OTHER}", "--install-packages=no",
                            stdin=data)
    assert inspected(name)["os"] == "other"
    refused(data, 3, "linux/s390x", options=["--platform=linux/s390x"])


def test_damaged_archives():
    image = images.from_layers([small_layer("one")])
    good = images.archive_of((image, "1"))
    refused(good[:3000], 65)  # most of the rest is padding
    missing = images.from_layers([small_layer("one")])
    del missing.blobs[images.digest(missing.layers[0])]
    refused(images.archive_of((missing, "1")), 65, "is missing")
    spoilt = images.from_layers([small_layer("one")])
    spoilt.blobs[images.digest(spoilt.layers[0])] = gzip.compress(small_layer("two"), 1)
    refused(images.archive_of((spoilt, "1")), 65)
    lying = images.from_layers([small_layer("one")],
                               config_change=lambda config: config["rootfs"].update(diff_ids=[images.digest(b"other")]))
    refused(images.archive_of((lying, "1")), 65)
    foreign = images.from_layers([small_layer("one")], architecture=images.OTHER)
    refused(images.archive_of((foreign, "1")), 1, images.OTHER)


def test_symbolic_link_for_a_layer():
    """`docker save` once wrote a layer that two images have as a link from one to the other."""
    layer = small_layer("linked")
    config = json.dumps({"architecture": images.ARCHITECTURE, "os": "linux",
                         "rootfs": {"type": "layers", "diff_ids": [images.digest(layer)]}}).encode()
    name = images.digest(config).split(":")[1]
    first, second = "a" * 64, "b" * 64
    archive = (tars.Archive().folder(first).file(f"{first}/layer.tar", layer).folder(second)
               .symlink(f"{second}/layer.tar", f"../{first}/layer.tar").file(f"{name}.json", config)
               .file("manifest.json", json.dumps([{"Config": f"{name}.json", "RepoTags": ["x:1"],
                                                   "Layers": [f"{second}/layer.tar"]}]).encode()).bytes())
    rootfs = guests.import_as("bob", host.unique("rootfs"), "-", "--install-packages=no", stdin=archive)
    assert inspected(rootfs)["os"] == "linked"


def test_tree_that_begins_as_an_image():
    data = tars.Archive().file("manifest.txt").bytes()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("index.json"))
    for tree in (stream.getvalue(), lzma.compress(stream.getvalue()), data):
        guests.import_as("bob", host.unique("rootfs"), "-", "--install-packages=no", stdin=tree)
