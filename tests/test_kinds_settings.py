"""Settings of a stamp's services: as they stand on the wire, there and back, and told apart field by field."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding

from restamp import objects, translation
from restamp.arm.client import Arm
from restamp.capture import capture
from restamp.compare import compare
from restamp.errors import NoKey, Refused
from restamp.kind import Kind, Kinds, Place
from restamp.kinds.backup import LOCATION, BackupLocation, thumbprint_of
from restamp.kinds.compute import FEATURE, ComputeFeature
from restamp.kinds.registry import CONFIGURATION, RegistryConfiguration
from restamp.kinds.storage import SETTINGS, StorageSettings
from restamp.models.document import Document
from restamp.models.stamp import Captured
from restamp.models.stamp import Stamp as StampFile
from restamp.runbook import Runbook, load, save
from restamp.runbook.save import own_file
from restamp.secrets.places import identity_of
from restamp.simulator import Stamp
from restamp.simulator.backups import settings
from restamp.simulator.recordings import exchanges

from .asking import Desk
from .conformance import replay
from .keys import seals
from .serving import DOMAIN, REGION, Server, settings_for
from .shares import pair

RECORDINGS = Path(__file__).parent / "recordings" / "Azs.Backup.Admin"
CERTIFICATE = b64encode(pair("backup").certificate.public_bytes(Encoding.DER)).decode()
PASSWORD = "the share's own word"
SHARE = BackupLocation(
    name=REGION,
    path="\\\\nas.contoso.example\\backups",
    user_name="contoso\\backup",
    frequency=12,
    retention=7,
    scheduler=True,
    thumbprint=thumbprint_of(CERTIFICATE),
    certificate=CERTIFICATE,
)
RETENTION = StorageSettings(retention_period_for_deleted_storage_accounts_in_days=30)
CAPACITY = RegistryConfiguration(name="Default", maximum_capacity_in_gib=500)
IMDS = ComputeFeature(name="imds", state="TenantSubscriptionLevel", subscriptions=("s-one", "s-two"))


class World:
    """A stamp, restamp's way to it, and a runbook with one recipient."""

    def __init__(self, stamp: Stamp, arm: Arm, kinds: Kinds, folder: Path) -> None:
        self.stamp, self.arm, self.kinds, self.folder = stamp, arm, kinds, folder

    def wire(self, kind: Kind[Any], document: Document) -> dict[str, Any]:
        body = self.arm.get(kind.resource_id(document, self.arm.place), kind.wire)
        assert body is not None
        return body

    def read(self, kind: Kind[Any]) -> list[Any]:
        found, findings = objects.collect(kind, self.arm, self.kinds)
        assert [finding for finding in findings if finding.level != "note"] == []
        return found

    def change(self, kind: Kind[Any], document: Document, **properties: Any) -> None:
        body = self.wire(kind, document)
        self.stamp.load([body | {"properties": body["properties"] | properties}])

    def differs(self, kind: Kind[Any], document: Any) -> list[str]:
        (found,) = self.read(kind)
        return [str(change) for change in objects.compare(kind, document, found)]

    def writes(self) -> list[str]:
        return [f"{record.method} {record.path.rpartition('/')[2]}" for record in self.stamp.writes]

    @property
    def identity(self) -> str:
        return LOCATION.bound_to({"name": SHARE.name}, self.arm.place)

    def sealed(self) -> BackupLocation:
        """The location with its password, as people seal it; the keys are at hand from now on."""
        self.arm.seals = sealing = seals(self.folder, "ann")
        return SHARE.model_copy(update={"password": sealing.seal(self.identity, PASSWORD)})

    def runbook(self) -> Runbook:
        stamp = StampFile(region=REGION, domain=DOMAIN, identity="ADFS")
        (self.folder / "stamp.yaml").write_text(own_file(stamp), "utf-8")
        return load(self.folder, self.kinds)

    def captured(self, before: Runbook) -> tuple[Runbook, Captured]:
        found = capture(self.arm, before, lambda _kind, _count: None)
        return found.runbook, found.captured

    def write(self, document: BackupLocation) -> str:
        """What the end of a recovery does: `put` leaves it alone."""
        found = objects.read(LOCATION, document, self.arm, self.kinds)
        return objects.bring(LOCATION, document, found, self.arm, self.kinds).outcome


