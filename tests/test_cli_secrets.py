"""`restamp secrets` and the break-glass opener, as people meet them."""

import ast
import importlib.util
import json
import os
import pty
import re
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from restamp.models.sealed import SealedValue
from restamp.runbook import text
from restamp.secrets import Seals, jwe, openers, recipients

from .keys import KEY, pem, unasked, written

ROOT = Path(__file__).parents[1]
OPENER = ROOT / "tools" / "open-sealed.py"
SUBSCRIPTION = "c66cb1bf-3d5e-4a44-9f0a-0d5a1c2b7e11"
FILE = f"subscriptions/contoso-erp--{SUBSCRIPTION}.yaml"
STAMP = "kind: Stamp\nformat: 1\nregion: redmond\ndomain: ext.contoso.example\nidentity: ADFS\n"
VALUES = {"app/erp-kv/db-password": "correct horse", "app/erp-kv/API-Key": "battery staple", "lab/other-kv/x": "third"}


def listed(value: SealedValue, indent: str) -> str:
    return f"{indent}seen: {value.seen}\n{indent}sealed:\n" + "".join(f"{indent}- {jwe}\n" for jwe in value.sealed)


def identity(key: str) -> str:
    return f"{SUBSCRIPTION}/{key.partition('/')[2]}"


@pytest.fixture
def runbook(tmp_path: Path) -> Path:
    """A runbook of one subscription with three secrets and a backup location, sealed for Ann and Ben."""
    folder = tmp_path / "runbook"
    folder.mkdir()
    for name in ("ann", "ben"):
        written(folder, name).rename(tmp_path / f"{name}.pfx")
    seals = Seals(recipients(folder / "recipients"), (), KEY)
    parts = ["# ours: keep\nkind: Subscription\n", f"id: {SUBSCRIPTION.upper()}\nsecrets:\n"]
    for key, value in VALUES.items():
        parts.append(f"  {key}:  # theirs\n    value:\n{listed(seals.seal(identity(key), value), '      ')}")
    parts.append("    contentType: text/plain\nnote: '  odd   spacing '")
    backup = "kind: BackupLocation\nregion: redmond\npassword:\n"
    backup += listed(seals.seal("backup/redmond/password", "share pw"), "  ")
    for name, content in {"stamp.yaml": STAMP, FILE: "".join(parts), "backups/redmond.yaml": backup}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content.encode())
    return folder


def restamp(runbook: Path, *arguments: str, keys: str = "", password: str = "") -> subprocess.CompletedProcess[str]:
    """`restamp secrets ...` with these private keys, by name."""
    return subprocess.run(
        [sys.executable, "-m", "restamp", "secrets", *arguments, "--runbook", str(runbook)],
        env=environment(runbook, keys, password),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def environment(runbook: Path, keys: str, password: str = "") -> dict[str, str]:
    files = ",".join(str(runbook.parent / f"{key}.pfx") for key in keys.split())
    own = {"RESTAMP_OPENERS": files, "RESTAMP_HOME": str(runbook.parent / "home"), "RESTAMP_OPENER_PASSWORD": password}
    return {"PATH": os.environ["PATH"], **own}


def on_a_terminal(command: list[str], env: dict[str, str]) -> str:
    """What a program writes to a terminal."""
    ours, theirs = pty.openpty()
    subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE, check=True)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode().replace("\r\n", "\n")
    os.close(ours)
    return shown


def damaged(content: str) -> str:
    """Every ciphertext with a letter too many."""
    return re.sub(r"(eyJ[\w-]*\.)", r"\1A", content)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_ciphertexts(content: bytes) -> bytes:
    return re.sub(rb"( *- eyJ[^\r\n]*\r?\n)+", b"<sealed>", content)


