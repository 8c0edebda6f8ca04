# SPDX-License-Identifier: MIT
"""What holds a guest, read from inside and compared with the tables of docs/security.md; profiles and every flag; who may."""
import ctypes
import pathlib
import re
import shutil

import pytest

import bus
import guests
import host
from guests import exec_in, shell_in

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/security.md"
TIERS = {"without a profile": "--private-network", "hardened": "--hardened", "strict": "--strict"}
PROFILES = pathlib.Path("/etc/sdmed/profiles")
EPERM, ENOSYS = 1, 38


def shown(name):
    return host.sdmectl("root", "show", name, "--json").json()[0]


# ---- the page -------------------------------------------------------------------------------------

def cells(line):
    return [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]


def table(title):
    """The table below a heading: {row: {column: cell}}."""
    section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S)[1]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    head = cells(lines[0])
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in map(cells, lines[2:])}


def column(title, name):
    return {row: of[name] for row, of in table(title).items()}


@pytest.fixture(scope="module")
def tiers(trixie):
    """A running container of each tier: {tier: name}."""
    from conftest import KEPT, keep
    made = {tier: guests.start(guests.create(trixie, flag, name=keep("containers", host.unique("tier")))) for tier, flag in TIERS.items()}
    yield made
    KEPT["containers"] -= set(made.values())
    guests.kill(*made.values())


@pytest.fixture(params=TIERS)
def tier(request, tiers):
    """(tier, a running container of it)."""
    return request.param, tiers[request.param]


# ---- capabilities ---------------------------------------------------------------------------------

def capability_names():
    """By number, as this host's libcap has them."""
    library = ctypes.CDLL("libcap.so.2")
    library.cap_to_name.restype = ctypes.c_char_p
    return [library.cap_to_name(number).decode().removeprefix("cap_").upper() for number in range(41)]


def status_of(text):
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def capabilities(status):
    bits = int(status["CapBnd"], 16)
    return {name for number, name in enumerate(capability_names()) if bits >> number & 1}


def of_pid_1(name):
    return status_of(shell_in(name, "cat /proc/1/status").ok())


def test_capabilities(tier):
    documented = {name for name, said in column("Capabilities", tier[0]).items() if said}
    assert capabilities(of_pid_1(tier[1])) == documented
    assert capabilities(status_of(shell_in(tier[1], "cat /proc/self/status").ok())) == documented


# ---- system calls ---------------------------------------------------------------------------------

# Arguments that say which of a call's uses is meant; the others get ones that make no sense.
ARGUMENTS = {"unshare (mounts)": ["0x20000"], "unshare (user namespace)": ["0x10000000"],
             "clone3 (user namespace)": ["($frame = pack('Q8', 0x10000000, 0, 0, 0, 17, 0, 0, 0))", "64"]}


def probe(calls):
    """Perl, which every guest has: prints a call and its errno a line. Each is made by a process of its own."""
    resolve = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name
    lines = ["$| = 1;"]
    for call in calls:
        number = resolve(call.split()[0].encode())
        assert number >= 0, call
        arguments = ", ".join(ARGUMENTS.get(call, ["-1"] * 5))
        lines.append(f"if (!($child = fork)) {{ $me = $$; $! = 0; $got = syscall({number}, {arguments}); exit 0 if $$ != $me; "
                     f"printf '%s=%d;', '{call}', $got < 0 ? $! : 0; exit 0 }} waitpid $child, 0;")
    return "\n".join(lines)


def answers(text):
    return {call: "refused" if int(number) in (EPERM, ENOSYS) else "allowed"
            for call, number in re.findall(r"([^;=]+)=(\d+);", text)}


def test_system_calls(tier):
    documented = column("System calls", tier[0])
    assert answers(exec_in(tier[1], "perl", "-e", probe(documented)).ok()) == documented


# ---- the rest -------------------------------------------------------------------------------------

def mounts(name):
    """{place: options} of what is mounted last."""
    return {line.split()[4]: line.split()[5].split(",") for line in shell_in(name, "cat /proc/self/mountinfo").ok().splitlines()}


def uid_map(name):
    return [int(word) for word in shell_in(name, "cat /proc/self/uid_map").ok().split()]


def works(name, script, yes, no):
    return yes if shell_in(name, script).status == 0 else no


def access(name, place):
    return "read-only" if "ro" in mounts(name)[place] else "writable"


def setuid(name):
    said = exec_in(name, f"/{guests.SPECIALS}/setuid-id", options=["--user", "tester"]).ok()
    return "work" if "euid=0(root)" in said else "do nothing"


