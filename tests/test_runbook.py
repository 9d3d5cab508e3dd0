"""A runbook in its folder: what is saved is what is loaded, byte for byte, whatever happens in between."""

import contextlib
import datetime as dt
import os
import random
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restamp.errors import Refused
from restamp.kind import Kinds
from restamp.kinds.compute import ComputeQuota
from restamp.kinds.delegation import DelegatedOffer
from restamp.kinds.groups import ResourceGroup
from restamp.kinds.subscriptions import SUBSCRIPTION, Offer, Plan, Subscription
from restamp.models.document import Document, own_fields
from restamp.models.stamp import Captured, Stamp
from restamp.plugins import all_kinds, collected
from restamp.runbook import Runbook, load, save
from restamp.runbook.model import in_order
from restamp.runbook.names import Names, file_of
from restamp.runbook.save import Changed, own_file, schema

from .populations import populations

STAMP = Stamp(region="redmond", domain="ext.contoso.example", identity="ADFS")
CAPTURED = Captured(on=dt.date(2026, 11, 23), restamp="0.1.0", documents=1, subscriptions=1)
NOTHING = Changed((), (), ())
ODD_PLACES = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def quota(name: str, cores: int = 8, **more: Any) -> ComputeQuota:
    counts = dict.fromkeys(ComputeQuota.model_fields.keys() - Document.model_fields.keys() - {"name"}, 1)
    return ComputeQuota(name=name, **counts | {"cores_limit": cores} | more)


def plan(name: str, group: str = "offers-rg", *quotas: str) -> Plan:
    return Plan(name=name, group=group, display_name=name.title(), quotas=quotas)


def subscription(identifier: str, title: str = "Contoso ERP", **more: Any) -> Subscription:
    values = {"owner": "erp@contoso.example", "tenant": "t", "offer": "offers-rg/gold", "state": "Enabled"} | more
    return Subscription(id=identifier, display_name=title, **values)


def core() -> list[Document]:
    quotas = [quota("small"), quota("large", 64)]
    offer = Offer(name="gold", group="offers-rg", display_name="Gold", state="Public", base_plans=("offers-rg/gold",))
    gold = plan("gold", "offers-rg", "compute/small", "compute/large", "Microsoft.KeyVault.Admin/Unlimited")
    return [
        ResourceGroup(name="offers-rg"),
        *quotas,
        gold,
        offer,
        subscription("c66cb1bf-3d5e"),
        subscription("d135b752"),
    ]


def runbook_of(documents: list[Document], folder: Path) -> Runbook:
    (folder / "stamp.yaml").write_text(own_file(STAMP), "utf-8")
    return Runbook(STAMP, in_order(documents, all_kinds()), all_kinds(), folder)


def saved(documents: list[Document], folder: Path) -> Changed:
    return save(runbook_of(documents, folder), CAPTURED)


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@ODD_PLACES
@given(populations(), st.randoms(use_true_random=False))
def test_what_is_saved_is_loaded_again_whatever_it_is_called(documents: list[Document], order: random.Random) -> None:
    """Any names and texts a stamp can have come back; the order of documents changes no byte; twice changes nothing."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        saved(documents, Path(one))
        loaded = load(Path(one), all_kinds())
        shuffled = order.sample(documents, len(documents))
        saved(shuffled, Path(two))

        assert loaded.documents == in_order(documents, all_kinds())
        assert bytes_of(Path(one)) == bytes_of(Path(two))
        assert save(loaded, CAPTURED) == NOTHING


@ODD_PLACES
@given(populations())
def test_another_reader_of_yaml_reads_the_same_texts(documents: list[Document]) -> None:
    """Whatever a reader of YAML 1.1 would twist is quoted: an editor sees what restamp sees."""
    with tempfile.TemporaryDirectory() as folder:
        saved(documents, Path(folder))
        for kind in collected(()).on_their_own:
            valid = jsonschema_rs.validator_for(schema(kind.model, kind.name))
            for path in (Path(folder) / kind.folder).rglob("*.yaml"):
                found = yaml.safe_load(path.read_text("utf-8"))
                assert found.pop("kind") == kind.name
                assert valid.is_valid({"kind": kind.name} | found), list(valid.iter_errors(found))
                kind.model.model_validate(found)


@ODD_PLACES
@given(st.dictionaries(st.text(min_size=1), JSON, max_size=4))
def test_what_no_field_knows_keeps_its_types(unmodelled: dict[str, Any]) -> None:
    """Numbers, truths and nothing below `unmodelled` come back as they went."""
    with tempfile.TemporaryDirectory() as folder:
        odd = quota("small", unmodelled=unmodelled)
        saved([odd], Path(folder))

        assert load(Path(folder), all_kinds()).documents == (odd,)


IDS = st.lists(st.text("0123456789abcdefg-", min_size=1, max_size=12), min_size=2, max_size=8, unique=True)
TITLES = st.sampled_from(["Contoso ERP", "contoso erp", "Contoso-ERP", "", "🚀", "x" * 90])


@ODD_PLACES
@given(IDS, st.data())
def test_adding_or_removing_a_subscription_never_renames_another(ids: list[str], data: st.DataObject) -> None:
    """Same display name, same first eight digits of the id: different files, and each one's own for ever."""
    found = [subscription(f"c66cb1bf{identifier}", data.draw(TITLES)) for identifier in ids]
    files = [file_of(each, SUBSCRIPTION, Names(found, all_kinds())) for each in found]
    alone = [file_of(each, SUBSCRIPTION, Names([each], all_kinds())) for each in found]

    assert files == alone
    assert len({file.lower() for file in files}) == len(files)


