# SPDX-License-Identifier: MIT
"""Images from a registry on loopback, against what a user would pull them with instead."""
import gzip
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import threading
import time

PORT = 5900
REGISTRY = f"127.0.0.1:{PORT}"
# Five layers of very different sizes, about 500 MB unpacked: what a distribution with a toolchain on it looks like.
PARTS = ["/usr/lib/x86_64-linux-gnu", "/usr/share", "/usr/bin", "/usr/lib/python3", "/usr/sbin"]
INSECURE = f'[[registry]]\nlocation = "{REGISTRY}"\ninsecure = true\n'


def put_blob(layout, data):
    digest = hashlib.sha256(data).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def layer_of(layout, scratch, paths):
    """A gzip layer of these paths: its descriptor and diff id."""
    plain = scratch / "layer.tar"
    with tarfile.open(plain, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in paths:
            tar.add(path)
    data = plain.read_bytes()
    plain.unlink()
    blob = put_blob(layout, gzip.compress(data, 6))
    blob["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip"
    return blob, "sha256:" + hashlib.sha256(data).hexdigest(), len(data)


def add_image(layout, tag, layers):
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"]},
              "rootfs": {"type": "layers", "diff_ids": [diff for _, diff, _ in layers]}}
    described = put_blob(layout, json.dumps(config).encode())
    described["mediaType"] = "application/vnd.oci.image.config.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": described,
                "layers": [blob for blob, _, _ in layers]}
    entry = put_blob(layout, json.dumps(manifest).encode())
    entry |= {"mediaType": manifest["mediaType"], "annotations": {"org.opencontainers.image.ref.name": tag}}
    return entry


def make_images(work):
    """Image `one` of all parts, and `two` that differs in its last layer. Bytes of one, unpacked."""
    layout = work / "layout"
    shutil.rmtree(layout, ignore_errors=True)
    (layout / "blobs/sha256").mkdir(parents=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}', encoding="ascii")
    layers = [layer_of(layout, work, [part]) for part in PARTS]
    changed = layer_of(layout, work, ["/etc"])
    entries = [add_image(layout, "one", layers), add_image(layout, "two", layers[:-1] + [changed])]
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}), encoding="ascii")
    return sum(size for _, _, size in layers)


class Registry:
    def __init__(self, work):
        data = work / "registry"
        shutil.rmtree(data, ignore_errors=True)
        config = work / "registry.yml"
        config.write_text(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {data}}}}}\n"
                          f"http: {{addr: {REGISTRY}, secret: bench}}\n", encoding="ascii")
        self.server = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()

    def push(self, work, tag):
        for _ in range(50):
            done = subprocess.run(["skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false",
                                   f"oci:{work}/layout:{tag}", f"docker://{REGISTRY}/bench:{tag}"], capture_output=True)
            if done.returncode == 0:
                return
            time.sleep(0.2)
        raise SystemExit(done.stderr.decode())


class Peak:
    """The most memory that workers of ours had, by their own account, while it watches."""

    def __init__(self):
        self.kib = {}
        self.over = threading.Event()
        self.watcher = threading.Thread(target=self.watch)

    def __enter__(self):
        self.watcher.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.watcher.join()

    def watch(self):
        while not self.over.wait(0.02):
            for status in pathlib.Path("/proc").glob("[0-9]*/status"):
                try:
                    text = status.read_text(encoding="utf-8", errors="replace")
                except OSError:
                    continue
                name = text.split("\n", 1)[0].split("\t")[-1]
                high = [int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM:")]
                if name in ("sdme-import", "sdme-fetch") and high:
                    self.kib[name] = max(self.kib.get(name, 0), high[0])


def bench_pull(bench):
    print("-- pull from a registry on loopback")
    work = bench.WORK
    work.mkdir(exist_ok=True)
    unpacked = make_images(work)
    print(f"   {unpacked / 1e6:.0f} MB unpacked, in {len(PARTS)} layers")
    drop_in = pathlib.Path("/etc/containers/registries.conf.d/bench.conf")
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(INSECURE, encoding="ascii")
    with Registry(work) as registry:
        for tag in ("one", "two"):
            registry.push(work, tag)
        measure(bench, work)
    drop_in.unlink()
    for made in ("layout", "registry", "copy", "bundle", "containers", "helpers"):
        shutil.rmtree(work / made, ignore_errors=True)


def buildah_environment(work):
    """buildah wants a network helper before it pulls, and never runs it then."""
    helpers = work / "helpers"
    helpers.mkdir(exist_ok=True)
    shutil.copy("/bin/true", helpers / "netavark")
    (work / "containers.conf").write_text(f'[engine]\nhelper_binaries_dir = ["{helpers}"]\n', encoding="ascii")
    return {**os.environ, "CONTAINERS_CONF": str(work / "containers.conf")}


def measure(bench, work):
    image = f"docker://{REGISTRY}/bench"
    environment = buildah_environment(work)

    def gone():
        bench.quiet("sdmectl", "fs", "rm", "bench-two", "bench-one")
        bench.quiet("sdmectl", "fs", "cache", "clean", "--all")
        for made in ("copy", "bundle", "containers"):
            shutil.rmtree(work / made, ignore_errors=True)

    def skopeo_umoci():
        bench.run("skopeo", "--insecure-policy", "copy", "--quiet", "--src-tls-verify=false", f"{image}:one",
                  f"oci:{work}/copy:one")
        bench.run("umoci", "unpack", "--image", f"{work}/copy:one", f"{work}/bundle")

    def buildah():
        bench.run("buildah", "--root", f"{work}/containers/root", "--runroot", f"{work}/containers/run", "pull", "--quiet",
                  "--tls-verify=false", f"{image}:one", env=environment)

    def ours(name, tag):
        bench.run("sdmectl", "fs", "import", "--install-packages=no", name, f"{image}:{tag}")

    gone()
    variants = {"umoci": (skopeo_umoci, gone), "buildah": (buildah, gone), "sdmectl": (lambda: ours("bench-one", "one"), gone)}
    medians = bench.interleaved(variants, bench.ROUNDS)
    with_umoci, with_buildah, with_us = medians["umoci"], medians["buildah"], medians["sdmectl"]
    faster = min(with_umoci, with_buildah)
    bench.show("skopeo copy + umoci unpack", with_umoci)
    bench.show("buildah pull", with_buildah)
    bench.show("sdmectl fs import", with_us, against=faster, other="the faster of both")
    with Peak() as peak:
        ours("bench-one", "one")
    for name, kib in sorted(peak.kib.items()):
        bench.show(f"most memory of {name}", kib / 1024, unit="MiB")
    second = bench.median(lambda: ours("bench-two", "two"), after=lambda: bench.quiet("sdmectl", "fs", "rm", "bench-two"))
    bench.show("a second image, all but one layer shared", second, against=with_us, other="the first")
    gone()
