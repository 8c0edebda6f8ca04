# SPDX-License-Identifier: MIT
"""What sdme-fetch gets from registries and other servers, good ones and bad ones: its own unit, and the test at the other end."""
import gzip
import json
import random
import socket
import threading

import pytest

import fetching
import host
import images
import registries
import tars

WRONG = "0" * 64


def noise(size, seed=1):
    """Bytes that no compression makes smaller, the same each time."""
    return random.Random(seed).randbytes(size)


def layer(size, seed=1):
    return tars.Archive().file(f"file-{seed}", noise(size, seed)).bytes()


@pytest.fixture(scope="module")
def known():
    """Images of the registry that misbehaves."""
    image = images.from_layers([layer(300_000, 1), layer(200_000, 2), layer(1000, 3)])
    other = images.from_layers([layer(500, 9)], architecture=images.OTHER)
    found = {"img": image, "other": other, "multi": images.index([(other, images.OTHER), (image, images.ARCHITECTURE)])}
    found["nested"] = images.index([(found["multi"], None)])
    found["without"] = images.index([(other, images.OTHER)])
    found["big"] = images.from_layers([layer(6_000_000, 4), layer(6_000_000, 5)])
    found["many"] = images.from_layers([layer(20_000, seed) for seed in range(20, 60)])
    found["unnamed"] = images.from_layers([layer(900, 6)], change=lambda manifest: manifest.pop("mediaType"))
    return found


@pytest.fixture(scope="module")
def faulty(known):
    with registries.Faulty(known) as registry, registries.insecure(registry.place):
        yield registry
    fetching.PLACE.rmdir()


@pytest.fixture
def directory(faulty):
    made = fetching.Directory()
    yield made
    made.remove()


@pytest.fixture
def pull(faulty, directory):
    """pull("fault/img:1") from the registry that misbehaves."""
    faulty.seen.clear()
    faulty.counts.clear()
    return lambda name, **options: fetching.fetch(f"docker://{faulty.place}/{name}", directory, **options)


# ---- what is good ---------------------------------------------------------------------------------

def test_image(pull, known, directory, faulty):
    outcome = pull("img:1").succeeded(known["img"])
    image = outcome.image
    assert image["manifest"] == known["img"].digest
    assert image["reference"] == f"{faulty.place}/img:1"
    assert outcome.order[0] == 0 and sorted(outcome.order) == [0, 1, 2]
    assert outcome.result["result"] == {}
    left = directory.entries()
    listed = json.loads(left.pop(outcome.image["manifest"].replace(":", "-") + ".image"))
    assert listed == known["img"].entry(annotations={images.REF_NAME: f"{faulty.place}/img:1"})
    assert {name.replace("-", ":"): data for name, data in left.items()} == known["img"].blobs
    assert all(seen.authorization is None for seen in faulty.seen)


def test_by_digest(pull, known):
    image = known["img"]
    pull(f"img@{image.digest}").succeeded(image)
    pull(f"img:nonsense@{image.digest}").succeeded(image)


def test_platforms(pull, known, faulty):
    assert pull("multi:1").succeeded(known["img"]).image["manifest"] == known["img"].digest
    assert pull("nested:1").succeeded(known["img"])
    assert pull("multi:1", platform=f"linux/{images.OTHER}").succeeded(known["other"])
    pull("without:1").failed("NotFound", images.ARCHITECTURE, images.OTHER)
    pull("other:1").failed("NotSupported")
    pull("unnamed:1").succeeded(known["unnamed"])


def test_only_what_is_wanted(pull, known, faulty):
    outcome = pull("img:1", want=[1])
    assert outcome.done and set(outcome.layers) == {1} and outcome.layers[1] == known["img"].layers[1]
    assert len(faulty.requests("/blobs/")) == 2  # and the configuration
    faulty.seen.clear()
    outcome = pull("img:1", want=[])
    assert outcome.done and not outcome.layers
    assert len(faulty.requests("/blobs/")) == 1


