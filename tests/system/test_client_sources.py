# SPDX-License-Identifier: MIT
"""What sdmectl makes of SOURCE, of credentials and of what an import tells, with the daemon and a registry at the other end."""
import base64
import json
import os
import pathlib
import shutil
import socket

import pexpect
import pytest

import guests
import host
import images
import registries
import tars
import trees

HOME = pathlib.Path("/home/bob")
CONFIG = {"Entrypoint": ["/sbin/init"], "Env": ["PATH=/bin"]}


@pytest.fixture(scope="module")
def image():
    return images.from_layers([tars.small(), tars.Archive().file("second").bytes()],
                              config_change=lambda config: config.update(config=CONFIG))


@pytest.fixture(scope="module")
def registry(image):
    """One that knows the image `img`, and does to it what the path says."""
    with registries.Faulty({"img": image}) as faulty, registries.insecure(faulty.place):
        yield faulty


@pytest.fixture
def folder():
    """Bob's, and readable by him."""
    made = guests.WORK / "client"
    made.mkdir()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def docker_config():
    """Writes bob's ~/.docker/config.json; it goes with the test."""
    place = HOME / ".docker"

    def write(**document):
        place.mkdir(exist_ok=True)
        (place / "config.json").write_text(json.dumps(document))
    yield write
    shutil.rmtree(place, ignore_errors=True)


def fs_import(source, *options, **more):
    name = host.unique("source")
    return name, host.sdmectl("bob", "--progress=none", "fs", "import", name, source, *options, **more)


def imported(source, *options, **more):
    """What fs show tells of what became of it."""
    name, result = fs_import(source, *options, **more)
    assert result.ok() == name
    return host.sdmectl("bob", "fs", "show", name, "--json").json()[0]


def auths(*places, user=registries.USER, password=registries.PASSWORD):
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {place: {"auth": encoded} for place in places}


# ---- what SOURCE is -------------------------------------------------------------------------------

@pytest.mark.parametrize("word", ["Nothing", "no where", "ftp://example.org/x", "a//b"])
def test_nothing_of_all(word):
    _, result = fs_import(word)
    assert result.status == 65 and not result.out
    assert all(reading in result.err for reading in ("file or directory", "URL", "image"))


def test_a_file_that_is_not_there_goes_to_no_server():
    before = host.sdmectl("bob", "jobs", "--json").json()
    _, result = fs_import("nothing.tar.xz")
    assert result.status == 65 and "no file 'nothing.tar.xz'" in result.err
    assert host.sdmectl("bob", "jobs", "--json").json() == before


def test_what_is_there_is_a_path():
    """And a word on how to say the other."""
    path = HOME / "debian"
    path.write_bytes(tars.small())
    try:
        name, result = fs_import("debian")
        assert result.ok() == name and "docker://debian" in result.err
        assert host.sdmectl("bob", "fs", "show", name, "--json").json()[0]["origin"] == str(path)
        assert "docker://" not in fs_import("./debian")[1].err
    finally:
        path.unlink()


def test_layout(folder, image):
    """A directory that is an image layout is an image; with dir: it is a tree, if there is anything else in it."""
    layout = images.write_layout(image, folder / "layout", tag="v1")
    for source in (layout, f"oci:{layout}", f"oci:{layout}:v1"):
        shown = imported(source)
        assert shown["digest"] == image.digest and len(shown["layers"]) == 2
        assert shown["origin"] == str(layout)
    assert imported(f"dir:{layout}")["digest"] == image.digest
    (layout / "bin").mkdir()
    assert imported(layout)["digest"] == image.digest
    name, result = fs_import(f"dir:{layout}", "--install-packages=no")
    assert result.ok() == name and "'fs import --force --install-packages=yes'" in result.err
    assert {"oci-layout", "bin"} <= {path.name for path in trees.layer_of(name).iterdir()}
    _, result = fs_import(f"oci:{layout}:v2")
    assert result.status in (3, 65) and "v2" in result.err
    assert fs_import(f"oci:{folder}")[1].status == 65