def more_devices(name):
    harmless = {"null", "zero", "full", "random", "urandom", "tty", "console", "ptmx"}
    found = shell_in(name, "cd /dev && find . -type c -o -type b").ok().split()
    return {path.removeprefix("./") for path in found if not path.startswith("./pts/")} - harmless


def apparmor(name):
    return shown(name)["apparmor_profile"].removeprefix("-") or "none"


FACTS = {
    "root inside is, outside": lambda name: "nobody" if uid_map(name)[1] > 65535 else "root",
    "users inside": lambda name: str(uid_map(name)[2]),
    "capabilities": lambda name: str(len(capabilities(of_pid_1(name)))),
    "no new privileges": lambda name: {"0": "no", "1": "yes"}[of_pid_1(name)["NoNewPrivs"]],
    "setuid programs": setuid,
    "filter of system calls": lambda name: {"0": "no", "2": "yes"}[of_pid_1(name)["Seccomp"]],
    "root file system": lambda name: access(name, "/"),
    "/proc/sys": lambda name: access(name, "/proc/sys"),
    "/proc/sys/net": lambda name: works(name, "echo 1 > /proc/sys/net/ipv4/conf/lo/forwarding", "its own", "read-only"),
    "/proc/keys, /proc/timer_list": lambda name: works(name, "! grep -q . /proc/keys /proc/timer_list", "empty", "shown"),
    "/sys": lambda name: access(name, "/sys"),
    "/sys/firmware": lambda name: works(name, "ls /sys/firmware/*", "shown", "hidden"),
    "/sys/fs/cgroup": lambda name: works(name, "mkdir /sys/fs/cgroup/t && rmdir /sys/fs/cgroup/t", "its own", "read-only"),
    "making device nodes": lambda name: works(name, "mknod /srv/made c 1 3 && rm /srv/made", "allowed", "refused"),
    "devices beside null, zero, full, random, tty": lambda name: ", ".join(sorted(more_devices(name))) or "none",
    "interfaces": lambda name: ", ".join(shell_in(name, "ls /sys/class/net").ok().split()),
    "managing them": lambda name: works(name, "ip link set lo mtu 9000 && ip link set lo mtu 65536", "its own", "refused"),
    "AppArmor": apparmor,
}


def test_around_the_guest(tier):
    documented = column("Around the guest", tier[0])
    assert {row: fact(tier[1]) for row, fact in FACTS.items()} == documented


def test_every_tier_boots_whole(tiers):
    found = {tier: shell_in(name, "systemctl is-system-running; systemctl list-units --failed --plain --no-legend").out for tier, name in tiers.items()}
    assert found == dict.fromkeys(TIERS, "running\n")


def test_podmans_columns(trixie_tree):
    """Of a container that podman runs with its defaults, as root."""
    run = ["podman", "run", "--rm", "--network=none", "--pids-limit=0", "--rootfs", trixie_tree]
    status = host.run("root", *run, "cat", "/proc/self/status")
    if status.status != 0:
        pytest.skip(f"podman does not run here: {status.err}")
    assert capabilities(status_of(status.out)) == {name for name, said in column("Capabilities", "podman").items() if said}
    calls = column("System calls", "podman")
    assert answers(host.run("root", *run, "perl", "-e", probe(calls)).ok()) == calls


# ---- what tiers bring -----------------------------------------------------------------------------

def test_reboot_of_a_hardened_one_is_a_power_off(trixie):
    name = guests.start(guests.create(trixie, "--hardened"))
    exec_in(name, "systemctl", "reboot")
    guests.wait_for_state(name, "stopped")


@pytest.mark.parametrize("profile", ["hardened", "strict"])
def test_network_is_set_up_from_outside(trixie, profile):
    """Without CAP_NET_ADMIN a guest asks for no address: it has one before it starts."""
    name = guests.start(guests.create(trixie, f"--{profile}", "--network-veth"))
    address = shown(name)["address"]
    assert address in shell_in(name, "ip -brief address show dev host0").ok()
    assert address.rsplit(".", 1)[0] in shell_in(name, "ip route show default").ok()
    assert shell_in(name, "systemctl is-active systemd-networkd").out.strip() == "inactive"
    assert shell_in(name, "systemctl is-system-running").out.strip() == "running"


