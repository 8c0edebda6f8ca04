# SPDX-License-Identifier: MIT
"""Commands and shells in containers: status, streams, surroundings, terminals; and the log."""
import os
import pathlib
import re
import signal

import pytest

import bus
import guests
import host
from guests import exec_in, shell_in


# ---- status ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("status", [0, 1, 42, 125, 126, 127, 255])
def test_exit_status(box, status):
    assert shell_in(box, f"exit {status}").status == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGHUP])
def test_killed_by_a_signal(box, number):
    assert shell_in(box, f"kill -{int(number)} $$").status == 128 + number


def test_not_found(box):
    result = exec_in(box, "no-such-command")
    assert result.status == 127 and "no-such-command" in result.err and result.out == ""
    assert exec_in(box, "/no/such/command").status == 127


def test_found_and_cannot_be_run(box):
    assert exec_in(box, "/etc/hostname").status == 126
    assert exec_in(box, "/etc").status == 126


def test_not_running(stopped):
    result = exec_in(stopped, "true", user="bob")
    assert result.status == 125 and "sdmectl start" in result.err


def test_nobody_of_that_name_inside(box):
    result = exec_in(box, "true", options=["--user", "nobody-such"])
    assert result.status == 125 and "nobody-such" in result.err


# ---- streams --------------------------------------------------------------------------------------

def test_ten_megabytes(box):
    data = os.urandom(10 << 20)
    result = exec_in(box, "cat", stdin=data)
    assert result.status == 0 and result.raw == data


def test_streams_are_apart(box):
    result = shell_in(box, "echo one; echo two >&2; echo three")
    assert (result.out, result.err) == ("one\nthree\n", "two\n")


def test_end_of_input(box):
    assert shell_in(box, "cat; echo end", stdin=b"").out == "end\n"
    assert shell_in(box, "wc -c", stdin=b"x" * 100_000).out.strip() == "100000"


def test_input_that_nobody_reads(box):
    """A command that ends before its input does ends all the same."""
    assert exec_in(box, "true", stdin=os.urandom(1 << 20)).status == 0
    assert exec_in(box, "head", "-c", "3", stdin=b"abcdef" * 100_000).out == "abc"


def test_reader_that_leaves(box):
    """As in `sdmectl exec … | head`: the command ends, and so does sdmectl."""
    result = host.run("bob", "bash", "-c", f"sdmectl exec {box} yes | head -n 2", timeout=30)
    assert result.out == "y\ny\n"
    host.until(lambda: not host.our_units("sdme-session-*.service"), "the session to end")


def test_output_that_cannot_be_written(box):
    """What the command said is lost, so its status is not enough."""
    with open("/dev/full", "wb") as full:
        result = exec_in(box, "echo", "lost", stdout=full)
    assert result.status == 125 and "No space left" in result.err, result


def test_no_terminal_where_there_is_none(box):
    assert shell_in(box, "tty").out == "not a tty\n"
    assert shell_in(box, "test -t 0 || test -t 1 || test -t 2").status == 1


def test_bytes_of_arguments(box):
    """Arguments, variables and paths are bytes: nothing expands or interprets them."""
    odd = "%n $HOME ${X} \\x41 'a\" \t\n;|&*?~ ä €"
    assert exec_in(box, "printf", "%s", odd).out == odd
    assert shell_in(box, 'printf %s "$ODD"', options=["--env", f"ODD={odd}"]).out == odd
    reading, writing = os.pipe()
    with bus.caller("bob") as bob:
        ours, theirs = os.pipe()
        session = bob.call("Exec", box, "", [b"printf", b"%s", b"\xff\xfe\x01"], [], b"", bus.Fd(reading), bus.Fd(theirs), bus.Fd(theirs), {})
        os.close(theirs)
        assert bob.call("WaitSession", session) == (0, 0)
        assert os.read(ours, 100) == b"\xff\xfe\x01"
    for fd in (reading, writing, ours):
        os.close(fd)


def test_stream_sockets(box):
    """A stream socket does as well as a pipe."""
    import socket
    ours, theirs = socket.socketpair()
    with ours, bus.caller("bob") as bob:
        fd = bus.Fd(theirs.fileno())
        session = bob.call("Exec", box, "", [b"cat"], [], b"", fd, fd, fd, {})
        theirs.close()
        ours.sendall(b"there and back")
        ours.shutdown(socket.SHUT_WR)
        assert bob.call("WaitSession", session) == (0, 0)
        assert ours.recv(100) == b"there and back"


