"""The steps, and the texts of those that people do: files in `texts/`, in which `{names}` stand for settings."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from typing import Any

from restamp.hookspecs import Run, Runbook
from restamp.models.step import Step, StepResult

from . import controllers, sealed
from .controllers import DEPLOYED, PASSWORD, SECRETS
from .settings import Settings

NAME = "rp-appservice"
TEXTS = {path.name.removesuffix(".txt"): path.read_text("utf-8") for path in (files(__package__) / "texts").iterdir()}
_HOURS = dt.timedelta(hours=1)

WORK: Mapping[str, Callable[[Run], StepResult]] = {
    f"{NAME}/save-secrets": sealed.saved,
    f"{NAME}/stamp": controllers.stamp,
    f"{NAME}/roles": controllers.roles,
    f"{NAME}/services": controllers.services,
    f"{NAME}/objects": controllers.objects,
}


def steps(runbook: Runbook, settings: Settings) -> Iterator[Step]:
    """What is saved while the stamp lives; then the deployment, and the three documented stages of the restore."""
    values = settings.model_dump() | {"suffix": runbook.stamp.suffix, "region": runbook.stamp.region}
    values |= {"server_now": settings.server_now, "share_now": settings.share_now}
    values["version"] = settings.version or "the version that was deployed"

    def by_people(name: str, title: str, **more: Any) -> Step:
        how = TEXTS[name].format_map(values)
        return Step(id=f"{NAME}/{name}", title=title, by="operator", how=how.strip(), **{"phase": "restore"} | more)

    yield from _saving(by_people)
    yield by_people("deployed", "App Service deployed anew", after=("registered",))
    yield by_people("databases", "App Service's databases restored", needs=(DEPLOYED,))
    yield by_people("content", "App Service's content share restored", needs=(DEPLOYED,))
    yield from _on_the_controllers()
    yield by_people("aftercare", "App Service looked at, and its controllers closed", needs=(f"{NAME}/objects",))


def _saving(by_people: Callable[..., Step]) -> Iterator[Step]:
    yield Step(id=f"{NAME}/save-secrets", title="Secrets of App Service sealed", phase="backup")
    yield by_people("save-databases", "Databases of App Service backed up", phase="backup")
    yield by_people("save-content", "Content share of App Service copied", phase="backup")


def _on_the_controllers() -> Iterator[Step]:
    common: dict[str, Any] = {"phase": "restore", "secrets": (PASSWORD,), "patience": 3 * _HOURS}
    before = (DEPLOYED, f"{NAME}/databases", f"{NAME}/content")
    yield Step(
        id=f"{NAME}/stamp",
        title="Secrets and configuration of App Service restored",
        needs=before,
        destructive=True,
        how=TEXTS["stamp"].strip(),
        **common | {"secrets": (PASSWORD, SECRETS)},
    )
    yield Step(id=f"{NAME}/roles", title="Roles of App Service restored", needs=(DEPLOYED, f"{NAME}/stamp"), **common)
    yield Step(id=f"{NAME}/services", title="App Service started", needs=(DEPLOYED, f"{NAME}/roles"), **common)
    yield Step(
        id=f"{NAME}/objects",
        title="Sites and server farms synchronised",
        needs=(DEPLOYED, f"{NAME}/services"),
        **common,
    )