def test_what_is_given_back(trixie):
    name = guests.start(guests.create(trixie, "--hardened", "--network-veth", "--capability=net_admin,NET_RAW,CAP_SYS_PTRACE", "--new-privileges"))
    assert {"NET_ADMIN", "NET_RAW", "SYS_PTRACE"} <= capabilities(of_pid_1(name))
    assert "SYS_BOOT" not in capabilities(of_pid_1(name))
    assert of_pid_1(name)["NoNewPrivs"] == "0"
    assert shell_in(name, "systemctl is-active systemd-networkd").out.strip() == "active"
    name = guests.start(guests.create(trixie, "--strict", "--system-call-filter=io_uring_setup,io_uring_enter,io_uring_register"))
    assert answers(exec_in(name, "perl", "-e", probe(["io_uring_setup", "kcmp"])).ok()) == {"io_uring_setup": "allowed", "kcmp": "refused"}


def test_each_flag_alone(trixie):
    name = guests.start(guests.create(trixie, "--private-network", "--drop-capability=sys_nice", "--capability=syslog", "--no-new-privileges",
                                      "--system-call-filter=~keyctl,~kcmp", "--system-call-filter=@swap", "--read-only"))
    assert "SYS_NICE" not in capabilities(of_pid_1(name)) and "SYSLOG" in capabilities(of_pid_1(name))
    assert of_pid_1(name)["NoNewPrivs"] == "1"
    assert answers(exec_in(name, "perl", "-e", probe(["kcmp", "ptrace"])).ok()) == {"kcmp": "refused", "ptrace": "allowed"}
    assert access(name, "/") == "read-only"


def test_without_sys_admin(trixie):
    """It boots, as far as a system can that mounts nothing."""
    name = guests.start(guests.create(trixie, "--strict", "--drop-capability=sys_admin"))
    assert "SYS_ADMIN" not in capabilities(of_pid_1(name)) and shell_in(name, "mount -t tmpfs tmpfs /mnt").status != 0
    failed = shell_in(name, "systemctl list-units --failed --plain --no-legend").ok().splitlines()
    assert [line.split()[0] for line in failed] == ["run-lock.mount"]


def test_masked_services(trixie):
    name = guests.start(guests.create(trixie, "--private-network", "--masked-services=systemd-logind.service"))
    assert shell_in(name, "systemctl is-enabled systemd-logind.service").out.strip() == "masked"


def test_apparmor_where_there_is_none(trixie, tiers):
    if pathlib.Path("/sys/module/apparmor/parameters/enabled").exists():
        pytest.skip("this host has AppArmor")
    strict = shown(tiers["strict"])
    assert (strict["apparmor_profile"], strict["apparmor_available"]) == ("-sdme-default", False)
    unit = f"_SYSTEMD_UNIT={host.container_unit(tiers['strict'])}"
    assert any("no AppArmor" in entry["MESSAGE"] for entry in host.journal(unit))
    name = guests.create(trixie, "--private-network", "--apparmor-profile=sdme-default")
    failed = host.sdmectl("bob", "start", name)
    assert failed.status == 1 and "'sdme-default' cannot be used: this host has no AppArmor" in failed.err


def test_apparmor_profile_is_there():
    text = pathlib.Path("/etc/apparmor.d/sdme-default").read_text(encoding="utf-8")
    assert "profile sdme-default " in text and "deny capability mac_admin" in text
    if not shutil.which("apparmor_parser"):
        pytest.skip("apparmor_parser, which says whether it can be read, is not here")
    host.run("root", "apparmor_parser", "--skip-kernel-load", "--skip-cache", "/etc/apparmor.d/sdme-default").ok()


# ---- profiles -------------------------------------------------------------------------------------

@pytest.fixture
def profile():
    """profile(name, text): a profile of the administrator's."""
    made = set()

    def write(name, text):
        PROFILES.mkdir(parents=True, exist_ok=True)
        path = PROFILES / f"{name}.conf"
        path.write_text(text)
        made.add(path)
    yield write
    for path in made:
        path.unlink()


def test_profile_of_the_administrator(trixie, profile):
    profile("strict", "[Profile]\nUserNamespace=yes\nPrivateNetwork=yes\nDropCapabilities=sys_chroot\n")
    name = guests.create(trixie, "--strict")
    profile("strict", "[Profile]\n")
    assert shown(name)["drop_capabilities"] == ["CAP_SYS_CHROOT"]  # as it was when it was made
    assert shown(name)["no_new_privileges"] is False


@pytest.mark.parametrize("text", ["[Profile]\nNoNewPrivileges=maybe\n", "[Profile]\nNoSuch=yes\n", "\0", "[Profile]\nDropCapabilities=all\n"])
def test_profile_that_is_wrong(trixie, profile, text):
    profile("wrong", text)
    failed = host.sdmectl("bob", "-v", "create", "--fs", trixie, "--profile=wrong")
    assert failed.status == 65 and "'wrong'" in failed.err and "Error.Corrupt" in failed.err


