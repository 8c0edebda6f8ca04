# SPDX-License-Identifier: MIT
"""A root filesystem that lacks what it takes to boot: its own package manager installs it, in a container of its own.

Real Debian, and stand-ins of other families (docs/distributions.md); their repositories are served on the host's loopback."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

import bus
import guests
import host
import tars
import trees
from guests import exec_in, shell_in

REPOSITORIES = pathlib.Path("/srv/guests/repositories")
PORT = 18480  # tests/guests/dress
DISTROS = pathlib.Path("/etc/sdmed/distros.d")

# guest: (ID of its os-release, what asks its package manager for the package of systemd)
FAMILIES = {"trixie-bare": ("debian", "dpkg -s systemd"), "bookworm-bare": ("debian", "dpkg -s systemd"),
            "dnf": ("fedora", "dnf -q -C list --installed systemd"), "zypper": ("opensuse-tumbleweed", "rpm -q systemd"),
            "pacman": ("arch", "pacman -Q systemd")}


# ---- means ----------------------------------------------------------------------------------------

@pytest.fixture(scope="module", autouse=True)
def repositories():
    server = host.spawn("root", "python3", "-m", "http.server", "--bind", "127.0.0.1", PORT, cwd=REPOSITORIES,
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    host.until(lambda: host.run("root", "ss", "-Hltn", f"sport = :{PORT}").out, "the server of repositories")
    yield
    host.kill_group(server)


@contextlib.contextmanager
def distro(name, *lines, ids="debian"):
    """An administrator's file in distros.d."""
    DISTROS.mkdir(parents=True, exist_ok=True)
    path = DISTROS / f"{name}.conf"
    path.write_text(f"[Distro]\nIds={ids}\n[Install]\n" + "".join(line + "\n" for line in lines))
    path.chmod(0o644)
    try:
        yield
    finally:
        path.unlink()


def begin(caller, name, archive, policy):
    fd = os.open(archive, os.O_RDONLY)
    try:
        return caller.call("ImportRootfs", name, bus.Fd(fd), {"install-packages": ("s", policy)})
    finally:
        os.close(fd)


def imported(archive, policy, word="provisioned"):
    """The name of a new rootfs of bob's, and the job's result."""
    name = host.unique(word)
    with bus.caller("bob") as bob:
        return name, bob.wait_job(begin(bob, name, archive, policy), seconds=300)


def refused(archive, policy="yes"):
    with pytest.raises(bus.BusError) as caught:
        imported(archive, policy)
    return caught.value


def warning(archive):
    """What an import by "auto" says that could not install anything; the rootfs is as it came."""
    name, result = imported(archive, "auto")
    assert result["missing"] and len(layers(name)) == 1
    return result["warning"]


def layers(name):
    return host.json.loads((host.STORE / "rootfs" / name / "record.json").read_text())["layers"]  # top first


def tree(layer):
    return host.STORE / "layers" / layer / "tree"


def processes(word):
    return host.run("root", "pgrep", "-f", word).out.split()


def mounts():
    return pathlib.Path("/proc/self/mountinfo").read_text()


@contextlib.contextmanager
def leaves_nothing(word="sleep 4711"):
    """What a provisioning makes besides its layer is gone, soon after it has ended."""
    before = mounts()
    yield
    host.until(lambda: not processes(word), f"no process of {word}")
    host.nothing_left()
    assert mounts() == before
    assert not list(pathlib.Path("/run/sdmed/init").glob("*"))


@pytest.fixture(scope="module")
def bare():
    """What is left of Debian when nothing of systemd is in it, with a file of its own."""
    folder = guests.WORK / "bare"
    tars.unpack(guests.TARBALLS / "trixie-bare.tar", folder)
    for program in ("setcap", "getcap"):
        trees.copy_program(f"/usr/sbin/{program}", folder / "usr/bin" / program, 0o755)
    yield tars.pack(folder, guests.WORK / "bare.tar")
    shutil.rmtree(folder)
    (guests.WORK / "bare.tar").unlink()


@pytest.fixture(scope="module")
def nothing_known():
    archive = guests.WORK / "nothing-known.tar"
    archive.write_bytes(tars.small())
    yield archive
    archive.unlink()


# ---- families -------------------------------------------------------------------------------------

def boots(name, *options):
    container = guests.start(guests.create(name, *options))
    assert shell_in(container, "systemctl is-system-running --wait").out.strip() == "running", \
        shell_in(container, "systemctl --failed --no-legend").out
    return container


