# SPDX-License-Identifier: MIT
"""The bus interface: what its XML says of it, and callers that speak it as any user, with the names of errors."""
import contextlib
import json
import os
import pathlib
import pickle
import re
import select
import signal
import socket
import struct
import tempfile
import xml.etree.ElementTree as tree

import dbus
import dbus.lowlevel

import host

NAME = "org.sdme1"
PATH = "/org/sdme1"
MANAGER = "org.sdme1.Manager"
XML = pathlib.Path(__file__).resolve().parents[2] / "dbus"
DOC = "{http://www.freedesktop.org/dbus/1.0/doc.dtd}doc"

ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied"
NEEDS_PASSWORD = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
REFUSALS = (ACCESS_DENIED, NEEDS_PASSWORD)


def error(word):
    return f"org.sdme1.Error.{word}"


def sentence(result, status, *words):
    """The one sentence of a client that failed with this status and one of these errors. It was called with -v."""
    assert result.status == status, result
    assert any(f"[{error(word)}]" in result.err for word in words), result.err
    lines = [line for line in result.err.splitlines() if line.startswith("sdmectl: ")]
    assert len(lines) == 1, f"one sentence, not: {result.err}"
    assert not result.out
    return lines[0]


# ---- the contract ---------------------------------------------------------------------------------

class Method:
    def __init__(self, element):
        self.name = element.get("name")
        self.gate = next(a.get("value") for a in element.findall("annotation") if a.get("name") == "org.sdme1.Gate")
        self.inputs = [(a.get("name"), a.get("type")) for a in element.findall("arg") if a.get("direction") == "in"]
        self.outputs = [(a.get("name"), a.get("type")) for a in element.findall("arg") if a.get("direction") == "out"]
        self.doc = element.findtext(DOC)

    @property
    def signature(self):
        return "".join(kind for _, kind in self.inputs)

    @property
    def makes_job(self):
        return ("job", "t") in self.outputs

    def options(self):
        """Keys of the method's a{sv} and their types, as its documentation names them."""
        text = re.sub(r"\s+", " ", self.doc)
        parts = re.findall(r"(?:Options|Filter|Definition): (.*?)(?:Result:|Asks |Errors |$)", text)
        found = dict(re.findall(r"\b([a-z]+(?:-[a-z]+)*) \((b|s|u|t|q|as|ay)[;,:)]", " ".join(parts)))
        found |= dict(re.findall(r"[Ww]ith option ([a-z-]+) \((\w+)\)", text))
        if self.makes_job:
            found["on-disconnect"] = "s"
        return found


def methods():
    root = tree.parse(XML / "org.sdme1.Manager.xml").getroot()
    return {element.get("name"): Method(element) for element in root.iter("method")}


METHODS = methods()
GATED = {name: method for name, method in METHODS.items() if method.gate != "public"}


# ---- callers --------------------------------------------------------------------------------------

class BusError(Exception):
    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class Fd(int):
    """A file descriptor as an argument: the caller gets its own copy."""


class Caller:
    """A process of the user that stays connected, like a client that waits. Options are {key: (type, value)}."""

    def __init__(self, user, address=None):
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                # Nobody else's pipes: their readers would wait for this process.
                os.dup2(theirs.detach(), 3)
                os.closerange(4, os.sysconf("SC_OPEN_MAX"))
                theirs = socket.socket(fileno=3)
                host.become(user)
                _serve(theirs, address)
            finally:
                os._exit(0)
        theirs.close()

    def begin(self, member, *args, interactive=False, interface=MANAGER, path=PATH, signature=None):
        if signature is None:
            signature = METHODS[member].signature if interface == MANAGER else ""
        fds = []
        packed = [(kind, value) for kind, value in _pack(args, fds)]
        _send(self.ours, (interface, path, member, signature, packed, interactive), fds)

    def answered(self, seconds=0.0):
        return bool(select.select([self.ours], [], [], seconds)[0])

    def finish(self, seconds=60):
        assert self.answered(seconds * host.SLOWER), f"no answer within {seconds * host.SLOWER} s"
        (kind, value), fds = _receive(self.ours)
        if kind == "error":
            raise BusError(*value)
        return _unpack(value, fds)

    def call(self, member, *args, seconds=60, **options):
        self.begin(member, *args, **options)
        return self.finish(seconds)

    def wait_job(self, job, seconds=60):
        state, name, message, result = self.call("WaitJob", job, seconds=seconds)
        if state != "done":
            raise BusError(name, message)
        return result

    def do(self, member, *args, seconds=60):
        """A call that makes a job, to the job's end."""
        made = self.call(member, *args)
        return self.wait_job(made[0] if isinstance(made, tuple) else made, seconds)

    def vanish(self):
        """As by kill -9."""
        os.kill(self.pid, signal.SIGKILL)
        self.close()

    def close(self):
        if self.pid:
            self.ours.close()
            os.waitpid(self.pid, 0)
            self.pid = 0


@contextlib.contextmanager
def caller(user, address=None):
    made = Caller(user, address)
    try:
        yield made
    finally:
        if made.pid:
            os.kill(made.pid, signal.SIGKILL)
        made.close()


def call(user, member, *args, **options):
    with caller(user) as once:
        return once.call(member, *args, **options)


def refusal(user, member, *args, **options):
    """The name of the error that a call ends with, or None."""
    try:
        call(user, member, *args, **options)
    except BusError as refused:
        return refused.name
    return None