def test_check_says_who_opens_what(runbook: Path) -> None:
    """Which certificates, which private keys, which values: 0 where all is well, and no value in clear."""
    done = restamp(runbook, "check", keys="ann ben")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(
        "4 of 4 values opened; fingerprints not checked: the capture key is not at hand; 0 findings\n"
    )
    line = re.search(rf"^  {SUBSCRIPTION}/erp-kv/api-key: for (.*); opened by (.*)$", done.stdout, re.MULTILINE)
    assert line
    assert [sorted(part.split(", ")) for part in line.groups()] == [["ann", "ben"], ["ann.pfx", "ben.pfx"]]
    found = json.loads(restamp(runbook, "check", "--json", keys="ann").stdout)
    assert [(item["file"], item["field"], item["openedBy"]) for item in found["values"]] == [
        ("backups/redmond.yaml", "password", ["ann.pfx"]),
        *((FILE, f"secrets.{key}", ["ann.pfx"]) for key in VALUES),
    ]
    assert {item["name"] for item in found["recipients"]} == {"ann", "ben"}
    assert not any(value in done.stdout + json.dumps(found) for value in [*VALUES.values(), "share pw"])


def test_check_without_a_private_key_passes_and_says_that_nothing_was_opened(runbook: Path) -> None:
    """A scheduler runs it where captures run: no key is there, which is a note and no fault."""
    done = restamp(runbook, "check")

    assert done.returncode == 0
    assert "note: RESTAMP_OPENERS: no private key is at hand" in done.stderr
    assert "0 of 4 values opened" in done.stdout


def test_check_tells_everything_that_would_go_wrong(runbook: Path) -> None:
    """A moved value, a changed one, a new recipient, one that left, one near its end, one that expired: at once."""
    subscription = runbook / FILE
    content = subscription.read_text()
    ciphertexts = re.findall(r"eyJ\S+", content)
    subscription.write_text(content.replace(ciphertexts[0], ciphertexts[2]))
    backup = runbook / "backups/redmond.yaml"
    backup.write_text(damaged(backup.read_text()))
    (runbook / "recipients" / "ben.cer").unlink()
    written(runbook, "cem", days=20)
    written(runbook, "old", days=-20)
    done = restamp(runbook, "check", keys="ann")

    assert done.returncode == 4
    told = done.stderr
    assert "secrets.app/erp-kv/db-password: it was moved here: it is the value of" in told
    assert "stop: backups/redmond.yaml: password: it was changed" in told
    assert "secrets.lab/other-kv/x: is not sealed for" in told
    assert "secrets.lab/other-kv/x: is sealed for 1 certificates that are not in recipients/" in told
    assert "stop: recipient old: expired on" in told
    assert "warn: recipient cem: expires on" in told


def test_check_of_a_runbook_without_secrets_is_no_pass(tmp_path: Path) -> None:
    """Nothing looked at is not all well; and a folder that is no runbook is refused."""
    (tmp_path / "stamp.yaml").write_text(STAMP)
    done = restamp(tmp_path, "check")
    assert done.returncode == 4
    assert "the runbook: has no sealed value" in done.stderr
    assert restamp(tmp_path, "rekey").returncode == 4
    (tmp_path / "stamp.yaml").unlink()
    done = restamp(tmp_path, "check")
    assert (done.returncode, "there is no stamp.yaml" in done.stderr) == (2, True)


def test_a_secret_in_plain_is_told_and_not_repeated(runbook: Path) -> None:
    """Somebody wrote a password where a ciphertext belongs."""
    (runbook / "backups/redmond.yaml").write_text(
        "kind: BackupLocation\nregion: redmond\npassword:\n  seen: x\n  sealed:\n  - hunter2\n"
    )
    done = restamp(runbook, "check", keys="ann")

    assert done.returncode == 4
    assert "stop: backups/redmond.yaml:6:5: password.sealed.0: is no sealed value" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["unix", "windows"])