def test_many_layers(pull, known):
    outcome = pull("many:1", network={"parallel": 5}).succeeded(known["many"])
    assert sorted(outcome.order) == list(range(40))


def test_slow_reader_holds_up_no_other(pull, known, directory):
    """The first layer is larger than a pipe and is not read: the others come, and it too is on disk by then."""
    def all_there(outcome, _):
        if len(outcome.order) == 2:
            name = images.digest(known["big"].layers[0]).replace(":", "-")
            host.until(lambda: (directory.blobs / name).exists(), "the layer that nobody reads")
    outcome = pull("big:1", stalled=[0], network={"parallel": 1}, seen=all_there).succeeded(known["big"])
    assert outcome.order == [0, 1]


def test_user_agent_and_types(pull, faulty, known):
    seen = []
    answer = faulty.server.answer
    faulty.server.answer = lambda request, body: (seen.append(request.headers), answer(request, body))
    try:
        pull("img:1").succeeded(known["img"])
    finally:
        faulty.server.answer = answer
    assert all(headers["User-Agent"].startswith("sdmed/") for headers in seen)
    assert any(images.INDEX in headers.get("Accept", "") and images.DOCKER + "list.v2+json" in headers["Accept"] for headers in seen)


# ---- the cache ------------------------------------------------------------------------------------

def test_cache(pull, known, directory, faulty):
    pull("img:1").succeeded(known["img"])
    directory.to_cache()
    faulty.seen.clear()
    pull("img:1").succeeded(known["img"])
    assert not faulty.requests("/blobs/")
    used = {name.removesuffix(".used") for name in directory.entries() if name.endswith(".used")}
    assert used == {name.replace(":", "-") for name in known["img"].blobs if name != known["img"].digest}
    pull("img:1", use_cache=False).succeeded(known["img"])
    assert len(faulty.requests("/blobs/")) == 4


def test_damaged_cache(pull, known, directory, faulty):
    pull("img:1").succeeded(known["img"])
    directory.to_cache()
    damaged = directory.cache / "blobs/sha256" / images.digest(known["img"].layers[0]).split(":")[1]
    data = bytearray(damaged.read_bytes())
    data[1000] ^= 1
    damaged.write_bytes(data)
    faulty.seen.clear()
    pull("img:1").succeeded(known["img"])
    assert len(faulty.requests("/blobs/")) == 1
    assert directory.entries()[images.digest(known["img"].layers[0]).replace(":", "-")] == known["img"].layers[0]


def partial(directory, data, size, spoil=None):
    kept = bytearray(data[:size])
    if spoil:
        kept[int(size * spoil)] ^= 1
    path = directory.cache / "partial" / (images.digest(data).replace(":", "-") + ".part")
    path.write_bytes(kept)
    return path


@pytest.mark.parametrize("size", [1, 100_000, "all"])
def test_resumed_from_the_cache(pull, known, directory, faulty, size):
    data = known["img"].layers[0]
    size = len(data) if size == "all" else size
    partial(directory, data, size)
    pull("img:1").succeeded(known["img"])
    ranges = [seen.range for seen in faulty.requests(images.digest(data))]
    assert ranges == ([] if size == len(data) else [f"bytes={size}-"])


@pytest.mark.parametrize("size", [100_000, "all"])
def test_wrong_partial_is_fetched_anew(pull, known, directory, size):
    data = known["img"].layers[0]
    partial(directory, data, len(data) if size == "all" else size, spoil=0.5)
    pull("img:1").succeeded(known["img"])


def test_wrong_partial_does_not_come_back(pull, known, directory):
    """It is fetched anew, and that is broken off as well: what is kept then is right."""
    data = known["img"].layers[0]
    partial(directory, data, len(data), spoil=0.9)
    pull("truncated.99/no-range/img:1", network={"retries": 1}).failed("NetworkFailed")
    kept = directory.entries()[images.digest(data).replace(":", "-") + ".part"]
    assert kept and data.startswith(kept)


