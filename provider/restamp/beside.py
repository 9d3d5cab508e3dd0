"""What a runbook holds and no stamp does: what plugins capture, what people write, and files that are pinned."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from restamp.errors import PluginFailed, RestampError
from restamp.kind import Kind
from restamp.models.document import Document
from restamp.models.finding import Finding
from restamp.models.step import Evidence
from restamp.plugins import Used
from restamp.runbook import Runbook
from restamp.steps.asked_for import evidence_of
from restamp.steps.run import Around, PluginRun

if TYPE_CHECKING:
    from restamp.arm.client import Arm


def documents(arm: "Arm", before: Runbook, used: Sequence[Used]) -> tuple[list[Document], list[Finding]]:
    """The documents; what people wrote, and what a plugin captured that fails now or is not used, is as it was."""
    kinds = before.kinds
    found = {kind.name: list(before.of(kind)) for kind in kinds.on_their_own if kind.comes_from != "stamp"}
    findings: list[Finding] = []
    for each in used:
        try:
            found |= _captured(each, PluginRun(Around(before, None, lambda: arm), each))
        except RestampError as error:
            about, message = f"plugin {each.plugin.name}", f"not covered, kept as it was: {error}"
            findings.append(Finding("not-covered", "warn", about, message, error.hint))
    return [item for items in found.values() for item in items], findings


def _captured(used: Used, run: PluginRun) -> dict[str, list[Document]]:
    """What a plugin captures, by kind; one that captures nothing leaves all as it is."""
    if "capture" not in used.plugin.hooks:
        return {}
    mine = {kind.model: kind.name for kind in used.plugin.all_of("kinds", Kind) if kind.comes_from == "plugin"}
    found: dict[str, list[Document]] = {name: [] for name in mine.values()}
    for document in used.plugin.all_of("capture", Document, run=run):
        if type(document) not in mine:
            raise PluginFailed(used.plugin.name, "capture", f"{type(document).__name__} is no kind that it captures")
        found[mine[type(document)]].append(document)
    return found


def pinned(runbook: Runbook) -> tuple[dict[str, Evidence], list[Finding]]:
    """The files of plugins as they are now, by `<plugin>/<name>`; of one that is not there, what was captured of it."""
    before = runbook.captured.files if runbook.captured else {}
    now, findings = {}, list[Finding]()
    for key, path in _files(runbook):
        there = runbook.folder / path
        if there.is_file():
            now[key] = evidence_of(there)
        else:
            findings.append(Finding("artefact", "warn", f"file {key}", f"{path} is not there", "Bring it back."))
            now |= {key: before[key]} if key in before else {}
    return now, findings


def _files(runbook: Runbook) -> Iterator[tuple[str, str]]:
    for plugin, use in runbook.stamp.plugins.items():
        yield from ((f"{plugin}/{name}", path) for name, path in use.files.items())
