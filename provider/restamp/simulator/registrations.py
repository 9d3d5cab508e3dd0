"""Which resource providers a subscription has registered. Documented by Resource Manager; no recording covers it."""

from . import verbs
from .messages import Response, refuse
from .rules import GET, LIST, READ_ONLY, Call, Rule
from .scopes import inside
from .store import Wire

KIND = ("", "subscriptions/providers")
ALWAYS = ("Microsoft.Authorization", "Microsoft.Features", "Microsoft.Resources", "Microsoft.Subscriptions")
SERVICES = ("Backup", "Compute", "ContainerRegistry", "Fabric", "KeyVault", "Network", "Storage", "Subscriptions")
ADMIN = tuple(f"Microsoft.{each}.Admin" for each in (*SERVICES, "Update"))
OTHERS = (
    "Microsoft.Compute",
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService",
    "Microsoft.EventHub",
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.MySQLAdapter",
    "Microsoft.Network",
    "Microsoft.SQLAdapter",
    "Microsoft.Sql",
    "Microsoft.Storage",
    "Microsoft.Web",
)
REGISTERED, NOT_REGISTERED = "Registered", "NotRegistered"


def providers(call: Call) -> Response:
    """Return all providers, each with how it stands in this subscription."""
    kept = {body["namespace"].lower(): body for _, body in inside(call.state, KIND, call.address.subscription)}
    return verbs.wrap(call, [_shown(call, name, kept.get(name.lower())) for name in sorted(_known(call))])


def provider(call: Call) -> Response:
    """Return how one provider stands."""
    name = _namespace(call)
    return Response(200, _shown(call, name, call.state.get(f"{call.root}/providers/{name}")))


def register(call: Call) -> Response:
    """Register a provider: at once, or after some seconds on a stamp made so."""
    until = call.state.clock.time() + call.state.registering
    return _written(call, {"registrationState": REGISTERED} | ({"until": until} if call.state.registering else {}))


def unregister(call: Call) -> Response:
    """Take a registration back, at once; those that every subscription has stay."""
    if _namespace(call) in ALWAYS:
        raise refuse(409, "CannotUnregisterProvider", f"The provider '{_namespace(call)}' cannot be unregistered.")
    return _written(call, {"registrationState": NOT_REGISTERED})


def check_registered(call: Call, _old: Wire | None, _new: Wire) -> None:
    """Refuse to write what belongs to a provider that the subscription has not registered (documented)."""
    name = call.rule.namespace
    found = call.state.get(f"{call.root}/providers/{name}")
    if _shown(call, name, found)["registrationState"] != REGISTERED:
        text = f"The subscription is not registered to use namespace '{name}'."
        raise refuse(409, "MissingSubscriptionRegistration", text, x_ms_failure_cause="gateway")


def _written(call: Call, body: Wire) -> Response:
    name = _namespace(call)
    identifier = f"{call.root}/providers/{name}"
    call.state.store.put(identifier.lower(), {"id": identifier, "namespace": name, **body})
    return provider(call)


def _known(call: Call) -> tuple[str, ...]:
    return (*ALWAYS, *OTHERS, *(ADMIN if call.plane == "admin" else ()))


def _namespace(call: Call) -> str:
    asked = call.address.names[1].lower()
    found = next((name for name in _known(call) if name.lower() == asked), None)
    if found is None:
        text = f"The resource namespace '{call.address.names[1]}' is invalid."
        raise refuse(404, "InvalidResourceNamespace", text, x_ms_failure_cause="gateway")
    return found


def _shown(call: Call, name: str, kept: Wire | None) -> Wire:
    state = (kept or {}).get("registrationState") or (REGISTERED if name in ALWAYS + ADMIN else NOT_REGISTERED)
    if kept and kept.get("until", 0.0) > call.state.clock.time():
        state = "Registering"
    place = {"id": f"{call.root}/providers/{name}", "namespace": name}
    return place | {"registrationState": state, "resourceTypes": []}


RULES = (
    Rule(
        namespace="",
        types="subscriptions/providers",
        versions=("2015-11-01", "2016-02-01", "2016-06-01", "2016-09-01", "2018-02-01", "2018-05-01", "2019-10-01"),
        source="documented",
        plane="both",
        methods=READ_ONLY,
        answers={LIST: providers, GET: provider},
        actions={"register": register, "unregister": unregister},
        assumed=(
            "Resource providers: which ones there are, and which a new subscription has registered; their resource"
            " types are not listed; registering is done at once; a provider in use can be unregistered.",
        ),
    ),
)
