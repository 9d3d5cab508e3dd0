"""The one provider of all documents. Its dotted path is a file format: Pulumi keeps it in every state."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import Unknown
from pydantic import ValidationError

from restamp import failpoints, objects
from restamp.arm import settings
from restamp.errors import Forbidden, Refused, RestampError, Shut, StampError, Unwritable, Waits
from restamp.kind import Kind
from restamp.models.document import Document, sealed_fields
from restamp.models.finding import Finding
from restamp.plugins import all_kinds
from restamp.resources import live
from restamp.resources.session import Session, session
from restamp.resources.standing import CONFIG, Standing
from restamp.runbook import problems

Props = dict[str, Any]
DONE = "done"
NOT_RUN = "not run"
# what a diff looks at: everything else is wiring between resources of one run
OWNED = ("kind", "stamp", "recovery", "target", "subscription", "directory", "document", "later", "withheld")


class Difference(DiffResult):
    """A diff that names the paths that differ, which our host shows and the stock host leaves out."""

    def __init__(self, fields: list[str], replaces: list[str]) -> None:
        """`fields` are property paths; `replaces` those that make it another object."""
        super().__init__(changes=bool(fields), replaces=replaces)
        self.fields = fields


class DocumentProvider(ResourceProvider):
    """Reads, compares and writes one document. Has no state: Pulumi pickles it into its own state file."""

    serialize_as_secret_always = False  # there is nothing in here, so the state stays readable

    def configure(self, req: ConfigureRequest) -> None:
        """Keep what signing in needs; connect nothing."""
        keys = (*settings.config_keys(), CONFIG)
        self._config = {key: str(value) for key in keys if (value := req.config.get(key))}

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """Name every field that is wrong. No request is made."""
        document = news.get("document")
        if isinstance(document, Unknown) or _unknown(document):
            return CheckResult(news, [])
        kind = _kind(news)
        failures = [] if _is_placed(kind, news) else [CheckFailure("subscription", "is missing")]
        try:
            kind.model.model_validate(document)
        except ValidationError as error:
            failures += [CheckFailure(f"document.{field}", reason) for field, reason in _wrong(kind, error)]
        return CheckResult(news, failures)

    def diff(self, _id: str, olds: Props, news: Props) -> Difference:
        """What differs in what we own; an object that is not done differs as long as it is not."""
        if _unknown({key: news.get(key) for key in OWNED}):
            return Difference(["document"], [])
        fields = [key for key in OWNED if key != "document" and (olds.get(key) or None) != (news.get(key) or None)]
        kind, before, after = _kind(news), olds["document"], news["document"]
        changed = [key for key in sorted({*before, *after}) if _plain(before.get(key)) != _plain(after.get(key))]
        fields += [f"document.{key}" for key in changed]
        if olds.get("status") != DONE:
            fields.append("status")
        return Difference(fields, _replaces(kind, olds, news))

    def create(self, props: Props) -> CreateResult:
        """Bring the object to what the document says; what exists and is right is adopted."""
        kind, document = _kind(props), _document(props)
        within = f"{props['subscription']}/" if props.get("subscription") else ""
        return CreateResult(within + kind.ref(document), self._applied(props, document))

    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        """The same as create: look, compare, write what differs."""
        return UpdateResult(self._applied(news, _document(news)))

    def read(self, id_: str, props: Props) -> ReadResult:
        """The object as the stamp has it now; where it drifted, its observed document is the new input."""
        if props.get("withheld"):
            return ReadResult(id_, props)
        kind, wanted = _kind(props), _document(props)
        try:
            found = self._standing(props, wanted).seen(self._config.get(CONFIG, ""))
        except (Forbidden, Unwritable) as error:
            if not kind.inside:
                raise
            live.warn(f"{kind.label(wanted)}: not looked at: {one_line(error)}")
            return ReadResult(id_, props)
        if found is None:
            return ReadResult("", {})
        later = _later(kind, props)
        changes = objects.compare(kind, wanted, found, later)
        if props.get("status") != DONE or not changes:
            return ReadResult(id_, props)
        kept = {
            *later,
            *sealed_fields(kind.model),
        }  # half of a sealed value is none: that another is there is told in the message
        observed = found.model_copy(update={name: getattr(wanted, name) for name in kept})
        message = f"drifted: {', '.join(change.field for change in changes)}"
        drifted = props | {
            "document": inputs_of(observed),
            "status": "drifted",
            "message": message,
            "result": "drifted",
        }
        return ReadResult(id_, drifted, {key: drifted[key] for key in props if key not in _OUTPUTS})

    def delete(self, _id: str, props: Props) -> None:
        """Remove the object from the stamp; only reached where its document says `onDestroy: delete`."""
        document = _document(props)
        self._session(props).check(props.get("target") or "")
        self._standing(props, document).delete()

    def _session(self, props: Props) -> Session:
        return session(settings.read({"stamp": props.get("stamp") or ""}, self._config))

    def _standing(self, props: Props, document: Document) -> Standing:
        return Standing(self._session(props), _kind(props), document, props)

    def _applied(self, props: Props, document: Document) -> Props:
        kind = _kind(props)
        label = kind.label(document)
        failpoints.reached("document.begin")
        kept = {key: props[key] for key in OWNED if key in props}  # the wiring of a run is no output
        if (waits := not_begun(props, f"{kind.name} {label}")) is not None:
            return kept | waits
        if subject := props.get("withheld"):
            said = f"withheld, for the stamp has no such access: restamp up --grant '{subject}'"
            live.warn(f"{label}: {said}")
            return kept | _done(said, "left out", props)
        self._session(props).check(props.get("target") or "")
        try:
            standing, later = self._standing(props, document), frozenset(_later(kind, props))
            done = standing.put(later, props.get("recovery") or "", self._config.get(CONFIG, ""))
        except (StampError, ValidationError, Refused, Shut, Waits) as error:
            status = "waiting" if isinstance(error, Waits) else "failed"
            said = with_hint(error) if isinstance(error, Refused | Shut) else one_line(error)
            live.warn(f"{label}: {said}")
            return kept | undone(status, said)
        failpoints.reached("document.end")
        plain = {"created": "created", "unchanged": "adopted, nothing written", "left alone": kind.wire.afterwards}
        said = plain.get(done.outcome) or "updated " + ", ".join(change.field for change in done.changes)
        said += f"; partial: {', '.join(props['later'])} later" if props.get("later") else ""
        live.say(f"{label}: {said}")
        return kept | _done(said, done.outcome, props)


_PLAIN = (
    "is a value in clear, which would stay in Pulumi's state: give {seen, sealed} as a runbook has it; "
    "`restamp secrets check` lists those of a runbook"
)
_OUTPUTS = ("status", "message", "result", "outcome")


def finished(recovery: str | None) -> str:
    """A resource's `result` once it is done: for one recovery, so that the state of an earlier loss is no pass."""
    return f"{DONE} for {recovery}" if recovery else DONE


