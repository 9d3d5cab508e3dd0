"""Microsoft.Authorization: locks, and what they refuse. Documented; no recording covers them."""

from .addresses import scope_of, within
from .messages import refuse
from .rules import DELETE, READ_WRITE, Call, Rule
from .scopes import inside
from .store import Wire

NAMESPACE = "Microsoft.Authorization"
LOCKS = (NAMESPACE.lower(), "locks")
LEVELS = ("CanNotDelete", "ReadOnly")


def check(call: Call) -> None:
    """Refuse what a lock forbids: deleting what is locked or has something locked inside; any write if read only."""
    if call.address.type_key == LOCKS:
        return
    path, deletes = call.address.key, call.request.method == DELETE
    for key, lock in inside(call.state, LOCKS, call.address.subscription):
        scope, covers = scope_of(key), within(path, scope_of(key))
        hit = covers or within(scope, path) if deletes else covers and lock["properties"]["level"] == "ReadOnly"
        if hit:
            verb = "delete" if deletes else "write"
            text = (
                f"The scope '{call.address.path}' cannot perform {verb} operation because following scope(s) are"
                f" locked: '{lock['id'].rpartition('/providers/')[0]}'. Please remove the lock and try again."
            )
            raise refuse(409, "ScopeLocked", text, x_ms_failure_cause="gateway")


def check_level(_call: Call, _old: Wire | None, new: Wire) -> None:
    """Refuse a level that no lock has."""
    level = next((each for each in LEVELS if each.lower() == str(new["properties"].get("level", "")).lower()), None)
    if level is None:
        raise refuse(400, "LockLevelNotSupported", f"The level of a lock is one of {', '.join(LEVELS)}.")
    new["properties"]["level"] = level


RULES = (
    Rule(
        namespace=NAMESPACE,
        types="locks",
        versions=("2015-01-01", "2016-09-01"),
        source="documented",
        plane="both",
        methods=READ_WRITE,
        extends=True,
        location=False,
        before_put=(check_level,),
        assumed=(
            "Locks: a list shows those at the scope and below it; a lock inside a group keeps the group from being"
            " deleted; locks themselves are never locked; 409 ScopeLocked.",
        ),
    ),
)
