"""Everything restamp raises.

RestampError                 exit status 4: failed
|-- Refused                  2: findings that stop the work before it starts
|-- Waits                    3: nothing is wrong, people have something to do
|-- Busy                     2: another process is writing to the same stamp
|-- NothingHappened          4: zero objects captured, restored or verified
|-- NotTheSame               4: a rehearsal ended with another stamp
|-- StepsUndone              4: steps that save data failed
|-- PluginFailed             4: code that others wrote raised, or answered what it may not
|-- Shut                     4: a sealed value that does not open
|   |-- Tampered             moved, changed or cut off
|   `-- NoKey                no private key at hand fits
|-- ShareLost                4: the share of the infrastructure backup, or the way to it, is gone
|-- Unreadable               4: one file or folder of that share cannot be read
|-- NotCopied                4: a copy of a backup that cannot be written
|-- NotMade                  4: a kit that cannot be written, or does not run
|-- Damaged                  4: a file of a backup is not what was written there
`-- StampError               4: the stamp or the way to it
    |-- Unreachable          no connection, no TLS
    |-- NotSignedIn          the sign-in was refused
    |   `-- NoAdministrator  that of the privileged endpoint
    |-- Unanswered           a write nobody can say was done or not
    |-- Rejected             the stamp answered with an error
    |   |-- Forbidden        403
    |   `-- Throttled        429, for longer than we wait
    |-- CmdletFailed         a cmdlet of the privileged endpoint ended with an error
    |-- OperationFailed      a long-running operation ended in failure
    |-- Unfinished           a long-running operation still runs after all our patience
    |-- Unsettled            a list in pages that is never the same twice
    `-- Unwritable           an object in a state nobody can write over

A leaf takes facts and writes its own sentence; `hint` is the operator's next action.
"""

from collections.abc import Iterable, Sequence

from restamp.models.finding import Finding


class RestampError(Exception):
    """Base of all errors a user can see; `exit_status` is what the command line ends with."""

    exit_status = 4
    hint = ""


class Refused(RestampError):
    """Nothing was done: every reason at once."""

    exit_status = 2

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))
        self.hint = next((finding.hint for finding in self.findings if finding.hint), "")


class Waits(RestampError):
    """The run stopped at something people have to do; `restamp up` goes on from there."""

    exit_status = 3


class Busy(RestampError):
    """Another process holds the stamp's writer lock."""

    exit_status = 2
    hint = "Wait until it has ended, or end it; `restamp up` goes on where it stopped."

    def __init__(self, stamp: str, owner: str) -> None:
        super().__init__(f"another restamp is writing to {stamp}: {owner or 'process unknown'}")


class NothingHappened(RestampError):
    """Zero objects where there must be some."""

    hint = "Look at the stamp's name, the principal's role and the runbook's folder: an empty answer is not a pass."

    def __init__(self, what: str) -> None:
        super().__init__(f"nothing was {what}: 0 objects")


class NotTheSame(RestampError):
    """A rehearsal brought back something else than what was lost."""

    hint = "The folder of the rehearsal is kept: look at it before the day it matters."

    def __init__(self, differences: Sequence[str]) -> None:
        super().__init__("what came back is not what was lost:\n" + "\n".join(f"  {item}" for item in differences))


class StepsUndone(RestampError):
    """Steps of plugins that were to save data did not; each was told by itself."""

    hint = "The runbook is captured all the same. Remove the cause, and run restamp capture --with-data again."

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} {'step' if count == 1 else 'steps'} failed: this data was not saved")


class PluginFailed(RestampError):
    """A plugin raised, hung, or answered what no hook may answer; its name and hook are in the message."""

    hint = "Give this line to whoever makes the plugin. What it does not hold up goes on; `restamp up` asks it again."

    def __init__(self, plugin: str, hook: str, reason: str) -> None:
        super().__init__(f"plugin {plugin}, {hook}: {reason}")
        self.plugin = plugin


class Shut(RestampError):
    """A sealed value that does not open; `about` names it, and neither it nor a reason ever holds what is sealed."""

    def __init__(self, about: str, reason: str) -> None:
        super().__init__(f"{about}: {reason}")
        self.about, self.reason = about, reason


class Tampered(Shut):
    """Not what was sealed there: moved from elsewhere, changed, or cut off."""

    hint = "Look at the file's history in git, and take the value back from the commit in which it still opened."


class NoKey(Shut):
    """Sealed for certificates whose private keys are not at hand."""

    hint = "Name a .pfx or PEM file with a key that fits in RESTAMP_OPENERS; `restamp secrets check` lists which do."


class ShareLost(RestampError):
    """The share itself does not answer, or answers no more: nothing can be said of what is on it."""

    hint = "Is the file server up, is the share there, and may this user read it? What was found so far proves nothing."

    def __init__(self, share: str, reason: str) -> None:
        super().__init__(f"{share}: {reason}")