def _done(message: str, outcome: str, props: Props) -> Props:
    return {"status": DONE, "message": message, "result": finished(props.get("recovery")), "outcome": outcome}


def refuse_behind_closed_gate(props: Props, about: str) -> None:
    """Raise unless the gate this stands behind opened for this very recovery.

    An excluded gate's answer has vanished; one that is no target answers with what it was for an earlier loss.
    """
    gate = props.get("behind")
    if gate and props.get("after") != (props.get("recovery") or ""):
        message = f"the gate {gate} is not open, so nothing behind it is written"
        raise Refused(
            [Finding("gate-closed", "stop", about, message, "Run `restamp up` without --target or --exclude.")]
        )


def inputs_of(document: Document) -> Props:
    """A document as an input: what the stamp is to have, without what belongs to people or was never modelled."""
    skip = set(Document.model_fields)
    return document.model_dump(mode="json", by_alias=True, exclude=skip, exclude_none=True)


def not_begun(props: Props, about: str) -> Props | None:
    """The outputs of what cannot begin yet, with the reason; None where it can. Raises behind a closed gate."""
    refuse_behind_closed_gate(props, about)
    if needed := not_done(props.get("needs") or (), props):
        # nothing is wrong where a document waits for one that waits: somebody has to act
        people = "kind" in props and all(result.startswith("waiting") for result in needed.values())
        return undone("waiting" if people else "blocked", f"waits for {_named(needed)}")
    if live.cancelled():
        return undone("waiting", "the run was cancelled before this was written")
    return None


