"""What is set on the privileged endpoint after a deployment, and in no backup: said again from stamp.yaml."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from restamp.hookspecs import Run
from restamp.models.document import Model
from restamp.models.step import StepResult, done
from restamp_hub_core.endpoint import privileged
from restamp_hub_core.job import Case, Job, step


@dataclass(frozen=True)
class _Setting:
    """One thing that can be set: under which name of `afterwards`, and by which cmdlet (documented)."""

    field: str
    title: str
    cmdlet: str
    readable: bool = True

    @property
    def step(self) -> str:
        return f"setting/{self.field.replace('_', '-')}"


_SETTINGS = (
    _Setting("syslog_server", "Syslog: where events are sent", "SyslogServer"),
    _Setting("dns_forwarder", "DNS forwarders", "AzSDnsForwarder"),
    _Setting("tls_policy", "TLS policy", "TLSPolicy"),
    _Setting("legal_notice", "Legal notice", "AzSLegalNotice"),
    _Setting("telemetry", "Telemetry", "Telemetry", readable=False),
)


def jobs(case: Case) -> Iterator[Job]:
    """One for each thing that stamp.yaml names, behind everything that comes back."""
    for each in _SETTINGS:
        if getattr(case.settings.afterwards, each.field) is not None:
            yield Job(step(each.step, each.title, after=("rps-restored",)), _setter(each))


def _setter(setting: _Setting) -> Any:
    def put(run: Run) -> StepResult:
        return _put(run, setting)

    return put


def _put(run: Run, setting: _Setting) -> StepResult:
    """Set it, unless it reads as it should."""
    wanted = _parameters(getattr(run.settings.afterwards, setting.field))
    with privileged(run) as pep:
        if setting.readable and _says(pep.run(f"Get-{setting.cmdlet}"), wanted):
            return done(f"{setting.title}: as it should be")
        pep.run(f"Set-{setting.cmdlet}", **wanted)
    return done(f"{setting.title}: set, as no list of what a recovery brings back has it (inferred)")


def _parameters(given: Any) -> dict[str, Any]:
    """A setting as the cmdlet's parameters: its fields in their spelling, what is left out not at all."""
    match given:
        case bool():
            return {"Enable" if given else "Disable": True}
        case tuple():
            return {"IPAddress": list(given)}
        case str():
            return {"Version": given}
    assert isinstance(given, Model)
    found = given.model_dump(by_alias=True, exclude_none=True)
    return {name[:1].upper() + name[1:]: value for name, value in found.items()}


def _says(found: list[Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a getter's answer has what is wanted; a switch that is off may be missing there."""
    shown = found[-1] if found and isinstance(found[-1], dict) else {}
    said = {
        name: bool(shown.get(name)) if isinstance(value, bool) else shown.get(name) for name, value in wanted.items()
    }
    return bool(shown) and said == wanted
