# SPDX-License-Identifier: MIT
"""File descriptors of the wrong kind, for every argument that is one: refused before anybody is asked."""
import contextlib
import os
import pty
import socket
import tempfile

import pytest

import bus

ARGUMENTS = [(name, arg) for name, method in bus.METHODS.items() for arg, kind in method.inputs if kind == "h"]


def test_every_argument_is_tried():
    assert sorted(ARGUMENTS) == [("Exec", "err"), ("Exec", "in"), ("Exec", "out"), ("ImportRootfs", "data")]


@contextlib.contextmanager
def descriptors():
    """One of each kind: {what: fd}."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        path = os.path.join(folder, "file")
        open(path, "wb").close()
        pairs = {"pipe": os.pipe(), "tty": pty.openpty()}
        stream, datagram = socket.socketpair(), socket.socketpair(type=socket.SOCK_DGRAM)
        found = {
            "file": os.open(path, os.O_RDWR), "file-read": os.open(path, os.O_RDONLY), "file-write": os.open(path, os.O_WRONLY),
            "o-path": os.open(path, os.O_PATH), "directory": os.open(folder, os.O_RDONLY),
            "proc": os.open("/proc/self/status", os.O_RDONLY), "proc-write": os.open("/proc/self/comm", os.O_RDWR),
            "sys": os.open("/sys/kernel/uevent_seqnum", os.O_RDONLY), "null": os.open("/dev/null", os.O_RDWR),
            "zero": os.open("/dev/zero", os.O_RDWR), "pipe-read": pairs["pipe"][0], "pipe-write": pairs["pipe"][1],
            "terminal": pairs["tty"][1], "terminal-master": pairs["tty"][0], "memory": os.memfd_create("test"),
            "pidfd": os.pidfd_open(os.getpid()), "event": os.eventfd(0), "epoll": stack.enter_context(_epoll()).fileno()}
        for name, pair in (("stream", stream), ("datagram", datagram)):
            found[name] = pair[0].fileno()
            stack.enter_context(pair[0])
            stack.enter_context(pair[1])
        try:
            yield found
        finally:
            for what, fd in found.items():
                if what not in ("stream", "datagram", "epoll"):
                    os.close(fd)


def _epoll():
    import select
    return select.epoll()


GOOD = {("ImportRootfs", "data"): {"file", "file-read", "pipe-read", "memory"}, ("Exec", "in"): {"pipe-read", "stream"},
        ("Exec", "out"): {"pipe-write", "stream"}, ("Exec", "err"): {"pipe-write", "stream"}}


def args_with(member, argument, fd, found, box):
    right = {"data": found["pipe-read"], "in": found["pipe-read"], "out": found["pipe-write"], "err": found["pipe-write"]}
    right[argument] = fd
    if member == "ImportRootfs":
        return ["no-such", bus.Fd(right["data"]), {}]
    return [box, "", [b"true"], [], b"", bus.Fd(right["in"]), bus.Fd(right["out"]), bus.Fd(right["err"]), {}]


@pytest.mark.parametrize("member, argument", ARGUMENTS)
def test_kinds(box, member, argument):
    good = GOOD[member, argument]
    with descriptors() as found, bus.caller("alice") as alice:
        assert good < found.keys()
        wrong = {}
        for what, fd in found.items():
            try:
                alice.call(member, *args_with(member, argument, fd, found, box))
                answer = "done"
            except bus.BusError as error:
                answer = error.name
                if what not in good and f"'{argument}'" not in error.message:
                    wrong[what] = f"the message does not name '{argument}': {error.message}"
            # A right one gets as far as polkit, which refuses.
            expected = bus.REFUSALS if what in good else (bus.error("InvalidArgument"),)
            if answer not in expected:
                wrong[what] = answer
        assert not wrong


def test_descriptors_are_not_kept(box):
    """Refused calls leave no descriptor behind in the daemon."""
    import host
    folder = f"/proc/{host.daemon_pid()}/fd"
    with descriptors() as found, bus.caller("alice") as alice:
        def ask():
            for what in ("pipe-read", "directory"):
                with contextlib.suppress(bus.BusError):
                    alice.call("ImportRootfs", "no-such", bus.Fd(found[what]), {})
        ask()
        before = len(os.listdir(folder))
        for _ in range(20):
            ask()
        host.until(lambda: len(os.listdir(folder)) <= before, "the daemon to close what it was given")
