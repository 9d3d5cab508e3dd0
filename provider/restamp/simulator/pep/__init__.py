"""The privileged endpoint: PowerShell remoting to three ERCS hosts, of which listed cmdlets alone are left.

The protocol as MS-WSMV and MS-PSRP document it, spoken by psrpcore; cmdlets and their parameters as Microsoft's
reference of the endpoint lists them.
"""

from .endpoint import Machine, Pep

__all__ = ["Machine", "Pep"]
