"""Where sealed values stand in a runbook's files, what each is bound to, and how its ciphertexts are replaced."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from restamp.models.finding import Finding, Position
from restamp.models.sealed import SealedValue

Path = tuple[str | int, ...]
Rule = Callable[[Mapping[str, Any], Path], str | None]
At = Callable[[Path], Position]


@dataclass(frozen=True, slots=True)
class Place:
    """A sealed value in a file: its path there, what it must be bound to, and itself."""

    path: Path
    identity: str
    value: SealedValue

    @property
    def field(self) -> str:
        """The path for people: `secrets.app/erp-kv/db-password`."""
        return named(self.path)


def named(path: Path) -> str:
    """A path for people, without the `value` at its end."""
    return ".".join(str(part) for part in (path[:-1] if len(path) > 1 and path[-1] == "value" else path))


def _of_subscription(document: Mapping[str, Any], path: Path) -> str | None:
    """`secrets: {<group>/<vault>/<name>: {value: …}}` is bound to `<subscription id>/<vault>/<name>`."""
    if len(path) != 3 or (path[0], path[2]) != ("secrets", "value"):
        return None
    _, *rest = str(path[1]).split("/")
    return "/".join([document["id"], *rest]) if len(rest) == 2 else None


def _of_backup_location(document: Mapping[str, Any], path: Path) -> str | None:
    region = document.get("region") or document.get("name")
    return f"backup/{region}/{path[0]}" if len(path) == 1 else None


RULES: Mapping[str, Rule] = {
    "Subscription": _of_subscription,
    "BackupLocation": _of_backup_location,
    "SealedFile": lambda document, path: f"file/{document['name']}" if path == ("value",) else None,
    "Stamp": lambda document, path: (
        f"capture-key/{document['region']}.{document['domain']}" if path == ("captureKey",) else None
    ),
}


def identity_of(document: Mapping[str, Any], path: Path, rules: Mapping[str, Rule] = RULES) -> str | None:
    """What a value at this path of a document is bound to, in lower case; None where no rule of its kind says so."""
    try:
        rule = rules.get(str(document.get("kind")))
        found = rule(document, path) if rule else None
    except KeyError:  # the field that the rule needs is not there, which the loader says
        return None
    return found.lower() if found else None


def places(document: Any, at: At, found: list[Finding], rules: Mapping[str, Rule] = RULES) -> Iterator[Place]:
    """Every sealed value of a parsed document; what is wrong with one goes to `found`, at the place `at` gives."""
    for path, value in _sealed(document, ()):
        identity = identity_of(document, path, rules)
        if identity is None:
            message = f"a {document.get('kind')} has no sealed value here"
            found.append(Finding("no-identity", "stop", named(path), message, "", at(path)))
            continue
        try:
            yield Place(path, identity, SealedValue.model_validate(value, by_alias=True, by_name=False))
        except ValidationError as error:
            found += [_wrong(path, item, at) for item in error.errors()]


def rewritten(text: str, changes: Mapping[tuple[str, ...], tuple[str, ...]]) -> str:
    """The file with lists of ciphertexts replaced, and every other byte as it was.

    ValueError where a list does not stand one item a line, as captures write it.
    """
    lines = text.splitlines(keepends=True)
    where = {_item(line): number for number, line in enumerate(lines)}
    blocks = [(where.get(old[0], -1), old, new) for old, new in changes.items()]
    for first, old, new in sorted(blocks, reverse=True):
        block = lines[first : first + len(old)] if first >= 0 else []
        if tuple(map(_item, block)) != old:
            raise ValueError("write it as a list, one item a line, without comments in it")
        lines[first : first + len(old)] = _listed(new, block)
    return "".join(lines)


def stamp_with_key(stamp: str, value: SealedValue) -> str:
    """The text of a stamp.yaml that has no `captureKey` yet, with one at its end."""
    listed = "".join(f"  - {jwe}\n" for jwe in value.sealed)
    gap = "" if stamp.endswith("\n") or not stamp else "\n"
    return f"{stamp}{gap}captureKey:\n  seen: {value.seen}\n  sealed:\n{listed}"


def _sealed(value: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if isinstance(value, dict):
        if "seen" in value and isinstance(value.get("sealed"), list):
            yield path, value
            return
        for key, item in value.items():
            if (*path, key) != ("unmodelled",):
                yield from _sealed(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _sealed(item, (*path, number))


def _wrong(path: Path, error: Any, at: At) -> Finding:
    """The finding for pydantic's error without what it was given: that may be a secret in plain."""
    inside = (*path, *error["loc"])
    said = str(error["msg"]).removeprefix("Value error, ")
    return Finding("wrong-value", "stop", named(inside), said, "Take it back from git's history.", at(inside))


def _item(line: str) -> str:
    stripped = line.strip()
    return stripped[2:].strip().strip("'\"") if stripped.startswith("- ") else ""


def _listed(new: tuple[str, ...], block: list[str]) -> list[str]:
    indent = block[0][: block[0].index("- ")]
    *_, last = block
    end = last[len(last.rstrip("\r\n")) :]
    lines = [f"{indent}- {jwe}{end or chr(10)}" for jwe in new]
    return [*lines[:-1], lines[-1] if end else lines[-1].rstrip("\n")]
