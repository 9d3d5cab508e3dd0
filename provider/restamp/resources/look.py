"""Resources that look and never write: the preflights of a recovery, a decision that is open, the verification."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from restamp import check, failpoints, verification
from restamp.arm import settings
from restamp.errors import Refused, RestampError
from restamp.models.finding import Finding
from restamp.older import obstacle
from restamp.principals import as_today
from restamp.recovery import Begun, chosen
from restamp.resources import live, where
from restamp.resources.gate import Gate, behind
from restamp.resources.provider import DONE, Props, finished, not_begun, undone, with_hint
from restamp.resources.session import Session, session
from restamp.runbook import load
from restamp.steps.run import Around
from restamp.steps.work import work

_OWNED = ("look", "stamp", "recovery", "accepted")
_KEPT = (*_OWNED, "runbook")
_SHOWN = 10


class LookProvider(ResourceProvider):
    """Looks as `look` says, each time `up` comes to it and it is not done. Has no state."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Keep what signing in needs; connect nothing."""
        self._config = {key: req.config.get(key) for key in settings.config_keys() if req.config.get(key)}

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Another recovery, something accepted, something it stands behind done anew; and while it is not done."""
        same = all((olds.get(key) or None) == (news.get(key) or None) for key in _OWNED)
        return DiffResult(changes=not same or olds.get("status") != DONE)

    def create(self, props: Props) -> CreateResult:
        """Look."""
        return CreateResult(props["look"], self._seen(props))

    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        """Look again."""
        return UpdateResult(self._seen(news))

    def _seen(self, props: Props) -> Props:
        kept = {key: props[key] for key in _KEPT if key in props}
        if (undone_yet := not_begun(props, props["look"])) is not None:
            return kept | undone_yet
        failpoints.reached("step.look")
        if props["look"] == "decision":
            return kept | undone("waiting", obstacle(where.folder(props), _begun(props)))
        here = session(settings.read({"stamp": props["stamp"]}, self._config))
        try:
            message, wrong = (_verified if props["look"] == "verification" else _preflight)(here, props)
        except RestampError as error:
            return kept | undone("failed", with_hint(error))
        for line in wrong[:_SHOWN]:
            live.warn(line)
        if wrong and not props.get("accepted"):
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            return kept | undone("failed", f"{wrong[0]}{more}; {message}")
        live.say(message)
        return kept | {"status": DONE, "message": message, "result": finished(props["recovery"]), "outcome": "done"}


def _begun(props: Props) -> Begun:
    return chosen(where.folder(props), props["recovery"])


def _around(here: Session, props: Props) -> Around:

    def connect() -> Any:
        here.check(props.get("target") or "")
        return here.arm

    return Around(here.outline(where.folder(props)), _begun(props), connect, live.say, live.cancelled)


def _preflight(here: Session, props: Props) -> tuple[str, list[str]]:
    """Everything that would stop this recovery, from git, files and plugins; online, with the stamp there."""
    around = _around(here, props)
    assert around.recovery is not None
    found = work(around.runbook, around.recovery, here.kinds)
    findings: list[Finding] = [*check.of_plugins(found.used, around)]
    if props["look"] == "offline":
        findings += check.for_steps(
            around.runbook, found.of_recovery, lambda *secret: check.at_hand(around.runbook, *secret)
        )
    else:
        findings += check.deployed(around.runbook, around.recovery, around.connect().about.stamp_version)
    findings += (living := here.lost_stamps(around.recovery.document, around.runbook.captured))
    if living and props.get("accepted"):
        raise Refused(living)  # of all obstacles the one that nobody can accept
    wrong = [f"{finding}. {finding.hint}".strip() for finding in check.stops(findings)]
    return f"{len(found.plan.steps)} steps of {len(found.used)} plugins, {len(findings)} findings", wrong


def _verified(here: Session, props: Props) -> tuple[str, list[str]]:
    from restamp.sealing import for_writing

    around = _around(here, props)
    runbook = as_today(load(where.folder(props), here.kinds))
    arm = around.connect()
    arm.seals = for_writing(runbook.folder, runbook.stamp)
    found = verification.verify(arm, runbook, around, lambda kind, _count: live.say(f"comparing {kind}"))
    return str(found), found.stops


class _Look(Resource, module="restamp", name="Look"):
    status: pulumi.Output[str]
    result: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        look: str,
        at: Mapping[str, Any],
        after: Gate | None,
        needs: Mapping[str, Any],
        opts: pulumi.ResourceOptions,
    ) -> None:
        results = {key: need.result for key, need in needs.items()}
        wiring = {"needs": sorted(needs), "results": results} if needs else {}
        props = {"look": look} | {key: value for key, value in at.items() if value}
        outputs = dict.fromkeys(("status", "message", "result", "outcome"))
        super().__init__(LookProvider(), name, props | wiring | behind(after) | outputs, opts)


class Preflight(_Look, module="restamp", name="Preflight"):
    """Says everything that would stop a recovery, at once: `offline` before any step, `online` once a stamp answers."""

    def __init__(self, name: str, at: Mapping[str, Any], after: Gate | None, opts: pulumi.ResourceOptions) -> None:
        """`at` has the stamp, recovery, runbook and target."""
        super().__init__(name, name, at, after, {}, opts)


class Decision(_Look, module="restamp", name="Decision"):
    """Waits until people take a side: the runbook is older than the backup. Declared as long as nobody has."""

    def __init__(
        self, at: Mapping[str, Any], after: Gate | None, needs: Mapping[str, Any], opts: pulumi.ResourceOptions
    ) -> None:
        """`at` has the stamp, recovery, runbook and target; `needs` is what brings back what the backup has."""
        super().__init__("decision", "decision", at, after, needs, opts)


class Verification(_Look, module="restamp", name="Verification"):
    """Done when people can sign in, see what is theirs, and everything is as the runbook says."""

    def __init__(
        self, at: Mapping[str, Any], after: Gate | None, needs: Mapping[str, Any], opts: pulumi.ResourceOptions
    ) -> None:
        """`at` has the stamp, recovery, runbook and target; `needs` are the steps done before."""
        super().__init__("verification", "verification", at, after, needs, opts)
