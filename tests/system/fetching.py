# SPDX-License-Identifier: MIT
"""sdme-fetch alone: a unit as the daemon starts it, and the other end of its link, which a test plays."""
import contextlib
import dataclasses
import json
import os
import pathlib
import selectors
import shutil
import socket
import time

import dbus

import host

PROGRAM = "/usr/libexec/sdmed/sdme-fetch"
PLACE = pathlib.Path("/srv/sdmed-fetch")
NETWORK = {"connect_timeout_sec": 5, "low_speed_sec": 2, "retries": 3}


@dataclasses.dataclass
class Outcome:
    image: dict = None
    layers: dict = dataclasses.field(default_factory=dict)  # by place: what came through its pipe, to its end
    order: list = dataclasses.field(default_factory=list)   # in which they were told
    stream: dict = None
    streamed: bytes = None
    notes: list = dataclasses.field(default_factory=list)
    done: bool = False
    error: dict = None
    result: dict = None
    seconds: float = 0.0
    peak: int = 0  # memory, bytes

    def failed(self, code, *words):
        assert self.error and self.error["code"] == code, self
        assert all(word in self.error["message"] for word in words), self.error
        assert self.error["message"].isprintable(), self.error
        assert not self.done and self.result["error"] == self.error, self
        return self.error["message"]

    def succeeded(self, image):
        """All layers came, as they are."""
        assert self.done and not self.error, self.error or self.result
        assert [self.layers[place] for place in sorted(self.layers)] == image.layers
        return self


class Directory:
    """Where blobs are found and put."""

    def __init__(self):
        PLACE.mkdir(exist_ok=True)
        self.top = PLACE / host.unique("fetch")
        self.cache = self.top / "cache"
        (self.cache / "blobs/sha256").mkdir(parents=True)
        (self.cache / "partial").mkdir()
        self.renew()

    def renew(self):
        """Each run is another user, and has a directory of its own."""
        self.blobs = self.top / host.unique("blobs")
        self.blobs.mkdir()
        self.blobs.chmod(0o777)

    def entries(self):
        return {path.name: path.read_bytes() for path in self.blobs.iterdir()}

    def to_cache(self):
        """As the daemon does when a job has ended."""
        for path in self.blobs.iterdir():
            algorithm, rest = path.name.split("-")
            if rest.endswith((".used", ".image")):
                path.unlink()
                continue
            shutil.move(path, self.cache / ("partial/" + path.name if rest.endswith(".part") else f"blobs/{algorithm}/{rest}"))

    def remove(self):
        shutil.rmtree(self.top)


class Unit:
    """A transient unit that runs sdme-fetch with no rights."""

    def __init__(self, request, fds, out):
        self.name = host.unique("sdmed-test-fetch") + ".service"
        bus = dbus.SystemBus()
        manager = dbus.Interface(bus.get_object("org.freedesktop.systemd1", "/org/freedesktop/systemd1"),
                                 "org.freedesktop.systemd1.Manager")
        command = dbus.Array([(PROGRAM, [PROGRAM, "fetch"], False)], signature="(sasb)")
        passed = dbus.Array([dbus.Struct((dbus.types.UnixFd(fd), name), signature="hs") for name, fd in fds.items()], signature="(hs)")
        writable = [request["blobs"], str(out)] if request.get("blobs") else [str(out)]
        properties = {"Type": "exec", "ExecStart": command, "DynamicUser": True, "ExtraFileDescriptors": passed,
                      "CollectMode": "inactive-or-failed", "CapabilityBoundingSet": dbus.UInt64(0), "NoNewPrivileges": True,
                      "ProtectHome": "yes", "PrivateDevices": True, "MemoryMax": dbus.UInt64(64 << 20),
                      "TasksMax": dbus.UInt64(16),
                      "ReadWritePaths": dbus.Array(writable, signature="s")}
        manager.StartTransientUnit(self.name, "fail", dbus.Array([(key, value) for key, value in properties.items()],
                                                                 signature="(sv)"), dbus.Array([], signature="(sa(sv))"))

    def pid(self):
        return int(host.unit(self.name, "MainPID"))

    def kill(self, number):
        host.systemctl("kill", f"--signal={number}", self.name)

    def wait(self):
        host.until(lambda: host.unit(self.name, "ActiveState") in ("inactive", "failed"), "the end of sdme-fetch", 60)


