"""Guest directories: their own administrators have to consent, before subscriptions and again behind new providers."""

from collections.abc import Iterator
from typing import Any

from restamp_hub_core.job import Case, Job, documents, slug, step

_HOW = """The directory {name} ({tenant}) has to let the stamp in{again}. Somebody who administers that directory runs:

Import-Module .\\Identity\\AzureStack.Identity.psm1
Register-AzSWithMyDirectoryTenant -TenantResourceManagerEndpoint https://management.{suffix} `
  -DirectoryTenantName {name} -Verbose

and signs in as its administrator. Microsoft documents it under "Configure multi-tenancy"."""
_AGAIN = " once more: resource providers that came back have applications that it has not heard of"


def jobs(case: Case) -> Iterator[Job]:
    """One for each directory that the runbook has, twice; AD FS stamps have none."""
    for found in documents(case.runbook, "DirectoryTenant"):
        values = {"name": found.name, "tenant": found.tenant, "suffix": case.runbook.stamp.suffix}
        title, name = f"Consent of {found.name}", slug(found.name)
        how = _HOW.format(again="", **values)
        where: dict[str, Any] = {"after": ("DirectoryTenant",), "before": ("Subscription",)}
        yield Job(step(f"consent/{name}", title, by="tenant", how=how, **where))
        how = _HOW.format(again=_AGAIN, **values)
        title = f"{title}, behind the resource providers"
        yield Job(step(f"consent-again/{name}", title, by="tenant", how=how, after=("rps-restored",)))
