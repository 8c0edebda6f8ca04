# SPDX-License-Identifier: MIT
"""Registries on the loopback of the host: docker-registry without encryption, with TLS and passwords, with bearer tokens;
and one of ours that misbehaves. Each is a context manager, and nothing of it is left afterwards."""
import base64
import collections
import contextlib
import datetime
import functools
import gzip
import http.server
import ipaddress
import json
import os
import pathlib
import signal
import ssl
import subprocess
import threading
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

import host
import images

USER, PASSWORD = "alice", "s3cret"
REFRESH = "refresh-token-of-alice"
CONTAINERS = pathlib.Path("/etc/containers")


# ---- certificates ---------------------------------------------------------------------------------

class Authority:
    """A certificate authority for a day."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.key = rsa.generate_private_key(65537, 2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.certificate = self._sign(self.name, self.key, [(x509.BasicConstraints(True, None), True)])
        self.path = self._write("ca", self.certificate, self.key)[0]

    def _sign(self, subject, key, extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                   .not_valid_after(now + datetime.timedelta(days=1)))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def _write(self, word, certificate, key):
        paths = self.folder / f"{word}.crt", self.folder / f"{word}.key"
        paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))
        return paths

    def issue(self, word):
        """(path of a certificate for localhost, path of its key)"""
        key = rsa.generate_private_key(65537, 2048)
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, word)])
        return self._write(word, self._sign(subject, key, [(names, False)]), key)


# ---- the host's configuration ---------------------------------------------------------------------

@contextlib.contextmanager
def configuration(text):
    """One more file of registries.conf.d, beside those that are there."""
    path = CONTAINERS / "registries.conf.d" / f"{host.unique('test')}.conf"
    path.write_text(text)
    try:
        yield
    finally:
        path.unlink()


def insecure(*places):
    return configuration("".join(f'[[registry]]\nlocation = "{place}"\ninsecure = true\n' for place in places))


@contextlib.contextmanager
def trusted(place, authority):
    folder = CONTAINERS / "certs.d" / place
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_bytes(authority.path.read_bytes())
    try:
        yield
    finally:
        (folder / "ca.crt").unlink()
        folder.rmdir()


@contextlib.contextmanager
def policy(document):
    path = CONTAINERS / "policy.json"
    kept = path.read_bytes()
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    try:
        yield
    finally:
        path.write_bytes(kept)


# ---- docker-registry ------------------------------------------------------------------------------

@contextlib.contextmanager
def docker_registry(folder, port, tls=None, auth=None):
    """A registry at 127.0.0.1:PORT."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    configured = {"version": 0.1, "log": {"level": "error", "accesslog": {"disabled": True}},
                  "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}},
                  "http": {"addr": f"127.0.0.1:{port}", "secret": "test"}}
    if tls:
        configured["http"]["tls"] = {"certificate": str(tls[0]), "key": str(tls[1])}
    if auth:
        configured["auth"] = auth
    (folder / "config.yml").write_text(json.dumps(configured))  # JSON is YAML
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", folder / "config.yml"], stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL, env=host.environment("root"), start_new_session=True)
    try:
        host.until(lambda: listens(port) or process.poll() is not None, f"a registry at port {port}")
        assert process.poll() is None, (folder / "log").read_text()
        yield f"127.0.0.1:{port}"
    finally:
        host.kill_group(process, signal.SIGKILL)


def listens(port):
    """Whether somebody listens there, without disturbing anyone."""
    wanted = f":{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(fields[1].endswith(wanted) and fields[3] == "0A" for fields in map(str.split, table))


def htpasswd_auth(folder):
    path = pathlib.Path(folder) / "htpasswd"
    path.write_text(f"{USER}:{bcrypt(PASSWORD)}\n")
    return {"htpasswd": {"realm": "test", "path": str(path)}}