@pytest.mark.parametrize("fault", ["no-range", "wrong-range", "unsatisfiable"])
def test_partial_and_a_server_without_ranges(pull, known, directory, fault):
    partial(directory, known["img"].layers[0], 100_000)
    pull(f"{fault}/img:1").succeeded(known["img"])


def test_broken_off_is_kept(pull, known, directory, faulty):
    outcome = pull("truncated.99/no-range/img:1", network={"retries": 1})
    outcome.failed("NetworkFailed", faulty.place)
    parts = {name: data for name, data in directory.entries().items() if name.endswith(".part")}
    assert parts
    for name, data in parts.items():
        assert known["img"].blobs[name.removesuffix(".part").replace("-", ":")].startswith(data) and data
    directory.to_cache()
    faulty.seen.clear()
    pull("img:1").succeeded(known["img"])
    assert any(seen.range for seen in faulty.requests("/blobs/"))


# ---- servers that fail ----------------------------------------------------------------------------

@pytest.mark.parametrize("fault", ["busy.2", "busy-date.1", "down.2"])
def test_waits_and_tries_again(pull, known, faulty, fault):
    outcome = pull(f"{fault}/img:1").succeeded(known["img"])
    assert any(faulty.place in note for note in outcome.notes), outcome.notes
    assert all(note.isprintable() for note in outcome.notes)


def test_waits_no_day(pull, faulty):
    outcome = pull("busy-long/img:1")
    outcome.failed("NetworkFailed", "86400 s")
    assert outcome.seconds < 20 * host.SLOWER


def test_gives_up(pull, faulty):
    pull("down.99/img:1", network={"retries": 2}).failed("NetworkFailed", "503")
    assert len(faulty.requests("/manifests/")) == 3


@pytest.mark.parametrize("fault", ["truncated.1", "truncated.3", "truncated.1/no-range", "truncated.1/wrong-range",
                                   "truncated.1/unsatisfiable", "truncated.1/chunked"])
def test_resumes(pull, known, faulty, fault):
    pull(f"{fault}/big:1").succeeded(known["big"])
    ranges = [seen.range for seen in faulty.requests("/blobs/") if seen.range]
    assert ranges or "chunked" in fault


def test_never_splices(pull, faulty):
    """What came first and what came later are not of one blob."""
    pull("changing/truncated.1/big:1").failed("VerificationFailed", "sha256:")


def test_killed_and_resumed(pull, known, directory, faulty):
    def kill(outcome, unit):
        if outcome.order:
            name = images.digest(known["big"].layers[0]).replace(":", "-") + ".part"
            host.until(lambda: (directory.blobs / name).exists() and (directory.blobs / name).stat().st_size >= 100, "a part")
            unit.kill("TERM")
    outcome = pull("slow/big:1", seen=kill, network={"low_speed_sec": 60})
    assert not outcome.done and outcome.seconds < 10 * host.SLOWER
    assert any(name.endswith(".part") for name in directory.entries())
    directory.to_cache()
    pull("big:1").succeeded(known["big"])
    assert "bytes=100-" in [seen.range for seen in faulty.seen]


def test_too_slow_is_given_up(pull):
    outcome = pull("slow/img:1", network={"retries": 1, "low_speed_sec": 1})
    outcome.failed("NetworkFailed", "does not answer in time")


def test_the_other_unit_is_gone(faulty, directory):
    """Nobody is left to unpack: it ends by itself."""
    run = fetching.Fetch(f"docker://{faulty.place}/slow/big:1", directory, network={"low_speed_sec": 60})
    run.seen = lambda outcome, _: outcome.order and run.link.shutdown(socket.SHUT_RDWR)
    outcome = run.run()
    assert outcome.seconds < 10 * host.SLOWER and outcome.result["error"]["code"] == "Cancelled"


def test_layer_that_is_not_read_to_its_end(faulty, directory):
    """Whoever unpacks found fault with it: that is no failure of a server, also where one then fails."""
    run = fetching.Fetch(f"docker://{faulty.place}/half/big:1", directory, network={"retries": 0, "low_speed_sec": 5}, left=[0])
    outcome = run.run()
    outcome.failed("Cancelled")
    assert outcome.seconds < 4 * host.SLOWER, "before the server is given up"


