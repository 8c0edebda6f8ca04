# SPDX-License-Identifier: MIT
"""What stands between a guest and the host's devices, besides namespaces: the unit's list of devices, and AppArmor."""
PROFILE = "sdme-default"


def inside(machine, name, script):
    return machine.sdmectl("exec", name, "--", "sh", "-c", script)


# ---- devices --------------------------------------------------------------------------------------

def disk_numbers(machine):
    return machine.shell("echo $((0x$(stat -c %t /dev/vda))) $((0x$(stat -c %T /dev/vda)))").ok()


def test_no_disk_opens_without_a_user_namespace(machine, container):
    """Root inside is root here, so the list of devices is all there is."""
    name = container("--private-network", "--no-userns")
    numbers = disk_numbers(machine)
    made = inside(machine, name, f"mknod /srv/own b {numbers}")
    assert made.status != 0 and inside(machine, name, "mknod /srv/null c 1 3").status == 0, made
    machine.shell(f"mknod -m 0666 /proc/$(machinectl show --property=Leader --value {name})/root/srv/given b {numbers}").ok()
    opened = inside(machine, name, "head -c 512 /srv/given | wc -c; head -c 512 /srv/given")
    print(made.err, opened.err)
    assert "Operation not permitted" in opened.err and opened.out.startswith("0\n")
    # The node is a good one: nothing but the list is in the way.
    assert machine.shell(f"head -c 512 /proc/$(machinectl show --property=Leader --value {name})/root/srv/given | wc -c").ok() == "512"


# ---- AppArmor -------------------------------------------------------------------------------------

def test_the_profile_is_loaded_at_boot(machine):
    assert machine.shell("cat /sys/module/apparmor/parameters/enabled").ok() == "Y"
    assert f"{PROFILE} (enforce)" in machine.shell("cat /sys/kernel/security/apparmor/profiles").ok()


def test_strict_is_confined(machine, container):
    name = container("--strict")
    shown = machine.sdmectl("show", name, "--json").json()[0]
    label = f"{PROFILE} (enforce)"
    leader = machine.shell(f"cat /proc/$(machinectl show --property=Leader --value {name})/attr/current").ok()
    service = inside(machine, name, "cat /proc/1/attr/current /proc/$(pgrep -x nginx | head -n1)/attr/current").ok()
    assert leader == label
    assert service.splitlines() == [label, label]
    assert inside(machine, name, "cat /proc/self/attr/current").ok() == label
    assert shown["state"] == "running" and shown["health"] == "ok", shown
    denied = machine.shell("journalctl --dmesg --quiet --grep 'apparmor=\"DENIED\".*sdme-default' | sed 's/.*operation/operation/'").out
    print(denied)


def test_without_a_profile_nobody_is(machine, container):
    name = container("--private-network")
    assert machine.shell(f"cat /proc/$(machinectl show --property=Leader --value {name})/attr/current").ok() == "unconfined"


def test_the_profile_refuses_the_host(machine):
    """To root of this host itself, whom nothing else hinders."""
    def confined(script):
        return machine.run("root", "aa-exec", "-p", PROFILE, "--", "sh", "-c", script)
    assert confined("echo works").ok() == "works"
    def rewrite(file):
        return f'was=$(cat {file} | tr -d "[]") && echo "${{was%% *}}" >{file}'
    for refused in ("head -c 1 /dev/vda", "head -c 1 /proc/kcore", "cat /sys/kernel/security/lsm",
                    rewrite("/proc/sys/vm/swappiness"), rewrite("/proc/sys/kernel/core_pattern"),
                    rewrite("/sys/kernel/mm/transparent_hugepage/enabled")):
        machine.shell(refused).ok()
        found = confined(refused)
        assert found.status != 0 and "ermission denied" in found.err, f"{refused}: {found}"
    assert confined("cat /proc/sys/net/ipv4/ip_forward").ok() in ("0", "1")