@pytest.fixture
def world(stamp: Stamp, server: Server, kinds: Kinds, tmp_path: Path) -> Iterator[World]:
    """A stamp that has a feature; what takes it five seconds is done when somebody asks."""
    stamp.load([feature(stamp, "imds", "Disabled", ["S-ONE", "s-gone"])])
    with Arm(settings_for(server), lambda _operation: stamp.clock.advance(60)) as arm:
        yield World(stamp, arm, kinds, tmp_path)


def feature(stamp: Stamp, name: str, state: str, enabled: list[str]) -> dict[str, Any]:
    root = f"/subscriptions/{stamp.provider_subscription}/providers/Microsoft.Compute.Admin/locations/{stamp.region}"
    settings = {"globalFeatureSettings": {"globalFeatureState": state}, "enabledTenantSubscriptionIds": enabled}
    place = {"id": f"{root}/features/{name}", "name": name, "type": "Microsoft.Compute.Admin/locations/features"}
    return place | {"location": stamp.region, "properties": {"featureName": name} | settings}


@pytest.mark.parametrize(("kind", "document"), [(SETTINGS, RETENTION), (CONFIGURATION, CAPACITY)])
def test_settings_are_written_once_and_come_back(world: World, kind: Kind[Any], document: Any) -> None:
    """A stamp has them from the first day on: they are updated, read equal, and then left as they are."""
    assert objects.put(kind, document, world.arm, world.kinds).outcome == "updated"
    assert world.read(kind) == [document]
    assert objects.put(kind, document, world.arm, world.kinds).outcome == "unchanged"
    assert len(world.writes()) == 1


@pytest.mark.parametrize(
    ("kind", "document", "properties", "said"),
    [
        (SETTINGS, RETENTION, {"retentionPeriodForDeletedStorageAccountsInDays": 3}, "3 -> 30"),
        (CONFIGURATION, CAPACITY, {"maximumCapacityInGiB": 1}, "1 -> 500"),
    ],
)
def test_drift_of_settings_names_the_field(
    world: World, kind: Kind[Any], document: Any, properties: dict[str, int], said: str
) -> None:
    """What somebody else set is told with both values, and put back."""
    objects.put(kind, document, world.arm, world.kinds)
    world.change(kind, document, **properties)

    assert world.differs(kind, document) == [f"{next(iter(properties))}: {said}"]
    assert objects.put(kind, document, world.arm, world.kinds).outcome == "updated"
    assert world.differs(kind, document) == []


def test_settings_without_an_id_are_understood(world: World) -> None:
    """The swagger's example of the storage settings is a body with `properties` alone."""
    body = {"properties": {"retentionPeriodForDeletedStorageAccountsInDays": 2}}

    document = translation.decode(SETTINGS, body, world.arm.place, world.kinds)

    assert document == StorageSettings(retention_period_for_deleted_storage_accounts_in_days=2)
    assert translation.encode(SETTINGS, document, world.arm.place, world.kinds) == body


def test_a_feature_is_brought_about_by_one_post_for_each_thing_that_differs(world: World) -> None:
    """A feature has no PUT; the case in which a stamp keeps subscription ids is no difference."""
    assert world.read(FEATURE) == [
        ComputeFeature(name="imds", state="Disabled", subscriptions=("s-gone", "s-one")),
    ]
    assert world.differs(FEATURE, IMDS) == [
        "state: 'Disabled' -> 'TenantSubscriptionLevel'",
        "subscriptions: ('s-gone', 's-one') -> ('s-one', 's-two')",
    ]

    assert objects.put(FEATURE, IMDS, world.arm, world.kinds).outcome == "updated"

    assert world.writes() == [
        "POST updateGlobalFeatureSettings",
        "POST enableTenantSubscriptionFeature",
        "POST disableTenantSubscriptionFeature",
    ]
    assert world.read(FEATURE) == [IMDS]
    assert objects.put(FEATURE, IMDS, world.arm, world.kinds).outcome == "unchanged"


