"""The way to a stamp: signing in, true host names, lists, and long-running operations."""

import base64
import contextlib
import datetime as dt
import itertools
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from azure.core.exceptions import ServiceRequestError
from azure.core.rest import HttpRequest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID

from restamp.arm.client import Arm
from restamp.arm.operations import Answer, Operation, finish, started
from restamp.arm.settings import Settings
from restamp.arm.transport import Transport
from restamp.errors import NotSignedIn, OperationFailed, Refused, Rejected, Unfinished, Unreachable, Unsettled
from restamp.kinds.network import QUOTA as NETWORK
from restamp.resources import live
from restamp.resources.session import Session
from restamp.simulator import Fault, Stamp

from .serving import Server, new_stamp, served, settings_for

QUOTAS = "/subscriptions/{}/providers/Microsoft.Network.Admin/locations/redmond/quotas"
HOME = "redmond.ext.contoso.example"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A principal's certificate: public, and with its key as PEM and as PFX (password `hunter2`)."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "restamp")])
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, begins, begins + dt.timedelta(days=36500))
    certificate = builder.sign(key, hashes.SHA256())
    public = certificate.public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pfx = serialize_key_and_certificates(b"restamp", key, certificate, None, BestAvailableEncryption(b"hunter2"))
    folder = tmp_path_factory.mktemp("keys")
    for file, content in {"public.pem": public, "me.pem": private + public, "me.pfx": pfx}.items():
        (folder / file).write_bytes(content)
    return {path.name: path for path in folder.iterdir()}


@pytest.mark.parametrize("identity", ["ADFS", "AzureAD"])
@pytest.mark.parametrize("proof", ["secret", "me.pem", "me.pfx"])
def test_every_way_of_signing_in_works_at_both_identity_systems(
    identity: str, proof: str, keys: dict[str, Path]
) -> None:
    """Secret, PEM and PFX, at AD FS and Entra: endpoint and audience are what the stamp says."""
    stamp = new_stamp(identity=identity)
    me = stamp.add_principal("me", certificate=None if proof == "secret" else keys["public.pem"].read_text())
    with served(stamp) as server:
        settings = settings_for(
            server,
            client_id=me.client_id,
            client_secret=me.secret,
            client_certificate="" if proof == "secret" else str(keys[proof]),
            client_certificate_password="hunter2" if proof == "me.pfx" else "",
        )
        with Arm(settings) as arm:
            assert arm.place.provider == stamp.provider_subscription
            assert arm.endpoints.identity == identity
            assert arm.regions == ("redmond",)


@pytest.mark.parametrize(("file", "password"), [("me.pfx", "wrong"), ("me.pfx", ""), ("public.pem", "")])
def test_a_certificate_that_cannot_be_opened_is_refused_by_its_name(
    server: Server, keys: dict[str, Path], file: str, password: str
) -> None:
    """A wrong password and a file without a private key are settings to correct, not failures of the stamp."""
    settings = settings_for(
        server, client_secret="", client_certificate=str(keys[file]), client_certificate_password=password
    )

    with Arm(settings) as arm, pytest.raises(Refused, match=rf"{file} cannot be opened as PEM or PFX"):
        _ = arm.place


def test_an_entra_sign_in_needs_a_directory_when_the_stamp_names_none() -> None:
    """The tenant is asked for by its setting's name, before anything is sent."""
    with (
        served(new_stamp(identity="AzureAD")) as server,
        Arm(settings_for(server, tenant="")) as arm,
        pytest.raises(Refused, match=r"RESTAMP_TENANT .* is not set"),
    ):
        _ = arm.place


def test_a_wrong_secret_is_a_refused_sign_in_with_a_hint(server: Server) -> None:
    """It names who was refused and what to look at, and no secret."""
    settings = settings_for(server, client_secret="not the secret")

    with Arm(settings) as arm, pytest.raises(NotSignedIn, match=f"sign-in of {settings.client_id} was refused") as no:
        _ = arm.place
    assert "RESTAMP_CLIENT_ID" in no.value.hint
    assert "not the secret" not in str(no.value)


