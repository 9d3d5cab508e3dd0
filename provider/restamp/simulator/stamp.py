"""One stamp: its identity, its principals, its state, and the answer to any request."""

import re
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from . import (
    agenda,
    backup,
    builtin,
    control,
    dataplanes,
    deployment,
    fabric,
    gateway,
    guards,
    principals,
    update,
    vaults,
)
from .addresses import parse
from .backups.restoring import COMING
from .backups.share import Share
from .baseline import USUAL, Baseline
from .budgets import Budgets, Latency
from .clock import Clock
from .faults import Fault
from .identity import IdentityService, key_of
from .messages import Record, Refusal, Request, Response, error
from .operations import PREFIX
from .paging import paged
from .principals import Principal
from .recordings import Seed
from .rules import Call
from .state import Identity, State, derived
from .store import Store, Wire

if TYPE_CHECKING:
    from .pep import Machine, Pep  # most stamps go without these
    from .redfish import Nodes

WRITES = frozenset({"PUT", "POST", "PATCH", "DELETE"})
LOOKING = ("Get-", "Test-")  # verbs of cmdlets that change nothing
SESSIONS = "/SessionService/"  # of Redfish: who signs in and out changes nothing
PLANES = {
    "adminmanagement": "admin",
    "management": "tenant",
    "adfs": "identity",
    "login": "identity",
    "graph": "graph",
    control.HOST: "control",
}
ERCS = re.compile(r".+-ercs0[123]")  # <prefix>-ERCS01 and its two siblings (documented)
BMC = re.compile(r".+-node\d\d-bmc")
NOBODY = Principal("", "", "nobody", "")
HAPPENINGS = update.HAPPENINGS | backup.HAPPENINGS
HIDDEN = (PREFIX, principals.PREFIX, vaults.PREFIX, fabric.MACHINE, COMING)


