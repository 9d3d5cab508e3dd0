"""What is inside a snapshot once it is decrypted: a zip, and in it what its repository holds.

Quotas are JSON as Microsoft's validator reads it; those of storage are in a zip of their own. All else is the
simulator's own form, under the names that a stamp's files have: a line that says so, then one object a line.
"""

import io
import json
import zipfile
from collections.abc import Mapping

from restamp.simulator.addresses import parse
from restamp.simulator.store import Wire

from .repositories import ACCOUNTS, COMPUTE, NETWORK, STORAGE, SUBSCRIPTIONS, Contents, Repository

OWN = b"restamp simulator 1: not what a stamp writes\n"
QUOTAS = {COMPUTE: "CRP-Microsoft.Compute.Admin.json", NETWORK: "NRP-Microsoft.Network.Admin.json"}
INNER = "SRP;Microsoft.Storage.Admin;-;Quota/Quota.zip", "SRP;StorageAccount;-;SRP/StorageAccount.zip"
NAMES = {SUBSCRIPTIONS: ("Microsoft.AzureStack.Subscriptions.bak", "Microsoft.AzureStack.Subscriptions.log")}
Changes = Mapping[str, Wire | None]  # objects by their keys; None where one is gone since the link before


def packed(repository: Repository, changes: Changes) -> bytes:
    """Return the zip of a snapshot: everything in a full one, what changed in a progressive one."""
    bodies = {key: body for key, body in changes.items() if body is not None}
    if repository in QUOTAS:
        return _zip({QUOTAS[repository]: _json(bodies)})
    if repository is STORAGE:
        accounts = {key: body for key, body in bodies.items() if parse(key).type_key == ACCOUNTS}
        quotas = {key: body for key, body in bodies.items() if key not in accounts}
        inside = {"SRP-Microsoft.Storage.Admin.json": _json(quotas)}, {"Account.json": _json(accounts)}
        return _zip(dict(zip(INNER, (_zip(each) for each in inside), strict=True)))
    name, *others = NAMES.get(repository, (f"{repository.folder.rpartition(';')[2]}.restamp",))
    return _zip({name: OWN + _lines(changes), **dict.fromkeys(others, OWN)})


def unpacked(repository: Repository, data: bytes) -> Changes:
    """Return what the zip of a snapshot holds."""
    if repository in QUOTAS:
        return _quotas(_unzip(data)[QUOTAS[repository]])
    if repository is STORAGE:
        return _quotas(_unzip(_unzip(data)[INNER[0]])["SRP-Microsoft.Storage.Admin.json"])
    lines = next(iter(_unzip(data).values())).removeprefix(OWN).decode().splitlines()
    return {line["key"]: line["body"] for line in map(json.loads, lines)}


def merged(links: list[Changes]) -> Contents:
    """Return what a chain holds in the end: the full snapshot, with every change since."""
    whole: Contents = {}
    for changes in links:
        for key, body in changes.items():
            if body is None:
                whole.pop(key, None)
            else:
                whole[key] = body
    return whole


def _lines(changes: Changes) -> bytes:
    lines = (json.dumps({"key": key, "body": body}, separators=(",", ":")) for key, body in changes.items())
    return "".join(f"{line}\n" for line in lines).encode()


def _json(bodies: Mapping[str, Wire]) -> bytes:
    return json.dumps(list(bodies.values()), indent=2).encode()


def _quotas(content: bytes) -> Contents:
    return {body["id"].lower(): body for body in json.loads(content)}


def _zip(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _unzip(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