class Fetch:
    """One run. `want`: which layers of the image, all where it is None; `stalled`: places whose pipes are not read
    until the others have ended; `left`: places whose pipes are closed as soon as something is in them;
    `seen(outcome, unit)` is called after every packet."""

    def __init__(self, source, directory, credentials=None, network=None, platform="", limit=1 << 40, want=None, stalled=(),
                 left=(), use_cache=True, seen=None, read=True):
        self.directory, self.want, self.stalled, self.seen = directory, want, set(stalled), seen
        self.left = left
        self.read = read
        self.outcome = Outcome()
        directory.renew()
        self.out = directory.top / host.unique("out")
        self.out.mkdir()
        self.out.chmod(0o777)
        request = {"verb": "fetch", "job": 1, "out": str(self.out), "source": source, "platform": platform,
                   "cache": str(directory.cache) if use_cache else "", "blobs": str(directory.blobs), "limits": {"bytes": limit},
                   "network": NETWORK | (network or {})}
        self.link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.report, report = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.ExitStack() as stack:
            fds = {"request": self._memory(stack, json.dumps(request)), "report": report.fileno(), "link": theirs.fileno()}
            if credentials is not None:
                fds["credentials"] = self._memory(stack, json.dumps(credentials))
            self.unit = Unit(request, fds, self.out)
        theirs.close()
        report.close()
        self.pipes = {}  # descriptor: (what, bytes)

    @staticmethod
    def _memory(stack, text):
        fd = os.memfd_create("test")
        stack.callback(os.close, fd)
        os.write(fd, text.encode())
        os.lseek(fd, 0, os.SEEK_SET)
        return fd

    def run(self):
        started = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self.link, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(timeout=60) or self._stuck():
                    if key.fileobj is self.link:
                        self._packet(selector)
                    else:
                        self._bytes(selector, key.fd)
        self.unit.wait()
        self.outcome.seconds = time.monotonic() - started
        self.link.close()
        self.report.close()
        result = self.out / "result.json"
        self.outcome.result = json.loads(result.read_text()) if result.exists() else None
        return self.outcome

    def _stuck(self):
        raise AssertionError(f"nothing happens: {self.outcome}")

    def _packet(self, selector):
        text, fds, _, _ = socket.recv_fds(self.link, 1 << 20, 4)
        if not text:
            selector.unregister(self.link)
            return
        packet = json.loads(text)
        outcome = self.outcome
        if "image" in packet:
            with open(fds[0], "rb") as memory:
                outcome.image = json.loads(memory.read())
            wanted = range(len(outcome.image["layers"])) if self.want is None else self.want
            self.link.send(json.dumps({"want": list(wanted)}).encode())
        elif "layer" in packet:
            outcome.order.append(packet["layer"])
            self._pipe(selector, packet["layer"], fds[0])
        elif "stream" in packet:
            outcome.stream = packet["stream"]
            self._pipe(selector, "stream", fds[0])
        elif "note" in packet:
            outcome.notes.append(packet["note"])
        else:
            outcome.done = packet.get("done", False)
            outcome.error = packet.get("error")
        if self.seen:
            self.seen(outcome, self.unit)

    def _pipe(self, selector, what, fd):
        self.pipes[fd] = what, bytearray()
        if self.read and what not in self.stalled:
            selector.register(fd, selectors.EVENT_READ)

    def _bytes(self, selector, fd):
        what, got = self.pipes[fd]
        data = os.read(fd, 1 << 20)
        got += data
        if data and what not in self.left:
            return
        selector.unregister(fd)
        os.close(fd)
        del self.pipes[fd]
        if what == "stream":
            self.outcome.streamed = bytes(got)
        else:
            self.outcome.layers[what] = bytes(got)
        if self.pipes and {name for name, _ in self.pipes.values()} <= self.stalled and len(self.outcome.layers) + len(self.pipes) == len(
                self.outcome.image["layers"]):
            for other in self.pipes:
                selector.register(other, selectors.EVENT_READ)
            self.stalled = set()


def fetch(source, directory, **options):
    return Fetch(source, directory, **options).run()
