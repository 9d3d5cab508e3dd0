"""Azure's errors -> ours: here and nowhere else."""

import json
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from restamp.arm.dialling import cause, first_line
from restamp.errors import Forbidden, NotSignedIn, Rejected, StampError, Throttled, Unreachable


def error_of(body: Any) -> tuple[str, str]:
    """Code and message of an error body: `error.code`, else top-level `message`, else nothing (all recorded)."""
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        return str(body["error"].get("code") or ""), str(body["error"].get("message") or "")
    return "", str(body.get("message") or "") if isinstance(body, dict) else ""


def rejected(method: str, url: str, status: int, text: str) -> Rejected:
    """The error for an answer of 4xx or 5xx."""
    try:
        code, message = error_of(json.loads(text or "null"))
    except ValueError:
        code, message = "", text[:200]
    leaf = {403: Forbidden, 429: Throttled}.get(status, Rejected)
    return leaf(f"{method} {urlsplit(url).path}", status, code, message or "the answer gives no reason")


def translated(error: AzureError, method: str, url: str, client_id: str) -> StampError:
    """The error for a request that got no answer; it names the true host, whatever was dialled."""
    if isinstance(error, ClientAuthenticationError):
        return NotSignedIn(client_id, first_line(error))
    if isinstance(error, HttpResponseError) and error.response is not None:
        return rejected(method, url, error.response.status_code or 0, error.response.text())
    return Unreachable(urlsplit(url).hostname or url, cause(error))