@pytest.mark.parametrize("guest", FAMILIES)
def test_family_boots(guest):
    """Its own package manager makes it boot, on top of layers that stay as they are; then it is a machine like others."""
    expected_id, query = FAMILIES[guest]
    archive = guests.TARBALLS / f"{guest}.tar"
    plain, result = imported(archive, "no")
    assert "systemd" in result["missing"] and not result["warning"]
    [bottom] = layers(plain)
    before = trees.scan(tree(bottom))
    with leaves_nothing("http://127.0.0.1:18480"):
        name, result = imported(archive, "yes")
    assert result["missing"] == [] and result["bootable"] and not result["warning"]
    assert bus.call("bob", "InspectRootfs", name, {})["distro"] == expected_id
    assert layers(name)[1:] == [bottom]
    assert not trees.differences(before, trees.scan(tree(bottom)))
    nothing_lent(tree(layers(name)[0]))

    for options in (["--private-network"], []):
        container = boots(name, *options)
        exec_in(container, "sh", "-c", query).ok()
        with host.terminal("bob", "/usr/bin/sdmectl", "join", container) as child:
            child.expect("# ")
            child.sendline("echo user:$(id -un):$XDG_SESSION_CLASS; loginctl --no-legend list-sessions | wc -l")
            # Newer systemd counts root's manager as a session; PAM of the stand-ins is as far as they stand in for it.
            sessions = "user(-early)?\r\n[12]" if guest.endswith("-bare") else "(user(-early)?)?\r\n[0-2]"
            child.expect(f"user:root:{sessions}\r\n")
        guests.kill(container)


def nothing_lent(layer):
    assert not os.path.lexists(layer / "usr/sbin/policy-rc.d") and not os.path.lexists(layer / "etc/resolv.conf")
    machine_id = layer / "etc/machine-id"
    assert not machine_id.exists() or machine_id.read_text() == ""
    assert not os.path.lexists(layer / "var/lib/dbus/machine-id") or (layer / "var/lib/dbus/machine-id").is_symlink()
    # A secret of one keyring is not shared by all containers.
    assert not list(layer.glob("etc/pacman.d/gnupg/private-keys-v1.d/*"))


def test_auto_installs_where_it_can(bare):
    name, result = imported(bare, "auto")
    assert result["missing"] == [] and result["warning"] == "" and len(layers(name)) == 2


def test_what_boots_is_left_alone(trixie_tar):
    name, result = imported(trixie_tar, "yes")
    assert result["missing"] == [] and len(layers(name)) == 1


def test_a_relative_is_known_by_what_it_is_like(bare):
    with distro("debian", "Command=exit 3", ids="debian ubuntu"), distro("like", "Command=exit 4", ids="nothing"):
        folder = guests.WORK / "relative"
        tars.unpack(bare, folder)
        (folder / "etc/os-release").unlink()
        (folder / "etc/os-release").write_text('ID=mint\nID_LIKE="ubuntu debian"\n')
        archive = tars.pack(folder, guests.WORK / "relative.tar")
        shutil.rmtree(folder)
        assert "'exit 3' ended with status 3" in refused(archive).message
        archive.unlink()


# ---- when it cannot -------------------------------------------------------------------------------

def test_unknown_distribution(nothing_known):
    error = refused(nothing_known)
    assert error.name == bus.error("NotSupported")
    assert "no file in distros.d knows the distribution 'tiny'" in error.message
    assert "no file in distros.d knows the distribution 'tiny'" in warning(nothing_known)


def test_failing_command(bare):
    """The message says which, and at its end what the command said."""
    with distro("debian", "Tool=the tool", "Command=echo first", "Command=printf 'why\\033[31m\\n'; exit 3", "Command=touch /never"):
        with leaves_nothing():
            error = refused(bare)
        assert error.name == bus.error("CommandFailed")
        first, *details = error.message.splitlines()
        assert first.startswith("installing systemd and dbus with the tool failed: 'printf") and first.endswith("ended with status 3")
        assert details[0] == "first" and details[-1].startswith("why") and "\033" not in error.message
        assert warning(bare).startswith("it lacks systemd and dbus to boot: installing systemd")


def test_commands_that_change_nothing(bare):
    with distro("debian", "Command=true"):
        assert "there is still no systemd" in refused(bare).message
        assert "there is still no systemd" in warning(bare)


def test_refusal(bare):
    path = DISTROS / "debian.conf"
    with distro("debian", "Command=true"):
        path.write_text("[Distro]\nIds=debian\nRefusal=it is not the day for it\n")
        error = refused(bare)
        assert error.name == bus.error("NotSupported") and error.message.endswith("it is not the day for it")


def test_time_is_limited(bare):
    with distro("debian", "TimeoutSec=2", "Command=sleep 4711"), leaves_nothing():
        error = refused(bare)
        assert error.name == bus.error("TimedOut") and "2 seconds" in error.message


