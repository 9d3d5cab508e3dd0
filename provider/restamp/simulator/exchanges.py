"""`*.Recording.json` -> exchanges.

A recording is one JSON object: each key names a test step, each value holds a request and its response, in the order
in which they were recorded.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .messages import path_of, query_of

SUFFIX = ".Recording.json"


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its response."""

    source: str  # the file, relative to the folder that was read, without suffix
    scenario: str
    method: str
    url: str
    sent: str | None
    status: int
    headers: dict[str, str]  # of the response, names in lower case
    answered: str | None

    @property
    def path(self) -> str:
        """The decoded path."""
        return path_of(urlsplit(self.url).path)

    @property
    def query(self) -> dict[str, str]:
        """The decoded query, names in lower case."""
        return query_of(urlsplit(self.url).query)

    @property
    def request(self) -> Any:
        """The request's body as JSON; an empty object when it is empty or no JSON."""
        try:
            return json.loads(self.sent) if self.sent else {}
        except ValueError:
            return {}

    @property
    def body(self) -> Any:
        """The response as JSON; None when it is empty or no JSON."""
        try:
            return json.loads(self.answered) if self.answered else None
        except ValueError:
            return None


def exchanges(path: Path) -> list[Exchange]:
    """Return every exchange of one recording, or of all those below a folder."""
    files = [path] if path.is_file() else sorted(path.rglob("*" + SUFFIX))
    if not files:
        raise FileNotFoundError(f"no *{SUFFIX} at {path}")
    found: list[Exchange] = []
    for file in files:
        name = file.name if file == path else file.relative_to(path).as_posix()
        found += _of_file(name.removesuffix(SUFFIX), file.read_text("utf-8-sig"))
    return found


def _of_file(source: str, text: str) -> Iterator[Exchange]:
    try:
        for key, entry in json.loads(text).items():
            request, response = entry["Request"], entry["Response"]
            headers = {**response["Headers"], **response["ContentHeaders"]}
            yield Exchange(
                source=source,
                scenario=key.split("+$", 1)[0].rsplit("+", 1)[-1],
                method=request["Method"].upper(),
                url=request["RequestUri"],
                sent=request["Content"] or None,
                status=int(response["StatusCode"]),
                headers={name.lower(): ", ".join(values) for name, values in headers.items()},
                answered=response["Content"] or None,
            )
    except (AttributeError, KeyError, TypeError, ValueError) as wrong:
        raise ValueError(f"{source}: not a recording: {wrong!r}") from wrong