def undone(status: str, message: str) -> Props:
    """The outputs of what is not done."""
    return {"status": status, "message": message, "result": f"{status}: {message}"}


def not_done(names: Iterable[str], props: Props) -> dict[str, str]:
    """Of these resources, those that are not done for this recovery, with their results.

    The names are a list of their own, for a resource that was excluded vanishes from `results`.
    """
    results, done = props.get("results") or {}, finished(props.get("recovery"))
    found = {name: str(results.get(name) or NOT_RUN) for name in names}
    return {name: result for name, result in found.items() if result != done}


def _cause(name: str, result: str) -> str:
    """Why another is not done; a step, and what waits for others itself, says so in its own row."""
    status, _, reason = result.partition(": ")
    elsewhere = name.startswith("Step ") or reason.startswith("waits for")
    return status if elsewhere and status in ("waiting", "blocked") else result


def _named(needed: Mapping[str, str]) -> str:
    """The needed resources that are not done, at most three by name."""
    waits = [f"{name} ({_cause(name, result)})" for name, result in needed.items()]
    return ", ".join(waits[:3]) + (f" and {len(waits) - 3} more" if len(waits) > 3 else "")


def _kind(props: Props) -> Kind[Any]:
    return all_kinds()[props["kind"]]


def _document(props: Props) -> Document:
    document: Document = _kind(props).model.model_validate(_whole(props["document"]))
    return document


def _whole(value: Any) -> Any:
    """A value with whole numbers where a program had them: the engine knows only floats, and would send 3.0."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_placed(kind: Kind[Any], props: Props) -> bool:
    """Whether it is told where an object is; the default provider subscription needs no telling."""
    return not kind.inside or "provider" in kind.inside or bool(props.get("subscription"))


def _wrong(kind: Kind[Any], error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each field that is wrong, and why; what may be a secret in clear is never repeated."""
    sealed = {kind.model.model_fields[name].alias or name for name in sealed_fields(kind.model)}
    for item in error.errors():
        plain = item["loc"][0] in sealed and item["type"] == "model_type"
        yield ".".join(map(str, item["loc"])), _PLAIN if plain else problems.sentence(item)


def _replaces(kind: Kind[Any], olds: Props, news: Props) -> list[str]:
    """What makes it another object: another name, another subscription. A stamp knows no case."""
    before, after = olds["document"], news["document"]
    keys = [kind.model.model_fields[name].alias or name for name in kind.identity]
    renamed = any(str(before.get(key) or "").lower() != str(after.get(key) or "").lower() for key in keys)
    moved = (olds.get("subscription") or "").lower() != (news.get("subscription") or "").lower()
    return ["document"] * renamed + ["subscription"] * moved


def _later(kind: Kind[Any], props: Props) -> frozenset[str]:
    """The fields another resource will set, by their names in Python."""
    aliases = {field.alias or name: name for name, field in kind.model.model_fields.items()}
    return frozenset(aliases[item] for item in props.get("later") or ())


def _unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(_unknown(item) for item in value)
    return isinstance(value, Unknown)


def _plain(value: Any) -> Any:
    """A value as it is compared: the engine drops empty things and knows only floats."""
    if isinstance(value, list):
        return sorted(json.dumps(item, sort_keys=True) for item in value) or None
    return value if value not in ("", {}) else None


def one_line(error: RestampError | ValidationError) -> str:
    """An error as one line."""
    return " ".join(str(error).split())


def with_hint(error: RestampError) -> str:
    """An error as one line, with the way out."""
    return f"{one_line(error)}. {error.hint}" if error.hint else one_line(error)