def test_size_is_limited(bare):
    """What package scripts write counts as if it had been imported: in one file or in many."""
    with host.settings("[Import]\nImportMaxBytes=200M\nImportMaxEntries=20K\n"):
        with distro("debian", "Command=for i in 1 2 3 4 5 6 7 8; do head -c 50000000 /dev/zero >/big$i; done; sleep 4711"):
            error = refused(bare)
            assert error.name == bus.error("LimitExceeded") and "bytes" in error.message
        with distro("debian", "Command=head -c 300000000 /dev/zero >/big"):
            # The command gets SIGXFSZ, unless what it wrote before is counted first.
            assert refused(bare).name in (bus.error("CommandFailed"), bus.error("LimitExceeded"))
        with distro("debian", "Command=mkdir /many; cd /many; seq 1 30000 | xargs touch; sleep 4711"), leaves_nothing():
            error = refused(bare)
            assert error.name == bus.error("LimitExceeded") and "entries" in error.message


def test_output_without_end(bare):
    with distro("debian", "TimeoutSec=3", "Command=yes words"), leaves_nothing("yes words"):
        assert refused(bare).name == bus.error("TimedOut")


# ---- what commands can do -------------------------------------------------------------------------

PROBE = r"""
exec 2>&1 >/probe
echo uid_map $(cat /proc/self/uid_map)
echo dev $(ls /dev | LC_ALL=C sort)
echo caps $(sed -n 's/^CapEff:\t//p' /proc/self/status)
for node in kmsg loop0 loop-control sda mem; do
    [ ! -e /dev/$node ] || { : >/dev/$node && echo opened $node; } 2>/dev/null
done
mknod /tmp/loop b 7 0 2>/dev/null && echo made a device
mknod /loop b 7 0 2>/dev/null && echo made a device
mount -t tmpfs none /mnt 2>/dev/null && echo mounted
echo 1 >/proc/sys/kernel/panic 2>/dev/null && echo set a sysctl
echo 1 >/proc/sysrq-trigger 2>/dev/null && echo triggered
[ ! -e /var/lib/sdmed/rootfs ] || echo sees the store
[ ! -e /run/dbus/system_bus_socket ] || echo sees the bus
[ ! -d /run/systemd/system ] || echo sees a service manager
cat /etc/resolv.conf | sed 's/^/resolv /'
echo proxy $https_proxy missing $SDME_MISSING
ls -l /proc/self/fd/0 /proc/self/fd/2
cut -d: -f1 /proc/net/dev | tail -n +3 | xargs echo links
/usr/sbin/policy-rc.d x start; echo policy $?
invoke-rc.d cron start; echo invoked $?
setsid sleep 4711 &
"""


def probe(archive, *lines):
    """What a command sees and can do, line by line."""
    encoded = subprocess.run(["base64", "-w0"], input=PROBE.encode(), capture_output=True, check=True).stdout.decode()
    install = "apt-get -q update && apt-get -q -y --no-install-recommends install systemd dbus"
    with distro("debian", f"Command=echo {encoded} | base64 -d | sh", f"Command={install}", *lines), leaves_nothing():
        name, _ = imported(archive, "yes")
    return (tree(layers(name)[0]) / "probe").read_text().splitlines(), name


def test_commands_are_confined(bare):
    """Root inside is nobody outside, without devices, powers or daemons; and what it started ends with it."""
    with host.settings("[Fetch]\nHttpsProxy=http://proxy.invalid:3128\n"):
        said, _ = probe(bare)
    found = {line.split(" ", 1)[0]: line.split(" ", 1)[1] if " " in line else "" for line in said}
    inside, outside, count = found["uid_map"].split()
    assert inside == "0" and int(outside) >= 0x80000 and count == "65536"
    # systemd-nspawn's own; with fuse nothing can be mounted, see below.
    assert set(found["dev"].split()) <= {"char", "console", "core", "fd", "full", "fuse", "mqueue", "net", "null", "ptmx", "pts",
                                         "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"}
    forbidden = {"SYS_ADMIN": 21, "NET_ADMIN": 12, "NET_RAW": 13, "MKNOD": 27, "SYS_PTRACE": 19, "SYS_MODULE": 16, "SYS_BOOT": 22}
    assert not [name for name, bit in forbidden.items() if int(found["caps"], 16) >> bit & 1]
    for word in ("opened", "made", "mounted", "set", "triggered", "sees"):
        assert word not in found, said
    assert found["policy"] == "101"
    assert "resolv nameserver 127.0.0.53" in said
    assert found["proxy"] == "http://proxy.invalid:3128 missing systemd dbus"
    assert all("pipe:" in line for line in said if "/proc/self/fd" in line)


def test_commands_without_a_network(bare):
    with distro("debian", "Network=no", "Command=cut -d: -f1 /proc/net/dev | tail -n +3 | xargs echo links >&2; exit 1"):
        assert refused(bare).message.splitlines()[-1] == "links lo"