def get(user, interface, path, name):
    with caller(user) as once:
        return once.call("Get", interface, name, interface="org.freedesktop.DBus.Properties", path=path, signature="ss")


@contextlib.contextmanager
def signals():
    """Yields a list that holds, once the block is done, every signal that the daemon sent to all meanwhile."""
    seen = []
    with tempfile.TemporaryFile() as out:
        rule = f"type='signal',path_namespace='{PATH}'"
        monitor = host.spawn("root", "busctl", "--json=short", f"--match={rule}", "monitor", stdout=out)

        def listens(word):
            host.run("root", "busctl", "emit", f"{PATH}/test", "test.Probe", word)
            return word.encode() in os.pread(out.fileno(), os.fstat(out.fileno()).st_size, 0)
        try:
            host.until(lambda: listens("Begin"), "the monitor to listen")
            yield seen
            host.until(lambda: listens("End"), "the monitor to have heard all")
        finally:
            host.kill_group(monitor, signal.SIGTERM)
        out.seek(0)
        lines = [json.loads(line) for line in out.read().decode().splitlines() if line.endswith("}")]
        seen += [item for item in lines if item["interface"] != "test.Probe"]


def changes(seen, interface):
    """[(seconds, path, {property: value})] of the PropertiesChanged among signals."""
    return [(item["timestamp-realtime"] / 1e6, item["path"], {key: value["data"] for key, value in item["payload"]["data"][1].items()})
            for item in seen if item["member"] == "PropertiesChanged" and item["payload"]["data"][0] == interface]


# ---- between the test and the caller's process ----------------------------------------------------

def _pack(args, fds):
    for value in args:
        if isinstance(value, Fd):
            fds.append(int(value))
            yield "fd", len(fds) - 1
        else:
            yield "plain", value


def _unpack(value, fds):
    if isinstance(value, tuple) and len(value) == 2 and value[0] == "\0fd":
        return fds[value[1]]
    if isinstance(value, (tuple, list)):
        return type(value)(_unpack(item, fds) for item in value)
    return value


def _send(channel, message, fds):
    data = pickle.dumps(message)
    socket.send_fds(channel, [struct.pack("=Q", len(data))], list(fds))
    channel.sendall(data)


def _receive(channel):
    header, fds, _, _ = socket.recv_fds(channel, 8, 16)
    if len(header) < 8:
        raise EOFError
    size = struct.unpack("=Q", header)[0]
    data = b""
    while len(data) < size:
        piece = channel.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return pickle.loads(data), fds


# ---- in the caller's process ----------------------------------------------------------------------

def _serve(channel, address):
    connection = dbus.connection.Connection(address) if address else dbus.bus.BusConnection(dbus.Bus.TYPE_SYSTEM)
    if address:  # libdbus takes no descriptors before the handshake is done
        connection.call_blocking(None, PATH, "org.freedesktop.DBus.Peer", "Ping", "", ())
    while True:
        try:
            request, fds = _receive(channel)
        except EOFError:
            return
        sent = []
        try:
            answer = ("value", _answer(connection, address, request, fds, sent))
        except dbus.DBusException as refused:
            answer = ("error", (refused.get_dbus_name(), refused.get_dbus_message()))
        except Exception as fault:
            answer = ("error", (f"test.{type(fault).__name__}", str(fault)))
        for fd in fds:
            os.close(fd)
        _send(channel, answer, sent)
        for fd in sent:
            os.close(fd)


def _answer(connection, address, request, fds, sent):
    interface, path, member, signature, packed, interactive = request
    message = dbus.lowlevel.MethodCallMessage(destination=None if address else NAME, path=path, interface=interface, method=member)
    message.set_allow_interactive_authorization(interactive)
    kinds = dbus.Signature(signature)
    args = [dbus.types.UnixFd(fds[value]) if how == "fd" else _to_bus(kind, value)
            for kind, (how, value) in zip(kinds, packed)]
    message.append(*args, signature=signature)
    reply = connection.send_message_with_reply_and_block(message, 600.0)
    values = tuple(_from_bus(value, sent) for value in reply.get_args_list())
    return values[0] if len(values) == 1 else values or None


def _to_bus(kind, value):
    if kind == "a{sv}":
        return dbus.Dictionary({key: _variant(*item) for key, item in value.items()}, signature="sv")
    if kind == "aay":
        return dbus.Array([dbus.Array(list(item), signature="y") for item in value], signature="ay")
    if kind == "ay":
        return dbus.Array(list(value), signature="y")
    if kind == "v":
        return _variant(*value)
    return value


def _variant(kind, value):
    level = {"variant_level": 1}
    plain = {"b": dbus.Boolean, "s": dbus.String, "u": dbus.UInt32, "t": dbus.UInt64, "q": dbus.UInt16, "i": dbus.Int32,
             "d": dbus.Double}
    if kind in plain:
        return plain[kind](value, **level)
    return dbus.Array(list(value), signature=kind[1:], **level)


def _from_bus(value, sent):
    if isinstance(value, dbus.types.UnixFd):
        sent.append(value.take())
        return ("\0fd", len(sent) - 1)
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, (dbus.Dictionary, dict)):
        return {str(key): _from_bus(item, sent) for key, item in value.items()}
    if isinstance(value, dbus.Array) and value.signature == "y":
        return bytes(value)
    if isinstance(value, (dbus.Array, list, dbus.Struct, tuple)):
        return [_from_bus(item, sent) for item in value]
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value)
    return str(value)

