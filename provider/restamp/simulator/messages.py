"""Requests and answers as plain values, so that a stamp can be asked without a network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote


@dataclass(frozen=True)
class Request:
    """One HTTP request: path and query decoded, header names in lower case."""

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    scheme: str = "https"
    connection: str = ""  # which one it came on

    def holding(self, body: bytes) -> "Request":
        """Return the same request with another body."""
        return replace(self, body=body)

    @property
    def api_version(self) -> str:
        """The api-version asked for; empty when there is none."""
        return self.query.get("api-version", "")


@dataclass
class Response:
    """One answer: `body` is JSON when neither None nor bytes, header names in lower case."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0  # seconds to wait before it is sent
    closes: bool = False  # the connection ends without an answer
    halves: bool = False  # the connection ends in the middle of the body

    def encoded(self) -> bytes:
        """Return the bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True)
class Record:
    """What a stamp remembers of a request it answered."""

    method: str
    path: str
    status: int
    principal: str | None
    plane: str = ""  # admin, tenant or identity
    changed: bool = False  # the stamp was another one afterwards, whatever was answered


class Refusal(Exception):
    """A request that the stamp answers with an error."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status, response.body)
        self.response = response


def error(status: int, code: str, message: str, **headers: str) -> Response:
    """Return an answer in Resource Manager's error form; header names take `_` for `-`."""
    body = {"error": {"code": code, "message": message}}
    return Response(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def refuse(status: int, code: str, message: str, **headers: str) -> Refusal:
    """Return the refusal that answers with `error`."""
    return Refusal(error(status, code, message, **headers))


def query_of(raw: str) -> dict[str, str]:
    """Return the decoded parameters of a query string, names in lower case (Resource Manager ignores their case)."""
    return {name.lower(): value for name, value in parse_qsl(raw, keep_blank_values=True)}


def path_of(raw: str) -> str:
    """Return the decoded path; a slash inside a name stays encoded, for it parts nothing (recorded)."""
    return "/".join(unquote(segment).replace("/", "%2F") for segment in raw.split("/"))