def test_profile_that_is_a_link_to_nothing(trixie, profile):
    """As if a stricter one of that name were there, and not as if there were none."""
    profile("away", "")
    (PROFILES / "away.conf").unlink()
    (PROFILES / "away.conf").symlink_to("/srv/there-is-none")
    failed = host.sdmectl("bob", "-v", "create", "--fs", trixie, "--profile=away")
    assert failed.status == 65 and "is a link to where there is nothing" in failed.err and "Error.Corrupt" in failed.err


def test_profile_that_others_can_write(trixie, profile):
    profile("open", "[Profile]\n")
    (PROFILES / "open.conf").chmod(0o666)
    failed = host.sdmectl("bob", "create", "--fs", trixie, "--profile=open")
    assert failed.status == 65 and "others than root may write to it" in failed.err
    assert guests.create(trixie, "--hardened")  # another's fault is not this one's


def test_profile_that_is_set_later(trixie):
    name = guests.create(trixie)
    assert shown(name)["features"] == ["host-network", "no-user-namespace"]
    host.sdmectl("bob", "set", name, "--strict").ok()
    assert shown(name)["features"] == [] and shown(name)["network"] == "private" and shown(name)["profile"] == "strict"
    host.sdmectl("bob", "set", name, "--system-call-filter=~@mount").ok()
    assert {"~@debug", "~@mount"} <= set(shown(name)["system_call_filter"])
    host.sdmectl("bob", "set", name, "--profile=none").ok()
    assert shown(name)["drop_capabilities"] == [] and shown(name)["system_call_filter"] == [] and shown(name)["userns"] is True


# ---- what makes no sense --------------------------------------------------------------------------

@pytest.mark.parametrize(("words", "sentence"), [
    (["--capability=nosuch"], "'nosuch' is no capability"),
    (["--capability=all"], "'all' is no capability"),
    (["--drop-capability=cap_net_raw,41"], "'41' is no capability"),
    (["--capability=bpf", "--drop-capability=CAP_BPF"], "CAP_BPF is both added and dropped"),
    (["--system-call-filter=nosuch"], "'nosuch' is no system call"),
    (["--system-call-filter=~@nosuch"], "'@nosuch' is no group of system calls"),
    (["--system-call-filter=bpf,~bpf"], "'bpf' is both allowed and forbidden"),
    (["--apparmor-profile=a b"], "is not the name of an AppArmor profile"),
    (["--apparmor-profile=-"], "is not the name of an AppArmor profile"),
    (["--masked-services=nosuffix"], "is not the name of a unit"),
    (["--masked-services=a.service,a.service"], "is listed twice"),
    (["--hardened", "--network-bridge=br0"], "CAP_NET_ADMIN"),
])
def test_what_makes_no_sense(trixie, words, sentence):
    failed = host.sdmectl("bob", "-v", "create", "--fs", trixie, *words)
    assert failed.status == 64 and sentence in failed.err and "Error.InvalidArgument" in failed.err


@pytest.mark.parametrize("words", [["--hardened", "--strict"], ["--profile=a", "--nesting"], ["--no-new-privileges", "--new-privileges"],
                                   ["--read-only", "--no-read-only"], ["--userns", "--no-userns"]])
def test_flags_that_exclude_each_other(trixie, words):
    assert host.sdmectl("bob", "create", "--fs", trixie, *words).status == 64


def test_profile_that_is_not_there(trixie):
    failed = host.sdmectl("bob", "-v", "create", "--fs", trixie, "--profile=../strict")
    assert failed.status == 3 and "there are hardened, nesting, strict" in failed.err and "Error.NotFound" in failed.err


# ---- who may --------------------------------------------------------------------------------------

DAY_TO_DAY = 'subject.user === "alice" && ["org.sdme.create-container", "org.sdme.manage-containers"].indexOf(action.id) >= 0'
REACHING = {
    "no-user-namespace": ["--no-userns"], "capability:CAP_SYS_MODULE": ["--capability=sys_module"],
    "system-call:@keyring": ["--nesting"], "system-call:bpf": ["--system-call-filter=bpf"],
    "unconfined": ["--apparmor-profile=unconfined"], "host-network": ["--hardened", "--host-network"],
}