def test_a_backup_location_goes_through_the_wire_and_its_secrets_never_come_back(world: World) -> None:
    """The stamp is sent the password and the certificate, and shows the thumbprint alone."""
    wanted = world.sealed()
    body = translation.encode(LOCATION, wanted, world.arm.place, world.kinds)

    assert body["properties"]["externalStoreDefault"] == {
        "path": SHARE.path,
        "userName": SHARE.user_name,
        "password": PASSWORD,
        "encryptionCertBase64": CERTIFICATE,
        "backupFrequencyInHours": 12,
        "backupRetentionPeriodInDays": 7,
        "isBackupSchedulerEnabled": True,
    }
    assert world.read(LOCATION) == []
    assert statuses(world, body) == [202, 202, 200]
    assert world.stamp.state.store.note(settings.PASSWORD) == PASSWORD
    assert PASSWORD not in str(world.stamp.objects())
    assert CERTIFICATE not in str(world.stamp.objects())
    assert world.read(LOCATION) == [SHARE.model_copy(update={"certificate": None})]
    assert world.differs(LOCATION, wanted) == []


def statuses(world: World, body: dict[str, Any]) -> list[int]:
    """A PUT and two polls of it, in process: an operation of five seconds on the stamp's own clock."""
    desk = Desk(world.stamp)
    first = desk.ask("PUT", LOCATION.resource_id(SHARE, world.arm.place), body)
    poll = first.headers["location"].partition(DOMAIN)[2]
    early = desk.ask("GET", poll)
    world.stamp.clock.advance(6)
    late = desk.ask("GET", poll)
    assert {each.headers.get("retry-after") for each in (first, early)} == {"5"}
    assert first.body is early.body is None
    assert late.body == world.wire(LOCATION, SHARE)
    return [first.status, early.status, late.status]


def test_every_write_of_a_backup_location_carries_the_password(world: World) -> None:
    """The client follows the operation to its end; a second write with a changed field sends the password again."""
    wanted = world.sealed()

    assert world.write(wanted) == "created"
    assert world.write(wanted) == "unchanged"
    world.stamp.state.store.write_note(settings.PASSWORD, "")
    assert world.write(wanted.model_copy(update={"retention": 14})) == "updated"
    assert world.stamp.state.store.note(settings.PASSWORD) == PASSWORD
    assert world.wire(LOCATION, SHARE)["properties"]["externalStoreDefault"]["backupRetentionPeriodInDays"] == 14
    assert world.writes() == [f"PUT {REGION}"] * 2


def test_without_a_password_or_with_another_certificate_nothing_is_sent(world: World) -> None:
    """Both are refused at once, each with the way out; without any key the password does not open."""
    sealed = world.sealed()
    other = sealed.model_copy(update={"certificate": b64encode(b"another").decode(), "password": None})

    with pytest.raises(Refused) as refused:
        world.write(other)

    assert [finding.code for finding in refused.value.findings] == ["no-password", "wrong-certificate"]
    assert all(finding.hint for finding in refused.value.findings)
    world.arm.seals = None
    with pytest.raises(NoKey):
        world.write(sealed)
    assert world.writes() == []


@pytest.mark.parametrize(
    ("field", "key", "other"),
    [
        ("path", "path", "\\\\elsewhere\\backups"),
        ("user_name", "userName", "somebody"),
        ("thumbprint", "encryptionCertThumbprint", "AB12"),
        ("frequency", "backupFrequencyInHours", 4),
        ("retention", "backupRetentionPeriodInDays", 1),
        ("scheduler", "isBackupSchedulerEnabled", False),
    ],
)
def test_drift_of_a_backup_location_is_told_by_what_a_stamp_shows(
    world: World, field: str, key: str, other: Any
) -> None:
    """Path, user, thumbprint and the plain settings; how much is free, and when the next one is due, is no drift."""
    wanted = world.sealed()
    world.write(wanted)
    store = world.wire(LOCATION, SHARE)["properties"]["externalStoreDefault"]
    moving = {"availableCapacity": "3 GB", "nextBackupTime": None, "lastBackupTime": "2026-01-01T00:00:00.0000000Z"}
    world.change(LOCATION, SHARE, externalStoreDefault=store | moving | {key: other})
    alias = BackupLocation.model_fields[field].alias or field

    assert world.differs(LOCATION, wanted) == [f"{alias}: {other!r} -> {getattr(SHARE, field)!r}"]