def bcrypt(password):
    """docker-registry takes no other kind; perl's crypt(3) knows it."""
    salt = "$2y$05$abcdefghijklmnopqrstuu"
    return subprocess.run(["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, salt], capture_output=True, text=True,
                          check=True).stdout


# ---- servers of ours ------------------------------------------------------------------------------

class Quiet(http.server.BaseHTTPRequestHandler):
    """One answer a request, from the server's `answer`."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length else b""
        with contextlib.suppress(OSError):
            self.server.answer(self, body)

    do_POST = do_HEAD = do_GET

    def send(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in ({"Content-Length": len(body)} | headers).items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (OSError, ValueError):
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer, port=0, tls=None):
        super().__init__(("127.0.0.1", port), Quiet)
        self.answer = answer
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def place(self):
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        pass

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
        self.thread.join()


class TokenServer(Server):
    """Grants pulls of public/… to anyone and everything to alice, for a docker-registry that believes its certificate."""

    def __init__(self, certificate, key, life=300):
        self.life = life
        self.spoil_after_first = False  # the first token it gives is not for this registry
        self.asked = []  # (method, parameters, how authorised)
        self.der = base64.b64encode(x509.load_pem_x509_certificate(pathlib.Path(certificate).read_bytes())
                                    .public_bytes(serialization.Encoding.DER)).decode()
        self.key = serialization.load_pem_private_key(pathlib.Path(key).read_bytes(), None)
        super().__init__(self.grant)

    @property
    def realm(self):
        return f"http://{self.place}/token"

    def grant(self, request, body):
        query = urllib.parse.parse_qs(body.decode() or urllib.parse.urlsplit(request.path).query)
        shown = request.headers.get("Authorization", "")
        self.asked.append((request.command, query, shown.split(" ")[0]))
        good = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        refreshed = query.get("grant_type") == ["refresh_token"]
        if (shown and shown != good) or (refreshed and query.get("refresh_token") != [REFRESH]):
            return request.send(401, b'{"errors": [{"code": "UNAUTHORIZED", "message": "who are you"}]}')
        known = bool(shown) or refreshed
        access = [self.access(scope, known) for word in query.get("scope", []) for scope in word.split(" ")]
        answer = {"token" if request.command == "GET" else "access_token": self.sign(query, [one for one in access if one]),
                  "expires_in": self.life}
        return request.send(200, json.dumps(answer).encode(), Content_Type="application/json")

    @staticmethod
    def access(scope, known):
        kind, name, actions = scope.split(":", 1)[0], scope.split(":", 1)[1].rsplit(":", 1)[0], scope.rsplit(":", 1)[1]
        may = [action for action in actions.split(",") if known or (action == "pull" and name.startswith("public/"))]
        return {"type": kind, "name": name, "actions": may} if may else None

    def sign(self, query, access):
        now = int(time.time())
        header = {"typ": "JWT", "alg": "RS256", "x5c": [self.der]}
        if self.spoil_after_first and len(self.asked) == 1:
            access = []
        claims = {"iss": "test", "sub": "", "aud": query.get("service", [""])[0], "iat": now, "nbf": now - 10,
                  "exp": now + self.life, "jti": os.urandom(8).hex(), "access": access}
        text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
        signature = self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


# ---- all of them ----------------------------------------------------------------------------------

class Lab:
    """docker-registry three times, and this host configured for them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.plain, self.basic, self.bearer = "127.0.0.1:5000", "localhost:5443", "127.0.0.1:5002"

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            enter = stack.enter_context
            self.authority = Authority(self.folder / "tls")
            self.certificate = self.authority.issue("registry")
            signer = Authority(self.folder / "signer")
            self.tokens = enter(TokenServer(signer.path, signer.folder / "ca.key"))
            granted = {"token": {"realm": self.tokens.realm, "service": "test", "issuer": "test", "rootcertbundle": str(signer.path)}}
            enter(docker_registry(self.folder / "plain", 5000))
            enter(docker_registry(self.folder / "basic", 5443, self.certificate, htpasswd_auth(self.folder)))
            enter(docker_registry(self.folder / "bearer", 5002, None, granted))
            enter(insecure(self.plain, self.bearer))
            enter(trusted(self.basic, self.authority))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exception):
        self.stack.close()

    @staticmethod
    def credentials(place):
        return {"auths": {place: {"username": USER, "password": PASSWORD}}}

    def push(self, source, target, *options, tag="1"):
        """`target`: plain, basic or bearer, and a repository there."""
        kind, repository = target.split("/", 1)
        place = {"plain": self.plain, "basic": self.basic, "bearer": self.bearer}[kind]
        if kind != "plain":
            options = (*options, f"--dest-creds={USER}:{PASSWORD}")
        if kind != "basic":
            options = (*options, "--dest-tls-verify=false")
        images.copy(source, f"docker://{place}/{repository}:{tag}", *options)
        return f"{place}/{repository}:{tag}"


# ---- a registry that misbehaves -------------------------------------------------------------------

Seen = collections.namedtuple("Seen", "port path range authorization")