@pytest.mark.parametrize("feature", REACHING)
def test_more_takes_an_administrator(trixie, feature):
    words = REACHING[feature] if "--host-network" in REACHING[feature] else ["--private-network", *REACHING[feature]]
    changes = [word for word in REACHING[feature] if word != "--hardened"]

    def refused(name):
        for verb in (["create", "--fs", trixie, *words], ["set", mine, *changes]):
            result = host.sdmectl("alice", "-v", *verb)
            assert result.status == 4 and feature in result.err and name in result.err
    with host.rule(DAY_TO_DAY):
        mine = guests.confined(trixie, user="alice")
        refused(bus.NEEDS_PASSWORD)
    with host.rule('subject.user === "alice"', result="NO"):
        refused("Error.HostAccessDenied")
    assert shown(mine)["features"] == []


def test_less_takes_nobody_else(trixie):
    with host.rule(DAY_TO_DAY):
        mine = guests.create(trixie, "--strict", "--capability=net_raw,net_admin,sys_ptrace", "--read-only", user="alice")
        host.sdmectl("alice", "set", mine, "--hardened", "--capability=SYS_BOOT", "--drop-capability=mknod").ok()
    assert shown(mine)["features"] == [] and shown(mine)["privileged"] is False
    assert "CAP_SYS_BOOT" not in shown(mine)["drop_capabilities"]


def test_bus_refuses_what_is_not_a_list(trixie):
    for key in ("capabilities", "no-new-privileges", "profiles"):
        definition = {key: ("s", "strict")}
        assert bus.refusal("bob", "CreateContainer", "", trixie, definition) == bus.error("InvalidArgument")


# ---- containers in a container --------------------------------------------------------------------

@pytest.fixture
def nest():
    """nest(*flags): a running clone of this host, which has podman and sdmed, with room for containers."""
    return lambda *flags: guests.start(guests.create("", "--nesting", *flags))


def fed(name, script, file):
    with open(file, "rb") as stream:
        return exec_in(name, "sh", "-ec", script, options=["--user", "root"], stdin=stream, timeout=240)


# The host that tests run in lets neither keyrings nor limits of processes through to its guests.
PODMAN = """mkdir -p /etc/containers
printf '[containers]\\nkeyring=false\\npids_limit=0\\n' > /etc/containers/containers.conf
rm -rf /run/containers /var/lib/containers/*
podman {0} import - small 2>&1
for network in none host bridge; do podman {0} run --rm --network=$network small sh -c 'echo inside is $(id -u)'; done
"""


@pytest.mark.parametrize("driver", ["vfs", "overlay"])
def test_podman_in_a_user_namespace(nest, driver):
    """With overlay on a file system of its own, which a volume is too."""
    name = nest()
    assert uid_map(name)[1] > 65535
    own = "mount -t tmpfs -o mode=755 tmpfs /var/lib/containers\n" if driver == "overlay" else ""
    ran = fed(name, own + PODMAN.format(f"--storage-driver={driver}"), guests.TARBALLS / "trixie.tar")
    assert ran.out.count("inside is 0") == 3, ran.out + ran.err


def test_podman_without_the_profile():
    """With a setting of podman's instead, and nobody to ask but for the clone."""
    name = guests.start(guests.create("", "--private-network", "--userns"))
    ran = fed(name, PODMAN.format("--storage-driver=vfs"), guests.TARBALLS / "trixie.tar")
    assert ran.out.count("inside is 0") == 3, ran.out + ran.err


def test_podman_of_another_user(nest):
    script = """mkdir -p /etc/containers
printf '[containers]\\nkeyring=false\\npids_limit=0\\n' > /etc/containers/containers.conf
echo alice:10000:40000 | tee /etc/subuid > /etc/subgid
exec su -l alice -c 'podman --storage-driver=vfs import - small && podman --storage-driver=vfs run --rm --network=none --cgroups=disabled small id'
"""
    ran = fed(nest(), script, guests.TARBALLS / "trixie.tar")
    assert "uid=0(root)" in ran.out, ran.out + ran.err


SDMED = """mount -t tmpfs -o mode=700 tmpfs /var/lib/sdmed
systemctl restart sdmed.service
sdmectl fs import t -
sdmectl create inner --fs t --private-network
sdmectl start inner
sdmectl exec inner -- cat /proc/self/uid_map
"""


def test_sdmed_without_a_user_namespace(nest):
    ran = fed(nest("--no-userns"), SDMED, guests.TARBALLS / "trixie.tar")
    assert ran.status == 0 and int(ran.out.split()[-2]) > 65535, ran.out + ran.err


def test_sdmed_in_a_user_namespace_says_why_not(nest):
    ran = fed(nest(), SDMED, guests.TARBALLS / "trixie.tar")
    assert ran.status != 0 and "Operation not permitted" in ran.err
