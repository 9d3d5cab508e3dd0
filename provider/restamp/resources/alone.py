"""One document brought back outside of any Pulumi run: by the same provider, session, journal and lock."""

import os
from collections.abc import Callable

from pulumi.dynamic import Config, ConfigureRequest

from restamp.arm.settings import Settings
from restamp.inside import Result
from restamp.kinds.subscriptions import Subscription
from restamp.models.document import Document
from restamp.resources import live
from restamp.resources.holder import HolderProvider
from restamp.resources.provider import DocumentProvider, Props, inputs_of
from restamp.resources.session import end_all, session
from restamp.runbook import Runbook
from restamp.runbook.outline import digest_of


def bring_back(
    runbook: Runbook, document: Document, file: str, where: tuple[str, str], say: Callable[[str], None]
) -> Props:
    """What a resource's outputs would be: `status`, `message`, and `outcome` or `counts` and `failures`.

    `where` is the recovery, or "" for a repair of the living stamp, and the deployment that may be written to. How to
    reach the stamp is in the environment. Refused where another deployment answers, Busy where a recovery writes.
    """
    kind, (recovery, target) = runbook.kinds.of(document), where
    provider = HolderProvider() if kind.holds else DocumentProvider()
    props: Props = {"kind": kind.name, "stamp": runbook.stamp.suffix, "recovery": recovery, "target": target}
    if kind.holds:
        os.environ["RESTAMP_RUNBOOK"] = str(runbook.folder.resolve())
        props |= {"ref": kind.ref(document), "file": file, "digest": digest_of(runbook.folder / file)}
    else:
        props["document"] = inputs_of(document)
    provider.configure(ConfigureRequest(Config({}, "restamp")))
    try:
        with live.on(live.Row(lambda text, _severity, _ephemeral: say(text))):
            return provider.create(props).outs or {}
    finally:
        end_all()


def fill_as_tenant(runbook: Runbook, document: Subscription, settings: Settings) -> list[Result]:
    """What became of what a subscription holds, written by a principal of its tenant's, through the same journal."""
    here = session(settings)
    here.outline(runbook.folder)  # opens what is sealed there
    here.check("")
    try:
        return here.fill_as_tenant(document, runbook.within(document))
    finally:
        end_all()
