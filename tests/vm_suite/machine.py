# SPDX-License-Identifier: MIT
"""A virtual machine under qemu's emulation: turned on, asked, turned off and cut off from its power. Commands go to agent.py in it,
over a serial port. Everything that waits waits for an answer; an emulated machine is ten times slower than a real one."""
import dataclasses
import itertools
import json
import pathlib
import queue
import socket
import subprocess
import threading
import time

BOOT_SECONDS = 300
COMMAND_SECONDS = 240


@dataclasses.dataclass
class Result:
    status: int
    out: str
    err: str

    def ok(self):
        assert self.status == 0, f"status {self.status}: {self.err}{self.out}"
        return self.out.strip()

    def json(self):
        return json.loads(self.ok())


class Pending:
    """A command that was sent."""

    def __init__(self):
        self._answer = queue.Queue()

    def answered(self, result):
        self._answer.put(result)

    def wait(self, timeout=COMMAND_SECONDS):
        try:
            result = self._answer.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no answer in {timeout} s") from None
        assert result is not None, "the machine went off before it answered"
        return result

    def wait_up_to(self, seconds):
        """The answer, or None if there is none by then."""
        try:
            return self._answer.get(timeout=seconds)
        except queue.Empty:
            return None


def overlay(folder, name, below, kind="qcow2"):
    """A disk that shows another and takes what is written."""
    path = folder / name
    path.unlink(missing_ok=True)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(below), "-F", kind, str(path)], check=True)
    return path


class Machine:
    def __init__(self, folder, disk):
        self.folder, self.disk = pathlib.Path(folder), disk
        self._process = self._connection = None
        self._numbers = itertools.count(1)
        self._pending = {}
        self._boots = queue.Queue()

    # ---- power ------------------------------------------------------------------------------------

    def power_on(self):
        """Boots, and returns when systemd has nothing more to do."""
        assert not self._process, "it is on"
        address = self.folder / "agent.sock"
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(address))
            listener.listen()
            listener.settimeout(30)
            self._process = subprocess.Popen(self._command(address), stdin=subprocess.DEVNULL)
            self._connection, _ = listener.accept()
        threading.Thread(target=self._read, args=(self._connection,), daemon=True).start()
        self._wait_for_boot()
        return self

    def cut(self):
        """No more power: what the machine had not written yet is lost, and what the disk had not been told to keep may be."""
        self._process.kill()
        self._gone()

    def power_off(self):
        """An orderly end."""
        self.start("root", "systemctl", "poweroff")
        self._process.wait(timeout=BOOT_SECONDS)
        self._gone()

    def reboot(self):
        """Shuts down and boots again, as `reboot` does."""
        self.start("root", "systemctl", "reboot")
        self._wait_for_boot()

    def is_off(self):
        return self._process is None

    def off(self):
        """However it takes."""
        if self._process:
            self.cut()

    def _command(self, address):
        # Whatever becomes of the suite, the machine ends with it.
        return ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2560",
                "-nodefaults", "-display", "none", "-nic", "none",
                "-kernel", str(self.folder / "kernel"), "-initrd", str(self.folder / "initrd"),
                "-append", "root=/dev/vda rw rootflags=prjquota console=ttyS0 quiet mitigations=off systemd.show_status=no systemd.mask=serial-getty@ttyS0.service",
                "-serial", f"file:{self.folder / 'console.log'}",
                "-drive", f"file={self.disk},if=virtio,format=qcow2,cache=writeback",
                "-drive", f"file={self.folder / 'web.tar'},if=virtio,format=raw,readonly=on",
                "-drive", f"file={self.folder / 'trixie.tar'},if=virtio,format=raw,readonly=on",
                "-device", "virtio-rng-pci", "-device", "virtio-serial-pci", "-chardev", f"socket,id=agent,path={address}",
                "-device", "virtserialport,chardev=agent,name=sdmed"]

    def _wait_for_boot(self):
        try:
            self._boots.get(timeout=BOOT_SECONDS)
        except queue.Empty:
            raise AssertionError("it does not boot; its console said:\n" + self.console()) from None
        self.run("root", "systemctl", "is-system-running", "--wait", timeout=BOOT_SECONDS)

    def console(self):
        shown = (self.folder / "console.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(shown.splitlines()[-40:])

    def _gone(self):
        self._process.wait()
        self._process = None
        self._connection.close()
        for pending in self._pending.values():
            pending.answered(None)
        self._pending.clear()

    # ---- commands ---------------------------------------------------------------------------------

    def start(self, user, *argv, stdin=None):
        """Sends a command of a user, with a file of the machine as its input."""
        number, pending = next(self._numbers), Pending()
        self._pending[number] = pending
        request = {"id": number, "user": user, "argv": [str(word) for word in argv], "stdin": stdin}
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        return pending

    def run(self, user, *argv, stdin=None, timeout=COMMAND_SECONDS):
        return self.start(user, *argv, stdin=stdin).wait(timeout)

    def shell(self, script, timeout=COMMAND_SECONDS):
        return self.run("root", "sh", "-c", script, timeout=timeout)

    def sdmectl(self, *words, user="bob", **options):
        return self.run(user, "sdmectl", *words, **options)

    def _read(self, connection):
        try:
            for line in connection.makefile("rb"):
                self._take(line)
        except OSError:
            pass  # cut off

    def _take(self, line):
        try:
            answer = json.loads(line)
        except ValueError:
            return  # half a line of a machine that went off
        if "boot" in answer:
            self._boots.put(answer["boot"])
        elif pending := self._pending.pop(answer["id"], None):
            pending.answered(Result(answer["status"], answer["out"], answer["err"]))


def until(condition, what="it", seconds=120.0):
    """Asks until the condition is true, and returns what it returned. Each question takes its time."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"