def test_guest_cannot_reach_through_its_streams(box):
    """What a command is given are pipes: to reopen them leads nowhere outside."""
    shown = shell_in(box, "readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2", stdin=b"").out
    assert len(re.findall(r"^(?:pipe|socket):", shown, re.M)) == 3
    fds = shell_in(box, "ls /proc/self/fd").out.split()
    assert set(fds) <= {"0", "1", "2", "3"}  # the last is of ls


# ---- surroundings ---------------------------------------------------------------------------------

def test_root(box):
    shown = shell_in(box, 'id -u; id -g; echo "$HOME $USER $LOGNAME"; pwd; echo "$PATH"').out.splitlines()
    assert shown[:3] == ["0", "0", "/root root root"] and shown[3] == "/root"
    assert {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"} <= set(shown[4].split(":"))


@pytest.mark.parametrize("user", ["tester", "1234"])
def test_user(box, user):
    shown = shell_in(box, 'id -un; id -G; echo "$HOME $USER $SHELL"; pwd; umask', options=["--user", user]).out.splitlines()
    assert shown == ["tester", "1234 2345", "/home/tester tester /bin/sh", "/home/tester", "0022"]


def test_cwd(box):
    assert exec_in(box, "pwd", options=["--cwd", "/usr/share"]).out == "/usr/share\n"
    result = exec_in(box, "pwd", options=["--cwd", "/no/such"])
    assert result.status == 126 and "/no/such" in result.err and result.out == ""
    assert exec_in(box, "pwd", options=["--cwd", "relative"]).status == 125


def test_env(box):
    shown = exec_in(box, "env", options=["-e", "ONE=1", "--env", "TWO=a=b", "-e", "HOME=/elsewhere"]).out.splitlines()
    assert {"ONE=1", "TWO=a=b", "HOME=/elsewhere"} <= set(shown)
    for bad in ("NOTHING", "=x"):
        assert exec_in(box, "true", options=["-e", bad]).status == 64


def test_environment_of_the_caller_stays_outside(box):
    shown = host.sdmectl("bob", "exec", box, "env", env={"SECRET": "outside", "LD_PRELOAD": ""}).out
    assert "SECRET" not in shown
    assert not [line for line in shown.splitlines() if line.startswith(("LISTEN_", "NOTIFY_SOCKET", "SDME_JOB", "CREDENTIALS"))]


def test_signals_reach_the_command(box, processes):
    """Interrupting sdmectl interrupts what it runs."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        client = processes("bob", "sdmectl", "exec", box, "--", "sh", "-c",
                           f"trap 'echo told; exit 7' {int(number)}; echo ready; while :; do sleep 1 >/dev/null 2>&1 & wait $!; done")
        assert client.stdout.readline() == b"ready\n"
        client.send_signal(number)
        assert client.wait(20) == 7 and client.stdout.read() == b"told\n"


def test_command_goes_with_its_client(box, processes):
    client = processes("bob", "sdmectl", "exec", box, "--", "sh", "-c", "echo ready; exec sleep 4321")
    assert client.stdout.readline() == b"ready\n"
    assert exec_in(box, "pgrep", "-f", "sleep 4321").status == 0
    client.kill()
    host.until(lambda: exec_in(box, "pgrep", "-fx", "sleep 4321").status == 1, "the command to be killed")


def test_command_that_stays(box):
    """With on-disconnect=continue, which is the default on the bus, it goes on without its caller."""
    def runs():
        return exec_in(box, "pgrep", "-fx", "sleep 4322").status == 0
    pipes = [os.pipe() for _ in range(2)]
    with bus.caller("bob") as bob:
        bob.call("Exec", box, "", [b"sleep", b"4322"], [], b"", bus.Fd(pipes[0][0]), bus.Fd(pipes[1][1]), bus.Fd(pipes[1][1]), {})
        host.until(runs, "the command to begin")
    assert host.stays(runs)
    exec_in(box, "pkill", "-fx", "sleep 4322").ok()
    for pair in pipes:
        os.close(pair[0])
        os.close(pair[1])


def test_many_at_once(box, processes):
    """Sessions are a class of their own: twenty at a time, and none waits for another."""
    running = [processes("bob", "sdmectl", "exec", box, "--", "sh", "-c", f"read x; echo {n}$x", stdin=-1) for n in range(20)]
    for n, client in reversed(list(enumerate(running))):
        out, err = client.communicate(b"!\n", timeout=60)
        assert (client.returncode, out, err) == (0, f"{n}!\n".encode(), b"")


def test_user_of_a_session_is_in_the_journal(box):
    cursor = host.journal_cursor()
    exec_in(box, "true", user="bob").ok()
    uid = str(host.pwd.getpwnam("bob").pw_uid)
    found = host.until(lambda: [e for e in host.journal("_SYSTEMD_UNIT=sdmed.service", f"SDME_CONTAINER={box}", since=cursor)
                                if e.get("SDME_CALLER_UID") == uid], "the journal")
    assert any(e.get("SDME_ACTION") == "org.sdme.container-shell" for e in found)


# ---- terminals ------------------------------------------------------------------------------------

def test_join(box):
    """A login shell on a terminal of its own, which takes the size of ours and follows it."""
    with host.terminal("bob", "/usr/bin/sdmectl", "join", box, size=(31, 97)) as child:
        child.expect("# ")
        child.sendline("stty size; tty; echo $TERM; id -un")
        child.expect("31 97\r\n/dev/pts/\\d+\r\ndumb\r\nroot\r\n")
        child.setwinsize(41, 113)
        child.sendline("for i in 1 2 3 4 5 6 7 8 9; do [ \"$(stty size)\" = '41 113' ] && break; sleep 0.2; done; stty size")
        child.expect("41 113\r\n")
        child.sendline("shopt -q login_shell && echo log''in || case $0 in -*) echo log''in;; esac")
        child.expect("login\r\n")
        child.sendline("exit 5")
        child.expect(host.pexpect.EOF)
        child.close()
        assert child.exitstatus == 5


def test_join_as_a_user(box):
    with host.terminal("bob", "/usr/bin/sdmectl", "join", box, "--user", "tester") as child:
        child.expect(r"\$ ")
        child.sendline('echo "$(id -un):$(pwd):$HOME:$(id -G)"')
        child.expect("tester:/home/tester:/home/tester:1234 2345")
        child.sendline("exit")
        child.expect(host.pexpect.EOF)


def test_join_a_command(box):
    with host.terminal("bob", "/usr/bin/sdmectl", "join", box, "--", "sh", "-c", "tty; exit 9") as child:
        child.expect("/dev/pts/\\d+")
        child.expect(host.pexpect.EOF)
        child.close()
        assert child.exitstatus == 9


def test_keys_in_a_terminal(box):
    """Interrupt and end of file are keys there, not signals of ours."""
    with host.terminal("bob", "/usr/bin/sdmectl", "exec", box, "--", "sh", "-c", "trap 'echo inter''rupted' INT; echo ready; cat; cat; echo bye") as child:
        child.expect("ready")
        child.sendline("hello")
        child.expect("hello\r\nhello\r\n")
        child.sendintr()
        child.expect("interrupted")
        child.sendeof()
        child.expect("bye")
        child.expect(host.pexpect.EOF)


def test_no_terminal_on_request(box):
    with host.terminal("bob", "/usr/bin/sdmectl", "exec", "--no-tty", box, "tty") as child:
        child.expect("not a tty")
    assert exec_in(box, "tty", options=["--tty"]).out.startswith("/dev/pts/")


def test_terminal_is_restored(box):
    with host.terminal("bob", "/bin/sh", "-c", f"stty -a >before; sdmectl exec {box} true; stty -a >after; cmp before after && echo same") as child:
        child.expect("same\r\n")
    for name in ("before", "after"):
        pathlib.Path("/home/bob", name).unlink()


def test_way_out_of_a_terminal(box):
    with host.terminal("bob", "/usr/bin/sdmectl", "join", box) as child:
        child.expect("# ")
        child.send("\x1d\x1d\x1d")
        child.expect(host.pexpect.EOF)
    host.until(lambda: not host.our_units("sdme-session-*.service"), "the session to go with its terminal")


def test_join_without_a_terminal(box):
    assert host.sdmectl("bob", "join", box).status == 64


def test_join_a_stopped_one(stopped):
    assert host.sdmectl("bob", "join", stopped, "true").status == 125
    with host.terminal("bob", "/usr/bin/sdmectl", "join", "--start", stopped, "--", "echo", "started it") as child:
        child.expect("started it")
    assert guests.state(stopped) == "running"


# ---- the log --------------------------------------------------------------------------------------

def test_logs(running, processes):
    plain = host.sdmectl("bob", "logs", running)
    assert plain.status == 0 and "systemd" in plain.out
    assert host.sdmectl("bob", "logs", running, "--lines", "2", "--output", "cat").out.count("\n") == 2
    lines = host.sdmectl("bob", "logs", running, "-n", "3", "--output", "json").out.splitlines()
    assert len(lines) == 3 and all("MESSAGE" in host.json.loads(line) for line in lines)
    follower = processes("bob", "sdmectl", "logs", running, "--follow", "-n", "1")
    assert follower.stdout.readline()
    shell_in(running, "echo a new line > /dev/console").ok()
    host.until(lambda: b"a new line" in follower.stdout.readline(), "the new line")
    follower.kill()
    assert host.sdmectl("alice", "logs", running).status == 4