def test_thirty_two_cold_threads_ask_for_one_token(arm: Arm, stamp: Stamp) -> None:
    """A fan-out from nothing signs in once."""
    ready = threading.Barrier(32)

    def ask(_number: int) -> str:
        ready.wait(10)
        return arm.place.provider

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(ask, range(32))) == {stamp.provider_subscription}
    assert [record.method for record in stamp.requests if record.plane == "identity"].count("POST") == 1


def test_a_refused_connection_is_told_by_its_true_name(server: Server) -> None:
    """The operator knows names, not where a map leads."""
    settings = settings_for(server, connect_to="*:443=127.0.0.1:9")

    with Arm(settings) as arm, pytest.raises(Unreachable) as no:
        _ = arm.place
    assert str(no.value) == f"cannot reach adminmanagement.{HOME}: connection refused"


def test_a_stamp_whose_ca_nobody_knows_is_not_trusted(server: Server) -> None:
    """Its certificate says so, with the setting that helps."""
    with Arm(settings_for(server, ca="")) as arm, pytest.raises(Unreachable) as no:
        _ = arm.place
    assert str(no.value).endswith("its certificate is not signed by a CA known here")
    assert "RESTAMP_CA" in no.value.hint


def test_nothing_is_ever_asked_in_clear() -> None:
    """http:// ends before a byte is sent, whoever names it."""
    with pytest.raises(ServiceRequestError, match="a stamp is asked over https only"):
        Transport(Settings()).send(HttpRequest("GET", f"http://adminmanagement.{HOME}/"))


def test_a_file_without_certificates_is_no_ca(server: Server, tmp_path: Path) -> None:
    """It is refused by name, before anything is asked."""
    (tmp_path / "ca.pem").write_text("nothing of the sort")

    with pytest.raises(Refused, match=r"RESTAMP_CA .*ca\.pem holds no certificate"):
        Arm(settings_for(server, ca=str(tmp_path / "ca.pem")))


class Through(BaseHTTPRequestHandler):
    """A proxy that leads every name to one server, and remembers what was asked and who asked."""

    where: tuple[str, int]
    asked: set[tuple[str, str]]

    def do_CONNECT(self) -> None:
        """Bytes to and fro until both are done."""
        self.asked.add((self.path, self.headers["proxy-authorization"]))
        self.send_response(200)
        self.end_headers()
        with socket.create_connection(self.where) as beyond:
            back = threading.Thread(target=self._carry, args=(beyond, self.connection))
            back.start()
            self._carry(self.connection, beyond)
            back.join()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_proxy_is_asked_for_true_names_by_who_may_use_it(server: Server, stamp: Stamp) -> None:
    """Its name and password stand in its address; nothing is dialled past it."""

    class Handler(Through):
        where, asked = (server.host, server.port), set()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        threading.Thread(target=proxy.serve_forever).start()
        address = f"http://ann:p%40ss@127.0.0.1:{proxy.server_port}"
        with Arm(settings_for(server, connect_to="", proxy=address)) as arm:
            assert arm.place.provider == stamp.provider_subscription
        proxy.shutdown()
    basic = "Basic " + base64.b64encode(b"ann:p@ss").decode()
    assert (f"adminmanagement.{HOME}:443", basic) in Handler.asked