class Faulty:
    """A registry of images that tests made. /v2/FAULT/…/NAME: an answer goes through the faults of the path, each a
    function of the request and the answer, which may send something itself and return nothing."""

    def __init__(self, known):
        self.images = known
        self.seen = []
        self.counts = collections.Counter()
        self.lock = threading.Lock()
        self.released = threading.Event()  # lets go what waits
        self.server, self.other = Server(self.answer), Server(self.answer)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.released.set()
        self.server.__exit__(*exception)
        self.other.__exit__(*exception)

    @property
    def place(self):
        return self.server.place

    def requests(self, word):
        return [seen for seen in self.seen if word in seen.path]

    def answer(self, request, _):
        self.seen.append(Seen(request.server.server_port, request.path, request.headers.get("Range"),
                              request.headers.get("Authorization")))
        parts = request.path.split("?")[0].removeprefix("/v2/").split("/")
        if parts == [""]:
            return request.send(200, b"{}")
        faults, name, kind, what = parts[:-3], *parts[-3:]
        with self.lock:
            self.counts[request.path] += 1
            self.counts["/".join(faults), kind] += 1
        found = self.find(name, kind, what)
        if not found:
            return request.send(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "none\\u001b[31m"}]}')
        answer = Answer(self, request, kind, *found)
        for fault in faults:
            word, _, number = fault.partition(".")
            getattr(answer, word.replace("-", "_"))(int(number or 1))
            if answer.sent:
                return None
        return answer.send()

    def find(self, name, kind, what):
        image = self.images.get(name)
        if image is None:
            return None
        if kind == "manifests" and ":" not in what:
            return image.media_type, image.document
        data = image.blobs.get(what)
        if data is None:
            return None
        if kind == "blobs":
            return "application/octet-stream", data
        return json.loads(data).get("mediaType", images.MANIFEST), data


@functools.cache
def bomb():
    return gzip.compress(b" " * (64 << 20), 1)