# ---- servers that lie -----------------------------------------------------------------------------

@pytest.mark.parametrize("fault", ["flipped", "long", "short", "long-chunked"])
def test_wrong_layers(pull, directory, fault, known):
    message = pull(f"{fault}/img:1").failed("VerificationFailed", "sha256:")
    wrong = next(name for name in known["img"].blobs if name in message).replace(":", "-")
    assert not {wrong, wrong + ".part"} & set(directory.entries())


def test_wrong_configuration(pull):
    pull("flipped-config/img:1").failed("VerificationFailed", "configuration")


def test_wrong_manifest(pull, known):
    digest = known["img"].digest
    pull(f"flipped-manifest/img@{digest}").failed("VerificationFailed", digest)
    pull("flipped-manifest/multi:1").failed("VerificationFailed")  # the index is right by itself, what it names is not
    pull(f"lying-digest/img:1").succeeded(known["img"])
    pull(f"img@sha256:{WRONG}").failed("NotFound", WRONG)


@pytest.mark.parametrize("fault", ["type-index", "type-docker", "type-text"])
def test_lying_media_types(pull, known, fault):
    digest = known["img"].digest
    pull(f"{fault}/img:1").failed("Corrupt", "which it is not")
    pull(f"{fault}/img@{digest}").succeeded(known["img"])


@pytest.mark.parametrize("fault", ["parameters", "type-none", "chunked", "gzipped"])
def test_odd_answers(pull, known, fault):
    pull(f"{fault}/img:1").succeeded(known["img"])


@pytest.mark.parametrize("fault", ["huge", "bomb"])
def test_huge_manifest(pull, fault):
    outcome = pull(f"{fault}/img:1")
    outcome.failed("NetworkFailed", "larger than 4194304 bytes")


def test_redirections(pull, known, faulty):
    credentials = {"auths": {faulty.place: {"username": registries.USER, "password": registries.PASSWORD}}}
    pull("password/elsewhere/img:1", credentials=credentials).succeeded(known["img"])
    here = [seen for seen in faulty.requests("/blobs/") if seen.port == faulty.server.server_port]
    there = [seen for seen in faulty.requests("/blobs/") if seen.port == faulty.other.server_port]
    assert here and all(seen.authorization.startswith("Basic ") for seen in here)
    assert len(there) == 4 and all(seen.authorization is None for seen in there)  # though it is the same address
    pull("loop/img:1").failed("NetworkFailed", "redirects more than 10 times")


def test_refusals(pull, faulty):
    pull("forbidden/img:1").failed("AccessDenied", "DENIED: not for you", "none were given")
    pull("nothing:1").failed("NotFound", "nothing:1", faulty.place)
    pull("missing/img:1").failed("NotFound", "img:1", "BLOB_UNKNOWN")


def test_limits(pull, known):
    pull("img:1", limit=250_000).failed("LimitExceeded", "FetchMaxBytes")
    outcome = pull("img:1", limit=250_000, want=[1, 2])
    assert outcome.done and set(outcome.layers) == {1, 2}


@pytest.mark.parametrize("source", ["docker://UPPER", "docker://x@sha256:short", "docker://x:", "ftp://localhost/x", "x", "http://",
                                    "http://user:pw@127.0.0.1:1/x"])
def test_bad_sources(directory, faulty, source):
    faulty.seen.clear()
    message = fetching.fetch(source, directory).failed("InvalidArgument")
    assert "pw" not in message and not faulty.seen


# ---- who may --------------------------------------------------------------------------------------