def test_file_capabilities_survive(bare):
    """What a package sets inside a user namespace counts in every guest, with one and without."""
    install = "apt-get -q update && apt-get -q -y --no-install-recommends install systemd systemd-sysv libpam-systemd dbus login"
    capable = "cp /usr/bin/cat /usr/bin/capable && setcap cap_net_bind_service,cap_chown+ep /usr/bin/capable"
    with distro("debian", f"Command={install}", f"Command={capable}"):
        name, _ = imported(bare, "yes")
    assert "security.capability" in os.listxattr(tree(layers(name)[0]) / "usr/bin/capable")
    for options in (["--private-network"], []):
        container = boots(name, *options)
        assert exec_in(container, "getcap", "/usr/bin/capable").ok() == "/usr/bin/capable cap_chown,cap_net_bind_service=ep"
        status = exec_in(container, "capable", "/proc/self/status", options=["--user", "games"]).ok()
        effective = int([line for line in status.splitlines() if line.startswith("CapEff:")][0].split()[1], 16)
        assert effective == 1 << 10 | 1
        guests.kill(container)


def test_logind_is_unmasked(bare):
    folder = guests.WORK / "masked"
    tars.unpack(bare, folder)
    (folder / "etc/systemd/system").mkdir(parents=True, exist_ok=True)
    (folder / "etc/systemd/system/systemd-logind.service").symlink_to("/dev/null")
    archive = tars.pack(folder, guests.WORK / "masked.tar")
    shutil.rmtree(folder)
    name, _ = imported(archive, "yes")
    archive.unlink()
    container = boots(name, "--private-network")
    assert exec_in(container, "systemctl", "is-active", "systemd-logind").out.strip() in ("active", "inactive")
    assert exec_in(container, "systemctl", "is-enabled", "systemd-logind").out.strip() != "masked"


# ---- when it is ended -----------------------------------------------------------------------------

@contextlib.contextmanager
def busy(archive):
    """An import whose command runs on and on: (the job, the one who waits for it)."""
    with distro("debian", "Command=setsid sleep 4711 & sleep 4711"), bus.caller("bob") as bob, leaves_nothing():
        job = begin(bob, host.unique("busy"), archive, "yes")
        host.until(lambda: len(processes("sleep 4711")) >= 2, "the command to run", 60)
        yield job, bob


def test_cancel(bare):
    with busy(bare) as (job, bob):
        bob.call("CancelJob", job, {})
        with pytest.raises(bus.BusError) as caught:
            bob.wait_job(job)
        assert caught.value.name == bus.error("Cancelled")


@pytest.mark.parametrize("who", ["worker", "systemd-nspawn"])
def test_killed(bare, who):
    """kill -9 of what builds the container: all that ran in it ends, and nothing stays."""
    with busy(bare) as (job, bob):
        unit = f"sdme-job-{job}.service"
        worker = int(host.unit(unit, "MainPID"))
        victims = {"worker": [worker], "systemd-nspawn": [int(pid) for pid in host.run("root", "pgrep", "-P", worker, "systemd-nspawn").out.split()]}
        assert victims[who]
        for pid in victims[who]:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(bus.BusError):
            bob.wait_job(job)


def test_daemon_dies_meanwhile(bare):
    """The installation goes on without it."""
    install = "apt-get -q update && apt-get -q -y --no-install-recommends install systemd dbus"
    with distro("debian", "Command=while [ -e /etc/hostname.wait ] || [ $((i=i+1)) -lt 20 ]; do sleep 0.1; done", f"Command={install}"):
        with bus.caller("bob") as bob:
            name = host.unique("goes-on")
            job = begin(bob, name, bare, "yes")
            host.until(lambda: processes("hostname.wait"), "the command to run", 60)
            host.kill_daemon()
            bob.wait_job(job, seconds=120)
        assert len(layers(name)) == 2


def test_unit_is_what_it_says(bare):
    """The worker's view, while it runs: docs/hardening.md."""
    with busy(bare) as (job, bob):
        unit = f"sdme-job-{job}.service"
        shown = host.unit(unit, "DevicePolicy", "ProtectSystem", "NoNewPrivileges", "MemoryMax", "Delegate")
        assert shown == {"DevicePolicy": "closed", "ProtectSystem": "strict", "NoNewPrivileges": "no",
                         "MemoryMax": str(4 << 30), "Delegate": "yes"}
        view = pathlib.Path(f"/proc/{host.unit(unit, 'MainPID')}/root")
        assert sorted(path.name for path in (view / "var/lib/sdmed").iterdir()) == ["layers", "staging"]
        assert [path.name for path in (view / "var/lib/sdmed/staging").iterdir()] == [str(job)]
        assert not list((view / "root").iterdir())
        bob.call("CancelJob", job, {})