class Answer:
    """What a good registry would say, and what the faults make of it. A number N: for the first N requests of a path."""

    def __init__(self, registry, request, kind, media_type, data):
        self.registry, self.request, self.kind = registry, request, kind
        self.data, self.total = data, len(data)
        self.layer = kind == "blobs" and not data.startswith(b"{")
        self.status, self.headers, self.cut, self.sent = 200, {"Content-Type": media_type}, None, False
        wanted = request.headers.get("Range", "")
        if kind == "blobs" and wanted:
            first = int(wanted.removeprefix("bytes=").split("-")[0])
            if first >= len(data):
                return self.say(416, b"", Content_Range=f"bytes */{len(data)}")
            self.status, self.data = 206, data[first:]
            self.headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"

    def say(self, status, body=b"", **headers):
        self.sent = True
        self.request.send(status, body, **headers)

    def send(self):
        length = self.headers.pop("Content-Length", len(self.data))
        data = self.data if self.cut is None else self.data[:self.cut]
        self.request.send(self.status, data, **{"Content-Length": length} | self.headers)
        if self.cut is not None or length != len(self.data):
            self.request.wfile.flush()
            self.request.close_connection = True

    @property
    def count(self):
        return self.registry.counts[self.request.path]

    # -- faults

    def busy(self, number):
        if self.count <= number:
            self.say(429, b'{"errors": [{"code": "TOOMANYREQUESTS"}]}', Retry_After="1")

    def busy_date(self, number):
        if self.count <= number:
            later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
            self.say(429, Retry_After=later.strftime("%a, %d %b %Y %H:%M:%S GMT"))

    def busy_long(self, _):
        self.say(429, Retry_After="86400")

    def down(self, number):
        if self.count <= number:
            self.say(503, b"<html>\x1b[31mno</html>")

    def truncated(self, number):
        """Of a layer 60 % come, and the connection ends."""
        if self.layer and self.count <= number:
            self.cut = len(self.data) * 6 // 10

    def no_range(self, _):
        self._whole()

    def wrong_range(self, _):
        if self.status == 206:
            first = int(self.headers["Content-Range"].split(" ")[1].split("-")[0])
            self.headers["Content-Range"] = f"bytes {first + 7}-{self.total - 1}/{self.total}"

    def unsatisfiable(self, _):
        if self.status == 206:
            self.say(416)

    def changing(self, _):
        """Ranges are not known, and each time all comes with other bytes at the beginning."""
        if self.layer:
            self._whole()
            self.data = bytes([self.data[0] ^ self.count]) + self.data[1:]

    def flipped_config(self, _):
        if self.kind == "blobs":
            self.data = self.data.replace(b"/bin/true", b"/bin/evil")

    def flipped(self, _):
        if self.layer:
            middle = len(self.data) // 2
            self.data = self.data[:middle] + bytes([self.data[middle] ^ 1]) + self.data[middle + 1:]

    def flipped_manifest(self, _):
        if self.kind == "manifests":
            self.data = self.data.replace(b'"schemaVersion": 2', b'"schemaVersion":  2')

    def short(self, _):
        if self.layer:
            self.headers["Content-Length"] = len(self.data) + 1000

    def long(self, _):
        if self.layer:
            self.data += b"more" * 100

    def long_chunked(self, number):
        self.long(number)
        self.chunked(number)

    def huge(self, _):
        if self.kind == "manifests":
            self.data += b" " * (64 << 20)

    def elsewhere(self, _):
        """The blobs are at another port."""
        if self.kind == "blobs" and self.request.server is self.registry.server:
            self.say(307, Location=f"http://{self.registry.other.place}{self.request.path}")

    def loop(self, _):
        if self.kind == "blobs":
            self.say(302, Location=self.request.path)

    def chunked(self, _):
        self.request.send(self.status, b"", **{"Content-Length": None, "Transfer-Encoding": "chunked"} | self.headers)
        data = self.data if self.cut is None else self.data[:self.cut]
        for start in range(0, len(data), 5000):
            piece = data[start:start + 5000]
            self.request.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if self.cut is None:
            self.request.wfile.write(b"0\r\n\r\n")
        self.request.close_connection = self.cut is not None
        self.sent = True

    def gzipped(self, _):
        if self.kind == "manifests":
            self.data = gzip.compress(self.data)
            self.headers["Content-Encoding"] = "gzip"

    def bomb(self, _):
        if self.kind == "manifests":
            self.data = bomb()
            self.headers["Content-Encoding"] = "gzip"

    def lying_digest(self, _):
        self.headers["Docker-Content-Digest"] = "sha256:" + "0" * 64

    def parameters(self, _):
        self.headers["Content-Type"] += "; charset=utf-8"

    def type_index(self, _):
        if self.kind == "manifests":
            self.headers["Content-Type"] = images.INDEX

    def type_docker(self, _):
        if self.kind == "manifests":
            self.headers["Content-Type"] = images.DOCKER + "v2+json"

    def type_text(self, _):
        if self.kind == "manifests":
            self.headers["Content-Type"] = "text/plain"

    def type_none(self, _):
        if self.kind == "manifests":
            self.headers["Content-Type"] = None

    def slow(self, _):
        """A few bytes, and then nothing more for as long as the test takes."""
        if self.layer:
            self.cut = 100
            self.send()
            self.sent = True
            self.registry.released.wait(60)

    def half(self, _):
        """Half of a layer, and then nothing more until the test lets it go; all is well after that."""
        if self.layer and not self.registry.released.is_set():
            self.cut, self.sent = len(self.data) // 2, True
            self.headers["Content-Length"] = len(self.data)
            self.send()
            self.registry.released.wait(60)

    def held(self, _):
        """Half of a layer, and the rest when the test lets go."""
        if self.layer:
            half = len(self.data) // 2
            rest, self.cut, self.sent = self.data[half:], half, True
            self.headers["Content-Length"] = len(self.data)
            self.send()
            self.registry.released.wait(60)
            self.request.wfile.write(rest)

    def password(self, _):
        good = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.request.server is self.registry.server and self.request.headers.get("Authorization") != good:
            self.say(401, b'{"errors": [{"code": "UNAUTHORIZED"}]}', WWW_Authenticate='basic REALM="x"')

    def expired(self, number):
        """From the Nth blob on the token is not good any more, and there is no other."""
        if self.kind == "blobs" and self.registry.counts["/".join(self._faults()), "blobs"] >= number:
            self.say(401, WWW_Authenticate=f'Bearer realm="http://{self.registry.other.place}/nothing/token",error="invalid_token"')

    def forbidden(self, _):
        self.say(403, b'{"errors": [{"code": "DENIED", "message": "not for you"}]}')

    def missing(self, _):
        if self.layer:
            self.say(404, b'{"errors": [{"code": "BLOB_UNKNOWN"}]}')

    def _faults(self):
        return self.request.path.removeprefix("/v2/").split("/")[:-3]

    def _whole(self):
        if self.status == 206:
            self.status, self.data = 200, self._found()
            self.headers.pop("Content-Range")

    def _found(self):
        name, kind, what = self.request.path.removeprefix("/v2/").split("/")[-3:]
        return self.registry.find(name, kind, what)[1]