def test_rekey_changes_the_ciphertexts_and_no_other_byte(end: bytes, runbook: Path) -> None:
    """Ben leaves, Cem comes: Ann's key is enough, comments and odd spacing stay, and again there is nothing to do."""
    for path in (runbook / FILE, runbook / "backups/redmond.yaml"):
        path.write_bytes(path.read_bytes().replace(b"\n", end))
    before = bytes_of(runbook)
    (runbook / "recipients" / "ben.cer").unlink()
    written(runbook, "cem").rename(runbook.parent / "cem.pfx")
    done = restamp(runbook, "rekey", keys="ann")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("4 of 4 values sealed anew for ")
    after = bytes_of(runbook)
    for name in (FILE, "backups/redmond.yaml"):
        assert after[name] != before[name]
        assert without_ciphertexts(after[name]) == without_ciphertexts(before[name])

    assert restamp(runbook, "check", keys="cem").returncode == 0
    assert "0 of 4 values opened" in restamp(runbook, "check", keys="ben").stdout
    assert restamp(runbook, "rekey", keys="cem").stdout.endswith("0 files changed\n")
    assert bytes_of(runbook) == after


def test_rekey_is_all_or_nothing(runbook: Path) -> None:
    """One value that does not open, or a list that stands oddly: every problem by name, and no file is touched."""
    backup = runbook / "backups/redmond.yaml"
    backup.write_text(damaged(backup.read_text()))
    written(runbook, "cem")
    before = bytes_of(runbook)
    done = restamp(runbook, "rekey", keys="ann")
    assert (done.returncode, bytes_of(runbook)) == (2, before)
    assert "stop: backups/redmond.yaml: password: it was changed" in done.stderr
    done = restamp(runbook, "rekey")
    assert (done.returncode, bytes_of(runbook)) == (2, before)
    assert done.stderr.count("none of the 0 private keys at hand opens it") == 4

    backup.unlink()
    subscription = runbook / FILE
    content = subscription.read_text()
    subscription.write_text(content.replace("      - eyJ", "      # which one?\n      - eyJ", 2))
    before = bytes_of(runbook)
    done = restamp(runbook, "rekey", keys="ann")
    assert (done.returncode, bytes_of(runbook)) == (2, before)
    assert "write it as a list, one item a line" in done.stderr


def test_reveal_shows_one_value_and_to_a_terminal_only(runbook: Path) -> None:
    """A pipe gets nothing; a field is named by its path or its identity; what is not there names what is."""
    arguments = ["reveal", FILE, "secrets.app/erp-kv/db-password"]
    piped = restamp(runbook, *arguments, keys="ann")
    assert (piped.returncode, piped.stdout) == (2, "")
    assert "standard output: is no terminal" in piped.stderr

    command = [sys.executable, "-m", "restamp", "secrets", "reveal", "--runbook", str(runbook), FILE]
    env = environment(runbook, "ben")
    assert on_a_terminal([*command, "secrets.app/erp-kv/db-password"], env) == "correct horse\n"
    assert on_a_terminal([*command, f"{SUBSCRIPTION}/erp-kv/api-key"], env) == "battery staple\n"


def test_what_opens_with_an_expired_certificate_is_warned_about(runbook: Path) -> None:
    """It opens what was sealed for it: before it is needed again, another set of certificates takes over."""
    written(runbook, "ann", days=-3).rename(runbook.parent / "ann.pfx")
    file = runbook / "secrets" / "old.yaml"
    file.parent.mkdir()
    (ann,) = (item for item in recipients(runbook / "recipients") if item.name == "ann")
    value = SealedValue(seen="0" * 32, sealed=(jwe.sealed("file/old", b"still", ann.thumbprint, ann.key),))
    file.write_text(f"kind: SealedFile\nname: old\nsize: 5\nvalue:\n{listed(value, '  ')}")
    (runbook / "recipients" / "ann.cer").unlink()
    warned = "warn: opener ann.pfx: its certificate expired on"

    command = [sys.executable, "-m", "restamp", "secrets", "reveal", "--runbook", str(runbook), "secrets/old.yaml"]
    ours, theirs = pty.openpty()
    env = environment(runbook, "ann")
    done = subprocess.run([*command, "value"], env=env, stdout=theirs, stderr=subprocess.PIPE, text=True, check=True)
    os.close(theirs)
    assert os.read(ours, 100) == b"still\r\n"
    os.close(ours)
    assert warned in done.stderr
    assert warned in restamp(runbook, "rekey", keys="ann").stderr
    for only in ([], ["--only", "Plan offers-rg/gold"]):
        up = [sys.executable, "-m", "restamp", "up", "--runbook", str(runbook), *only]
        assert subprocess.run(up, env=env, capture_output=True, text=True, check=False).stderr.startswith(warned)


