"""The way to a stamp's hosts under the unmodified Azure SDK: true names dialled elsewhere, a private CA, a proxy.

By urllib3 alone: `requests`, which azure-core comes with, took a third of a call for what no stamp has: cookies, forms.
"""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

import certifi
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest, HttpResponse
from urllib3 import PoolManager, ProxyManager, Timeout, make_headers
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError
from urllib3.util import parse_url
from urllib3.util.ssl_ import create_urllib3_context

from restamp.arm.dialling import elsewhere, hang_up
from restamp.arm.settings import Settings, wrong
from restamp.errors import Refused

_HOSTS = 256  # connections to the hosts asked last are kept; each vault is a host
_PATIENCE = Timeout(connect=60, read=300)


class Transport(HttpTransport[HttpRequest, HttpResponse]):
    """One per process: given to every credential and client as `transport=`. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        """Connect nothing yet; Refused where the file of trusted certificates holds none."""
        self._pools = _pools(settings)

    def send(self, request: HttpRequest, **_options: Any) -> HttpResponse:
        """The whole answer; ServiceRequestError where nothing was sent, ServiceResponseError where no answer came."""
        if not request.url.startswith("https://"):
            raise ServiceRequestError(f"{request.url}: a stamp is asked over https only")
        body = urlencode(request.content) if isinstance(request.content, dict) else request.content
        headers = {**request.headers, "Accept-Encoding": "gzip"}
        options: dict[str, Any] = {"redirect": False, "retries": False, "timeout": _PATIENCE}  # azure-core tries again
        try:
            answer = self._pools.urlopen(request.method, request.url, body=body, headers=headers, **options)
        except (ProtocolError, ReadTimeoutError) as error:
            raise ServiceResponseError(error, error=error) from error
        except HTTPError as error:
            raise ServiceRequestError(error, error=error) from error
        return _Answer(request, answer.status, answer.headers, answer.reason or "", answer.data)

    def open(self) -> None:
        """Nothing: a connection is made when it is needed."""

    def close(self) -> None:
        """Nothing: pipelines say this, and others go on."""

    def __exit__(self, *_: object) -> None:
        """Nothing either."""

    def end(self) -> None:
        """End every connection now."""
        hang_up(self._pools)


@dataclass(eq=False)
class _Answer(HttpResponse):
    """An answer that was read whole, as azure-core asks for it."""

    request: HttpRequest = None  # type: ignore[assignment] # an abstract property, so it needs a value here
    status_code: int = 0
    headers: Any = None
    reason: str = ""
    content: bytes = b""
    encoding: str | None = "utf-8-sig"
    is_closed = is_stream_consumed = True

    @property
    def url(self) -> str:
        return self.request.url

    @property
    def content_type(self) -> str | None:
        found: str | None = self.headers.get("content-type")
        return found

    def text(self, encoding: str | None = None) -> str:
        return self.content.decode(encoding or self.encoding or "utf-8-sig", "replace")

    def json(self) -> Any:
        return json.loads(self.content)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise HttpResponseError(response=self)

    def read(self) -> bytes:
        return self.content

    def iter_raw(self, **_options: Any) -> Iterator[bytes]:
        yield self.content

    iter_bytes = iter_raw

    def close(self) -> None:
        pass

    def __enter__(self) -> "_Answer":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _pools(settings: Settings) -> PoolManager:
    shared: dict[str, Any] = {"num_pools": _HOSTS, "maxsize": settings.parallel, "ssl_context": _trusted(settings)}
    if settings.proxy:
        who = parse_url(settings.proxy).auth
        headers = make_headers(proxy_basic_auth=unquote(who)) if who else None
        return ProxyManager(settings.proxy, proxy_headers=headers, **shared)
    pools = PoolManager(**shared)
    elsewhere(pools, settings.where)
    return pools


def _trusted(settings: Settings) -> ssl.SSLContext:
    """Read once: for each connection anew it would take longer than the rest of it."""
    context = create_urllib3_context()
    try:
        context.load_verify_locations(settings.ca or certifi.where())
    except ssl.SSLError as error:
        hint = "Name a file of certificates as PEM: those that sign the stamp's."
        raise Refused([wrong("ca", f"the file {settings.ca} holds no certificate", hint)]) from error
    return context
