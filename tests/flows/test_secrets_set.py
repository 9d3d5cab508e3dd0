"""`restamp secrets set`: what no stamp shows comes from people, and goes nowhere but sealed into its document."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.flows.world import NAME, World
from tests.keys import written
from tests.proof.populated import deployed, everything
from tests.proof.way import bytes_of

SHARE_PASSWORD = "Gr8 & secret share"
BACKUP = "backup/redmond.yaml"


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stamp with something of every kind, captured once, which still answers."""
    world = World(tmp_path_factory.mktemp("set"))
    world.runbook.mkdir(parents=True)
    written(world.runbook, "ann").rename(world.folder / "ann.pfx")
    with world.stamp_of(1) as stamp:
        deployed(stamp, 1).load(everything(stamp, 1))
        world.restamp("capture", "--stamp", NAME)
        yield world


@pytest.fixture
def world(captured: World) -> Iterator[World]:
    """The same, with its files as they were afterwards."""
    before = bytes_of(captured.runbook)
    yield captured
    for name, content in before.items():
        (captured.runbook / name).write_bytes(content)


def set_(world: World, *arguments: str, given: bytes) -> subprocess.CompletedProcess[str]:
    """`restamp secrets set ...` with a value on standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "restamp", "secrets", "set", *arguments],
        cwd=world.folder,
        env=world.env(),
        input=given,
        capture_output=True,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def revealed(world: World, document: str, field: str) -> str:
    """What `restamp secrets reveal` shows on a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "restamp", "secrets", "reveal", document, field]
    env = world.env(RESTAMP_OPENERS=str(world.folder / "ann.pfx"), RESTAMP_OPENER_PASSWORD="")
    subprocess.run(command, cwd=world.folder, env=env, stdin=subprocess.DEVNULL, stdout=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode().removesuffix("\r\n")
    os.close(ours)
    return shown


def subscription(world: World) -> str:
    (file,) = (world.runbook / "subscriptions").iterdir()
    return file.relative_to(world.runbook).as_posix()


def test_the_password_of_backups_is_sealed_and_the_next_captures_keep_it(world: World) -> None:
    """It stands where a capture writes it, in no other file, and the same again is no change."""
    before = bytes_of(world.runbook)
    done = set_(world, BACKUP, "password", given=SHARE_PASSWORD.encode() + b"\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{BACKUP}: password: sealed for ann\nnext: git add ")
    after = bytes_of(world.runbook)
    assert {name for name in after if after[name] != before[name]} == {BACKUP}
    assert not any(SHARE_PASSWORD.encode() in content for content in after.values())
    assert revealed(world, BACKUP, "password") == SHARE_PASSWORD

    world.restamp("capture")
    assert bytes_of(world.runbook) == after
    again = set_(world, "BackupLocation redmond", "password", given=SHARE_PASSWORD.encode())
    assert again.stdout == f"{BACKUP}: password: sealed already for ann\n"
    assert bytes_of(world.runbook) == after


def test_a_secret_of_a_vault_is_another_from_now_on(world: World) -> None:
    """verify names it and nothing else; a path as people type it and any case of the field do as well."""
    file = subscription(world)
    field = next(line.strip(" :\n") for line in (world.runbook / file).read_text().split("\nsecrets:\n")[1].split("\n"))
    path = (world.runbook / file).relative_to(world.folder)
    assert set_(world, str(path), f"secrets.{field.upper()}", given=b"new").returncode == 0

    told = world.restamp("verify", status=4)
    assert f"~ Secret {field} in Subscription" in told
    assert "1 differences (0 missing, 1 different)" in told
    assert revealed(world, file, f"secrets.{field}") == "new"


def test_a_secret_that_its_vault_does_not_have_yet_is_one_that_up_would_make(world: World) -> None:
    """One whose value no capture could read, a disabled one, is known to its owner."""
    file = subscription(world)
    text = (world.runbook / file).read_text()
    vault = text.split("\nvaults:\n")[1].split(":")[0].strip()
    assert set_(world, file, f"secrets.{vault}/by-hand", given=b"x").returncode == 0

    assert f"+ Secret {vault}/by-hand" in world.restamp("diff")
    assert revealed(world, file, f"secrets.{vault}/by-hand") == "x"


def test_a_terminal_is_asked_twice_and_shows_nothing(world: World) -> None:
    """What is typed is not echoed; two that differ are no value."""
    first = typed(world, "one\none\n")
    assert "value of password: " in first
    assert f"{BACKUP}: password: sealed for ann" in first
    assert "one" not in first.replace("once", "")

    assert "password: the two are not the same" in typed(world, "one\ntwo\n")


def typed(world: World, keys: str) -> str:
    """What a terminal shows of `restamp secrets set`, while somebody types."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "restamp", "secrets", "set", BACKUP, "password"],
        cwd=world.folder,
        env=world.env(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # no other terminal to ask
    )
    shown = b""
    for line in keys.splitlines():
        while not shown.endswith(b": "):
            shown += os.read(ours, 1000)
        os.write(ours, line.encode() + b"\n")
        shown += b"\n"
    process.wait(60)
    shown += os.read(ours, 10_000)
    os.close(ours)
    os.close(theirs)
    return shown.decode()


@pytest.mark.parametrize(
    ("document", "field", "given", "told", "hint"),
    [
        (BACKUP, "pass", b"x", "BackupLocation redmond has no such field for a secret", "It has password."),
        ("groups/offers-rg.yaml", "x", b"x", "ResourceGroup offers-rg has no such field", "in BackupLocation redmond"),
        ("backup/x.yaml", "password", b"x", "there is no such document in the runbook", ""),
        (BACKUP, "password", b"\n", "password: got no value", "Give it once more."),
        (BACKUP, "password", b"\xff\xfe", "password: is no text", ""),
    ],
    ids=["no field", "no secrets there", "no document", "nothing given", "a file"],
)
def test_what_cannot_be_set_is_refused(
    world: World, document: str, field: str, given: bytes, told: str, hint: str
) -> None:
    """With what there is, and nothing is written."""
    before = bytes_of(world.runbook)
    done = set_(world, document, field, given=given)

    assert done.returncode == 2
    assert told in done.stderr
    assert hint in done.stderr
    assert bytes_of(world.runbook) == before


def test_a_secret_belongs_into_a_vault_that_is_there(world: World) -> None:
    """A vault that the document does not hold has no secrets."""
    done = set_(world, subscription(world), "secrets.app/nowhere/x", given=b"x")

    assert done.returncode == 2
    assert "has no such field for a secret" in done.stderr


def test_without_recipients_nothing_is_sealed(world: World) -> None:
    """Nobody could ever read it."""
    (world.runbook / "recipients" / "ann.cer").unlink()
    done = set_(world, BACKUP, "password", given=b"x")

    assert done.returncode == 2
    assert "there is nobody to seal for" in done.stderr
