#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seeds of the fuzzers, small inputs that are right and wrong in known ways: seeds.py CORPUS. What fuzzers
found beside them stays."""
import bz2
import gzip
import hashlib
import io
import json
import lzma
import pathlib
import struct
import sys
import tarfile
import uuid
import zlib

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
NEXT = b"\nNEXT LAYER\n"  # of layer_fuzz.cpp


def reference():
    for number, text in enumerate([
            "debian", "debian:trixie", "user/name", "localhost:5000/t/multi:1", "[2001:db8::1]:5000/x:y",
            f"quay.io/a/b:tag@sha256:{EMPTY}", "index.docker.io/debian", "HOST/x", "a.b/x__y/z--1---2.3:A_b.c-d",
            "x@sha512:" + "a" * 128, "x@md5:" + "a" * 32, "a.b/../x", "x\x1b[31m", "x\u202ey", "a" * 64, "host:65536/x",
            "[::1/x", "u@a.b/x", "x@", ":", "x:" + "t" * 129, "a.b/" + "x" * 252, "x?y#z%2f"]):
        yield f"seed-{number:02}", text.encode()
    yield "seed-nul", b"x\0y"
    yield "seed-nul-in-host", b"[::1\0]/x"
    yield "seed-latin", b"x\xff\xc0\x80"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def text(value):
    return json.dumps(value).encode()


def config_of(*layers, **more):
    return {"os": "linux", "architecture": "amd64", **more,
            "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}}


def described(data, kind, /, **more):
    return {"mediaType": kind, "digest": digest(data), "size": len(data), **more}


OCI, DOCKER = "application/vnd.oci.image.", "application/vnd.docker."


def manifest_of(config, *layers, **more):
    return {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": described(config, OCI + "config.v1+json"),
            "layers": [described(layer, OCI + "layer.v1.tar+gzip") for layer in layers], **more}


def manifest():
    config = text(config_of(b"a", b"b"))
    good = manifest_of(config, b"a", b"b")
    inner = text(good)
    yield "seed-oci", inner + b"\0" + config
    yield "seed-docker", text({"schemaVersion": 2, "mediaType": DOCKER + "distribution.manifest.v2+json",
                               "config": described(config, DOCKER + "container.image.v1+json"),
                               "layers": [described(b"a", DOCKER + "image.rootfs.diff.tar.gzip"),
                                          described(b"b", DOCKER + "image.rootfs.foreign.diff.tar.gzip",
                                                    urls=["https://example.org/x"])]}) + b"\0" + config
    yield "seed-embedded", text(manifest_of(config, layers=[described(b"a", OCI + "layer.v1.tar", data="YQ==")])) + \
        b"\0" + text(config_of(b"a"))
    yield "seed-fewer", inner + b"\0" + text(config_of(b"a"))
    yield "seed-arm", inner + b"\0" + text(config_of(b"a", b"b", architecture="arm64", variant="v8"))
    platform = {"os": "linux", "architecture": "amd64"}
    entries = [described(inner, OCI + "manifest.v1+json", platform=platform,
                         annotations={"org.opencontainers.image.ref.name": "latest"}),
               described(b"x", OCI + "manifest.v1+json", platform={"os": "unknown", "architecture": "unknown"}),
               described(b"y", OCI + "manifest.v1+json", platform={"os": "linux", "architecture": "arm", "variant": "v7"}),
               described(b"z", "text/plain")]
    yield "seed-index", text({"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": entries})
    yield "seed-list", text({"schemaVersion": 2, "mediaType": DOCKER + "distribution.manifest.list.v2+json",
                             "manifests": entries})
    yield "seed-wrong", text({"schemaVersion": 2, "manifests": [
        described(b"x", OCI + "manifest.v1+json", platform={"os": "li\x1bnux", "architecture": "\u202e"})]})
    yield "seed-both", text({**good, "manifests": []})
    yield "seed-neither", text({"schemaVersion": 2})
    yield "seed-one", text({"schemaVersion": 1, "fsLayers": []})
    yield "seed-artifact", text({**good, "config": described(b"x", "application/\x1b[2Jx"), "artifactType": "text/\u202e"})
    yield "seed-huge", inner.replace(b'"size": 1', b'"size": 18446744073709551615')
    yield "seed-negative", inner.replace(b'"size": 1', b'"size": -1')
    yield "seed-twice", b'{"layers": [],' + inner[1:]
    yield "seed-deep", b"[" * 2000
    yield "seed-deeper", b'{"x":' * 1000
    yield "seed-latin", inner.replace(b"gzip", b"\xff\xfe")
    yield "seed-bom", b"\xef\xbb\xbf" + inner


def config():
    yield "seed-good", text(config_of(b"a", b"b", variant="v1", config={"Env": ["A=b"]}, history=[{"empty_layer": True}]))
    yield "seed-nulls", text({"os": None, "config": None, "rootfs": {"type": "layers", "diff_ids": None}})
    yield "seed-kind", text({"rootfs": {"type": "windows", "diff_ids": []}})
    yield "seed-number", text({"os": 1, "rootfs": {"type": "layers"}})
    yield "seed-md5", text({"rootfs": {"type": "layers", "diff_ids": ["md5:1"]}})
    yield "seed-sha512", text({"rootfs": {"type": "layers", "diff_ids": ["sha512:" + "a" * 128]}})
    yield "seed-control", text(config_of(b"a", os="li\x1b[2Jnux"))
    image = {"reference": "example.org/x:1", "manifest": digest(b"m"), "platform": "linux/amd64",
             "config": json.dumps(config_of(b"a", b"b")),
             "layers": [{"digest": digest(b"ca"), "size": 10}, {"digest": digest(b"cb"), "size": 20}]}
    yield "seed-image", text(image)
    yield "seed-image-fewer", text({**image, "layers": image["layers"][:1]})
    yield "seed-image-huge", text({**image, "layers": [{"digest": digest(b"c"), "size": 1 << 63}] * 2})
    yield "seed-image-latin", text(image).replace(b"example", b"ex\xff")
    yield "seed-list", b"[]"


def challenge():
    for number, header in enumerate([
            'Bearer realm="https://auth.example/token?x=1&y=2",service="r.example",scope="repository:a/b:pull,push"',
            'BEARER  Realm = "r" ,\tSERVICE=s , error=insufficient_scope',
            'Negotiate, Basic realm="a, \\"b\\"", Bearer realm=r, Digest qop="x"', "Negotiate YWJj==, Basic realm=x",
            'Bearer realm="http://u:p@[::1]:99999/x"', 'Bearer realm="unclosed', 'Bearer realm="a\\', "=x", "Basic \x01",
            'Bearer realm="http://h\x1b/\u202e"', "Bearer " + "".join(f"k{i}=v," for i in range(40)),
            'Bearer realm="https://h/%zz?a b#c",realm=d', ",,, ,Bearer,,"]):
        yield f"seed-{number:02}", header.encode()


def tar(*entries, kind=tarfile.PAX_FORMAT, end=False):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=kind) as out:
        for name, more in entries:
            info = tarfile.TarInfo(name)
            info.mtime = 1_000_000_000
            data = more.pop("data", b"content" if more.get("type", tarfile.REGTYPE) == tarfile.REGTYPE else b"")
            info.size = len(data)
            for key, value in more.items():
                setattr(info, key, value)
            out.addfile(info, io.BytesIO(data))
        size = out.offset
    return stream.getvalue()[:size + (1024 if end else 0)]


def file(name, data=b"content", **more):
    return name, {"data": data, **more}


def directory(name, **more):
    return name, {"type": tarfile.DIRTYPE, "mode": 0o755, **more}


def symlink(name, target):
    return name, {"type": tarfile.SYMTYPE, "linkname": target}


def hard_link(name, target):
    return name, {"type": tarfile.LNKTYPE, "linkname": target}


def layer():
    plain = tar(directory("d", mode=0o1711, uid=7), file("d/f", mode=0o4755), symlink("l", "d"), hard_link("h", "d/f"), end=True)
    yield "seed-plain", plain
    yield "seed-gzip", gzip.compress(plain, mtime=0)
    yield "seed-gzip-members", gzip.compress(plain[:700], mtime=0) + gzip.compress(plain[700:], mtime=0)
    yield "seed-bzip2", bz2.compress(plain)
    yield "seed-xz", lzma.compress(plain)
    raw = struct.pack("<I", len(plain) << 3 | 1)[:3] + plain  # the last block, raw
    yield "seed-zstd", b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(plain)) + raw
    yield "seed-gnu", tar(file("x" * 150), symlink("l", "y" * 150), kind=tarfile.GNU_FORMAT, end=True)
    yield "seed-ustar", tar(file("a/" * 60 + "x"), kind=tarfile.USTAR_FORMAT)
    yield "seed-devices", tar(("c", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}),
                              ("b", {"type": tarfile.BLKTYPE, "devmajor": 7}), ("p", {"type": tarfile.FIFOTYPE}),
                              ("w", {"type": tarfile.CHRTYPE}), end=True)
    yield "seed-escapes", tar(file("../canary"), file("/etc/x"), file("a/../../canary"))
    yield "seed-by-link", tar(symlink("out", "../.."), file("out/canary"))
    yield "seed-by-absolute", tar(symlink("out", "/tmp"), file("out/canary"), directory("out"), file("out/canary"))
    yield "seed-link-out", tar(hard_link("x", "../../canary"), file("x", b"changed"))
    yield "seed-link-circle", tar(hard_link("a", "b"), hard_link("b", "a"), symlink("c", "c"), file("c/x"))
    yield "seed-attributes", tar(file("a", pax_headers={
        "SCHILY.xattr.user.a": "v", "SCHILY.xattr.trusted.overlay.opaque": "y", "SCHILY.xattr.user.overlay.opaque": "y",
        "mtime": "1234567.125", "SCHILY.acl.access": "user::rwx,user:99:r-x,group::r-x,mask::r-x,other::---"}))
    yield "seed-acl", tar(directory("a", pax_headers={"SCHILY.acl.default": "user::rwx,group::r-x,other::---,x"}))
    yield "seed-sparse", tar(file("x", b"abc", pax_headers={
        "GNU.sparse.size": "3000000", "GNU.sparse.map": "1000000,3", "GNU.sparse.name": "big"}))
    yield "seed-sparse-huge", tar(file("x", b"abc", pax_headers={
        "GNU.sparse.size": "9223372036854775807", "GNU.sparse.map": "9223372036854775804,3", "GNU.sparse.name": "big"}))
    yield "seed-pax-size", tar(file("x", pax_headers={"size": "99999999999999999999", "path": "a\x1bb"}))
    yield "seed-negative-time", tar(file("x", pax_headers={"mtime": "-99999999999999999999.9", "uid": "4294967295"}))
    yield "seed-control", tar(file("a\x1b[2J/\u202eb"), file("a\x1b[2J/\u202eb/c"), hard_link("x\n", "\x07"))
    yield "seed-no-end", tar(file("a"))
    yield "seed-short", plain[:1000]
    lower = tar(directory("usr/lib", uid=5), file("usr/lib/old"), symlink("lib", "usr/lib"), directory("d"), file("d/x"),
                file("f"), file("etc/os-release", b'PRETTY_NAME="D\x1b[2J"\n'))
    for name, upper in {
            "whiteouts": [file("d/.wh.x"), file(".wh.f"), file("new/.wh.no")],
            "opaque": [file("d/.wh..wh..opq"), file("d/new"), directory("d")],
            "opaque-root": [file(".wh..wh..opq"), file("d/new")],
            "by-lower-link": [file("lib/new"), file("lib/.wh.old"), directory("lib/sub", mode=0o700)],
            "links": [hard_link("one", "usr/lib/old"), hard_link("two", "/lib/old"), hard_link("three", "one"),
                      file(".wh.f"), hard_link("four", "f")],
            "kinds": [file("d"), directory("f"), file("f/x"), symlink("usr", "d")],
            "names": [file(".wh."), file(".wh..wh."), file("d/.wh...."), file(".wh..wh..plnk"), hard_link(".wh.f", "d/x")],
            "nowhere": [hard_link("x", "nowhere/y"), hard_link("y", "d")]}.items():
        yield f"seed-two-{name}", lower + NEXT + tar(*upper)
    yield "seed-out-below", tar(symlink("out", "../../.."), symlink("abs", "/tmp")) + NEXT + \
        tar(file("out/canary"), file("abs/x"), hard_link("c", "out/canary"))
    yield "seed-circle-below", tar(symlink("a", "b"), symlink("b", "a")) + NEXT + tar(file("a/x"))
    yield "seed-four", NEXT.join([tar(directory("d"), file("d/x")), tar(file(".wh.d")), tar(file("d/y")),
                                  gzip.compress(tar(hard_link("z", "d/y"), file("d/.wh..wh..opq")), mtime=0)])


def mbr(*entries):
    sector = bytearray(512)
    for number, (kind, start, size) in enumerate(entries):
        struct.pack_into("<BBHBBHII", sector, 446 + 16 * number, 0, 0, 0, kind, 0, 0, start, size)
    sector[510:] = b"\x55\xaa"
    return bytes(sector)


def gpt(*entries, sector=512, sectors=16, count=8):
    disk = bytearray(sector * sectors)
    disk[:512] = mbr((0xEE, 1, sectors - 1))
    array = b"".join(struct.pack("<16s16sQQQ72s", uuid.UUID(kind).bytes_le, uuid.UUID(int=number + 1).bytes_le, first, last,
                                 flags, name.encode("utf-16-le"))
                     for number, (kind, first, last, flags, name) in enumerate(entries)).ljust(128 * count, b"\0")
    head = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, 1, sectors - 1, 3, sectors - 2,
                       uuid.UUID(int=9).bytes_le, 2, count, 128, zlib.crc32(array))
    head = head[:16] + struct.pack("<I", zlib.crc32(head)) + head[20:]
    disk[sector:sector + 92] = head
    disk[2 * sector:2 * sector + len(array)] = array
    return disk


def partitions():
    root, esp = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
    two = [(esp, 6, 7, 0, "boot"), (root, 8, 13, 1 << 63, "ro\x1bot\u202e")]
    disk = gpt(*two)
    disk[8 * 512 + 1080:8 * 512 + 1082] = b"\x53\xef"
    disk[6 * 512:6 * 512 + 8] = b"LUKS\xba\xbe\0\1"
    yield "seed-gpt", bytes(disk)
    yield "seed-gpt-4096", bytes(gpt((root, 3, 3, 0, "root"), sector=4096, sectors=5))
    yield "seed-gpt-behind", bytes(gpt((root, 6, 1 << 62, 0, ""), (root, (1 << 63) // 512, (1 << 64) // 512 - 1, 0, ""), sectors=8))
    yield "seed-gpt-backwards", bytes(gpt((root, 12, 6, 0, ""), sectors=8))
    yield "seed-gpt-short", bytes(disk[:2000])
    yield "seed-gpt-damaged", bytes(disk[:512]) + bytes(1024)
    table = bytearray(mbr((0x83, 8, 4), (0x82, 12, 4)) + bytes(15 * 512))
    table[8 * 512:8 * 512 + 8] = b"LUKS\xba\xbe\0\1"
    yield "seed-mbr", bytes(table)
    yield "seed-mbr-behind", mbr((0x83, 200, 100), (0xFF, 0xFFFFFFFF, 0xFFFFFFFF))
    circle = bytearray(mbr((0x05, 8, 8)) + bytes(15 * 512))
    circle[8 * 512:9 * 512] = mbr((0x83, 1, 2), (0x05, 0, 8))
    yield "seed-mbr-circle", bytes(circle)
    logical = bytearray(mbr((0x0F, 2, 14)) + bytes(15 * 512))
    for number in range(6):
        at = 2 + 2 * number
        logical[at * 512:at * 512 + 512] = mbr((0x83, 1, 1), (0x05, 2 * number + 2, 2))
    yield "seed-mbr-logical", bytes(logical)
    yield "seed-nothing", bytes(512)
    swap = bytearray(4096)
    swap[4086:] = b"SWAPSPACE2"
    swap[1024:1028] = struct.pack("<I", 1)
    swap[1052:1068] = b"la\x1bbel\xff\xfe\0\0\0\0\0\0\0\0"[:16]
    yield "seed-swap", bytes(swap)
    xfs = bytearray(1024)
    xfs[:4] = b"XFSB"
    yield "seed-xfs", bytes(xfs)
    fat = bytearray(mbr())
    fat[:3], fat[11:13], fat[13], fat[54:62] = b"\xeb\x3c\x90", b"\0\2", 1, b"FAT16   "
    yield "seed-fat", bytes(fat)


def main():
    top = pathlib.Path(sys.argv[1])
    for make in (reference, manifest, config, challenge, layer, partitions):
        place = top / make.__name__
        place.mkdir(parents=True, exist_ok=True)
        for old in place.glob("seed-*"):
            old.unlink()
        for name, data in make():
            (place / name).write_bytes(data)


if __name__ == "__main__":
    main()
