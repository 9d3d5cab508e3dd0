"""Who signs people in at this stamp, and as whom we do; asked from the stamp at every run."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import RetryPolicy
from azure.core.rest import HttpRequest
from azure.identity import CertificateCredential, ClientSecretCredential, UsernamePasswordCredential

from restamp.arm.errors import rejected
from restamp.arm.settings import Settings, unset, wrong
from restamp.arm.transport import Transport
from restamp.errors import Refused
from restamp.models.stamp import Identity

_POWERSHELL = "1950a258-227b-4e31-a9cf-717495945fc2"  # Azure PowerShell, known to every directory (documented)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """`/metadata/endpoints`: the login endpoint and the audience tokens are made for (documented)."""

    login: str
    audience: str
    graph: str = ""  # where the directory's names are asked for

    @property
    def identity(self) -> Identity:
        """AD FS's login endpoint ends in /adfs (documented)."""
        return "ADFS" if urlsplit(self.login).path.rstrip("/") == "/adfs" else "AzureAD"


def endpoints(base: str, transport: Transport) -> Endpoints:
    """Ask the endpoint at this address, without signing in."""
    url = f"{base}/metadata/endpoints?api-version=2015-01-01"
    with Pipeline(transport, [RetryPolicy(retry_total=2, retry_backoff_factor=0.2)]) as pipeline:  # maybe none is there
        response = pipeline.run(HttpRequest("GET", url)).http_response
        response.read()
    if response.status_code != 200:
        raise rejected("GET", url, response.status_code, response.text())
    said = response.json()
    authentication = said["authentication"]
    return Endpoints(authentication["loginEndpoint"], authentication["audiences"][0], said.get("graphEndpoint") or "")


def credential(settings: Settings, asked: Endpoints, transport: Transport) -> TokenCredential:
    """An unmodified azure-identity credential for this stamp: the application of the settings."""
    tenant, options = _authority(settings, asked, transport)
    if not settings.client_certificate:
        return ClientSecretCredential(tenant, settings.client_id, settings.client_secret, **options)
    try:
        return CertificateCredential(
            tenant,
            settings.client_id,
            certificate_data=Path(settings.client_certificate).read_bytes(),
            password=settings.client_certificate_password or None,
            **options,
        )
    except (OSError, ValueError) as error:
        hint = "It has to hold the private key too; its password goes into RESTAMP_CLIENT_CERTIFICATE_PASSWORD."
        message = f"{settings.client_certificate} cannot be opened as PEM or PFX"
        raise Refused([wrong("client_certificate", message, hint)]) from error


def user(name: str, password: str, settings: Settings, asked: Endpoints, transport: Transport) -> TokenCredential:
    """The same for a user, by name and password alone.

    azure-identity and msal call that deprecated, since nobody can ask for a second factor. A recovery user has none: it
    signs in while nobody is there, and for users there is no other way to (documented for AD FS and Entra).
    """
    tenant, options = _authority(settings, asked, transport)
    with _deprecated():
        return _User(UsernamePasswordCredential(_POWERSHELL, name, password, tenant_id=tenant, **options))


class _User:
    """A user's credential that does not warn at every token."""

    def __init__(self, inner: TokenCredential) -> None:
        self._inner = inner

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """As every credential."""
        with _deprecated():
            return self._inner.get_token(*scopes, **options)


@contextmanager
def _deprecated() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _authority(settings: Settings, asked: Endpoints, transport: Transport) -> tuple[str, dict[str, Any]]:
    """The directory of a sign-in, and what every credential is told."""
    parts = urlsplit(asked.login)
    options = {
        "authority": f"{parts.scheme}://{parts.netloc}",  # origin only: azure-identity adds the rest itself
        "disable_instance_discovery": True,  # a stamp's authority is not known to the public cloud
        "transport": transport,
    }
    tenant = "adfs" if asked.identity == "ADFS" else settings.tenant or parts.path.strip("/")
    if not tenant:
        raise Refused([unset("tenant", "The directory of the sign-in: Entra signs nobody in without one.")])
    return tenant, options
