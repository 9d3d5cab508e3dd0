"""A step of a plugin as a Pulumi resource: a name and the digest of its text in, how it stands out."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from restamp import failpoints
from restamp.arm import settings
from restamp.errors import RestampError
from restamp.models.step import SignOff, Step, StepResult
from restamp.recovery import chosen, signed, stands
from restamp.resources import live, where
from restamp.resources.gate import Gate, behind
from restamp.resources.provider import DONE, Props, finished, not_begun, undone, with_hint
from restamp.resources.session import Session, session
from restamp.steps.run import Around, PluginRun, asked, remembered, written
from restamp.steps.times import length
from restamp.steps.work import work

_OWNED = ("step", "stamp", "recovery", "text", "signed")
_KEPT = (*_OWNED, "runbook")
_OUTPUTS = ("status", "message", "result", "token", "facts", "evidence")


class StepProvider(ResourceProvider):
    """Asks a plugin how its step stands, or looks for the sign-off of whoever does it. Has no state."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Keep what signing in needs; connect nothing."""
        self._config = {key: req.config.get(key) for key in settings.config_keys() if req.config.get(key)}

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Another recovery, another text, another sign-off; and as long as it is not done."""
        same = all((olds.get(key) or None) == (news.get(key) or None) for key in _OWNED)
        return DiffResult(changes=not same or olds.get("status") != DONE)

    def create(self, props: Props) -> CreateResult:
        """Ask it."""
        return CreateResult(props["step"], self._stands(props, ""))

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """Ask it again, with what it remembered."""
        same = olds.get("recovery") == news.get("recovery")
        return UpdateResult(self._stands(news, str(olds.get("token") or "") if same else ""))

    def _stands(self, props: Props, token: str) -> Props:
        name = props["step"]
        failpoints.reached("step.begin")
        kept = {key: props[key] for key in _KEPT if key in props}
        if (undone_yet := not_begun(props, f"step {name}")) is not None:
            return kept | undone_yet
        here = session(settings.read({"stamp": props["stamp"]}, self._config))
        try:
            result = _asked(here, props, remembered(here.journal, props["recovery"], name) or token)
        except RestampError as error:
            result = StepResult(status="failed", message=with_hint(error))
        failpoints.reached("step.end")
        return kept | _told(name, props["recovery"], result)


def _asked(here: Session, props: Props, token: str) -> StepResult:
    """How the step stands: by its sign-off, where people do it, else by what its plugin answers."""
    folder, recovery = where.folder(props), props["recovery"]
    runbook, begun = here.outline(folder), chosen(folder, recovery)
    found = work(runbook, begun, here.kinds).of(props["step"])
    if found is None:
        message = f"no plugin in use has the step {props['step']}: the program that named it is another than ours"
        return StepResult(status="failed", message=message)
    used, step = found
    if step.signed:
        signoff = signed(folder, recovery, step.id)
        fits = signoff is not None and stands(signoff, step, runbook.captured, begun.document)
        if (answer := by_people(step, signoff, fits)) is not None:
            return answer

    if step.phase == "redeploy":
        here.check_none_lives(begun.document, runbook.captured)

    def connect() -> Any:
        if step.phase == "restore":
            here.check(props.get("target") or "")
        return here.arm

    around = Around(runbook, begun, connect, live.say, live.cancelled)
    facts = {need: dict(said or {}) for need, said in (props.get("known") or {}).items()}

    def ask(remember: Callable[[str], None]) -> StepResult:
        return asked(PluginRun(around, used, step, facts, token, remember), step, live.pause)

    return written(here.journal, recovery, step.id, ask)


def by_people(step: Step, signoff: SignOff | None, fits: bool) -> StepResult | None:
    """How a step stands that needs a sign-off; None where it has one that fits its text, and restamp does the rest."""
    if signoff is None or not fits:
        said = "its text is another since it was signed off" if signoff else step.title
        verb = "allowed" if step.by == "restamp" else "done"
        lead = f" (lead time {length(step.lead)})" if step.lead else ""
        message = f"for {_who(step)}: {said}. Once {verb}: restamp signoff {step.id} --by NAME{lead}"
        return StepResult(status="waiting", message=message)
    if step.by == "restamp":
        return None
    shown = f", {len(signoff.evidence)} files of evidence" if signoff.evidence else ""
    message = f"signed off by {signoff.by} on {signoff.at:%Y-%m-%d}{shown}"
    return StepResult(status="done", message=message, facts=signoff.facts)


def _who(step: Step) -> str:
    return {"restamp": "somebody's word, as it destroys", "oem": "the OEM"}.get(step.by, f"the {step.by}")


def _told(name: str, recovery: str, result: StepResult) -> Props:
    said: Props = {"token": result.token, "facts": result.facts, "evidence": result.evidence}
    outs = {key: value for key, value in said.items() if value}
    if result.status == "done":
        live.say(f"{name}: {result.message}")
        return outs | {"status": DONE, "message": result.message, "result": finished(recovery), "outcome": "done"}
    if result.status == "failed":
        live.warn(f"{name}: {result.message}")
    return outs | undone(result.status, result.message)


class StepResource(Resource, module="restamp", name="Step"):
    """One step of a recovery; `facts` are for the steps that need it."""

    status: pulumi.Output[str]
    result: pulumi.Output[str]
    facts: pulumi.Output[Mapping[str, str] | None]
    step_id: str

    def __init__(
        self,
        step: Step,
        at: Mapping[str, Any],
        after: Gate | None,
        needs: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`at` has the stamp, recovery, runbook, target and sign-off; `needs` are resources by what they are called."""
        results = {key: need.result for key, need in needs.items()}
        facts = {need.step_id: need.facts for need in needs.values() if isinstance(need, StepResource)}
        wiring = {"needs": sorted(needs), "results": results, "known": facts} if needs else {}
        props = {"step": step.id, "text": step.digest} | {key: value for key, value in at.items() if value}
        self.step_id = step.id  # `step` is an output
        retain = pulumi.ResourceOptions(retain_on_delete=True)
        super().__init__(
            StepProvider(),
            step.id,
            props | wiring | behind(after) | dict.fromkeys(_OUTPUTS),
            pulumi.ResourceOptions.merge(retain, opts),
        )
