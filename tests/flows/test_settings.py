"""Settings on the real engine: written where they differ, and backups left alone until the end."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import yaml
from tests.flows.world import REGION, World
from tests.keys import seals

from restamp.kinds.backup import thumbprint_of
from restamp.simulator import Stamp

CERTIFICATE = b64encode(b"a certificate").decode()
PASSWORD = "the share's own word"


def settings(stamp: Stamp) -> list[dict[str, Any]]:
    """A retention, a capacity, a feature and a backup location, as a stamp lists them."""
    root = f"/subscriptions/{stamp.provider_subscription}"
    places = {name: f"{root}/providers/Microsoft.{name}.Admin/locations/{REGION}" for name in ("Storage", "Compute")}
    registry = f"{root}/providers/Microsoft.ContainerRegistry.Admin/locations/{REGION}/configurations/Default"
    backup = f"{root}/resourceGroups/system.{REGION}/providers/Microsoft.Backup.Admin/backupLocations/{REGION}"
    store = {"path": "\\\\nas\\backups", "userName": "contoso\\backup", "password": None, "encryptionCertBase64": None}
    store |= {"encryptionCertThumbprint": thumbprint_of(CERTIFICATE), "isBackupSchedulerEnabled": True}
    store |= {"backupFrequencyInHours": 12, "backupRetentionPeriodInDays": 7, "availableCapacity": "1.00 TB"}
    return [
        placed(f"{places['Storage']}/settings/value", {"retentionPeriodForDeletedStorageAccountsInDays": 30}),
        placed(registry, {"maximumCapacityInGiB": 500}),
        feature(f"{places['Compute']}/features/imds", "Enabled"),
        placed(backup, {"externalStoreDefault": store}),
    ]


def placed(place: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"id": place, "name": place.rpartition("/")[2], "location": REGION, "properties": properties}


def feature(place: str, state: str) -> dict[str, Any]:
    told = {"globalFeatureState": state}
    return placed(place, {"featureName": "imds", "globalFeatureSettings": told, "enabledTenantSubscriptionIds": []})


def sealed_by_people(runbook: Path, folder: Path) -> None:
    """The password and the certificate, which no stamp shows, written into the document."""
    file = runbook / "backup" / f"{REGION}.yaml"
    value = seals(folder, "ann").seal(f"backup/{REGION}/password", PASSWORD).model_dump(mode="json")
    added = {"password": value, "certificate": CERTIFICATE}
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text("utf-8")) | added), "utf-8")


def test_settings_come_back_and_backups_wait_for_the_end(world: World, tmp_path: Path) -> None:
    """No write to backups, the gate opens, nothing plain anywhere; verify tells what is still missing."""
    with world.stamp_of(1) as living:
        living.load(settings(living))
        world.restamp("capture", "--stamp", f"{living.region}.{living.domain}")
    sealed_by_people(world.runbook, tmp_path)
    with world.stamp_of(2) as stamp:
        root = f"/subscriptions/{stamp.provider_subscription}/providers/Microsoft.Compute.Admin/locations/{REGION}"
        stamp.load([feature(f"{root}/features/imds", "Disabled")])
        world.restamp("begin")
        told = world.restamp("up")

        assert "1 left alone" in told
        assert "gates open: stamp-ready, control-plane-restored" in told
        written = [record.path.rpartition("/")[2] for record in stamp.writes]
        assert sorted(written) == ["Default", "settings", "updateGlobalFeatureSettings"]
        verified = world.restamp("verify")
        assert f"BackupLocation {REGION}: is not there yet, and up leaves it alone" in verified
        assert "0 differences" in verified
        world.restamp("up")
        assert len(stamp.writes) == 3
        assert PASSWORD not in told + world.pulumi("stack", "export")
