"""True names dialled elsewhere, as with curl's --connect-to; and in a few words why nobody answered."""

from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.retry import Retry

Where = Callable[[str, int], tuple[str, int]]  # host in lower case and port -> the address to dial


def elsewhere(pools: PoolManager, where: Where) -> None:
    """Let these pools dial another address, under the same name in SNI, certificate check and Host header."""
    secure = type("Secure", (HTTPSConnectionPool,), {"ConnectionCls": _dialling(HTTPSConnection, where)})
    clear = type("Clear", (HTTPConnectionPool,), {"ConnectionCls": _dialling(HTTPConnection, where)})
    pools.pool_classes_by_scheme = {"https": secure, "http": clear}


def hang_up(pools: PoolManager) -> None:
    """End every connection now: urllib3 alone waits until nobody remembers an answer."""
    for pool in [pools.pools[key] for key in pools.pools.keys()]:  # noqa: SIM118 - urllib3's container cannot be iterated
        pool.close()


def _dialling(kind: Any, where: Where) -> Any:
    class Connection(kind):  # type: ignore[misc]
        _dns_host: str
        port: int

        def _new_conn(self) -> Any:
            name, port = self._dns_host, self.port  # private to urllib3: pinned, and tests/test_arm.py watches it
            self._dns_host, self.port = where(name.lower(), port)
            try:
                return super()._new_conn()
            finally:
                self._dns_host, self.port = name, port

    return Connection


class Elsewhere(HTTPAdapter):
    """The same for what comes with `requests`. Nothing is sent again."""

    def __init__(self, where: Where, parallel: int = 1) -> None:
        self._where = where
        retries = Retry(total=False, redirect=False, raise_on_status=False)  # who uses it decides about retries
        super().__init__(pool_maxsize=parallel, max_retries=retries)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make connections that dial where they are told."""
        super().init_poolmanager(*args, **kwargs)
        elsewhere(self.poolmanager, self._where)

    def close(self) -> None:
        """End every connection now."""
        hang_up(self.poolmanager)
        super().close()


def first_line(error: BaseException) -> str:
    """What an error says, without what it adds."""
    return str(error).strip().partition("\n")[0]


def cause(error: BaseException) -> str:
    """The innermost reason, in a few words and without the address that was dialled instead."""
    seen = [error]
    while (below := seen[-1].__cause__ or seen[-1].__context__) is not None and below not in seen:
        seen.append(below)
    texts = " ".join(str(item) for item in seen)
    for sign, words in _REASONS.items():
        if sign in texts:
            return words
    return first_line(error).rpartition(">: ")[2]


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