def test_add_seals_a_file_once(runbook: Path) -> None:
    """The first one makes the capture key, on this machine and sealed in stamp.yaml; again is no change."""
    secret = runbook.parent / "appservice.bin"
    secret.write_bytes(bytes(range(256)) * 2000)
    first = restamp(runbook, "add", str(secret), "--name", "appservice")
    assert (first.returncode, first.stderr) == (0, "")
    key = runbook.parent / "home" / "keys" / "redmond.ext.contoso.example.key"
    assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (runbook / "stamp.yaml").read_text().startswith(f"{STAMP}captureKey:\n  seen: ")
    before = bytes_of(runbook)
    assert restamp(runbook, "add", str(secret), "--name", "appservice").stdout.startswith(
        "secrets/appservice.yaml: sealed already for"
    )
    assert bytes_of(runbook) == before
    parsed = text.parse(before["secrets/appservice.yaml"].decode(), "").value
    value = SealedValue.model_validate(parsed["value"])
    ben = Seals((), openers([runbook.parent / "ben.pfx"], unasked))
    assert ben.open_bytes("file/appservice", value).get_secret_value() == secret.read_bytes()
    assert (parsed["kind"], parsed["size"]) == ("SealedFile", "512000")
    secret.write_bytes(b"new")
    assert restamp(runbook, "add", str(secret), "--name", "appservice").stdout.startswith(
        "secrets/appservice.yaml: sealed for"
    )
    assert bytes_of(runbook)["stamp.yaml"] == before["stamp.yaml"]


def test_another_machine_gets_the_capture_key_with_a_private_key_only(runbook: Path) -> None:
    """Without it nothing is added, for every fingerprint would change; with it once, the machine keeps the key."""
    secret = runbook.parent / "secret"
    secret.write_text("s")
    assert restamp(runbook, "add", str(secret), "--name", "one").returncode == 0
    key = runbook.parent / "home" / "keys" / "redmond.ext.contoso.example.key"
    kept = key.read_text()
    key.unlink()
    refused = restamp(runbook, "add", str(secret), "--name", "one")
    assert refused.returncode == 2
    assert "the runbook's capture key is not on this machine" in refused.stderr
    assert "fingerprints checked" in restamp(runbook, "check", keys="ann").stdout
    assert not key.exists()
    assert restamp(runbook, "add", str(secret), "--name", "one", keys="ann").returncode == 0
    assert key.read_text() == kept

    key.write_text("00" * 32)
    assert "is not the capture key that stamp.yaml has sealed" in restamp(runbook, "check").stderr
    key.write_text("00")
    assert "is no capture key: 64 hexadecimal digits" in restamp(runbook, "check").stderr
    key.chmod(0o640)
    assert "others may read it" in restamp(runbook, "check").stderr


@pytest.mark.parametrize("name", ["../x", "A", ".x", "a/b", ""])
def test_a_sealed_file_has_a_name_that_stays_in_its_folder(name: str, runbook: Path) -> None:
    """A name is a file's name."""
    done = restamp(runbook, "add", str(runbook / "stamp.yaml"), "--name", name)

    assert done.returncode == 2
    assert "is no name for a sealed file" in done.stderr


def test_what_cannot_be_added_is_refused(runbook: Path) -> None:
    """No file, an empty one, no recipients: nothing is written."""
    empty = runbook.parent / "empty"
    empty.touch()
    before = bytes_of(runbook)
    assert "cannot be read" in restamp(runbook, "add", str(runbook.parent / "no"), "--name", "x").stderr
    assert "has 0 bytes" in restamp(runbook, "add", str(empty), "--name", "x").stderr
    assert bytes_of(runbook) == before
    for path in (runbook / "recipients").iterdir():
        path.unlink()
    done = restamp(runbook, "add", str(runbook / "stamp.yaml"), "--name", "x")
    assert (done.returncode, "there is nobody to seal for" in done.stderr) == (2, True)
    assert not (runbook / "secrets").exists()