def test_archive_with_a_tag(folder, image):
    layout = images.write_layout(image, folder / "layout", tag="v1")
    for kind, tag in (("oci-archive", "v1"), ("docker-archive", "localhost/app:1")):
        images.copy(f"oci:{layout}:v1", f"{kind}:{folder}/{kind}.tar:{tag}")
        for source, options in ((f"{kind}:{folder}/{kind}.tar:{tag}", ()), (f"{folder}/{kind}.tar", ("--tag", tag))):
            assert len(imported(source, *options)["layers"]) == 2


def test_image(registry, image):
    """As JSON, and for people."""
    name, result = fs_import(f"{registry.place}/img:1", "--json")
    told = result.json()
    assert told["name"] == name and told["digest"] == image.digest and told["warning"] == "" or "lacks" in result.err
    shown = host.sdmectl("bob", "fs", "show", name, "--json").json()[0]
    assert shown["config"]["config"]["Entrypoint"] == CONFIG["Entrypoint"]
    assert shown["platform"].startswith("linux/") and len(shown["layers"]) == len(shown["layer_sizes"]) == 2
    text = host.sdmectl("bob", "fs", "show", name).ok()
    assert "entrypoint:" in text and "PATH=/bin" in text and image.digest in text
    listed = next(one for one in host.sdmectl("bob", "fs", "ls", "--json").json() if one["name"] == name)
    assert listed["size"] == listed["shared"] + listed["own"]


def test_shared_and_own(registry):
    one, _ = fs_import(f"{registry.place}/img:1")
    two, result = fs_import(f"docker://{registry.place}/img:1")
    assert result.ok() == two
    sizes = {each["name"]: each for each in host.sdmectl("bob", "fs", "ls", "--json").json()}
    assert sizes[one]["own"] == sizes[two]["own"] == 0 < sizes[one]["shared"] == sizes[one]["size"]
    assert "SHARED" in host.sdmectl("bob", "fs", "ls").ok()


def test_url():
    with registries.Server(lambda request, _: request.send(200, tars.small())) as server:
        assert imported(f"http://{server.place}/any/name")["os"] == "Tiny 1"
        _, result = fs_import(f"http://bob:s3cret@{server.place}/x")
        assert result.status == 64 and "s3cret" not in result.err


# ---- credentials ----------------------------------------------------------------------------------

def test_without_credentials(registry, docker_config):
    docker_config(auths=auths("example.org"))
    _, result = fs_import(f"{registry.place}/password/img:1")
    assert result.status == 4 and not result.out
    assert f"no credentials for {registry.place}" in result.err and ".docker/config.json" in result.err
    assert all(seen.authorization is None for seen in registry.requests("password"))


def test_of_docker(registry, docker_config):
    docker_config(auths=auths(registry.place))
    assert len(imported(f"{registry.place}/password/img:1")["layers"]) == 2


def test_of_a_file_that_was_chosen(registry, docker_config):
    docker_config(auths=auths(registry.place, password="wrong"))
    path = HOME / "mine.json"
    path.write_text(json.dumps({"auths": auths(f"{registry.place}/password")}))
    os.chmod(path, 0o600)
    os.chown(path, *(os.stat(HOME).st_uid, os.stat(HOME).st_gid))
    try:
        _, result = fs_import(f"{registry.place}/password/img:1")
        assert result.status == 4 and "were not accepted" in result.err
        imported(f"{registry.place}/password/img:1", "--authfile", path)
        imported(f"{registry.place}/password/img:1", env={"REGISTRY_AUTH_FILE": str(path)})
    finally:
        path.unlink()


def test_of_a_helper(registry, docker_config, folder):
    helper = folder / "docker-credential-test"
    helper.write_text('#!/bin/sh\nid -un >> /tmp/helper-of-bob\n'
                      f'echo \'{{"Username": "{registries.USER}", "Secret": "{registries.PASSWORD}"}}\'\n')
    helper.chmod(0o755)
    docker_config(credsStore="test")
    asked = pathlib.Path("/tmp/helper-of-bob")
    try:
        imported(f"{registry.place}/password/img:1", env={"PATH": f"{folder}:{os.environ['PATH']}"})
        assert asked.read_text().split() == ["bob"]
    finally:
        asked.unlink(missing_ok=True)