class Unreadable(RestampError):
    """A file or folder of a share; the rest of it may well be read."""

    hint = "Look at the file on the server: its rights, and whether something else holds it."

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class Damaged(RestampError):
    """A file of a backup that is not what the stamp wrote; `code` tells one damage from another."""

    hint = "Take the file from a copy of the share, or recover from another backup: `restamp backups list`."

    def __init__(self, path: str, code: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.code, self.reason = path, code, reason


class NotCopied(RestampError):
    """A folder, or the disk it is on, that does not take a copy, or gives back something else."""

    hint = "Run it again: it goes on with the file it stopped at. `restamp backups copy --to` names another folder."

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason.lower()}")


class NotMade(RestampError):
    """A kit that could not be written whole, or that does not run where it was made."""

    hint = "A kit that was there before is as it was. Remove the cause, or name another folder: restamp kit --to FOLDER"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


class StampError(RestampError):
    """The stamp, or the way to it."""

    def tell_without(self, secrets: Iterable[str]) -> None:
        """Take back the stamp's own words where they repeat eight characters of a secret, or a short one whole."""
        said = str(self)
        pieces = {secret[at : at + 8] for secret in secrets for at in range(max(1, len(secret) - 7))}
        if any(piece and piece in said for piece in pieces):
            self.args = (f"{said.partition(': ')[0]}: refused, in words that repeat a secret and so are not told",)


class Unreachable(StampError):
    """No connection to a host of the stamp."""

    hint = "Is it up, and does its name resolve? RESTAMP_CONNECT_TO maps names to addresses, RESTAMP_CA names a CA."

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"cannot reach {host}: {reason}")
        self.host = host


class NotSignedIn(StampError):
    """The identity system refused the credentials."""

    hint = (
        "Check RESTAMP_CLIENT_ID and the secret or certificate; on a rebuilt stamp the principal has to be made anew."
    )

    def __init__(self, client_id: str, reason: str) -> None:
        super().__init__(f"sign-in of {client_id} was refused: {reason}")


class NoAdministrator(NotSignedIn):
    """PowerShell remoting lets nobody in with this name and password."""

    hint = (
        "Check RESTAMP_PEP_USER, RESTAMP_PEP_PASSWORD and RESTAMP_PEP_AUTH; CloudAdmin's password is new with every"
        " deployment."
    )


class Unanswered(StampError):
    """A write whose answer was lost, or which a 5xx left in the dark: read back before anything is sent again."""

    hint = "`restamp up` looks at the stamp first, and writes again only what is not there."

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: no answer ({reason}); it may have been done")


class Unwritable(StampError):
    """The stamp has the object, and in a state or form that restamp must not write over."""

    hint = "Look at it on the stamp; once it is right, or gone, `restamp up` goes on with it."

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} {reason}")


class Rejected(StampError):
    """The stamp answered a request with an error; `status` is HTTP's, `code` the service's (may be empty)."""

    def __init__(self, what: str, status: int, code: str, message: str) -> None:
        super().__init__(f"{what}: {status} {code}: {message}" if code else f"{what}: {status} {message}")
        self.status, self.code = status, code


class Forbidden(Rejected):
    """403: signed in, and not allowed."""

    hint = (
        "Give restamp's principal Contributor on the default provider subscription; to capture, diff and verify Reader "
        "is enough (docs/operator/rights.md)."
    )


class Throttled(Rejected):
    """429 until patience ran out."""

    hint = "`restamp up` goes on where it stopped; fewer at once: RESTAMP_PARALLEL=4."


class CmdletFailed(StampError):
    """A cmdlet ended with an error; `code` is PowerShell's own name of it, such as CommandNotFoundException."""

    hint = "Look at what it says; `restamp up` asks again."

    def __init__(self, cmdlet: str, code: str, message: str) -> None:
        super().__init__(f"{cmdlet}: {message} ({code})")
        self.cmdlet, self.code = cmdlet, code


class OperationFailed(StampError):
    """A long-running operation was accepted and then failed."""

    def __init__(self, what: str, code: str, message: str) -> None:
        super().__init__(f"{what}: the operation failed: {code} {message}".rstrip())
        self.code = code


class Unfinished(StampError):
    """A long-running operation that is still running when our patience ends."""

    hint = "Look at it on the stamp. `restamp up` waits for it again, from where it is; RESTAMP_PATIENCE says how long."

    def __init__(self, what: str, patience: str) -> None:
        super().__init__(f"{what}: the stamp has not ended it after {patience}")


class Unsettled(StampError):
    """A list in pages that changed each time it was read, so that nobody can say what is on it."""

    hint = "Something is made or removed there all the time: run the same command again once it is quiet."

    def __init__(self, what: str, times: int) -> None:
        super().__init__(f"{what}: the list is in pages and was never the same twice, read {times} times")
