"""What can go wrong with a hosting server; each writes its own sentence."""

from restamp.errors import RestampError


class Silent(RestampError):
    """Nothing answers under its name."""

    hint = "Bring it up, or write its new address into its document; then restamp up."

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(f"{server} does not answer: {reason}")


class ShutOut(RestampError):
    """It answers and does not let us in, or not in the way that its document asks for."""

    def __init__(self, server: str, reason: str, hint: str) -> None:
        super().__init__(f"{server} does not let {reason}")
        self.hint = hint


class Unverified(ShutOut):
    """It answers, and is not who its document says."""

    def __init__(self, server: str, reason: str) -> None:
        hint = "Is `ca` of its document its certificate, or that of who issued it?"
        super().__init__(server, f"itself be verified: {reason}", hint)


class Broken(RestampError):
    """A program or a statement ended with an error."""

    hint = "Remove the cause and run the same command again: what was begun and not finished is done anew."

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")


class Stopped(RestampError):
    """People asked the run to end while data was under way."""

    def __init__(self) -> None:
        super().__init__("stopped, and nothing half is left that counts")