def test_files_are_named_for_people_and_for_every_system(tmp_path: Path) -> None:
    """A file's name is a function of what it says: short where that is clear, legal on Windows, never two by case."""
    names = ["con", "NUL.txt", "a:b", "dot.", " space", "größe", "Default Quota", "x" * 300]
    groups = [ResourceGroup(name=group) for group in ("lab", "offers-rg")]
    plans = [plan("gold", "lab"), plan("Gold", "offers-rg"), plan("silver", "lab")]
    saved(
        [*groups, *plans, *(quota(name) for name in names), subscription("c66c", "Größe & Co.", offer="/x")], tmp_path
    )
    found = sorted(name for name in bytes_of(tmp_path) if name.endswith(".yaml"))

    assert [name for name in found if name.startswith(("plans", "subs"))] == [
        "plans/lab/gold.yaml",
        "plans/offers-rg/Gold.yaml",
        "plans/silver.yaml",
        "subscriptions/groe-co--c66c.yaml",
    ]
    assert [name.removeprefix("quotas/compute/")[:30] for name in found if name.startswith("quotas")] == [
        "%20space.yaml",
        "%63on.yaml",
        "Default Quota.yaml",
        "NUL%2Etxt.yaml",
        "a%3Ab.yaml",
        "dot%2E.yaml",
        "gr%C3%B6%C3%9Fe.yaml",
        "x" * 30,
    ]


def test_a_reference_is_short_where_it_is_clear_and_full_where_it_is_not(tmp_path: Path) -> None:
    """Two groups with a plan `gold`: the offer says which; `silver` stands in one group only."""
    groups = [ResourceGroup(name="lab"), ResourceGroup(name="offers-rg")]
    plans = [plan("gold", "lab"), plan("gold", "offers-rg"), plan("silver", "lab")]
    offer = Offer(name="o", group="lab", display_name="O", state="Public", base_plans=("lab/silver", "offers-rg/gold"))
    saved([*groups, *plans, offer], tmp_path)
    text = (tmp_path / "offers" / "o.yaml").read_text("utf-8")

    assert "basePlans:\n- offers-rg/gold\n- silver\n" in text
    assert load(tmp_path, all_kinds()).documents[-1] == offer


def test_a_file_is_made_for_review(tmp_path: Path) -> None:
    """One item a line, identity first, sets sorted, defaults left out, quotes where needed; and its schema."""
    note = "CR-1182\nby Ann\n"
    saved([quota("no", 50, note=note, vm_scale_set_count=0, ddagpu_count=0, partitioned_gpu_count=0)], tmp_path)

    assert (tmp_path / "quotas" / "compute" / "no.yaml").read_text("utf-8") == (
        "# captured by restamp: of what people write here only `note` and `onDestroy` survive the next capture\n"
        "# yaml-language-server: $schema=../../.schema/ComputeQuota.json\n"
        "kind: ComputeQuota\n"
        "name: 'no'\n"
        "coresLimit: 50\n"
        "virtualMachineCount: 1\n"
        "availabilitySetCount: 1\n"
        "maxAllocationStandardManagedDisksAndSnapshots: 1\n"
        "maxAllocationPremiumManagedDisksAndSnapshots: 1\n"
        "note: |\n"
        "  CR-1182\n"
        "  by Ann\n"
    )
    assert (tmp_path / ".schema" / "ComputeQuota.json").exists()


