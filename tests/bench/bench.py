#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs inside a disposable host, as root: each figure is a median, each ratio is of one run.

Nothing here passes or fails: figures are for people, docs/performance.md keeps them."""
import contextlib
import io
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tarfile
import time

import many
import port
import pull

ROUNDS = 5
START_ROUNDS = 15
GUEST = "/srv/guests/trixie.tar"
WORK = pathlib.Path("/var/bench")
STORE = pathlib.Path("/var/lib/sdmed")


def run(*argv, **options):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **options).stdout.strip()


def quiet(*argv):
    subprocess.run(argv, check=False, capture_output=True)


def seconds(work):
    before = time.monotonic()
    work()
    return time.monotonic() - before


def median(work, before=lambda: None, after=lambda: None, rounds=ROUNDS):
    taken = []
    for _ in range(rounds):
        before()
        taken.append(seconds(work))
        after()
    return statistics.median(taken)


def show(what, figure, unit="ms", against=None, other=None):
    scaled = figure * 1000 if unit == "ms" else figure
    line = f"{what:<52} {scaled:9.1f} {unit}"
    if against:
        line += f"   {figure / against:5.2f} x {other}"
    print(line, flush=True)


def daemon_pid():
    return int(run("systemctl", "show", "-P", "MainPID", "sdmed.service"))


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def rootfs(name):
    run("sdmectl", "fs", "import", "--force", name, GUEST)
    try:
        yield json.loads(run("sdmectl", "--json", "fs", "show", name))
    finally:
        quiet("sdmectl", "fs", "rm", name)


def layer_tree(shown):
    entry = shown[0] if isinstance(shown, list) else shown
    return STORE / "layers" / entry["layers"][0] / "tree"


def plain_make(name):
    """The directories of an overlay: kept from boot to boot, as a container's are. A first boot does more."""
    shutil.rmtree(WORK / name, ignore_errors=True)
    for part in ("upper", "work", "merged"):
        (WORK / name / part).mkdir(parents=True)


def plain_boot(name, tree, *options):
    """systemd-nspawn --boot of an overlay of the same tree, until its PID 1 says READY."""
    base = WORK / name
    run("mount", "-t", "overlay", "overlay", "-o",
        f"lowerdir={tree},upperdir={base}/upper,workdir={base}/work", str(base / "merged"))
    run("systemd-run", "--quiet", f"--unit={name}", "-pType=notify", "-pDelegate=yes", "-pKillMode=mixed",
        "-pNotifyAccess=all", "systemd-nspawn", "--quiet", "--boot", "--notify-ready=yes", "--keep-unit", "--settings=no",
        "--link-journal=no", f"--machine={name}", f"--directory={base}/merged", *options)


def plain_stop(name):
    quiet("machinectl", "terminate", name)
    quiet("systemctl", "stop", f"{name}.service")
    deadline = time.monotonic() + 20
    while subprocess.run(["umount", str(WORK / name / "merged")], capture_output=True).returncode and time.monotonic() < deadline:
        time.sleep(0.05)


def interleaved(variants, rounds):
    """Medians of {name: (work, after)}, measured in turns: what else the machine does falls on all alike."""
    taken = {name: [] for name in variants}
    for number in range(rounds + 1):
        for name, (work, after) in variants.items():
            once = seconds(work)
            after()
            if number:  # the first round fills caches
                taken[name].append(once)
    return {name: statistics.median(all_of_it) for name, all_of_it in taken.items()}


