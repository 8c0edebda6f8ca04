# SPDX-License-Identifier: MIT
"""As many containers as a small host has: made, started, listed, watched, stopped and removed. Beside them podman's of the same tree,
where it runs."""
import os
import pathlib
import subprocess
import time

# A guest's systemd takes some of them, and all guests together have as many as one user: sdmectl doctor.
INSTANCES = int(pathlib.Path("/proc/sys/fs/inotify/max_user_instances").read_text(encoding="ascii"))
COUNT = min(int(os.environ.get("SDMED_BENCH_CONTAINERS", "100")), INSTANCES // 8)
WATCHED_SECONDS = 10
PODMAN = ["--systemd=always", "--network=none", "--cgroups=disabled", "--security-opt=seccomp=unconfined"]
BOOTED = "systemctl is-system-running --wait"


def available_mib():
    lines = pathlib.Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) / 1024


def share_of_a_processor(bench, *argv, also=()):
    """What a command that goes on takes while it runs, with those processes that answer it."""
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(1)  # it has begun
        pids = [process.pid, *also]
        before = sum(map(bench.cpu_seconds, pids))
        time.sleep(WATCHED_SECONDS)
        used = sum(map(bench.cpu_seconds, pids)) - before
        process.terminate()
    return 100 * used / WATCHED_SECONDS


def ours(bench, names):
    """Figures by what they are of."""
    run, before = bench.run, available_mib()
    figures = {
        "create": bench.seconds(lambda: [run("sdmectl", "create", name, "-r", "bench-many", "--network-veth") for name in names]),
        "start until all are up": bench.seconds(lambda: run("sdmectl", "start", *names))}
    figures["memory a container"] = (before - available_mib()) / len(names)
    figures["list"] = bench.median(lambda: run("sdmectl", "ps"))
    figures["what they use, once"] = bench.median(lambda: run("sdmectl", "stats", "--once"))
    daemon = bench.daemon_pid()
    figures["what they use, live"] = share_of_a_processor(bench, "sdmectl", "stats", also=[daemon])
    figures["events, nothing happens"] = share_of_a_processor(bench, "sdmectl", "events", also=[daemon])
    figures["stop at once"] = bench.seconds(lambda: run("sdmectl", "stop", "--kill", *names))
    figures["remove"] = bench.seconds(lambda: run("sdmectl", "rm", *names))
    return figures


def podmans(bench, tree, names):
    run, before = bench.run, available_mib()

    def start():
        run("podman", "start", *names)  # it does not wait for the boot
        for name in names:
            bench.quiet("podman", "exec", name, *BOOTED.split())
    figures = {
        "create": bench.seconds(lambda: [run("podman", "create", *PODMAN, f"--name={name}", "--rootfs", f"{tree}:O", "/sbin/init")
                                         for name in names]),
        "start until all are up": bench.seconds(start)}
    figures["memory a container"] = (before - available_mib()) / len(names)
    figures["list"] = bench.median(lambda: run("podman", "ps"))
    figures["stop at once"] = bench.seconds(lambda: run("podman", "stop", "--time=0", *names))
    figures["remove"] = bench.seconds(lambda: run("podman", "rm", "--force", *names))
    return figures


def bench_many(bench):
    print(f"-- {COUNT} containers on {os.cpu_count()} processors")
    names = [f"bench-m{i}" for i in range(COUNT)]
    with bench.rootfs("bench-many") as shown:
        figures, others = ours(bench, names), {}
        try:
            others = podmans(bench, bench.layer_tree(shown), names)
        except subprocess.CalledProcessError as error:
            print("   podman does not run here: " + (error.stderr.strip().splitlines() or ["?"])[-1][:160])
        bench.quiet("podman", "rm", "--all", "--force", "--time=0")
        for what, figure in figures.items():
            unit = "MiB" if "memory" in what else "% CPU" if "live" in what or "events" in what else "ms"
            bench.show(what, figure, unit=unit, against=others.get(what), other="podman")
