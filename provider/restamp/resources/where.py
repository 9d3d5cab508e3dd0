"""Where a runbook is: the state says it from the folder of Pulumi.yaml, so that it means the same everywhere."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def below_project(folder: Path) -> str:
    """A runbook's folder from that of Pulumi.yaml; whole, where it is not below one."""
    whole = folder.resolve()
    root = next((above for above in whole.parents if (above / "Pulumi.yaml").exists()), None)
    return whole.relative_to(root).as_posix() if root else str(whole)


def folder(props: Mapping[str, Any]) -> Path:
    """The runbook's folder: where this run says it is, else where a resource says it was."""
    given = os.environ.get("RESTAMP_RUNBOOK")
    if given:
        return Path(given)
    here = Path.cwd()
    root = next((above for above in (here, *here.parents) if (above / "Pulumi.yaml").exists()), here)
    return root / str(props.get("runbook") or "")
