"""The whole plan of a recovery, for `status --all`: as text, as a drawing, as data."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from restamp.steps.times import length

if TYPE_CHECKING:
    from restamp.cli.standing import Resource
    from restamp.models.step import Step
    from restamp.steps import Placed, Work
    from restamp.steps.times import Times

Format = Literal["text", "mermaid", "json"]


def told(found: "Work", standing: "Mapping[str, Resource]", form: Format) -> str:
    """The whole plan of a recovery, with how each step stands; `standing` is by the id of the step."""
    from restamp.steps.times import times

    when = times(found.plan, {name for name, item in standing.items() if item.status == "done"})
    if form == "json":
        return json.dumps(_as_data(found, standing, when), indent=1, ensure_ascii=False)
    if form == "mermaid":
        return "\n".join(_mermaid(found, standing, when))
    return "\n".join(_text(found, standing, when))


def _text(found: "Work", standing: "Mapping[str, Resource]", when: "Times") -> Iterator[str]:
    for gate in found.plan.gates:
        for placed in found.plan.holding(gate):
            yield from _lines(placed, standing.get(placed.id))
        if gate == "control-plane-restored":
            yield "    every document of the runbook, in the order of what it refers to"
            yield from (f"    not by restamp: {said}" for said in found.others)
        yield f"[{gate}] {_between(when.gates[gate].best, when.gates[gate].worst)}"
    for old, new in found.plan.left_out.items():
        yield f"  left out: {old}, for {new} stands in its place"
    if when.critical:
        yield f"critical path: {' -> '.join(when.critical)}"
    if when.unknown:
        yield f"nobody says how long these take: {', '.join(when.unknown)}"
    if found.plan.steps:
        end = _between(when.end.best, when.end.worst)
        yield f"done {end} from the begin, by what plugins declare; restamp's own work is not in it"


def _lines(placed: "Placed", resource: "Resource | None") -> Iterator[str]:
    step = placed.step
    status = _status(resource)
    yield f"  {status:8} {step.id}  {step.title}  ({step.by}{', destroys' if step.destructive else ''})"
    why = [*placed.reasons, *([f"needs {name}" for name in placed.needs if f"after {name}" not in placed.reasons])]
    said = [*_times(step), *([f"source: {step.source}"] if step.source else []), *why]
    if said:
        yield f"           {'; '.join(said)}"
    if status != "done" and step.how:
        yield from (f"           | {line}" for line in step.how.strip().splitlines())
    if status not in ("done", "not run") and resource is not None:
        yield f"           {resource.outputs.get('message')}"


def _status(resource: "Resource | None") -> str:
    return resource.status if resource else "not run"


def _times(step: "Step") -> list[str]:
    took = [f"takes {_span(*step.takes)}"] if step.takes else []
    return [*took, *([f"order {length(step.lead)} ahead"] if step.lead else [])]


def _mermaid(found: "Work", standing: "Mapping[str, Resource]", when: "Times") -> Iterator[str]:
    names = {placed.id: f"s{number}" for number, placed in enumerate(found.plan.steps)}
    yield "flowchart TD"
    for gate in found.plan.gates:
        yield f'  {gate}{{{{"{gate}<br/>{_between(when.gates[gate].best, when.gates[gate].worst)}"}}}}'
        before = found.plan.gate_before(gate)
        if before:
            yield f"  {before} --> {gate}"
    yield '  documents["documents of the runbook"]'
    yield f"  {found.plan.gate_before('control-plane-restored')} --> documents --> control-plane-restored"
    for placed in found.plan.steps:
        title, status = placed.step.title.replace('"', "'"), _status(standing.get(placed.id))
        told = "; ".join((placed.step.by, *_times(placed.step), status))
        yield f'  {names[placed.id]}["{placed.id}<br/>{title}<br/>{told}"]'
        for other in placed.needs:
            yield f"  {names[other]} --> {names[placed.id]}"
        if placed.begins and not placed.needs:
            yield f"  {placed.begins} --> {names[placed.id]}"
        yield f"  {names[placed.id]} --> {placed.holds}"
        yield from (f"  {names[placed.id]} --> documents" for _ in placed.before_kinds[:1])
    yield from (f"  style {names[name]} fill:#cfc" for name in names if _status(standing.get(name)) == "done")
    yield from (f"  style {names[name]} stroke-width:4px" for name in when.critical)


def _as_data(found: "Work", standing: "Mapping[str, Resource]", when: "Times") -> dict[str, Any]:
    def seconds(span: "Any") -> list[float]:
        return [span.best.total_seconds(), span.worst.total_seconds()]

    def one(placed: "Placed") -> dict[str, Any]:
        resource = standing.get(placed.id)
        said = placed.step.model_dump(mode="json", by_alias=True, exclude_none=True)
        return said | {
            "status": _status(resource),
            "message": str(resource.outputs.get("message") or "") if resource else "",
            "begins": placed.begins,
            "holds": placed.holds,
            "waitsFor": list(placed.needs),
            "reasons": list(placed.reasons),
            "doneAfterSeconds": seconds(when.steps[placed.id]),
        }

    return {
        "gates": {gate: seconds(span) for gate, span in when.gates.items()},
        "steps": [one(placed) for placed in found.plan.steps],
        "leftOut": dict(found.plan.left_out),
        "notByRestamp": list(found.others),
        "criticalPath": list(when.critical),
        "unknown": list(when.unknown),
        "doneAfterSeconds": seconds(when.end),
    }


def _between(best: dt.timedelta, worst: dt.timedelta) -> str:
    return f"between {length(best)} and {length(worst)}" if best != worst else f"after {length(worst)}"


def _span(best: dt.timedelta, worst: dt.timedelta) -> str:
    return length(best) if best == worst else f"{length(best)} to {length(worst)}"
