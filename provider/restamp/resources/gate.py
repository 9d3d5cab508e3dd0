"""The gates between the phases of a recovery, and the resource that says whether the target is the right stamp."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from restamp import failpoints
from restamp.errors import Waits
from restamp.resources import live
from restamp.resources.provider import NOT_RUN, Props, not_done, refuse_behind_closed_gate

_SHOWN = 10
_WIDTH = 300  # letters of one line


class NotOpen(Waits):
    """A gate stays closed: what is not done, what to do next. Our host keeps `outs`: --target finds it closed."""

    def __init__(self, name: str, message: str, hint: str, outs: Props | None) -> None:
        super().__init__(message)
        self.id, self.hint, self.outs = name, hint, outs


class GateProvider(ResourceProvider):
    """Opens when everything expected is done or accepted. Raises otherwise: the only resource that does."""

    serialize_as_secret_always = False

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Asked again whenever a member changed, or while it is closed; unknown members do not make a preview noisy."""
        expects, results = news.get("expects"), news.get("results")
        if not isinstance(expects, list) or not isinstance(results, dict):
            return DiffResult(changes=False)
        known = {name: result for name, result in results.items() if isinstance(result, str)}
        if len(known) < len(results):
            return DiffResult(changes=False)
        keys = ("expects", "recovery", "accepted")
        same = all((olds.get(key) or None) == (news.get(key) or None) for key in keys) and not _missing(news)
        return DiffResult(changes=not (same and olds.get("open") is True))

    def create(self, props: Props) -> CreateResult:
        """Open, or raise with the whole story."""
        return CreateResult(props["name"], _opened(props))

    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        """Open, or raise with the whole story."""
        return UpdateResult(_opened(news))


def _opened(props: Props) -> Props:
    name = props["name"]
    failpoints.reached("gate.asked")
    refuse_behind_closed_gate(props, f"gate {name}")
    missing = _missing(props)
    kept = {key: value for key, value in props.items() if key != "results"}
    if not missing:
        if without := not_done(props["expects"], props):
            live.warn(f"{name} opens without {_some(list(without))}: accepted")
        failpoints.reached("gate.opened")
        return kept | {"open": True, "opened": props["recovery"]}
    lines = [f"  {member}: {result}"[:_WIDTH] for member, result in sorted(missing.items(), key=_causes_first)]
    more = [f"  and {len(lines) - _SHOWN} more: restamp status"] if len(lines) > _SHOWN else []
    head = f"{name} stays closed: {len(missing)} of {len(props['expects'])} not done"
    # a member that was excluded is in no state: keeping a gate that depends on it would corrupt the engine's file
    outs = None if NOT_RUN in missing.values() else kept | {"open": False}
    raise NotOpen(name, "\n".join([head, *lines[:_SHOWN], *more]), _next(missing), outs)


def _missing(props: Props) -> dict[str, str]:
    """What keeps it closed: what is neither done nor accepted; what no run has come to cannot be accepted."""
    accepted, undone = set(props.get("accepted") or ()), not_done(props["expects"], props)
    return {name: said for name, said in undone.items() if said == NOT_RUN or _subject(name) not in accepted}


def _subject(member: str) -> str:
    """What people call it: a document's second resource, which sets its last field, is the document."""
    return member.removesuffix("/state")


def _next(missing: Mapping[str, str]) -> str:
    failed = sorted(_subject(name) for name, result in missing.items() if result.startswith("failed"))
    if not failed:
        return "Run `restamp up` again: it goes on with these alone."
    return (
        "Remove the cause and run `restamp up` again: it goes on with these alone. "
        f"To go on without one: restamp accept {shlex.quote(failed[0])} --reason <why>"
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _causes_first(item: tuple[str, str]) -> tuple[bool, str]:
    return item[1].startswith("blocked"), item[0]


class Gate(Resource, module="restamp", name="Gate"):
    """Opens when all of `results` are done or accepted; `opened` says for which recovery, to what is behind."""

    open: pulumi.Output[bool]
    opened: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        results: Mapping[str, pulumi.Input[str]],
        recovery: str,
        after: "Gate | None" = None,
        accepted: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`after` is the gate before this one: gates form one chain. `accepted` are names people go on without."""
        props: dict[str, Any] = {
            "name": name,
            "expects": sorted(results),
            "results": dict(results),
            "recovery": recovery,
        } | ({"accepted": sorted(accepted)} if accepted else {})
        super().__init__(GateProvider(), name, props | behind(after) | {"open": None, "opened": None}, opts)
        self.name = name


def behind(gate: Gate | None) -> dict[str, Any]:
    """The inputs of a resource that stands behind a gate: its name, and the recovery it opened for as it turns out."""
    return {"behind": gate.name, "after": gate.opened} if gate is not None else {}