def test_passwords(pull, known, faulty):
    pull("password/img:1").failed("AccessDenied", "none were given")
    entry = {"username": registries.USER, "password": "wrong"}
    message = pull("password/img:1", credentials={"auths": {faulty.place: entry}}).failed("AccessDenied", "refuses the credentials")
    assert "wrong" not in message
    good = {"username": registries.USER, "password": registries.PASSWORD}
    for place in (faulty.place, f"{faulty.place}/password", f"{faulty.place}/password/img"):
        pull("password/img:1", credentials={"auths": {place: good, f"{faulty.place}/other": entry}}).succeeded(known["img"])
    faulty.seen.clear()
    pull("password/img:1", credentials={"auths": {"127.0.0.1": good, "127.0.0.1:1": good}}).failed("AccessDenied")
    assert all(seen.authorization is None for seen in faulty.seen)


def test_token_ends_for_good(pull, faulty):
    pull("expired.2/img:1").failed("NetworkFailed", "token server")


def test_unreachable(directory, faulty):
    fetching.fetch("docker://127.0.0.1:9/x", directory).failed("NetworkFailed", "cannot be reached")
    fetching.fetch("docker://nothing.invalid/x", directory).failed("NetworkFailed", "nothing.invalid")


def test_not_without_encryption(known, directory):
    with registries.Faulty(known) as registry:
        fetching.fetch(f"docker://{registry.place}/img:1", directory).failed("NetworkFailed", "registries.conf.d")
        assert not registry.seen


# ---- what the host's configuration says -----------------------------------------------------------

def test_mirrors(known, directory, faulty):
    faulty.seen.clear()
    text = f'''
[[registry]]
prefix = "registry.invalid"
location = "{faulty.place}"
insecure = true
[[registry.mirror]]
location = "127.0.0.1:9"
[[registry.mirror]]
location = "{faulty.place}/missing"
insecure = true
[[registry]]
prefix = "blocked.invalid"
blocked = true
'''
    with registries.configuration(text):
        outcome = fetching.fetch("docker://registry.invalid/img:1", directory).succeeded(known["img"])
        assert outcome.image["reference"] == "registry.invalid/img:1"
        fetching.fetch("docker://blocked.invalid/img:1", directory).failed("AccessDenied", "blocked")
    assert any("/v2/missing/img/manifests" in seen.path for seen in faulty.seen)


def test_short_names(known, directory, faulty):
    text = f'unqualified-search-registries = ["127.0.0.1:9", "{faulty.place}"]\nshort-name-mode = "permissive"\n'
    text += f'[aliases]\n"mine" = "{faulty.place}/img"\n'
    with registries.configuration(text):
        fetching.fetch("docker://img:1", directory).succeeded(known["img"])
        fetching.fetch("docker://mine", directory).succeeded(known["img"])
    with registries.configuration(text.replace("permissive", "enforcing")):
        fetching.fetch("docker://img:1", directory).failed("InvalidArgument", "127.0.0.1:9/img:1", f"{faulty.place}/img:1")