class Asked:
    """What a tiny server was asked: SNI, Host and path of each request; and what it answers by path."""

    def __init__(self) -> None:
        self.names: list[str | None] = []
        self.requests: list[tuple[str, str]] = []
        self.answers: dict[str, Any] = {}


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[tuple[Asked, Arm]]:
    """A server of fixed answers, for forms that the simulated stamp does not make, and the way to it."""
    asked, ca = Asked(), trustme.CA()
    login = {"authentication": {"loginEndpoint": f"https://adfs.{HOME}/adfs", "audiences": ["https://audience"]}}
    token = {"token_type": "Bearer", "access_token": "a-token", "expires_in": 3600}
    discovery = {"token_endpoint": f"https://adfs.{HOME}/token", "authorization_endpoint": f"https://adfs.{HOME}/a"}
    discovery["issuer"] = f"https://adfs.{HOME}/adfs"
    asked.answers = {"/metadata/endpoints": login, "/adfs/.well-known/openid-configuration": discovery, "/token": token}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            path = self.path.replace("?api-version=", " ").split(" ")[0]
            path = path.partition("?")[0] if path not in asked.answers else path
            asked.requests.append((self.headers["host"], path))
            content = json.dumps(asked.answers[path]).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Nothing on the screen."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

    server = Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(f"*.{HOME}").configure_cert(context)
    context.sni_callback = lambda _socket, name, _context: asked.names.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    settings = Settings(
        stamp=HOME,
        client_id="me",
        client_secret="secret",
        ca=str(tmp_path / "ca.pem"),
        connect_to=f"*.{HOME}:443=127.0.0.1:{server.server_port}",
    )
    with Arm(settings) as arm:
        yield asked, arm
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_mapped_name_stays_the_name_in_tls_and_http(tiny: tuple[Asked, Arm]) -> None:
    """The map changes where is dialled and nothing else: SNI and Host say the true name (urllib3's private hook)."""
    asked, arm = tiny
    asked.answers["/things"] = []

    assert arm.list_all("/things", NETWORK.wire) == []
    assert set(asked.names) == {f"adminmanagement.{HOME}", f"adfs.{HOME}"}
    assert {host for host, _ in asked.requests} == set(asked.names)


@pytest.mark.parametrize(
    "pages",
    [
        [[{"id": 1}, {"id": 2}]],
        [{"value": [{"id": 1}, {"id": 2}]}],
        [{"value": [{"id": 1}, {"id": 2}], "nextLink": None}],
        [{"value": [{"id": 1}, {"id": 2}], "nextLink": ""}],
        [{"value": [{"id": 1}], "nextLink": "/two"}, {"value": [{"id": 2}]}],
        [{"value": [{"id": 1}], "@odata.count": 2, "@odata.nextLink": "/two"}, {"value": [{"id": 2}]}],
        [{"value": [], "nextLink": "/two"}, {"value": [{"id": 1}, {"id": 2}], "nextLink": None}],
    ],
)
def test_every_form_of_a_list_is_read_to_its_end(tiny: tuple[Asked, Arm], pages: list[Any]) -> None:
    """Bare arrays, `nextLink` and `@odata.nextLink`; null, empty and absent alike are the end."""
    asked, arm = tiny
    for path, page in zip(("/one", "/two"), pages, strict=False):
        links = {key: f"https://adminmanagement.{HOME}/two" for key in page if "Link" in key and page[key]}
        asked.answers[path] = page | links if isinstance(page, dict) else page

    assert arm.list_all("/one", NETWORK.wire) == [{"id": 1}, {"id": 2}]


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


