"""The first resource of a recovery: the stamp that answers is the one that is meant."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from restamp import failpoints, target
from restamp.arm import settings
from restamp.models.stamp import RecoveryDocument, Stamp
from restamp.recovery import Begun
from restamp.resources import live
from restamp.resources.provider import DONE, Props, finished, not_begun
from restamp.resources.session import session
from restamp.runbook.outline import Outline

_OWNED = ("stamp", "recovery", "identity", "target", "lost", "redeployed")


class TargetProvider(ResourceProvider):
    """Raises where the wrong stamp answers, or none: nothing of the recovery runs then."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Keep what signing in needs; connect nothing."""
        self._config = {key: req.config.get(key) for key in settings.config_keys() if req.config.get(key)}

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Another recovery or another stamp asks again; and as long as what it waits for is not done."""
        same = all((olds.get(key) or None) == (news.get(key) or None) for key in _OWNED)
        return DiffResult(changes=not same or olds.get("status") != DONE)

    def create(self, props: Props) -> CreateResult:
        """Look, and refuse with every reason."""
        return CreateResult(props["stamp"], self._checked(props))

    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        """Look, and refuse with every reason."""
        return UpdateResult(self._checked(news))

    def _checked(self, props: Props) -> Props:
        kept = {key: props[key] for key in _OWNED if key in props}
        if (undone_yet := not_begun(props, "target")) is not None:
            return kept | undone_yet
        region, _, domain = props["stamp"].partition(".")
        live.say(f"asking {props['stamp']}")
        failpoints.reached("target.asked")
        arm = session(settings.read({"stamp": props["stamp"]}, self._config)).arm
        target.same_stamp(arm, Stamp(region=region, domain=domain, identity=props["identity"]))
        recovery = RecoveryDocument.model_validate(
            {
                "lost": props.get("lost") or (),
                "target": {"deployment": props.get("target")},
                "redeployed": props.get("redeployed"),
            }
        )
        target.writable(arm.about.deployment, recovery, props["recovery"])
        target.alone(arm, props.get("answered"))
        failpoints.reached("target.known")
        live.say(f"deployment {arm.about.deployment}, stamp version {arm.about.stamp_version or 'unknown'}")
        return kept | {"result": finished(props["recovery"]), "status": DONE, "stampVersion": arm.about.stamp_version}


class Target(Resource, module="restamp", name="Target"):
    """Done when the recovery's own stamp answers, and can be signed in to."""

    result: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        runbook: Outline,
        begun: Begun,
        needs: Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`begun` says which deployment may be written to, and which was lost; `needs` is done before it is asked."""
        stamp, captured = runbook.stamp, runbook.captured
        results = {key: need.result for key, need in (needs or {}).items()}
        wiring = {"needs": sorted(results), "results": results} if results else {}
        props: dict[str, Any] = {
            "stamp": stamp.suffix,
            "identity": stamp.identity,
            "recovery": begun.id,
            "target": begun.document.target.deployment,
            "lost": list(begun.document.lost),
            "redeployed": begun.document.redeployed,
            "answered": captured.address if captured else None,
        }
        super().__init__(
            TargetProvider(), name, props | wiring | {"result": None, "status": None, "stampVersion": None}, opts
        )
