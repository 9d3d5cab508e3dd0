"""What a BMC says no to."""

from restamp.errors import StampError


class NoEntry(StampError):
    """A BMC does not let this user in."""

    hint = "Look at `user` in the plugin's settings, and at RESTAMP_SECRET_OEM_REDFISH_BMC."

    def __init__(self, bmc: str, user: str) -> None:
        super().__init__(f"{bmc}: user name or password of {user} is wrong")


class NotRedfish(StampError):
    """A BMC answers something that is no Redfish, or refuses."""

    hint = "Is it the BMC's address, and is Redfish switched on there?"

    def __init__(self, bmc: str, reason: str) -> None:
        super().__init__(f"{bmc}: {reason}")
