# SPDX-License-Identifier: MIT
"""OCI images that tests make: by hand, byte for byte, or with umoci and skopeo from trees of files."""
import dataclasses
import gzip
import hashlib
import json
import pathlib
import platform
import subprocess

import tars

OCI = "application/vnd.oci.image."
MANIFEST, INDEX = OCI + "manifest.v1+json", OCI + "index.v1+json"
LAYER = OCI + "layer.v1.tar"
DOCKER = "application/vnd.docker.distribution.manifest."
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
OTHER = "arm64" if ARCHITECTURE != "arm64" else "amd64"
REF_NAME = "org.opencontainers.image.ref.name"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(media_type, data, **more):
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


@dataclasses.dataclass
class Image:
    """A document, what kind it is, and everything that it leads to: {digest: bytes}."""
    media_type: str
    document: bytes
    blobs: dict
    layers: list  # as they are transferred, bottom first

    @property
    def digest(self):
        return digest(self.document)

    def entry(self, **more):
        return descriptor(self.media_type, self.document, **more)


def from_layers(streams, compress=lambda data: gzip.compress(data, 1), suffix="+gzip", architecture=ARCHITECTURE, change=None,
                config_change=None):
    """An image of uncompressed tar streams. `change` and `config_change` spoil its documents before they are written."""
    layers = [compress(stream) for stream in streams]
    config = {"architecture": architecture, "os": "linux", "config": {"Cmd": ["/bin/true"]},
              "rootfs": {"type": "layers", "diff_ids": [digest(stream) for stream in streams]}}
    if config_change:
        config_change(config)
    config = json.dumps(config).encode()
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(OCI + "config.v1+json", config),
                "layers": [descriptor(LAYER + suffix, layer) for layer in layers]}
    if change:
        change(manifest)
    document = json.dumps(manifest).encode()
    blobs = {digest(data): data for data in (config, document, *layers)}
    return Image(MANIFEST, document, blobs, layers)


def archive_of(*entries):
    """A tar of an OCI layout with (image, tag)s in it."""
    archive = tars.Archive().file("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
    listed = [image.entry(annotations={REF_NAME: tag}) for image, tag in entries]
    archive.file("index.json", json.dumps({"schemaVersion": 2, "manifests": listed}).encode())
    blobs = {}
    for image, _ in entries:
        blobs |= image.blobs
    for name, data in blobs.items():
        archive.file(f"blobs/sha256/{name.split(':')[1]}", data)
    return archive.bytes()


def index(entries):
    """An index of (image, platform or None)."""
    listed = [image.entry(**({"platform": {"os": "linux", "architecture": wanted}} if wanted else {})) for image, wanted in entries]
    document = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()
    blobs = {digest(document): document}
    for image, _ in entries:
        blobs |= image.blobs
    return Image(INDEX, document, blobs, entries[0][0].layers)


def write_layout(image, folder, tag="1"):
    """An OCI layout with one image in it."""
    folder = pathlib.Path(folder)
    (folder / "blobs/sha256").mkdir(parents=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    for name, data in image.blobs.items():
        (folder / "blobs/sha256" / name.split(":")[1]).write_bytes(data)
    listed = image.entry(annotations={REF_NAME: tag})
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [listed]}))
    return folder


def read_layout(folder, tag):
    """The image of a layout, as bytes."""
    folder = pathlib.Path(folder)
    blobs = {f"sha256:{path.name}": path.read_bytes() for path in (folder / "blobs/sha256").iterdir()}
    entry = next(entry for entry in json.loads((folder / "index.json").read_text())["manifests"]
                 if entry.get("annotations", {}).get(REF_NAME) == tag)
    document = blobs[entry["digest"]]
    layers = [blobs[layer["digest"]] for layer in json.loads(document).get("layers", [])]
    return Image(entry["mediaType"], document, blobs, layers)


def add_index(folder, tag, entries):
    """Another tag of a layout: an index of its tags, [(tag, architecture)], which umoci cannot make."""
    path = pathlib.Path(folder) / "index.json"
    layout = json.loads(path.read_text())
    by_tag = {entry["annotations"][REF_NAME]: entry for entry in layout["manifests"]}
    listed = [{key: by_tag[name][key] for key in ("mediaType", "digest", "size")} |
              {"platform": {"os": "linux", "architecture": architecture}} for name, architecture in entries]
    document = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()
    (path.parent / "blobs/sha256" / digest(document).split(":")[1]).write_bytes(document)
    layout["manifests"].append(descriptor(INDEX, document, annotations={REF_NAME: tag}))
    path.write_text(json.dumps(layout))


# ---- by the tools of others -----------------------------------------------------------------------

def umoci(*words):
    subprocess.run(["umoci", "--log=error", *map(str, words)], check=True, capture_output=True)


def umoci_image(folder, tag, steps, architecture=ARCHITECTURE, base=None):
    """One layer a step: each is called with the unpacked root and changes it. The first image makes the layout."""
    folder = pathlib.Path(folder)
    reference = f"{folder}:{tag}"
    if not folder.exists():
        umoci("init", "--layout", folder)
    if base:
        umoci("tag", "--image", f"{folder}:{base}", tag)
    else:
        umoci("new", "--image", reference)
    for number, step in enumerate(steps):
        bundle = folder.parent / f"{folder.name}-{tag}-{number}"
        umoci("unpack", "--image", reference, bundle)
        step(bundle / "rootfs")
        umoci("repack", "--image", reference, bundle)
        subprocess.run(["rm", "-rf", bundle], check=True)
    umoci("config", "--image", reference, "--os", "linux", "--architecture", architecture, "--config.cmd", "/bin/true")
    return reference


def umoci_unpack(folder, tag, bundle):
    """What umoci makes of an image: the root of the tree."""
    umoci("unpack", "--image", f"{folder}:{tag}", bundle)
    return pathlib.Path(bundle) / "rootfs"


# skopeo remembers blobs of earlier copies, and would put one that it knows in the place of another: its memory is hidden.
FRESH = 'mkdir -p /var/lib/containers && mount -t tmpfs none /var/lib/containers && exec "$@"'


def skopeo(*words):
    done = subprocess.run(["unshare", "--mount", "sh", "-ec", FRESH, "sh", "skopeo", "--insecure-policy", *map(str, words)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def copy(source, target, *options):
    skopeo("copy", "--quiet", *options, source, target)
