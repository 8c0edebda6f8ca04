# SPDX-License-Identifier: MIT
"""Descriptors of strangers: nobody who may do nothing can stall the daemon with them, or use up its table."""
import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time

import pytest

import bus
import host
import tars

LINGER = 8  # seconds that closing blocks; every answer must come sooner
SO_PASSRIGHTS = 83

# What the user's process begins with. full(): a TCP socket whose last close waits for LINGER seconds.
PRELUDE = f"""
import array, os, socket, struct, sys, time
listening = socket.socket(); listening.bind(("127.0.0.1", 0)); listening.listen(50)
def full():
    one = socket.socket(); one.connect(listening.getsockname()); one.setblocking(False)
    try:
        while True: one.send(b"x" * 65536)
    except BlockingIOError: pass
    one.setblocking(True)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, {LINGER}))
    return one
def say(word): print(word, flush=True)
"""


@contextlib.contextmanager
def stranger(*parts):
    """A process of a user who may do nothing, with a program of these parts; line() reads what it says."""
    script = PRELUDE + "\n".join(textwrap.dedent(part) for part in parts)
    process = host.spawn("alice", sys.executable, "-c", script, stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        host.kill_group(process)


def line(process):
    said = process.stdout.readline().decode().strip()
    assert said, process.stderr.read().decode()
    return said


def kernel_refuses():
    with socket.socket(socket.AF_UNIX) as one:
        try:
            one.getsockopt(socket.SOL_SOCKET, SO_PASSRIGHTS)
            return True
        except OSError:
            return False


def answers_in_time(address=None):
    began = time.monotonic()
    with bus.caller("bob", address) as bob:
        bob.call("ListContainers", {}, seconds=LINGER / host.SLOWER / 2)
    assert time.monotonic() - began < LINGER / 2


@pytest.fixture
def daemon(prepared_host):
    """The daemon runs, and is the same afterwards."""
    host.sdmectl("root", "ps").ok()
    pid = host.daemon_pid()
    yield pid
    assert host.daemon_pid() == pid


def open_fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


# ---- the bus --------------------------------------------------------------------------------------

# A call of the user with a socket that lingers: by itself, or in the queue of another. The sender closes it before the
# daemon does.
CALL = """
    import dbus, dbus.lowlevel
    connection = dbus.bus.BusConnection(dbus.Bus.TYPE_SYSTEM)
    one = full()
    if {nested}:
        outer, other = socket.socketpair()
        socket.send_fds(other, [b"x"], [one.fileno()])
        other.close()
        one.close()
        one = outer
    message = dbus.lowlevel.MethodCallMessage(destination="org.sdme1", path="/org/sdme1", interface="org.sdme1.Manager", method={member!r})
    message.append(*{arguments}, signature={signature!r})
    one.close()
    connection.send_message(message)
    connection.flush()
    del message
    connection.get_unix_user("org.freedesktop.DBus")  # the bus has passed it on
    say("sent")
    sys.stdin.read()
"""


def send_and_see_who_waits(pid, member, signature, arguments, nested=False):
    script = CALL.format(member=member, signature=signature, arguments=arguments, nested=nested)
    with contextlib.ExitStack() as stack:
        os.kill(pid, signal.SIGSTOP)
        try:
            # Stays, since it has the other end, which must not take anything.
            alice = stack.enter_context(stranger(script))
            assert line(alice) == "sent"
        finally:
            os.kill(pid, signal.SIGCONT)
        answers_in_time()
        host.stays(lambda: answers_in_time() or True, 1)  # polkit refuses a moment later


@pytest.mark.parametrize("nested", (False, True), ids=("socket", "queue"))
@pytest.mark.parametrize("member, signature, arguments", (
    ("ImportRootfs", "sha{sv}", "('x', dbus.types.UnixFd(one.fileno()), {})"),  # of a type that is refused
    ("ListJobs", "h", "(dbus.types.UnixFd(one.fileno()),)"),  # which does not take one
    ("ListContainers", "a{sv}", "({'owner': dbus.types.UnixFd(one.fileno(), variant_level=1)},)"),
    ("NoSuchMember", "vs", "(dbus.types.UnixFd(one.fileno(), variant_level=1), 'x')"),
), ids=("type", "signature", "option", "member"))
def test_lingering_socket_over_the_bus(daemon, member, signature, arguments, nested):
    send_and_see_who_waits(daemon, member, signature, arguments, nested)


def test_refused_exec_over_the_bus(daemon, box):
    """What a request holds until polkit has refused it is not closed in the loop either."""
    arguments = f"({box!r}, '', [b'true'], [], b'', *[dbus.types.UnixFd(one.fileno())] * 3, {{}})"
    send_and_see_who_waits(daemon, "Exec", "ssaayaayayhhha{sv}", arguments)


# ---- the socket of peers --------------------------------------------------------------------------

def test_peers_pass_no_descriptors(daemon, box):
    """But for root; the others hear what to do."""
    for words in (("fs", "import", "x", "-"), ("exec", box, "true"), ("logs", box)):
        said = host.sdmectl("bob", "--address", host.PEER, *words, stdin=b"x")
        assert said.status in (1, 125) and "only root can pass files" in said.err and "system bus" in said.err, said
    with bus.caller("bob", host.PEER) as bob:
        for member, arguments in (("OpenLog", (box, {})), ("OpenShell", (box, "", [], [], {}))):
            with pytest.raises(bus.BusError) as refused:
                bob.call(member, *arguments)
            assert refused.value.name == bus.error("NotSupported") and "system bus" in refused.value.message
    name = host.unique("peer")
    assert host.sdmectl("root", "--address", host.PEER, "fs", "import", name, "-", stdin=tars.small()).ok() == name


HELLO = f"""
    one = socket.socket(socket.AF_UNIX); one.connect({host.SOCKET!r})
    def send(data, fds=()):
        try:
            socket.send_fds(one, [data], fds)
            return "sent"
        except OSError as refused:
            return refused.strerror
    def hello():
        one.sendall(b"\\0AUTH EXTERNAL\\r\\nDATA\\r\\nNEGOTIATE_UNIX_FD\\r\\nBEGIN\\r\\n")
        answer = b""
        while answer.count(b"\\r\\n") < 3: answer += one.recv(1000)
        return answer
"""


def test_peer_negotiates_none(daemon):
    with stranger(HELLO, "say(hello())") as alice:
        said = line(alice)
    assert "OK" in said and "ERROR" in said and "AGREE" not in said


@pytest.mark.parametrize("after_hello", (False, True))
def test_lingering_socket_of_a_peer(daemon, after_hello):
    """Before it says who it is, or in a message that never ends."""
    if not kernel_refuses():
        pytest.skip("this kernel has no SO_PASSRIGHTS")
    script = """
    lingers = full()
    say(send(b"l\\1\\0\\1\\0\\0\\0\\0\\1\\0\\0\\0", [lingers.fileno()]))
    lingers.close()
    sys.stdin.read()
    """
    before = open_fds(daemon)
    with stranger(HELLO, "hello()" if after_hello else "", script) as alice:
        assert line(alice) == "Operation not permitted"
        answers_in_time()
        answers_in_time(host.PEER)
    host.until(lambda: open_fds(daemon) <= before, "no descriptor to be left")


def test_lingering_socket_that_came_before_the_daemon():
    """The connection that starts the daemon was made when nothing was refused yet."""
    host.systemctl("stop", "sdmed.service", "sdmed.socket").ok()  # the socket keeps what a daemon said of it
    host.systemctl("start", "sdmed.socket").ok()
    script = """
    lingers = full()
    say(send(b"\\0", [lingers.fileno()] * 8))
    lingers.close()
    try:
        say("closed" if one.recv(1000) == b"" else "answered")
    except ConnectionResetError:
        say("closed")
    sys.stdin.read()
    """
    with stranger(HELLO, script) as alice:
        assert line(alice) == "sent"
        answers_in_time(host.PEER)
        answers_in_time()
        if kernel_refuses():
            assert line(alice) == "closed"


def test_descriptors_do_not_pile_up(daemon):
    """Of incomplete messages, which libsystemd itself would keep without a limit."""
    script = """
    hello()
    one.settimeout(5)
    count = 0
    for i in range(300):
        try:
            socket.send_fds(one, [b"l" if i == 0 else b"\\0"], [0] * 50)
            count += 1
        except OSError:
            break
    say(count)
    sys.stdin.read()
    """
    before = open_fds(daemon)
    with stranger(HELLO, script) as alice:
        line(alice)
        answers_in_time()
        assert open_fds(daemon) < before + 20
