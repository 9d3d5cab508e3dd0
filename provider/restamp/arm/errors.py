"""Azure's errors -> ours: here and nowhere else."""

import json
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

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
        return NotSignedIn(client_id, _first_line(error))
    if isinstance(error, HttpResponseError) and error.response is not None:
        return rejected(method, url, error.response.status_code or 0, error.response.text())
    return Unreachable(urlsplit(url).hostname or url, _cause(error))


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def _cause(error: BaseException) -> str:
    """The innermost reason, in a few words and without the address that was dialled instead."""
    seen = [error]
    while (below := seen[-1].__cause__ or seen[-1].__context__) is not None and below not in seen:
        seen.append(below)
    texts = " ".join(str(item) for item in seen)
    for sign, words in _REASONS.items():
        if sign in texts:
            return words
    return _first_line(error).rpartition(">: ")[2]


_REASONS = {
    "Hostname mismatch": "its certificate is for another name: another stamp answers there",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not signed by a CA known here",
    "Connection refused": "connection refused",
    "Name or service not known": "its name does not resolve",
    "Temporary failure in name resolution": "its name does not resolve",
    "nodename nor servname": "its name does not resolve",
    "timed out": "no answer in time",
    "Connection reset": "connection reset",
    "Remote end closed": "connection closed without an answer",
}