def test_a_wrong_password_is_refused_by_file_and_not_repeated(runbook: Path) -> None:
    """The .pfx is named; the password is nowhere."""
    written(runbook, "ann", password="right").rename(runbook.parent / "ann.pfx")
    done = restamp(runbook, "check", keys="ann", password="wr0ng")

    assert done.returncode == 2
    assert "ann.pfx: the password is wrong, or the file holds no private key" in done.stderr
    assert "wr0ng" not in done.stderr
    assert restamp(runbook, "check", keys="ann", password="right").returncode == 0


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the standard library and `cryptography`, with what that needs, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in ("cryptography", "cffi", "_cffi_backend", "pycparser"):
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        place = Path(found.origin).parent if found.submodule_search_locations else Path(found.origin)
        (packages / place.name).symlink_to(place)
    return folder / "bin" / "python"


@pytest.fixture
def opened(bare: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """The break-glass opener, in a bare environment."""

    def run(*arguments: str, password: str = "") -> subprocess.CompletedProcess[bytes]:
        command, env = [str(bare), "-I", str(OPENER), *arguments], {"RESTAMP_OPENER_PASSWORD": password}
        return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)

    return run


def test_the_opener_needs_the_standard_library_and_cryptography_alone(bare: Path) -> None:
    """It is copied to a machine that has nothing else."""
    tree = ast.parse(OPENER.read_text("utf-8"))
    names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {item.name for node in ast.walk(tree) if isinstance(node, ast.Import) for item in node.names}

    assert {name.partition(".")[0] for name in names} - sys.stdlib_module_names == {"cryptography"}
    tried = "import importlib.util as u; print([n for n in ('cryptography', 'joserfc', 'restamp') if u.find_spec(n)])"
    assert subprocess.check_output([str(bare), "-I", "-c", tried], text=True) == "['cryptography']\n"


def test_the_opener_opens_what_restamp_sealed(
    runbook: Path, opened: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    """By file and name, by ciphertext, with .pfx and PEM: the same bytes."""
    file, ann = str(runbook / FILE), str(runbook.parent / "ann.pfx")
    pem(runbook.parent / "ann.pem", "ann", "s3cret")
    told = opened("--key", ann, file)
    assert told.stdout.decode().splitlines() == [f"opens      {identity(key).lower()}" for key in VALUES]
    for key, value in VALUES.items():
        assert opened("--key", ann, file, identity(key)).stdout.decode() == value
        assert opened("--key", ann, file, key.partition("/")[2]).stdout.decode() == value
    name, locked = "db-password", str(runbook.parent / "ann.pem")
    assert opened("--key", locked, file, name, password="s3cret").stdout == b"correct horse"
    own = Seals(recipients(runbook / "recipients")[:1], (), KEY)
    key = str(runbook.parent / f"{own.recipients[0].name}.pfx")
    assert opened("--key", key, own.seal("a/b", bytes(range(256))).sealed[0]).stdout == bytes(range(256))


def test_the_opener_refuses_what_does_not_open(
    runbook: Path, opened: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    """Another key, a wrong password, a changed ciphertext, an unknown name: one line each, and no trace."""
    file, ann = str(runbook / FILE), str(runbook.parent / "ann.pfx")
    stranger = str(written(runbook, "cem", password="right").rename(runbook.parent / "cem.pfx"))
    jwe = re.findall(r"eyJ\S+", (runbook / FILE).read_text())[0]
    short = ".".join([*jwe.split(".")[:4], "AAAAAAAAAAAAAAAAAAAAAA"])
    tries = {
        "the password is wrong": opened("--key", stranger, file, password="wr0ng"),
        "this key opens none of 3 values": opened("--key", stranger, file, password="right"),
        "0 values of that name that this key opens": opened("--key", ann, file, "nothing"),
        "sealed for another key, or changed": opened("--key", ann, short),
        "No such file": opened("--key", ann, str(runbook / "no.yaml")),
    }

    for said, done in tries.items():
        assert done.returncode == 1
        assert said in done.stderr.decode()
        assert "Traceback" not in done.stderr.decode()
