"""What a redeploy needs as files: named in stamp.yaml, pinned by hash at capture."""

from collections.abc import Iterator

from restamp.hookspecs import Runbook
from restamp.models.finding import Finding

NAME = "oem-generic"
ARTEFACTS = {
    "iso": "the image of the build that the OEM deploys",
    "oem-package": "the OEM's package of firmware and drivers",
    "worksheet": "the deployment worksheet, as it was filled in",
    "switch-configs": "the configurations of the switches",
}
OF_THE_OEM = frozenset({"oem-package", "switch-configs"})  # of no use on another OEM's hardware


def named(runbook: Runbook) -> dict[str, str]:
    """Where stamp.yaml says that each file is."""
    use = runbook.stamp.plugins.get(NAME)
    return {name: use.files[name] for name in ARTEFACTS if name in use.files} if use else {}


def where(runbook: Runbook) -> dict[str, str]:
    """For texts: where each file is, with the beginning of its hash, by `iso`, `oem_package` ..."""
    there, pinned = named(runbook), runbook.captured.files if runbook.captured else {}

    def said(name: str) -> str:
        evidence = pinned.get(f"{NAME}/{name}") if name in there else None
        return there.get(name, "none") + (f" (sha256 {evidence.sha256[:16]}...)" if evidence else "")

    return {name.replace("-", "_"): said(name) for name in ARTEFACTS}


def check(runbook: Runbook) -> Iterator[Finding]:
    """Each file that nobody keeps; one that is gone, or another than at capture, is told by restamp itself."""
    for name, what in ARTEFACTS.items():
        if name not in named(runbook):
            use = f"plugins: {{{NAME}: {{files: {{{name}: <path>}}}}}}"
            hint = f"Keep a copy away from the stamp, and write where it is into stamp.yaml: {use}"
            yield Finding("artefact", "warn", f"file {NAME}/{name}", f"nobody keeps {what}", hint)