def bench_start():
    print("-- start to guest running")
    ours = {"bench-host": ["--no-userns"], "bench-users": ["--private-network", "--userns"], "bench-hardened": ["--hardened"],
            "bench-port": ["--port", "18080:80"]}
    with rootfs("bench-start") as shown:
        tree = layer_tree(shown)
        plain = "systemd-nspawn --boot of an overlay"
        chown = "systemd-nspawn, user namespace by chown"
        owned = ["--private-users=pick", "--private-users-ownership=chown"]
        for name in ("bench-plain", "bench-chown"):
            plain_make(name)
        variants = {plain: (lambda: plain_boot("bench-plain", tree), lambda: plain_stop("bench-plain"))}
        for name, flags in ours.items():
            run("sdmectl", "create", name, "-r", "bench-start", *flags)
            variants[f"sdmectl start ({' '.join(flags)})"] = (
                lambda name=name: run("sdmectl", "start", name), lambda name=name: run("sdmectl", "stop", "--kill", name))
        # What it copies up to change the owner, it copies once: each round begins anew.
        variants[chown] = (lambda: plain_boot("bench-chown", tree, *owned),
                           lambda: (plain_stop("bench-chown"), plain_make("bench-chown")))
        figures = interleaved(variants, START_ROUNDS)
        for what, figure in figures.items():
            show(what, figure, against=None if what == plain else figures[plain], other="plain nspawn")
        run("sdmectl", "new", "bench-once", "-r", "bench-start", "--hardened", "--", "true")
        upper = run("du", "--summarize", "--block-size=1K", str(STORE / "containers/bench-once/written/upper")).split()[0]
        show("disk used by a hardened container", int(upper) / 1024, unit="MiB")
        run("sdmectl", "rm", *ours, "bench-once")


def bench_create():
    print("-- create")
    with rootfs("bench-create"):
        names = [f"bench-c{i}" for i in range(20)]
        run("sdmectl", "ps")
        pid = daemon_pid()
        before = cpu_seconds(pid)
        taken = [seconds(lambda: run("sdmectl", "create", name, "-r", "bench-create")) for name in names]
        show("sdmectl create, whole command", statistics.median(taken))
        show("of it the daemon's CPU time (mean of 20)", (cpu_seconds(pid) - before) / len(names))
        run("sdmectl", "rm", *names)


def bench_list():
    print("-- ps with 1000 containers, 20 of them running")
    with rootfs("bench-list"):
        running = [f"bench-r{i}" for i in range(20)]
        for name in running:
            run("sdmectl", "create", name, "-r", "bench-list", "--no-userns")
        run("sdmectl", "start", *running)
        run("systemctl", "stop", "sdmed.service")
        copies = []
        template = STORE / "containers" / running[0]
        record = json.loads((template / "record.json").read_text(encoding="utf-8"))
        for i in range(980):
            copy = STORE / "containers" / f"bench-x{i}"
            (copy / "upper").mkdir(parents=True)
            (copy / "work").mkdir()
            record.update(name=copy.name, uuid=f"{i:032x}")
            (copy / "record.json").write_text(json.dumps(record), encoding="utf-8")
            copies.append(copy)
        other = median(lambda: run("machinectl", "list", "--no-pager"))
        show("machinectl list (it knows the 20)", other)
        cold = median(lambda: run("sdmectl", "ps"), before=lambda: run("systemctl", "stop", "sdmed.service"))
        show("sdmectl ps, daemon not running before", cold, against=other, other="machinectl list")
        warm = median(lambda: run("sdmectl", "ps"))
        show("sdmectl ps", warm, against=other, other="machinectl list")
        show("daemon RSS with 1000 containers", rss_mib(), unit="MiB")
        run("sdmectl", "stop", "--kill", *running)
        run("systemctl", "stop", "sdmed.service")
        for copy in copies:
            shutil.rmtree(copy)
        run("sdmectl", "rm", *running)


def bench_import():
    """systemd-importd 257 knows no zstd, so it is measured against gzip."""
    print("-- import of a tarball")
    WORK.mkdir(exist_ok=True)
    grown = WORK / "big"
    shutil.rmtree(grown, ignore_errors=True)
    grown.mkdir()
    run("tar", "-xf", GUEST, "-C", str(grown))
    shutil.copytree("/usr/lib/x86_64-linux-gnu", grown / "opt/lib", symlinks=True, dirs_exist_ok=True)
    for kind, suffix in (("zstd", "zst"), ("gzip", "gz")):
        archive = WORK / f"big.tar.{suffix}"
        run("tar", f"--{kind}", "--xattrs", "-cf", str(archive), "-C", str(grown), ".")
        print(f"   .tar.{suffix}: {archive.stat().st_size / 1e6:.0f} MB")
        import_variants(kind, archive)
        archive.unlink()
    shutil.rmtree(grown)


