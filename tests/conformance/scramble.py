"""A recording under other names: all guids, names and regions renamed consistently, the same for every occurrence.

Letters, digits and hexadecimal digits are permuted, so spelling differences and lengths stay as they are.
"""

import json
import random
import re
import string
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from restamp.simulator.addresses import parse
from restamp.simulator.recordings import Exchange, initial_state

from .compare import GUID

RESERVED = {"default", "value", "westus", "platformimage", "vmextension", "unlimited"}
NAMED = {"name", "displayName", "description", "owner", "externalReferenceId", "planName", "tenantStorageAccountName"}


class Scrambler:
    """One renaming, made from a number."""

    def __init__(self, number: int, names: Iterable[str]) -> None:
        rng = random.Random(number)
        self._letters = _permutation(rng, string.ascii_lowercase) | _permutation(rng, string.digits)
        self._letters |= {old.upper(): new.upper() for old, new in self._letters.items()}
        self._hex = _permutation(rng, "0123456789abcdef")
        self._hex |= {old.upper(): new.upper() for old, new in self._hex.items()}
        known = sorted((name for name in set(names) if name.lower() not in RESERVED), key=len, reverse=True)
        words = "|".join(re.escape(name) for name in known) or "(?!)"
        edge = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
        self._pattern = re.compile(f"{edge[0]}(?:{words}){edge[1]}|{GUID.pattern}", re.IGNORECASE)

    def text(self, text: str) -> str:
        """Return a text with everything renamed."""
        return self._pattern.sub(self._renamed, text)

    def _renamed(self, match: re.Match[str]) -> str:
        table = self._hex if GUID.fullmatch(match[0]) else self._letters
        return "".join(table.get(letter, letter) for letter in match[0])

    def value(self, value: Any) -> Any:
        """Return a JSON value with everything renamed but its keys and the kinds of things."""
        if isinstance(value, dict):
            return {key: each if key == "type" else self.value(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.value(each) for each in value]
        return self.text(value) if isinstance(value, str) else value

    def exchange(self, exchange: Exchange) -> Exchange:
        """Return an exchange with everything renamed."""
        parts = urlsplit(exchange.url)
        url = f"https://{parts.netloc}{quote(self.text(exchange.path))}?{self.text(parts.query)}"
        headers = {name: self.text(value) for name, value in exchange.headers.items()}
        body = exchange.answered
        if exchange.body is not None:
            body = json.dumps(self.value(exchange.body))
        sent = json.dumps(self.value(exchange.request)) if exchange.request else exchange.sent
        return replace(exchange, url=url, sent=sent, headers=headers, answered=body)


def scrambled(recorded: list[Exchange], number: int) -> list[Exchange]:
    """Return the exchanges of one recording under other names."""
    scrambler = Scrambler(number, {*_names(recorded), initial_state(recorded).region})
    return [scrambler.exchange(exchange) for exchange in recorded]


def _permutation(rng: random.Random, letters: str) -> dict[str, str]:
    shuffled = list(letters)
    rng.shuffle(shuffled)
    return dict(zip(letters, shuffled, strict=True))


def _names(recorded: list[Exchange]) -> Iterable[str]:
    """Yield every name in ids and paths, and what people typed."""
    types = {part.lower() for exchange in recorded for part in parse(exchange.path).types}
    for exchange in recorded:
        for name in (
            *parse(exchange.path).names,
            *_in_value(exchange.body),
            *_in_value(exchange.request),
        ):
            if len(name) > 2 and name.lower() not in types and not GUID.fullmatch(name) and not name.isdecimal():
                yield name


def _in_value(value: Any, key: str = "") -> Iterable[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _in_value(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _in_value(each, key)
    elif isinstance(value, str) and value.startswith("/"):
        address = parse(value)
        yield from address.names
        yield from filter(None, [address.group])
    elif isinstance(value, str) and key in NAMED:
        yield from value.split("/")