def test_objects_that_are_gone_leave_the_runbook_and_nothing_else_does(tmp_path: Path) -> None:
    """What a capture owns it removes, with folders that became empty; what people put beside it stays."""
    saved(core(), tmp_path)
    (tmp_path / "README.md").write_text("ours")
    (tmp_path / "plans" / "why.md").write_text("ours")
    (tmp_path / "recoveries" / "one").mkdir(parents=True)
    (tmp_path / "recoveries" / "one" / "recovery.yaml").write_text("kind: Recovery\nway: rebuild\n")
    changed = saved(
        [document for document in core() if not isinstance(document, Plan | Offer | Subscription)], tmp_path
    )

    assert changed.gone == (
        "offers/gold.yaml",
        "plans/gold.yaml",
        "subscriptions/contoso-erp--c66cb1bf-3d5e.yaml",
        "subscriptions/contoso-erp--d135b752.yaml",
    )
    assert (tmp_path / "README.md").exists()
    assert (tmp_path / "plans" / "why.md").exists()
    assert (tmp_path / "recoveries" / "one" / "recovery.yaml").exists()
    assert not (tmp_path / "offers").exists()
    assert saved([quota("small"), quota("large", 64), ResourceGroup(name="offers-rg")], tmp_path) == NOTHING


def test_a_checkout_with_windows_line_ends_is_the_same_runbook(tmp_path: Path) -> None:
    """git may turn every line end: nothing differs, nothing is written."""
    saved(core(), tmp_path)
    for path in [*tmp_path.rglob("*.yaml"), *tmp_path.rglob("*.json")]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert load(tmp_path, all_kinds()).documents == in_order(core(), all_kinds())
    assert saved(core(), tmp_path).changed == ()


class Crash(OSError):
    """The machine dies here."""


