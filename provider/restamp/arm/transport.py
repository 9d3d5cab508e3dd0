"""The way to a stamp's hosts: true names dialled elsewhere, a private CA, a proxy, under the unmodified Azure SDK."""

from typing import Any

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter

from restamp.arm.dialling import Elsewhere
from restamp.arm.settings import Settings


class _Refuse(BaseAdapter):
    """Nothing of a stamp is ever asked in clear."""

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Raise instead of sending."""
        raise requests.exceptions.InvalidSchema(f"{request.url}: a stamp is asked over https only")

    def close(self) -> None:
        """Nothing is open."""


def transport(settings: Settings) -> RequestsTransport:
    """One per process: given to every credential and client as `transport=`."""
    session = requests.Session()
    session.trust_env = False  # proxy and CA variables of the machine do not apply; our settings do
    if settings.proxy:
        session.proxies = {"https": settings.proxy}
    else:
        session.mount("https://", Elsewhere(settings.where, settings.parallel))
    session.mount("http://", _Refuse())
    return RequestsTransport(session=session, session_owner=False, connection_verify=settings.ca or True)
