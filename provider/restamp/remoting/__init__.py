"""PowerShell remoting, for plugins: cmdlets of a stamp's privileged endpoint, or of a server of one's own.

with privileged_endpoint(say=run.say) as pep:
    (stamp,) = pep.run("Get-AzureStackStampInformation")
    (made,) = pep.run("New-GraphApplication", Name="restamp", GenerateClientSecret=True)
"""

from importlib.util import find_spec
from typing import Any

from restamp.arm import settings
from restamp.arm.settings import Settings
from restamp.errors import Refused
from restamp.models.finding import Finding

from .endpoint import CONFIGURATION, DEFAULT, Endpoint, Say, silent
from .remote import Remote
from .values import Certificate, Credential, Secret

__all__ = ["DEFAULT", "Certificate", "Credential", "Endpoint", "Remote", "Secret", "connect", "privileged_endpoint"]


def connect(endpoint: Endpoint, say: Say = silent) -> Remote:
    """A way to run cmdlets at an endpoint; nothing is dialled before the first one runs.

    Args:
        endpoint: Where, as whom, and under which configuration.
        say: Called with each line that a cmdlet says while it runs: progress, verbose, warnings. Never with a secret.

    Raises:
        Refused: What speaks the protocol is not installed.
    """
    if find_spec("pypsrp") is None:
        hint = "pip install 'restamp[remoting]'"
        raise Refused([Finding("remoting", "stop", "PowerShell remoting", "pypsrp is not installed", hint)])
    return Remote(endpoint, say)


def privileged_endpoint(found: Settings | None = None, say: Say = silent) -> Remote:
    """The stamp's privileged endpoint, as the settings say: RESTAMP_PEP, RESTAMP_PEP_USER, RESTAMP_PEP_PASSWORD.

    Args:
        found: The settings; left out, they are read from the environment.
        say: As for `connect`.

    Raises:
        Refused: Settings that are wrong or missing, all of them.
    """
    given = settings.read() if found is None else found
    needed = {"pep": given.pep, "pep_user": given.pep_user, "pep_password": given.pep_password}
    missing = [settings.unset(name, _WHY.get(name, "")) for name, value in needed.items() if not value]
    if missing:
        raise Refused(missing)
    return connect(_endpoint(given), say)


_WHY: dict[str, Any] = {
    "pep": "The addresses are in AzureStackStampDeploymentInfo, which the OEM hands over.",
    "pep_password": "CloudAdmin's is new with every deployment.",
}


def _endpoint(given: Settings) -> Endpoint:
    return Endpoint(
        hosts=tuple(part.strip() for part in given.pep.split(",") if part.strip()),
        user=given.pep_user,
        password=given.pep_password,
        configuration=CONFIGURATION,
        auth=given.pep_auth,
        ca=given.ca,
        where=given.where,
    )
