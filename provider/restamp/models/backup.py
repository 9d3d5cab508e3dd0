"""Infrastructure backups: what a stamp says of one, and what stands beside each of its snapshots. No I/O."""

import datetime as dt
from dataclasses import dataclass

from pydantic import AwareDatetime, Field

from restamp.models.document import Model, Truth
from restamp.models.stamp import Backup


class BackupFacts(Model):
    """One infrastructure backup, as Backup.Admin tells of it (recorded); status words are the service's own."""

    id: str
    status: str
    completely_uploaded: Truth
    cloud_recovery_ready: Truth
    created: AwareDatetime = Field(description="when it was complete: what is in it is older by what it took")
    took: dt.timedelta = dt.timedelta(0)
    stamp_version: str | None = None
    oem_version: str | None = None
    deployment: str | None = None
    thumbprint: str | None = Field(None, description="SHA-1 of the certificate it was encrypted for")
    roles: dict[str, str] = Field(default_factory=dict, description="status of each role")

    @property
    def begun(self) -> dt.datetime:
        """The moment up to which the stamp's state is in it: completion less duration."""
        return self.created - self.took

    @property
    def missing(self) -> list[str]:
        """What the stamp itself says is not right, each as a short sentence; nothing where it may be recovered from."""
        said = {
            f"its status is {self.status}": self.status == "Succeeded",
            "it is not completely uploaded": self.completely_uploaded,
            "it is not ready for cloud recovery": self.cloud_recovery_ready,
        }
        said |= {f"role {name} is {status}": status == "Succeeded" for name, status in self.roles.items()}
        return [sentence for sentence, right in said.items() if not right]


class Backups(Model):
    """`backups.yaml`, written by capture: what the stamp said of its infrastructure backups. No clock stands in it."""

    backups: tuple[BackupFacts, ...] = ()

    @property
    def newest(self) -> Backup | None:
        """The newest one that was made whole, if any was."""
        whole = [Backup(id=facts.id, time=facts.created) for facts in self.backups if facts.status == "Succeeded"]
        return max(whole, key=lambda backup: backup.time, default=None)

    def find(self, backup: str) -> BackupFacts | None:
        """What is known of one backup."""
        return next((facts for facts in self.backups if facts.id.lower() == backup.lower()), None)


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """The metadata beside a snapshot's data (from the strings in Microsoft's assemblies: undocumented)."""

    backup: str
    repository: str  # Role;Component;Partition;Repository
    kind: str  # Full | Progressive, or a word nobody knows
    status: str
    thumbprint: str
    deployment: str
    stamp_version: str
    oem_version: str
    contemporaneous: bool
    key: str  # the wrapped keys, in base64
    previous: str = ""  # the backup id of the snapshot before it; "" for a full one
    full: str = ""  # the backup id of the full snapshot it depends on; "" for a full one
    created: dt.datetime | None = None
    took: dt.timedelta = dt.timedelta(0)
    kilobytes: int = 0  # of the file; 0 where it is not said

    @property
    def begun(self) -> dt.datetime | None:
        """Completion less duration, as with the backup itself (that `CreatedDateTime` is completion: inferred)."""
        return self.created - self.took if self.created else None