def test_a_location_that_nobody_set_up_is_no_document(world: World) -> None:
    """It is there, and has no path: whoever brings backups back makes it."""
    place, empty = LOCATION.resource_id(SHARE, world.arm.place), {"path": None, "password": None}
    world.stamp.load([{"id": place, "name": REGION, "properties": {"externalStoreDefault": empty}}])

    assert world.read(LOCATION) == []
    assert world.write(world.sealed()) == "created"


def test_up_leaves_backups_alone_and_verify_tells_what_is_not_so(world: World) -> None:
    """Nothing is written in the middle of a recovery: backups are enabled again at the end, to a new folder."""
    wanted = world.sealed()

    world.write(wanted)
    save(*world.captured(replace(world.runbook(), documents=(wanted,))))
    writes, store = world.writes(), world.wire(LOCATION, SHARE)["properties"]["externalStoreDefault"]
    world.change(
        LOCATION, SHARE, externalStoreDefault=store | {"path": "elsewhere", "encryptionCertThumbprint": "AB12"}
    )

    found = compare(world.arm, load(world.folder, world.kinds), lambda _kind, _count: None)

    assert [[change.field for change in item.changes] for item in found.differences] == [["path", "thumbprint"]]
    assert objects.put(LOCATION, wanted, world.arm, world.kinds).outcome == "left alone"
    assert world.writes() == writes


def test_a_capture_keeps_the_password_and_the_certificate_that_people_wrote(world: World) -> None:
    """Both stand in the runbook until people change them; the rest is what the stamp has. Same stamp, same bytes."""
    wanted = world.sealed()
    world.write(wanted.model_copy(update={"retention": 13}))
    before = world.runbook()
    file = world.folder / "backup" / f"{REGION}.yaml"

    save(*world.captured(replace(before, documents=(wanted,))))
    first = file.read_text("utf-8")
    save(*world.captured(load(world.folder, world.kinds)))

    assert load(world.folder, world.kinds).find("backup", REGION) == wanted.model_copy(update={"retention": 13})
    assert file.read_text("utf-8") == first
    assert PASSWORD not in first
    assert identity_of(yaml.safe_load(first), ("password",)) == world.identity


def test_verify_names_drift_of_settings(world: World) -> None:
    """Compared like everything else: kind, reference and fields."""
    save(*world.captured(world.runbook()))
    world.change(CONFIGURATION, CAPACITY, maximumCapacityInGiB=7)
    world.change(FEATURE, IMDS, enabledTenantSubscriptionIds=["s-one"])

    found = compare(world.arm, load(world.folder, world.kinds), lambda _kind, _count: None)

    assert [(item.kind, item.ref, [change.field for change in item.changes]) for item in found.differences] == [
        ("RegistryConfiguration", "Default", ["maximumCapacityInGiB"]),
        ("ComputeFeature", "imds", ["subscriptions"]),
    ]


@pytest.mark.parametrize("number", [None, 1, 20])
def test_the_recorded_settings_of_backups_conform(number: int | None) -> None:
    """What a real stamp answered about its location, under its own and any other names."""
    recorded = [item for item in exchanges(RECORDINGS) if "Get-AzsBackupConfiguration" in item.source]

    outcome = replay.replay(recorded, number)

    assert outcome.conforming == len(outcome.results) == 5


def test_the_recorded_location_is_a_document(kinds: Kinds) -> None:
    """What a real stamp shows: all of it has a field, or is the stamp's own."""
    body = next(item.body for item in exchanges(RECORDINGS) if item.path.endswith("/backupLocations/redmond"))
    place = Place("redmond", str(body["id"]).split("/")[2])

    document = translation.decode(LOCATION, body, place, kinds)

    assert document.unmodelled == {}
    assert (document.frequency, document.retention, document.scheduler) == (10, 6, False)
    assert document.path.endswith("BackupStore")
    assert len(document.thumbprint) == 40
