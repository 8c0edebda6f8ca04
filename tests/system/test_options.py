# SPDX-License-Identifier: MIT
"""Options of every method, as its documentation lists them: known, of the right type, and refused otherwise before
anybody is asked."""
import os

import pytest

import bus
import host

# A value of the right type that means something, where not every string does.
WORDS = {"on-disconnect": "continue", "mode": "graceful", "format": "short", "install-packages": "no", "network": "private",
         "profile": "hardened", "restart": "no", "disk": 1 << 30, "memory": 1 << 30, "swap": 0, "io-weight": 50, "cpu-weight": 50,
         "tasks": 100, "oci-pod": ""}
VALUES = {"b": True, "s": "x", "u": 1, "t": 1_000_000, "q": 24, "as": [], "ay": b"/"}
WRONG = {"b": ("s", "yes"), "s": ("b", True), "u": ("t", 1), "t": ("u", 1), "q": ("u", 1), "as": ("s", "/a"), "ay": ("s", "/")}

WITH_OPTIONS = {name: method for name, method in bus.METHODS.items() if "a{sv}" in method.signature}
OPTIONS = [(name, key, kind) for name, method in WITH_OPTIONS.items() for key, kind in sorted(method.options().items())]


@pytest.fixture
def ask(box, trixie, shop):
    """ask(user, member, options): the error's name of a call that is right but for its options."""
    pipes = [os.pipe() for _ in range(3)]
    streams = {"data": pipes[0][0], "in": pipes[0][0], "out": pipes[1][1], "err": pipes[2][1]}

    def values(member, options):
        for name, kind in bus.METHODS[member].inputs:
            if kind == "h":
                yield bus.Fd(streams[name])
            elif name == "name":
                new = {"ImportRootfs": "no-such", "PullRootfs": "no-such", "CreateContainer": "no-such", "CreatePod": "no-such"}
                yield new.get(member) or (trixie if "Rootfs" in member else shop if "Pod" in member else box)
            elif name == "source":
                yield "http://127.0.0.1:1/none"  # of which every option says something
            else:
                yield {"a{sv}": options, "s": trixie if name == "rootfs" else "root", "aay": [b"A=B"], "as": [box], "ay": b"", "t": 1, "i": 1}[kind]

    yield lambda user, member, options: bus.refusal(user, member, *values(member, options))
    for pair in pipes:
        for fd in pair:
            os.close(fd)


def test_there_are_options_to_try():
    assert len(WITH_OPTIONS) >= 19
    assert ("StopContainer", "mode", "s") in OPTIONS and ("CreateContainer", "opaque-dirs", "as") in OPTIONS
    assert ("ListJobs", "owner", "u") in OPTIONS and ("OpenShell", "rows", "q") in OPTIONS


@pytest.mark.parametrize("member", WITH_OPTIONS)
def test_unknown_key(ask, member):
    assert ask("alice", member, {"no-such-key": ("b", True)}) == bus.error("InvalidArgument")


@pytest.mark.parametrize("member, key, kind", OPTIONS)
def test_wrong_type(ask, member, key, kind):
    assert ask("alice", member, {key: WRONG[kind]}) == bus.error("InvalidArgument")


@pytest.mark.parametrize("member, key, kind", OPTIONS)
def test_right_type(ask, member, key, kind):
    value = WORDS.get(key, VALUES[kind])
    error = ask("alice", member, {key: (kind, value)})
    if bus.METHODS[member].gate == "public":
        assert error is None
    else:
        assert error in (*bus.REFUSALS, bus.error("NotFound"), bus.error("NotSupported"), bus.error("InUse"), bus.error("Busy"))  # parsed, and then refused


@pytest.mark.parametrize("member, options", [
    ("StopContainer", {"mode": ("s", "gently")}),
    ("StopContainer", {"timeout-usec": ("t", 0)}),
    ("StartContainer", {"timeout-usec": ("t", 10**15)}),
    ("StartContainer", {"on-disconnect": ("s", "")}),
    ("OpenLog", {"format": ("s", "xml")}),
    ("OpenLog", {"lines": ("u", 2**32 - 1)}),
    ("ImportRootfs", {"origin": ("s", "x" * 4097)}),
    ("ImportRootfs", {"install-packages": ("s", "perhaps")}),
    ("ImportRootfs", {"tag": ("s", "x" * 257)}),
    ("PullRootfs", {"platform": ("s", "x" * 129)}),
    ("PullRootfs", {"credentials": ("s", "user:password")}),
    ("CreateContainer", {"opaque-dirs": ("as", ["relative"])}),
    ("CreateContainer", {"opaque-dirs": ("as", ["/"])}),
    ("CreateContainer", {"opaque-dirs": ("as", ["/a/../b"])}),
    ("CreateContainer", {"opaque-dirs": ("as", ["/a", "/a"])}),
    ("CreateContainer", {"masked-services": ("as", ["no unit"])}),
    ("CreateContainer", {"masked-services": ("as", ["../x.service"])}),
    ("CreateContainer", {"masked-services": ("as", [f"a{i}.service" for i in range(257)])}),
])
def test_bad_value(ask, member, options):
    assert ask("alice", member, options) == bus.error("InvalidArgument")


def test_filters(box, trixie):
    def names(member, **options):
        return [item["name"] for item in bus.call("alice", member, options)]
    assert names("ListContainers", name=("s", box)) == [box]
    assert names("ListContainers", name=("s", "nobody")) == []
    assert box in names("ListContainers", state=("s", "running"))
    assert box not in names("ListContainers", state=("s", "stopped"))
    assert box in names("ListContainers", owner=("u", host.pwd.getpwnam("bob").pw_uid))
    assert box not in names("ListContainers", owner=("u", 0))
    assert names("ListRootfs", name=("s", trixie)) == [trixie]
    imports = bus.call("alice", "ListJobs", {"kind": ("s", "import")})
    assert all(job["kind"] == "import" for job in imports)
