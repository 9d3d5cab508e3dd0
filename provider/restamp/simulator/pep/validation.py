"""Test-AzureStack: what the stamp says of its own health, from its state and from what tests broke."""

from collections.abc import Iterator
from typing import Any, Literal

from restamp.simulator import update
from restamp.simulator.backups import settings
from restamp.simulator.backups.share import ShareFault
from restamp.simulator.state import State

from .cmdlet import Cmdlet, Failure, Invocation, keep, kept

Result = Literal["PASS", "WARN", "FAIL"]
BROKEN = "unhealthy"
SCENARIOS, SHARE, UPDATES = "AzsScenarios", "AzsBackupShareAccessibility", "AzsInfraUpdateSummary"
ROLES, MACHINES = "AzsInfraRoleSummary", "AzsHostingInfraSummary"
READY_FOR_ROTATION = (
    "AzsAcsSummary",
    "AzsDefenderSummary",
    MACHINES,
    "AzsInfraCapacity",
    ROLES,
    "AzsPortalAPISummary",
    "AzsSFRoleSummary",
    "AzsStorageSvcsSummary",
    "AzsStoreSummary",
)
READY_FOR_UPDATE = ("AzsInfraFileValidation", "AzsActionPlanStatus", "AzsStampBMCSummary")
DEFAULT = (
    *READY_FOR_ROTATION,
    "AzsAdSummary",
    "AzsAlertSummary",
    "AzsApplicationCrashSummary",
    "AzsStampBMCSummary",
    "AzsHostingInfraUtilization",
    "AzsControlPlane",
    "AzsHostingInfraFWSummary",
    "AzsInfraPerformance",
    "AzsNetworkInfra",
    "AzsScaleUnitEvents",
    "AzsScaleUnitResources",
    "AzsSDNValidation",
    "AzsStorageDataPlane",
    UPDATES,
    "AzsVmPlacement",
)
GROUPS = {"Default": DEFAULT, "UpdateReadiness": READY_FOR_UPDATE, "SecretRotationReadiness": READY_FOR_ROTATION}
NAMES = frozenset({*DEFAULT, *READY_FOR_UPDATE, SCENARIOS, SHARE})
ASSUMED = (
    "Test-AzureStack: refused while updating (documented: never to be run then); its tests pass but for those that"
    " were broken, machines and role instances that do not run, a failed update, a backup share out of reach and a"
    " wrong service administrator; -DetailedResults"
    " shows Test, Result and Details; nothing is written by cloud scenarios.",
)


def mark(state: State, test: str, result: Result, why: str = "") -> None:
    """Let a test of Test-AzureStack come out so from now on; PASS makes it whole again."""
    if test not in NAMES:
        raise ValueError(f"{test!r} is no test of Test-AzureStack")
    others = {name: found for name, found in (kept(state, BROKEN) or {}).items() if name != test}
    keep(state, BROKEN, others if result == "PASS" else others | {test: [result, why]})


def _tested(call: Invocation) -> Iterator[Any]:
    if call.is_set("List"):
        yield from ({"Test": name} for name in sorted(NAMES))
        return
    if update.is_running(call.state):
        raise Failure("UpdateInProgress", "Test-AzureStack cannot run while an update is in progress.")
    group = _group(call)
    tests, results = _chosen(call, group), list[dict[str, str]]()
    for at, test in enumerate(tests):
        call.say.progress("Test-AzureStack", test, at * 100 // len(tests))
        result, why = _result(call, test)
        if result == "WARN" and group != "Default":
            result = "FAIL"  # documented: warnings are blockers in the two other groups
        results.append({"Test": test, "Result": result, "Details": why})
    if call.is_set("DetailedResults"):
        yield from results
    else:
        yield all(each["Result"] != "FAIL" for each in results)


def _group(call: Invocation) -> str:
    wanted = call.text("Group", "Default")
    found = next((name for name in GROUPS if name.lower() == wanted.lower()), None)
    if found is None:
        raise _invalid("Group", wanted)
    return found


def _chosen(call: Invocation, group: str) -> list[str]:
    """Return the tests that are to run, in order: those included, or the group's, without those ignored."""
    included, ignored = (_named(call, name) for name in ("Include", "Ignore"))
    scenarios = [SCENARIOS] if call.given.get("ServiceAdminCredentials") else []
    return [name for name in included or [*GROUPS[group], *scenarios] if name not in ignored]


def _named(call: Invocation, parameter: str) -> list[str]:
    found = []
    for wanted in call.texts(parameter):
        name = next((name for name in NAMES if name.lower() == wanted.lower()), None)
        if name is None:
            raise _invalid(parameter, wanted)
        found.append(name)
    return found


def _invalid(parameter: str, value: str) -> Failure:
    text = f"Cannot validate argument on parameter '{parameter}': '{value}' is none of its values."
    return Failure("ParameterArgumentValidationError,Test-AzureStack", text, "InvalidData", value)


def _result(call: Invocation, test: str) -> tuple[str, str]:
    broken = (kept(call.state, BROKEN) or {}).get(test)
    if broken:
        return broken[0], broken[1]
    checks = {SCENARIOS: _scenarios, SHARE: _share, UPDATES: _update, ROLES: _roles, MACHINES: _machines}
    why = checks[test](call) if test in checks else ""
    return ("FAIL", why) if why else ("PASS", "")


def _scenarios(call: Invocation) -> str:
    if call.state.identity == "ADFS":
        return "Cloud scenarios cannot be run with the credentials of AD FS."
    credential = call.given.get("ServiceAdminCredentials")
    if not isinstance(credential, tuple):
        return "Cloud scenarios need the service administrator's credential."
    user = call.state.directory.named(credential[0])
    signs_in = user is not None and user.kind == "User" and user.secret == credential[1] != ""
    return "" if signs_in else f"The service administrator {credential[0]} cannot sign in."


def _share(call: Invocation) -> str:
    path = call.text("BackupSharePath") or str(settings.current(call.state).get("path") or "")
    if not path:
        return "No backup share is set."
    given = call.given.get("BackupShareCredential")
    password = given[1] if isinstance(given, tuple) else call.state.store.note(settings.PASSWORD)
    try:
        call.state.share.at(path, password)
    except ShareFault as fault:
        return str(fault)
    return ""


def _roles(call: Invocation) -> str:
    return _down(call, "infraRoleInstances", "state")


def _machines(call: Invocation) -> str:
    return _down(call, "scaleUnitNodes", "scaleUnitNodeStatus")


def _down(call: Invocation, kind: str, what: str) -> str:
    """Return which of Fabric's objects of a kind do not run."""
    found = call.state.store.of_type(("microsoft.fabric.admin", f"fabriclocations/{kind.lower()}"))
    down = [body["id"].rpartition("/")[2] for _, body in found if body["properties"].get(what) != "Running"]
    return f"Not running: {', '.join(sorted(down))}." if down else ""


def _update(call: Invocation) -> str:
    return "The last update failed." if update.has_failed(call.state) else ""


CMDLETS = (
    Cmdlet(
        "Test-AzureStack",
        _tested,
        (
            *("Include", "Ignore", "Group", "ServiceAdminCredentials", "BackupSharePath", "BackupShareCredential"),
            *("TimeoutSeconds", "AdminCredential"),
        ),
        (
            *("DetailedResults", "List", "DoNotDeployTenantVm", "Repair", "UseRunners", "DisableConsoleOutput"),
            *("WhatIf", "Confirm"),
        ),
    ),
)