class Stamp:
    """An Azure Stack Hub deployment that can be asked: in process by `handle`, over HTTPS by `serve`.

    A new stamp has its built-in quotas, ids made from `seed` alone, and one principal, `admin`, which owns the default
    provider subscription. With `state` everything is kept in that SQLite file: a stamp made from a file that exists is
    the stamp in the file, whatever the other arguments say. With `check_owners` a subscription's owner has to exist,
    with `soft_delete` deleted secrets can be brought back, and registering a provider takes `registering` seconds.
    `baseline` is what was deployed on which machines, `share` where its backups go.
    """

    def __init__(
        self,
        region: str = "local",
        domain: str = "azurestack.external",
        identity: Identity = "ADFS",
        state: Path | None = None,
        seed: int = 0,
        *,
        provider_subscription: str | None = None,
        tenant: str | None = None,
        built_in: bool = True,
        check_owners: bool = False,
        soft_delete: bool = False,
        registering: float = 0.0,
        baseline: Baseline = USUAL,
        share: Share | None = None,
    ) -> None:
        self.lock = threading.RLock()
        store = Store(state)
        is_new = store.note("identity") is None
        if is_new:
            known = {
                "region": region,
                "domain": domain,
                "identity": identity,
                "provider_subscription": provider_subscription or derived(seed, "provider subscription"),
                "tenant": tenant or derived(seed, "tenant"),
                **{name: derived(seed, name) for name in ("deployment_id", "cloud_id")},
                "check_owners": check_owners,
                "soft_delete": soft_delete,
                "registering": registering,
            }
            store.write_note("identity", known)
            store.write_note(deployment.BASELINE, asdict(baseline))
        self.state = State(**store.note("identity"), store=store, share=share or Share())
        self.clock.advance(store.note(control.AHEAD, 0.0))
        key = key_of(f"{self.state.deployment_id}/{self.state.cloud_id}")
        self.identities = IdentityService(self.state, key)
        if is_new and built_in:
            self.load(builtin.objects(self.state, baseline))
        self.faults: list[Fault] = []
        self.pep: Pep | None = None  # the privileged endpoint, where there is one
        self.nodes: Nodes | None = None  # the BMCs of its hardware, likewise
        self.machines: dict[str, Machine] = {}  # of resource providers, by the first label of their names
        self.budgets, self.latency, self.page_size = Budgets(), Latency(), 0  # 0: lists have no pages
        self.hurried = False  # what clients are told to wait costs no time
        self.requests: deque[Record] = deque(maxlen=100_000)
        self._seed = seed
        if is_new:
            self.add_principal("service-admin", "Owner")
        self.admin = next(iter(self.state.directory), NOBODY)  # nobody is left where it was lost

    @classmethod
    def from_seed(
        cls,
        seed: Seed,
        domain: str = "azurestack.external",
        identity: Identity = "ADFS",
        state: Path | None = None,
    ) -> "Stamp":
        """Return the stamp that a recording starts from: its region and provider subscription, its objects."""
        stamp = cls(
            seed.region,
            domain,
            identity,
            state,
            provider_subscription=seed.provider_subscription,
            tenant=seed.tenant,
            built_in=False,
        )
        mine = builtin.objects(stamp.state)
        stamp.load(body for body in mine if parse(body["id"]).type_key not in seed.known)
        stamp.load(seed.objects)
        for key, body in seed.placed:
            stamp.state.store.put(key.lower(), body)
        seed.backups.put_into(stamp.state)
        return stamp

    @property
    def region(self) -> str:
        """The one region of this stamp."""
        return self.state.region

    @property
    def remoting(self) -> bool:
        """Whether any machine of it answers PowerShell remoting."""
        return self.pep is not None or bool(self.machines)

    @property
    def domain(self) -> str:
        """The external domain name."""
        return self.state.domain

    @property
    def identity(self) -> Identity:
        """The identity system: AD FS or Entra."""
        return self.state.identity

    @property
    def provider_subscription(self) -> str:
        """The id of the default provider subscription."""
        return self.state.provider_subscription

    @property
    def deployment_id(self) -> str:
        """The deployment id, new with every deployment."""
        return self.state.deployment_id

    @property
    def cloud_id(self) -> str:
        """The cloud id."""
        return self.state.cloud_id

    @property
    def clock(self) -> Clock:
        """The stamp's own clock."""
        return self.state.clock

    @property
    def principals(self) -> tuple[Principal, ...]:
        """All of the directory, the service admin first."""
        with self.lock:
            return tuple(self.state.directory)

    @property
    def writes(self) -> list[Record]:
        """The requests that may have changed something: on Resource Manager's endpoints, and in vaults."""
        return [r for r in self.requests if r.plane in {"admin", "tenant", "vault"} and r.method in WRITES]

    @property
    def effects(self) -> list[Record]:
        """The writes that changed something, also where their answers were lost."""
        return [record for record in self.writes if record.changed]

    @property
    def acts(self) -> list[str]:
        """What was done beside these: cmdlets of the privileged endpoint that do not just look, and writes to BMCs."""
        cmdlets = [name for name in self.pep.ran if not name.startswith(LOOKING)] if self.pep else []
        writes = [r for r in self.requests if r.plane == "redfish" and r.method in WRITES and SESSIONS not in r.path]
        return cmdlets + [f"{record.method} {record.path}" for record in writes if record.status < 400]

    def add_principal(
        self,
        name: str,
        role: str | None = "Owner",
        certificate: str | None = None,
        *,
        scope: str | None = None,
        tenant: str | None = None,
        groups: Iterable[str] = (),
    ) -> Principal:
        """Return a new application with `role` on the default provider subscription (or on `scope`; "/" is all).

        It signs in with its `secret`, or with the key of `certificate` (PEM); on Entra in the directory `tenant`. It
        is in `groups` (object ids). The same name again replaces it; in another directory it is the same application
        with the same secret, and another principal.
        """
        if role is not None and role not in principals.ROLES:
            raise ValueError(f"role {role!r} is none of {', '.join(sorted(principals.ROLES))}")
        where = (scope or self.state.root).lower()
        identifier = derived(0, f"{self.cloud_id}/{self._seed}/client/{name}")
        secret = "" if certificate else derived(0, f"{identifier}/secret").replace("-", "~")
        made = Principal(
            client_id=identifier,
            object_id=self.state.object_id(identifier + (f"/{tenant.lower()}" if tenant else "")),
            name=name,
            tenant=self._directory(tenant),
            secret=secret,
            certificate=certificate,
            roles={where: role} if role else {},
            groups=tuple(groups),
        )
        return self._added(made)

    def add_user(
        self,
        upn: str,
        password: str,
        tenant: str | None = None,
        groups: Iterable[str] = (),
        object_id: str | None = None,
    ) -> Principal:
        """Return a new user, who signs in with a password; `groups` are object ids.

        The same UPN has the same object id on every stamp, for it is the customer's directory. The same UPN again
        replaces the user.
        """
        home = self._directory(tenant)
        identifier = object_id or self.state.object_id(f"user/{upn.lower()}")
        return self._added(Principal("", identifier, upn, home, password, groups=tuple(groups), kind="User"))

    def add_group(self, name: str, tenant: str | None = None, object_id: str | None = None) -> Principal:
        """Return a new group, which users and applications can be in; the same name has the same id on every stamp."""
        identifier = object_id or self.state.object_id(f"group/{name.lower()}")
        return self._added(Principal("", identifier, name, self._directory(tenant), kind="Group"))

    def forget(self, object_id: str) -> None:
        """Let somebody vanish from the directory; assignments and policies go on naming the id."""
        with self.lock:
            self.state.directory.forget(object_id)

    def _directory(self, tenant: str | None) -> str:
        return "adfs" if self.identity == "ADFS" else (tenant or self.state.tenant).lower()

    def _added(self, principal: Principal) -> Principal:
        with self.lock:
            self.state.directory.put(principal)
        return principal

    def secret_versions(self, vault: str, name: str) -> int:
        """Return how many versions a secret has: how often its value was written; 0 when there is none."""
        with self.lock:
            found = self.state.get(f"{vaults.PREFIX}{vault}/secrets/{name}")
            return len(found["versions"]) if found else 0

    def seed_vault(self, vault: str, kind: Literal["keys", "certificates"], *names: str) -> None:
        """Put keys or certificates into a vault, which nothing but a list shows."""
        self.load({"id": f"{vaults.PREFIX}{vault}/{kind}/{name}"} for name in names)

    def load(self, objects: Iterable[Wire]) -> None:
        """Store wire objects as a stamp would list them; another default provider subscription is refused.

        Beside what Resource Manager lists: `/directory/{object id}` and `/vault/{name}/secrets/{name}`, as
        `population.contents` makes them.
        """
        with self.lock:
            self.state.store.begin()
            try:
                for body in objects:
                    place = parse(body["id"])
                    other = (place.subscription or "").lower() != self.provider_subscription.lower()
                    if other and place.namespace.lower().endswith((".admin", ".setup")):
                        raise ValueError(f"{body['id']} is not below this stamp's {self.state.root}")
                    self.state.store.put(body["id"].lower(), dict(body))
                guards.settle(self.state)
            finally:
                self.state.store.commit()

    def catch_up(self) -> None:
        """Let happen what is due by the stamp's clock; requests do so by themselves."""
        with self.lock:
            agenda.catch_up(self.state, HAPPENINGS)

    def objects(self) -> list[Wire]:
        """Return all stored wire objects."""
        with self.lock:
            self.catch_up()
            return [body for key, body in self.state.store.everything() if not key.startswith(HIDDEN)]

    def handle(self, request: Request) -> Response:
        """Return the answer to one request; thread-safe."""
        plane = self._plane(request)
        outside = plane == "control"
        fault = None if outside else next((each for each in list(self.faults) if each.strikes(request)), None)
        principal, changed = None, False
        if fault is not None and (early := fault.before()) is not None:
            response = early
        elif deployment.is_lost(self.state) and not (outside or (plane == "redfish" and self.nodes)):
            response = Response(0, closes=True)  # new machines may stand there already
        else:
            with self.lock:
                self.catch_up()
                before = self.state.store.changes
                response, principal = self._done(request, plane)
                changed = self.state.store.changes > before
            if fault is not None:
                fault.change(request, response, self.clock.time())
        response.delay += self.latency.of(request)
        if self.hurried and response.status == 202:
            self.clock.advance(float(response.headers.get("retry-after", 0)))
            response.headers["retry-after"] = "0"
        who = (principal.client_id or principal.name) if principal else None
        self.requests.append(Record(request.method, request.path, response.status, who, plane, changed))
        return response

    def close(self) -> None:
        """Close the state file."""
        with self.lock:
            self.state.store.close()

    def _done(self, request: Request, plane: str) -> tuple[Response, Principal | None]:
        """Return the answer, once all that a write changed is kept together."""
        if request.method not in WRITES or plane == "identity":
            return self._answer(request, plane)
        self.state.store.begin()
        try:
            return self._answer(request, plane)
        finally:
            self.state.store.commit()

    def _plane(self, request: Request) -> str:
        host = request.host.partition(":")[0].lower()
        name, _, home = host.partition(".")
        if home == f"vault.{self.state.home}".lower():
            return "vault"
        if self.pep is not None and ERCS.fullmatch(name) and home == self.state.home.lower():
            return "pep"
        if name in self.machines and home == self.state.home.lower():
            return "machine"
        if self.nodes is not None and BMC.fullmatch(name) and home == self.state.home.lower():
            return "redfish"
        return PLANES.get(name, "") if home == self.state.home.lower() else ""

    def _answer(self, request: Request, plane: str) -> tuple[Response, Principal | None]:
        if plane == "identity":
            return self.identities.answer(request), None
        if plane == "pep" and self.pep is not None:
            return self.pep.answer(request), None
        if request.scheme != "https":
            return Response(404), None  # nothing else of a stamp is to be had in clear
        if plane == "machine":
            return self.machines[request.host.partition(".")[0].lower()].answer(request), None
        if plane == "control":
            return control.answer(self, request), None
        if plane == "redfish" and self.nodes is not None:
            return self.nodes.answer(request), None
        if plane in {"vault", "graph"}:
            return dataplanes.answer(request, plane, self.identities, self.state)
        if plane not in {"admin", "tenant"}:
            return error(404, "HostNotFound", f"This stamp has no host '{request.host}'."), None
        if request.path.rstrip("/").lower() == "/metadata/endpoints":
            return Response(200, self._endpoints(plane)), None
        address, principal, rule = parse(request.path), None, None
        try:
            principal = gateway.sign_in(request, self.identities, self.state, plane)
            self.budgets.spend(request, address, self.clock.time())
            rule, action = gateway.find(address, plane)
            response = gateway.route(Call(self.state, request, address, rule, principal, plane), action)
        except Refusal as refused:
            response = refused.response
        dressed = gateway.dress(response, request, self.state, address, rule)
        self.budgets.told(request, address, dressed, self.clock.time())
        return paged(request, dressed, self.page_size), principal

    def _endpoints(self, plane: str) -> dict[str, Any]:
        portal = "adminportal" if plane == "admin" else "portal"
        host = "adminmanagement" if plane == "admin" else "management"
        return {
            "galleryEndpoint": f"https://{portal.replace('portal', 'gallery')}.{self.state.home}/",
            "graphEndpoint": f"https://graph.{self.state.home}/",
            "portalEndpoint": f"https://{portal}.{self.state.home}/",
            "authentication": {
                "loginEndpoint": self.identities.authority,
                "audiences": [self.identities.audience(host)],
            },
        }