def import_variants(kind, archive):
    out = WORK / "out"
    out.mkdir(exist_ok=True)

    def empty():
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()

    def forget():
        quiet("sdmectl", "fs", "rm", "bench-import")
        quiet("machinectl", "remove", "bench-import")

    tar = f"tar --{kind} -x"
    importd = "importctl import-tar (synced)"
    variants = {tar: (lambda: run("tar", f"--{kind}", "--xattrs", "--xattrs-include=*", "-xpf", str(archive), "-C", str(out)), empty),
                "sdmectl fs import (hashed and synced)": (
                    lambda: run("sdmectl", "fs", "import", "bench-import", str(archive)), forget)}
    if kind == "gzip":
        variants[importd] = (
            lambda: run("importctl", "--class=machine", "-N", "import-tar", str(archive), "bench-import"), forget)
    figures = interleaved(variants, ROUNDS)
    for what, figure in figures.items():
        show(what, figure, against=None if what == tar else figures[tar], other=tar)
    if kind == "gzip":
        ours = figures["sdmectl fs import (hashed and synced)"]
        show("sdmectl fs import", ours, against=figures[importd], other="importctl import-tar")


def small_files(archive, count=100_000, directory_of=100):
    """Files of up to 600 bytes, as a package manager's tree has many."""
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        for number in range(count):
            if number % directory_of == 0:
                folder = tarfile.TarInfo(f"d{number // 5000:03}/e{number // directory_of:04}")
                folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o755, 1_700_000_000
                tar.addfile(folder)
            content = b"%d\n" % number * (number % 100)
            entry = tarfile.TarInfo(f"{folder.name}/{number:06}")
            entry.size, entry.mode, entry.mtime = len(content), 0o644, 1_700_000_000 + number
            tar.addfile(entry, io.BytesIO(content))


def bench_extract():
    print("-- extraction of 100,000 small files")
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    archive, out = WORK / "small.tar", WORK / "out"
    small_files(archive)

    def fresh():
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()

    others = {}
    for name in ("tar", "bsdtar"):
        if shutil.which(name) is None:
            print(f"   {name} is not installed")
            continue
        others[name] = median(lambda tool=name: run(tool, "-xpf", str(archive), "-C", str(out)), before=fresh)
        show(f"{name} -x", others[name])
    fresh()

    def gone():
        quiet("sdmectl", "fs", "rm", "bench-extract")
        deadline = time.monotonic() + 60
        while any((STORE / "trash").iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)

    ours = median(lambda: run("sdmectl", "fs", "import", "bench-extract", str(archive)), after=gone)
    for name, other in others.items():
        show("sdmectl fs import (hashed and synced)", ours, against=other, other=f"{name} -x")
    shutil.rmtree(WORK)


def rss_mib():
    status = pathlib.Path(f"/proc/{daemon_pid()}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def bench_daemon():
    print("-- the daemon")
    call = ["busctl", "call", "org.sdme1", "/org/sdme1", "org.sdme1.Manager", "ListContainers", "a{sv}", "0"]
    warm_call = median(lambda: run(*call))
    cold = median(lambda: run(*call), before=lambda: run("systemctl", "stop", "sdmed.service"))
    show("busctl call, daemon running", warm_call)
    show("busctl call that activates the daemon", cold, against=warm_call, other="running")
    show("daemon RSS, idle", rss_mib(), unit="MiB")


BENCHES = {"start": bench_start, "create": bench_create, "list": bench_list, "import": bench_import, "extract": bench_extract,
           "many": lambda: many.bench_many(sys.modules[__name__]),
           "pull": lambda: pull.bench_pull(sys.modules[__name__]), "port": lambda: port.bench_port(sys.modules[__name__]),
           "daemon": bench_daemon}


def main(names):
    for name in names or BENCHES:
        BENCHES[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