ASYNC = {"azure_asyncoperation": "/async", "location": "/location", "retry_after": "10"}
DONE = {"properties": {"provisioningState": "Succeeded"}}
RUNNING = {"properties": {"provisioningState": "Running"}}
OPERATIONS = {
    "a 200 with a header is done": (answer(200, DONE, azure_asyncoperation="/async"), [], None, 0),
    "a 201 is done": (answer(201), [], None, 0),
    "a 204 is done": (answer(204, location="/location"), [], None, 0),
    "location: 202 until 200": (
        answer(202, location="/location", retry_after="60"),
        [answer(202), answer(202), answer(200, {"id": "x"})],
        {"id": "x"},
        120,
    ),
    "location: an empty 200 is an end": (answer(202, location="/location"), [answer(200)], None, 0),
    "location: 204 is an end": (answer(202, location="/location"), [answer(202), answer(204)], None, 1),
    "async, then the result at its location": (
        answer(202, None, **ASYNC),
        [answer(200, {"status": "Running"}), answer(200, {"status": "Succeeded"}), answer(200, {"id": "x"})],
        {"id": "x"},
        10,
    ),
    "async: the location says 204": (
        answer(202, None, **ASYNC),
        [answer(200, {"status": "Succeeded", "percentComplete": 100.0}), answer(204)],
        None,
        0,
    ),
    "async without a location": (
        answer(202, azure_asyncoperation="/async"),
        [answer(200, {"status": "Succeeded"})],
        {"status": "Succeeded"},
        0,
    ),
    "an object that is still created is read again": (
        answer(201, {"properties": {"provisioningState": "Creating"}}),
        [answer(200, RUNNING), answer(200, DONE)],
        DONE,
        1,
    ),
    "a state may be a number": (
        answer(200, {"properties": {"provisioningState": 1}}),
        [answer(200, {"properties": {"provisioningState": 1}}), answer(200, {"properties": {"provisioningState": 0}})],
        {"properties": {"provisioningState": 0}},
        1,
    ),
    "an early 404 is borne with": (
        answer(202, location="/location", retry_after="5"),
        [answer(404), answer(404), answer(200, DONE)],
        DONE,
        10,
    ),
    "a time that is no number of seconds is our own": (
        answer(202, location="/location", retry_after="Mon, 23 Nov 2026 10:00:00 GMT"),
        [answer(202), answer(200, DONE)],
        DONE,
        1,
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_followed_to_its_result(name: str) -> None:
    """Every style that was recorded, with the waits the stamp asked for and not one poll more."""
    first, answers, result, waited = OPERATIONS[name]
    left, slept = list(answers), []
    operation = started("PUT /x", "/x", first)
    if operation is None:
        assert not answers
        return

    resumed = Operation(**json.loads(json.dumps(operation.record())))
    found = finish(resumed, lambda _url: left.pop(0), slept.append, patience=60)

    assert (found.body, left, sum(slept)) == (result, [], waited)


FAILED = {"properties": {"provisioningState": "Failed"}, "error": {"code": "ArgumentError", "message": "no such node"}}
ENDS = {
    "a 400 with a failed state": (
        [answer(400, FAILED)],
        OperationFailed,
        "PUT /x: the operation failed: ArgumentError",
    ),
    "a 500 with a failed state": ([answer(202), answer(500, FAILED)], OperationFailed, "no such node"),
    "a 200 with a failed state": ([answer(200, FAILED)], OperationFailed, "ArgumentError no such node"),
    "canceled": ([answer(200, {"status": "Canceled"})], OperationFailed, "the operation failed: 200"),
    "a 500 without a state": ([answer(500, {"message": "oops"})], Rejected, "GET /location: 500 oops"),
    "a 403": ([answer(403, {"error": {"code": "No", "message": "no"}})], Rejected, "GET /location: 403 No: no"),
    "a 404 that stays": ([answer(404)] * 4, Rejected, "GET /location: 404 the answer gives no reason"),
}


@pytest.mark.parametrize("name", ENDS)
def test_an_operation_that_failed_and_a_poll_that_failed_are_two_things(name: str) -> None:
    """Only a failed state is the operation's failure; any other error is the poll's, and says nothing about it."""
    answers, error, words = ENDS[name]
    left = list(answers)
    operation = started("PUT /x", "/x", answer(202, location="/location"))
    assert operation is not None

    with pytest.raises(error, match=words):
        finish(operation, lambda _url: left.pop(0), lambda _seconds: None, patience=60)
    assert left == []


def test_a_write_that_ends_in_a_failed_state_is_a_failure_at_once() -> None:
    """201 with `provisioningState: Failed` is no object to go on with."""
    with pytest.raises(OperationFailed, match="PUT /x: the operation failed: ArgumentError no such node"):
        started("PUT /x", "/x", answer(201, FAILED))


def test_an_operation_is_recorded_before_it_is_polled_and_can_be_resumed(server: Server) -> None:
    """Killed while polling, the next process goes on from the record alone."""
    records: list[tuple[Operation, int]] = []
    stamp = server.stamp
    path = QUOTAS.format(stamp.provider_subscription) + "/small"

    def record(operation: Operation) -> None:
        records.append((operation, len(stamp.requests)))
        stamp.clock.advance(60)  # done at the first poll: nobody waits for the stamp here

    with Arm(settings_for(server), record) as arm:
        arm.put(path, NETWORK.wire, {"properties": {"maxNicsPerSubscription": 1}})
        arm.delete(path, NETWORK.wire)
        (operation, asked) = records[0]
        polls = [item.path for item in list(stamp.requests)[asked:]]
        again = arm.resume(Operation(**operation.record()))

    assert len(records) == 1
    assert polls
    assert operation.what.startswith(f"DELETE https://adminmanagement.{HOME}/subscriptions/")
    assert again.status in (200, 204)
    assert arm.settings.region == "redmond"


def test_an_operation_is_waited_for_as_long_as_the_settings_say(server: Server) -> None:
    """After that it is left to the stamp and to the next run; the hint names the setting."""
    path = QUOTAS.format(server.stamp.provider_subscription) + "/slow"
    with Arm(settings_for(server, patience=0)) as arm:
        arm.put(path, NETWORK.wire, {"properties": {"maxNicsPerSubscription": 1}})
        with pytest.raises(
            Unfinished, match=r"DELETE .*/quotas/slow.*: the stamp has not ended it after 0 s"
        ) as caught:
            arm.delete(path, NETWORK.wire)

    assert "RESTAMP_PATIENCE" in caught.value.hint


def test_the_row_of_a_resource_tells_that_the_stamp_works_on_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as a long-running operation takes: nobody believes that the run hangs."""
    monkeypatch.setenv("RESTAMP_HOME", str(tmp_path))
    path = QUOTAS.format(server.stamp.provider_subscription) + "/slow"
    begun = {"Location": f"https://adminmanagement.{HOME}/poll", "Retry-After": "0"}
    server.stamp.faults[:] = [
        Fault("DELETE .*/slow", status=202, headers=begun),
        Fault("GET /poll", status=202),
        Fault("GET /poll", status=204),
    ]
    said: list[str] = []
    here = Session(settings_for(server))
    row = live.Row(lambda text, _severity, _ephemeral: said.append(text))
    with closing(here.journal), here.arm, live.on(row):
        here.arm.delete(path, NETWORK.wire)

    assert said == ["the stamp works on it: 0 s"]


def test_an_absent_object_is_none_whatever_its_404_looks_like(arm: Arm, stamp: Stamp) -> None:
    """Some services answer 404 with an empty body: absence too. And what is absent is deleted already."""
    path = QUOTAS.format(stamp.provider_subscription) + "/nothing"
    stamp.faults = [Fault("GET .*/nothing", status=404)]

    assert arm.get(path, NETWORK.wire) is None
    assert arm.get(path, NETWORK.wire) is None
    arm.delete(path, NETWORK.wire)


def test_a_read_is_tried_again_and_a_list_that_fails_is_no_empty_list(arm: Arm, stamp: Stamp) -> None:
    """One 500 is the network's weather; a 400 is an answer, in the service's words."""
    path = QUOTAS.format(stamp.provider_subscription)
    stamp.faults = [Fault("GET .*/quotas$", status=500)]
    assert isinstance(arm.list_all(path, NETWORK.wire), list)

    stamp.faults = [Fault("GET .*/quotas$", status=400, body={"message": "Unsupported quota location: x"})]
    with pytest.raises(Rejected, match="400 Unsupported quota location: x"):
        arm.list_all(path, NETWORK.wire)


def test_a_list_that_is_never_the_same_twice_is_no_list(arm: Arm, stamp: Stamp) -> None:
    """In pages, with another object each time somebody looks: an error with a hint, and no half list."""
    path = QUOTAS.format(stamp.provider_subscription)
    one, names = next(body for body in stamp.objects() if body["id"].startswith(path)), itertools.count()

    def another() -> None:
        stamp.state.store.delete(f"{path}/{(number := next(names)) - 1}".lower())
        stamp.load([one | {"id": f"{path}/{number}"}])

    restless = Fault("GET .*/quotas$", times=None, first=another)
    stamp.page_size, stamp.faults = 1, [restless]

    with pytest.raises(Unsettled, match=r"quotas.*: the list is in pages and was never the same twice") as no:
        arm.list_all(path, NETWORK.wire)
    assert "run the same command again" in no.value.hint
    restless.times = restless.hits
    assert len(arm.list_all(path, NETWORK.wire)) == 2
