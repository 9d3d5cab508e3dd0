"""The way to a stamp's hosts: true names dialled elsewhere, a private CA, a proxy, under the unmodified Azure SDK."""

from typing import Any

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection
from urllib3.util.retry import Retry

from restamp.arm.settings import Settings


class _Elsewhere(HTTPAdapter):
    """curl's --connect-to: other address; same name in SNI, certificate check, Host header and pool."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # azure-core decides about retries; urllib3 must not
        retries = Retry(total=False, redirect=False, raise_on_status=False)
        super().__init__(pool_connections=64, pool_maxsize=settings.parallel, max_retries=retries)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make connections that dial where the settings say."""
        settings = self._settings

        class Connection(HTTPSConnection):
            def _new_conn(self) -> Any:
                name, port = self._dns_host, self.port  # private to urllib3: pinned, and tests/test_arm.py watches it
                self._dns_host, self.port = settings.where(name.lower(), port)
                try:
                    return super()._new_conn()
                finally:
                    self._dns_host, self.port = name, port

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": Pool}

    def close(self) -> None:
        """End every connection now: urllib3 alone waits until nobody remembers an answer."""
        pools = self.poolmanager.pools
        for pool in [pools[key] for key in pools.keys()]:  # noqa: SIM118 - urllib3's container cannot be iterated
            pool.close()
        super().close()


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
        session.mount("https://", _Elsewhere(settings))
    session.mount("http://", _Refuse())
    return RequestsTransport(session=session, session_owner=False, connection_verify=settings.ca or True)