def dying(monkeypatch: pytest.MonkeyPatch, step: int) -> Callable[[], bool]:
    """Every change of the file system after `step` of them fails; the answer says whether any did."""
    left = [step]

    def counted(name: str) -> None:
        true = getattr(Path, name)

        def change(self: Path, *args: Any, **more: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Crash(name)
            return true(self, *args, **more)

        monkeypatch.setattr(Path, name, change)

    for name in ("write_text", "mkdir", "replace", "unlink", "rmdir"):
        counted(name)
    return lambda: left[0] < 0


def test_a_capture_that_dies_anywhere_leaves_the_old_runbook_or_ends_at_the_next_look(tmp_path: Path) -> None:
    """Whichever rename or removal is the last one: loading finds the whole old or the whole new runbook."""
    old, new = core(), [quota("tiny"), quota("small", 9), ResourceGroup(name="offers-rg", tags={"a": "b"})]
    wanted, seen, died, step = in_order(new, all_kinds()), [], True, 0
    while died:
        folder = tmp_path / str(step)
        folder.mkdir()
        saved(old, folder)
        with pytest.MonkeyPatch.context() as patched:
            has_died = dying(patched, step)
            with contextlib.suppress(Crash):
                save(Runbook(STAMP, wanted, all_kinds(), folder), CAPTURED)
            died, step = has_died(), step + 1
        seen.append(load(folder, all_kinds()).documents)
        save(Runbook(STAMP, wanted, all_kinds(), folder), CAPTURED)

        assert load(folder, all_kinds()).documents == wanted
        assert not (folder / ".capture").exists()
        assert seen[-1] in (in_order(old, all_kinds()), wanted)
    assert seen == sorted(seen, key=lambda documents: documents == wanted)
    assert seen[0] != wanted
    assert seen[-1] == wanted
    assert len(seen) > 15


def git(folder: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@contoso.example", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


@pytest.mark.parametrize("there", [True, False], ids=["there", "gone"])
def test_offers_of_a_delegate_and_offers_of_a_group_so_called_are_told_apart(there: bool) -> None:
    """Whatever they are called, and also where the stamp has them no more: what is written is read as what it was."""
    offer = next(document for document in core() if isinstance(document, Offer))
    documents = [offer.model_copy(update={"group": group}) for group in ("delegated", "d-1")]
    documents += [DelegatedOffer(provider_subscription="d-1", name=offer.name)]
    names, kinds = Names(documents if there else [], all_kinds()), all_kinds()
    refs = [kinds.of(document).ref(document) for document in documents]

    assert [names.full("offers", names.written("offers", ref)) for ref in refs] == refs
    assert len({file_of(document, kinds.of(document), names) for document in documents}) == 3


def edited(folder: Path, branch: str, documents: list[Document]) -> None:
    """A branch from the first commit on which the runbook says this."""
    git(folder, "checkout", "-q", "-b", branch, "start")
    saved(documents, folder)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", branch)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The core runbook, committed."""
    git(tmp_path, "init", "-q", "-b", "start")
    saved(core(), tmp_path)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "start")
    return tmp_path


def merged(folder: Path, one: list[Document], other: list[Document]) -> tuple[Document, ...]:
    """What two branches make together, loaded."""
    edited(folder, "one", one)
    edited(folder, "other", other)
    git(folder, "merge", "-q", "-m", "both", "one")
    return load(folder, all_kinds()).documents


def with_change(found: list[Document], at: Document, **change: Any) -> list[Document]:
    return [each.model_copy(update=change) if each == at else each for each in found]


def test_a_rename_and_another_edit_of_one_subscription_merge(repository: Path) -> None:
    """The display name changes on one branch, which renames the file, and the state on the other."""
    erp = subscription("c66cb1bf-3d5e")
    renamed = with_change(core(), erp, display_name="Contoso Finance")
    disabled = with_change(core(), erp, state="Disabled")

    found = merged(repository, renamed, disabled)

    both = erp.model_copy(update={"display_name": "Contoso Finance", "state": "Disabled"})
    assert found == in_order(with_change(core(), erp, **both.model_dump()), all_kinds())


def test_quotas_of_one_plan_changed_in_different_places_merge(repository: Path) -> None:
    """A set is sorted, one member a line: one branch takes the first away, the other adds behind the last."""
    gold = next(document for document in core() if isinstance(document, Plan))
    taken = with_change(core(), gold, quotas=gold.quotas[1:])
    added = with_change(core(), gold, quotas=(*gold.quotas, "Microsoft.Subscriptions.Admin/delegatedProviderQuota"))
    assert gold.quotas[0] == "compute/large"

    found = merged(repository, taken, added)

    quotas = ("compute/small", *gold.quotas[2:], "Microsoft.Subscriptions.Admin/delegatedProviderQuota")
    assert found == in_order(with_change(core(), gold, quotas=quotas), all_kinds())


def test_three_hundred_new_subscriptions_merge_beside_an_edit(repository: Path) -> None:
    """A capture that adds many files, with names like those there are, is no matter for whoever edits another."""
    many = [*core(), *(subscription(f"new-{number:03}") for number in range(300))]
    small = next(document for document in core() if isinstance(document, ComputeQuota))

    found = merged(repository, many, with_change(core(), small, cores_limit=99))

    assert found == in_order(with_change(many, small, cores_limit=99), all_kinds())


WITH_FIELDS = [kind for kind in collected(()).on_their_own if own_fields(kind.model)]


@pytest.mark.parametrize("kind", WITH_FIELDS, ids=lambda kind: kind.name)
def test_a_schema_rejects_what_loading_refuses(kind: Any) -> None:
    """Wrong types, unknown keys, missing fields and the wrong kind are seen in the editor already."""
    found = schema(kind.model, kind.name)
    valid = jsonschema_rs.validator_for(found)
    required = {name: 1 if found["properties"][name].get("type") == "integer" else "x" for name in found["required"]}
    required |= {"kind": kind.name, "state": "Public" if kind.name == "Offer" else "Enabled"}
    required = {name: value for name, value in required.items() if name in found["properties"]}

    assert valid.is_valid(required)
    assert not valid.is_valid(required | {"colour": "red"})
    assert not valid.is_valid(required | {"kind": "Other"})
    for name in found["required"]:
        assert not valid.is_valid({key: value for key, value in required.items() if key != name})
        assert not valid.is_valid(required | {name: ["a", "list"]})


def test_a_plan_may_stand_in_a_group_of_the_stamp_itself(tmp_path: Path, kinds: Kinds) -> None:
    """`system.<region>` has no document and needs none; any other group does."""
    saved([plan("gold", "system.redmond")], tmp_path)
    assert load(tmp_path, kinds).documents == (plan("gold", "system.redmond"),)

    saved([plan("gold", "elsewhere")], tmp_path)
    with pytest.raises(Refused, match="there is no elsewhere under groups/"):
        load(tmp_path, kinds)
