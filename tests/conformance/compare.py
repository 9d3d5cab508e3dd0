"""Recorded answer, simulated answer -> differences.

Equal is equal, except for what a stamp makes up afresh each time: guids and times that neither a request nor the seed
held are compared by shape, and guids one to one within a recording. Lists of objects are sets by id.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
PLANE = re.compile(r"https://(admin)?management\.")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")
FRESH = {  # fields that are another thing each time, and what they look like
    "timeTakenToCreate": re.compile(r"PT(\d+H)?(\d+M)?(\d+(\.\d+)?S)?"),
    "availableCapacity": re.compile(r"\d+\.\d\d TB"),
    "encryptedBackupEncryptionKey": re.compile(r"[A-Za-z0-9+/]{342}=="),
}
IGNORED = {"content-length", "transfer-encoding", "connection", "vary", "content-encoding"}
BY_SHAPE = {
    "date": re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
    "x-ms-request-id": GUID,
    "x-ms-correlation-request-id": GUID,
    "x-ms-arm-service-request-id": GUID,
    "x-ms-routing-request-id": re.compile(r"[^:]+:\d{8}T\d{6}Z:" + GUID.pattern, re.IGNORECASE),
    "x-ms-keyvault-service-version": re.compile(r"\d+(\.\d+)+"),
}
URLS = {"location", "azure-asyncoperation"}


class Names:
    """Which guids of a recording are known from requests and seed, and what the stamp made of the others."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.theirs: dict[str, str] = {}  # recorded -> simulated
        self.ours: dict[str, str] = {}
        self.fresh: dict[str, re.Pattern[str]] = dict(FRESH)

    def learn(self, text: str) -> None:
        """Guids in what was sent or seeded have to come back as they are."""
        self.known |= {each.lower() for each in GUID.findall(text)} - set(self.theirs)

    def same(self, recorded: str, simulated: str) -> bool:
        """Return whether two guids may stand for each other, and bind them."""
        recorded, simulated = recorded.lower(), simulated.lower()
        if recorded in self.known:
            return recorded == simulated
        bound = self.theirs.setdefault(recorded, simulated) == simulated
        return bound and self.ours.setdefault(simulated, recorded) == recorded

    def translate(self, text: str) -> str:
        """Return a recorded text with the stamp's own guids."""
        return GUID.sub(lambda match: self.theirs.get(match[0].lower(), match[0]), text)


def headers(recorded: Mapping[str, str], simulated: Mapping[str, str], names: Names) -> Iterator[str]:
    """Yield the differences between headers; numbers of rate limits and ids of requests by shape."""
    for name in sorted((set(recorded) | set(simulated)) - IGNORED):
        if name not in simulated:
            yield f"header {name}: missing"
        elif name not in recorded:
            yield f"header {name}: {simulated[name]!r} where there was none"
        elif name in BY_SHAPE:
            if not BY_SHAPE[name].fullmatch(simulated[name]):
                yield f"header {name}: {simulated[name]!r} has not the form of {recorded[name]!r}"
        elif name.startswith("x-ms-ratelimit"):
            if not simulated[name].isdecimal():
                yield f"header {name}: {simulated[name]!r} is no number"
        elif name in URLS:
            yield from texts(f"header {name}", _local(recorded[name]), _local(simulated[name]), names)
        else:
            yield from texts(f"header {name}", recorded[name], simulated[name], names)


def _local(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def bodies(where: str, recorded: Any, simulated: Any, names: Names) -> Iterator[str]:
    """Yield the differences between two JSON values."""
    if isinstance(recorded, dict) and isinstance(simulated, dict):
        for name in sorted(set(recorded) | set(simulated)):
            if name not in simulated:
                yield f"{where}.{name}: missing"
            elif name not in recorded:
                yield f"{where}.{name}: {simulated[name]!r} where there was none"
            else:
                yield from bodies(f"{where}.{name}", recorded[name], simulated[name], names)
    elif isinstance(recorded, list) and isinstance(simulated, list):
        yield from _lists(where, recorded, simulated, names)
    elif isinstance(recorded, str) and isinstance(simulated, str):
        yield from texts(where, recorded, simulated, names)
    elif recorded != simulated or isinstance(recorded, bool) != isinstance(simulated, bool):
        yield f"{where}: {simulated!r} instead of {recorded!r}"


def _lists(where: str, recorded: list[Any], simulated: list[Any], names: Names) -> Iterator[str]:
    if all(isinstance(item, dict) and item.get("id") for item in [*recorded, *simulated]):
        theirs = {str(item["id"]).lower(): item for item in recorded}
        ours = {str(item["id"]).lower(): item for item in simulated}
        if len(theirs) != len(recorded) or len(ours) != len(simulated):
            yield f"{where}: {len(simulated)} items instead of {len(recorded)}"
        yield from (f"{where}: {key} is missing" for key in sorted(set(theirs) - set(ours)))
        yield from (f"{where}: {key} was not there" for key in sorted(set(ours) - set(theirs)))
        for key in sorted(set(theirs) & set(ours)):
            yield from bodies(f"{where}[{key.rpartition('/')[2]}]", theirs[key], ours[key], names)
    elif len(recorded) != len(simulated):
        yield f"{where}: {len(simulated)} items instead of {len(recorded)}"
    else:
        for at, (theirs, ours) in enumerate(zip(recorded, simulated, strict=True)):
            yield from bodies(f"{where}[{at}]", theirs, ours, names)


def texts(where: str, recorded: str, simulated: str, names: Names) -> Iterator[str]:
    """Yield a difference unless two texts are equal, or differ in what is made up afresh alone."""
    if PLANE.match(recorded) and PLANE.match(simulated):
        recorded, simulated = _local(recorded), _local(simulated)  # hosts are the recorder's
    form = names.fresh.get(where.rpartition(".")[2])
    if recorded == simulated or (form and form.fullmatch(recorded) and form.fullmatch(simulated)):
        return
    theirs, ours = GUID.findall(recorded), GUID.findall(simulated)
    same_shape = _shape(recorded) == _shape(simulated)
    if not same_shape or not all(names.same(one, other) for one, other in zip(theirs, ours, strict=True)):
        yield f"{where}: {simulated!r} instead of {recorded!r}"


def _shape(text: str) -> str:
    return TIME.sub(lambda match: f"<time {len(match[1] or '')}{match[0][-1] == 'Z'}>", GUID.sub("<guid>", text))