def test_policy(pull, known, faulty):
    accept, reject = [{"type": "insecureAcceptAnything"}], [{"type": "reject"}]
    faulty.seen.clear()
    with registries.policy({"default": reject, "transports": {"docker": {f"{faulty.place}/img": accept}}}):
        pull("multi:1").failed("AccessDenied", "rejects")
        assert not faulty.seen
        pull("img:1").succeeded(known["img"])
    with registries.policy({"default": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k"}]}):
        pull("img:1").failed("NotSupported", "signature")
    with registries.policy('{"default": []}'):
        pull("img:1").failed("InvalidArgument", "policy.json")


# ---- real registries ------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def lab(faulty, tmp_path_factory):
    """An image for two platforms in registries of three kinds."""
    folder = tmp_path_factory.mktemp("lab")
    image = images.from_layers([layer(100_000, 11), layer(50_000, 12)])
    other = images.from_layers([layer(2000, 13)], architecture=images.OTHER)
    layout = images.write_layout(images.index([(image, images.ARCHITECTURE), (other, images.OTHER)]), folder / "layout")
    with registries.Lab(folder) as made:
        made.image, made.other, made.layout = image, other, layout
        for target in ("plain/t/multi", "basic/priv/multi", "bearer/public/multi", "bearer/priv/multi"):
            made.push(f"oci:{layout}:1", target, "--all")
        yield made


def test_plain(lab, directory):
    outcome = fetching.fetch(f"docker://{lab.plain}/t/multi:1", directory).succeeded(lab.image)
    assert outcome.image["manifest"] == lab.image.digest
    fetching.fetch(f"docker://{lab.plain}/t/multi:1", directory, platform=f"linux/{images.OTHER}").succeeded(lab.other)
    fetching.fetch(f"docker://{lab.plain}/t/multi@{lab.image.digest}", directory).succeeded(lab.image)
    fetching.fetch(f"docker://{lab.plain}/t/none:1", directory).failed("NotFound", "t/none:1")


@pytest.mark.parametrize("kind", ["v2s2", "zstd", "tar"])
def test_other_formats(lab, directory, kind, tmp_path):
    single = images.write_layout(lab.image, tmp_path / "single")
    if kind == "v2s2":
        lab.push(f"oci:{single}:1", f"plain/t/{kind}", "--format=v2s2")
    else:
        images.copy(f"oci:{single}:1", f"dir:{tmp_path}/plain", "--dest-decompress")
        options = ["--dest-compress-format=zstd"] if kind == "zstd" else ["--dest-oci-accept-uncompressed-layers"]
        images.copy(f"dir:{tmp_path}/plain", f"oci:{tmp_path}/{kind}:1", *options)
        lab.push(f"oci:{tmp_path}/{kind}:1", f"plain/t/{kind}", "--preserve-digests")
    outcome = fetching.fetch(f"docker://{lab.plain}/t/{kind}:1", directory)
    assert outcome.done, outcome
    unpacked = {"v2s2": gzip.decompress, "tar": bytes, "zstd": tars.unzstd}[kind]
    diff_ids = [images.digest(unpacked(outcome.layers[place])) for place in sorted(outcome.layers)]
    assert diff_ids == [images.digest(gzip.decompress(one)) for one in lab.image.layers]
    assert json.loads(outcome.image["config"])["rootfs"]["diff_ids"] == diff_ids


def test_encrypted_with_a_password(lab, directory):
    source = f"docker://{lab.basic}/priv/multi:1"
    fetching.fetch(source, directory).failed("AccessDenied", "none were given")
    fetching.fetch(source, directory, credentials=lab.credentials(lab.basic)).succeeded(lab.image)
    wrong = {"auths": {lab.basic: {"username": registries.USER, "password": "no"}}}
    fetching.fetch(source, directory, credentials=wrong).failed("AccessDenied", "refuses the credentials")


def test_certificates_are_verified(lab, directory):
    with registries.configuration(""):
        place = "127.0.0.1:5443"  # its directory of certificates is that of localhost:5443
        fetching.fetch(f"docker://{place}/priv/multi:1", directory, credentials=lab.credentials(place)).failed(
            "NetworkFailed", "certificate")
    with registries.insecure("127.0.0.1:5443"):
        fetching.fetch(f"docker://{place}/priv/multi:1", directory, credentials=lab.credentials(place)).succeeded(lab.image)


def test_tokens(lab, directory):
    lab.tokens.asked.clear()
    fetching.fetch(f"docker://{lab.bearer}/public/multi:1", directory).succeeded(lab.image)
    method, query, shown = lab.tokens.asked[0]
    assert (method, query["scope"], query["service"], shown) == ("GET", ["repository:public/multi:pull"], ["test"], "")
    fetching.fetch(f"docker://{lab.bearer}/priv/multi:1", directory).failed("AccessDenied", "none were given")
    lab.tokens.asked.clear()
    fetching.fetch(f"docker://{lab.bearer}/priv/multi:1", directory, credentials=lab.credentials(lab.bearer)).succeeded(lab.image)
    method, query, shown = lab.tokens.asked[0]
    assert (method, query["account"], shown) == ("GET", [registries.USER], "Basic")


def test_realm_of_another_host(directory, faulty, known):
    """Where a registry redirects to, a token server may be named: it does not get what is for the registry."""
    shown = []

    def ask(request, _):
        shown.append(request.headers.get("Authorization"))
        request.send(401, WWW_Authenticate=f'Bearer realm="http://{thief.place}/token",service="x"')

    def front(request, body):
        if request.path == "/v2/":
            return request.send(302, Location=f"http://{thief.place}/v2/")
        return faulty.answer(request, body)
    with registries.Server(ask) as thief, registries.Server(front) as server, registries.insecure(server.place):
        fetching.fetch(f"docker://{server.place}/img:1", directory, credentials=registries.Lab.credentials(server.place)).succeeded(known["img"])
    assert shown == [None]


def test_identity_tokens(lab, directory):
    lab.tokens.asked.clear()
    source = f"docker://{lab.bearer}/priv/multi:1"
    fetching.fetch(source, directory, credentials={"auths": {lab.bearer: {"identitytoken": registries.REFRESH}}}).succeeded(lab.image)
    method, query, shown = lab.tokens.asked[0]
    assert (method, query["grant_type"], shown) == ("POST", ["refresh_token"], "")
    fetching.fetch(source, directory, credentials={"auths": {lab.bearer: {"identitytoken": "old"}}}).failed("AccessDenied")


def test_token_ends_in_the_middle(lab, directory):
    """The registry does not take the first token for blobs any more: another is asked for, and all goes on."""
    lab.tokens.asked.clear()
    lab.tokens.spoil_after_first = True
    try:
        fetching.fetch(f"docker://{lab.bearer}/public/multi:1", directory).succeeded(lab.image)
    finally:
        lab.tokens.spoil_after_first = False
    assert len(lab.tokens.asked) >= 2


def test_credentials_that_are_none(lab, directory):
    outcome = fetching.fetch(f"docker://{lab.plain}/t/multi:1", directory, credentials=["s3cret"])
    assert "s3cret" not in outcome.failed("InvalidArgument", "credentials")


# ---- files of web servers -------------------------------------------------------------------------

class Web:
    """A file, and how a server may give it."""

    def __init__(self, data, tag='"one"', ranges=True, cut=0, length=True, change=False, status=200, location=None, part=False):
        self.data, self.tag, self.ranges, self.cut, self.length, self.part = data, tag, ranges, cut, length, part
        self.change, self.status, self.location = change, status, location
        self.seen = []

    def answer(self, request, _):
        self.seen.append(dict(request.headers))
        count = len(self.seen)
        if self.location and count == 1:
            return request.send(302, Location=self.location)
        if self.status != 200:
            return request.send(self.status, b"no")
        data, status, more = self.data, 200, {"ETag": self.tag}
        wanted = request.headers.get("Range")
        if wanted and self.ranges and request.headers.get("If-Range") == self.tag:
            first = int(wanted.removeprefix("bytes=").split("-")[0])
            last = min(first + 1000, len(data) - 1) if self.part else len(data) - 1
            status, data = 206, data[first:last + 1]
            more["Content-Range"] = f"bytes {first}-{last}/{len(self.data)}"
        elif self.change and count > 1:
            data = bytes([data[0] ^ 1]) + data[1:]
        length = len(data)
        if count <= self.cut:
            data = data[:len(data) * 6 // 10]
            request.close_connection = True
        if not self.length and status == 200:
            return self.in_chunks(request, data, whole=len(data) == length, more=more)
        return request.send(status, data, **{"Content-Length": length} | more)

    @staticmethod
    def in_chunks(request, data, whole, more):
        """So that its end is seen, and its size before that is not."""
        request.send(200, b"%x\r\n%s\r\n" % (len(data), data) + (b"0\r\n\r\n" if whole else b""),
                     **{"Content-Length": None, "Transfer-Encoding": "chunked"} | more)


@pytest.fixture
def web(directory):
    """web(data, …) -> (the server's file, what came)"""
    def get(data, path="/files/root%20fs.tar.gz?x=y#z", options=None, **how):
        file = Web(data, **how)
        with registries.Server(file.answer) as server:
            if how.get("location") == "again":
                file.location = f"http://localhost:{server.server_port}/other"
            return file, fetching.fetch(f"http://{server.place}{path}", directory, **options or {})
    return get


FILE = noise(3_000_000)


def test_file(web, directory):
    file, outcome = web(FILE)
    assert outcome.done and outcome.streamed == FILE, outcome.error
    assert outcome.stream == {"name": "root fs.tar.gz", "size": len(FILE)}
    assert len(file.seen) == 1 and file.seen[0]["User-Agent"].startswith("sdmed/")
    assert not directory.entries()


def test_file_of_unknown_size(web):
    _, outcome = web(FILE, length=False)
    assert outcome.done and outcome.streamed == FILE and outcome.stream["size"] == 0
    _, outcome = web(FILE, length=False, options={"limit": 1_000_000})
    outcome.failed("LimitExceeded")


@pytest.mark.parametrize("how", [{"cut": 2}, {"cut": 1, "ranges": False}, {"cut": 1, "tag": None}, {"cut": 2, "tag": 'W/"weak"'}])
def test_file_resumes(web, how):
    file, outcome = web(FILE, **how)
    assert outcome.done and outcome.streamed == FILE, outcome.error
    assert [("Range" in seen) for seen in file.seen[1:]] == [how.get("tag", "x") == "x"] * (len(file.seen) - 1)


def test_file_of_which_a_part_comes(web):
    """A server may send less of the rest than it was asked for: that is not the end of the file."""
    _, outcome = web(FILE, cut=1, length=False, part=True)
    assert outcome.done and outcome.streamed == FILE, outcome.error


def test_file_that_is_not_read_to_its_end(directory):
    """Not the server's fault, though it stands still."""
    released = threading.Event()

    def answer(request, _):
        request.send(200, FILE[:1000], Content_Length=len(FILE))
        released.wait(60)
    with registries.Server(answer) as server:
        run = fetching.Fetch(f"http://{server.place}/x", directory, network={"low_speed_sec": 5}, left=["stream"])
        outcome = run.run()
        released.set()
    outcome.failed("Cancelled")
    assert outcome.seconds < 4 * host.SLOWER


def test_file_that_changes(web):
    _, outcome = web(FILE, cut=1, ranges=False, change=True)
    outcome.failed("NetworkFailed", "changed")


def test_file_refusals(web):
    web(b"", status=404)[1].failed("NotFound", "files")
    web(b"", status=403)[1].failed("AccessDenied")
    web(FILE, options={"limit": 1_000_000})[1].failed("LimitExceeded", "FetchMaxBytes")
    assert web(b"")[1].streamed == b""


def test_file_elsewhere(web):
    _, outcome = web(FILE, location="again")
    assert outcome.done and outcome.streamed == FILE and outcome.stream["name"] == "root fs.tar.gz"


def test_never_from_encrypted_to_not(lab, directory):
    plain = Web(FILE)
    with registries.Server(plain.answer) as target:
        def redirect(request, _):
            request.send(302, Location=f"http://{target.place}/x")
        with registries.Server(redirect, tls=lab.certificate) as server, registries.trusted(f"localhost:{server.server_port}", lab.authority):
            outcome = fetching.fetch(f"https://localhost:{server.server_port}/x", directory)
    outcome.failed("NetworkFailed", "from https to http")
    assert not plain.seen


def test_memory_stays_small(web, faulty, known, directory):
    """Whatever the size: the kernel counts what the process itself needs."""
    peak = []

    def look(outcome, unit):
        if len(outcome.order) == 2 and not peak:
            status = open(f"/proc/{unit.pid()}/status", encoding="ascii").read()
            peak.append(int(status.split("RssAnon:")[1].split()[0]))
    fetching.fetch(f"docker://{faulty.place}/big:1", directory, stalled=[0], seen=look).succeeded(known["big"])
    assert peak and max(peak) < 20 * 1024, peak
