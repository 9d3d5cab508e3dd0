"""What happens to a simulated stamp from outside its world: it is lost, deployed anew, or its clock moves on.

A stamp that runs is asked over HTTPS, at the address and with the token that it left in its folder; one that was
stopped is taken up from its state file, and left again.
"""

import http.client
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from restamp.errors import Refused
from restamp.models.finding import Finding

WORD = "control.json"


def asked(folder: Path, verb: Literal["lose", "redeploy", "clock"], asked: Mapping[str, Any]) -> dict[str, Any]:
    """What came of a verb; Refused where there is no such stamp, or the rules refuse it. `asked` is its body."""
    try:
        word = json.loads((folder / WORD).read_text("utf-8"))
    except (OSError, ValueError):
        hint = "Start it with a folder: restamp simulator --folder FOLDER [--state FILE]"
        raise Refused([Finding("no-simulator", "stop", str(folder), "no simulator left word here", hint)]) from None
    try:
        return _over_the_wire(folder, word, verb, asked)
    except (ConnectionError, ssl.SSLError, TimeoutError):
        if word["state"] is None or not Path(word["state"]).exists():
            hint = "Start it with --state FILE: then it can be stopped, and goes on from there."
            raise Refused(
                [Finding("ended", "stop", str(folder), "this stamp ended, and nothing is left", hint)]
            ) from None
    return _from_its_file(folder, word, verb, asked)


def _over_the_wire(folder: Path, word: Mapping[str, Any], verb: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.check_hostname = False  # it is dialled by address; the authority is its own
    connection = http.client.HTTPSConnection(word["host"], word["port"], context=context, timeout=600)
    headers = {"Host": word["name"], "Authorization": f"Bearer {word['token']}", "Content-Type": "application/json"}
    try:
        connection.request("POST", f"/{verb}", json.dumps(asked), headers)
        response = connection.getresponse()
        body: dict[str, Any] = json.loads(response.read())
    finally:
        connection.close()
    if response.status != 200:
        raise _refused(folder, body["error"]["code"], body["error"]["message"])
    return body


def _from_its_file(folder: Path, word: Mapping[str, Any], verb: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    from restamp.simulator import Share, Stamp, control
    from restamp.simulator.backups.restoring import Unrecoverable

    share = Share(Path(word["share"])) if word["share"] else None
    stamp = Stamp(state=Path(word["state"]), share=share)
    try:
        return control.act(stamp, verb, asked)
    except Unrecoverable as wrong:
        raise _refused(folder, wrong.code, str(wrong)) from wrong
    finally:
        stamp.close()


_WAYS_OUT = {
    "StampNotLost": "restamp simulator lose FOLDER",
    "DecryptionCertInvalid": "Name the right .pfx with --pfx, and its password.",
    "DecryptionCertMismatch": "Name the .pfx of the certificate that the backup was encrypted for.",
    "VersionOlder": "Deploy the backup's own release, or the next one: --version.",
    "VersionTooNew": "Deploy the backup's own release, or the next one: --version.",
    "VersionUnknown": "Deploy the backup's own release: --version.",
}


def _refused(folder: Path, code: str, message: str) -> Refused:
    hint = _WAYS_OUT.get(code, "Take another backup: restamp backups list SHARE")
    return Refused([Finding(code, "stop", str(folder), message, hint.replace("FOLDER", str(folder)))])