def test_typed(registry):
    imported(f"{registry.place}/password/img:1", "--creds", f"{registries.USER}:{registries.PASSWORD}")
    _, result = fs_import(f"{registry.place}/password/img:1", "--creds", f"{registries.USER}:other-s3cret")
    assert result.status == 4 and "other-s3cret" not in result.err + result.out
    assert not any("other-s3cret" in str(entry.get("MESSAGE")) for entry in host.journal())
    _, result = fs_import("img", "--creds", "a:b")
    assert result.status == 64


def test_asked_for(registry):
    """A password that is missing is asked for and not shown; without a terminal, that is said."""
    name = host.unique("source")
    reference = f"{registry.place}/password/img:1"
    with host.terminal("bob", "sdmectl", "fs", "import", name, reference, "--creds", registries.USER) as terminal:
        terminal.expect(f"Password of {registries.USER} for {registry.place}: ")
        terminal.waitnoecho(10)
        terminal.sendline(registries.PASSWORD)
        terminal.expect(pexpect.EOF)
        assert terminal.before.splitlines()[-1] == name and registries.PASSWORD not in terminal.before
    assert name in host.entries("rootfs")
    _, result = fs_import(reference, "--creds", registries.USER)
    assert result.status == 64 and "no terminal" in result.err


def test_interrupted_question():
    with host.terminal("bob", "sh", "-c", "trap : INT; sdmectl fs import x localhost:1/x --creds alice; stty -a") as terminal:
        terminal.expect("Password of alice")
        terminal.waitnoecho(10)
        terminal.sendintr()
        terminal.expect(r"[^-]echo\b")


# ---- while it runs, and how it ends ---------------------------------------------------------------

def test_detached(registry):
    name, result = fs_import(f"{registry.place}/img:1", "--detach")
    assert host.sdmectl("bob", "jobs", "wait", result.ok()).ok() == name
    assert name in host.entries("rootfs")


def test_interrupted(registry, processes):
    name = host.unique("source")
    client = processes("bob", "sdmectl", "fs", "import", name, f"{registry.place}/slow/img:1", "--no-cache")
    host.until(lambda: registry.requests("slow/img/blobs"), "the pull to have begun")
    client.send_signal(2)
    assert client.wait(60) == 130
    host.nothing_left()
    assert name not in host.entries("rootfs")


def nobody():
    """A port where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def test_exit_codes(registry):
    for path, status, word in (("flipped/img:1", 65, "VerificationFailed"), ("nothing:1", 3, "NotFound"),
                               ("forbidden/img:1", 4, "AccessDenied")):
        _, result = fs_import(f"{registry.place}/{path}", "-v", "--no-cache")
        assert result.status == status and word in result.err, (path, result.err)
    _, result = fs_import(f"http://127.0.0.1:{nobody()}/x", "-v")
    assert result.status == 1 and "NetworkFailed" in result.err


def test_cache_and_garbage(registry, image):
    host.sdmectl("bob", "fs", "cache", "clean", "--all").ok()
    assert host.sdmectl("bob", "fs", "cache", "info", "--json").json()["blobs"] == 0
    name, result = fs_import(f"{registry.place}/img:1")
    assert result.ok() == name
    listed = {blob["digest"] for blob in host.sdmectl("bob", "fs", "cache", "ls", "--json").json()}
    assert listed and listed <= set(image.blobs) | {image.digest}
    assert host.sdmectl("bob", "fs", "cache", "info", "--json").json()["blobs"] == len(listed)
    assert all(digest in host.sdmectl("bob", "fs", "cache", "ls").ok() for digest in listed)
    gone = host.sdmectl("bob", "fs", "cache", "clean", "--all", "--json").json()
    assert gone["blobs"] == len(listed)
    host.sdmectl("bob", "fs", "rm", name).ok()
    assert set(host.sdmectl("bob", "fs", "gc", "--json").json()) >= {"layers", "downloads", "bytes"}
