"""Who is in a directory, and who signs in for it: names by Graph, one credential a directory, users by password."""

import os
from pathlib import Path
from typing import Any

import pytest

from restamp.arm.client import Arm
from restamp.arm.settings import read
from restamp.errors import NotSignedIn, Refused
from restamp.simulator import Fault

from .serving import new_stamp, served, settings_for

GUEST = "7b1f3a52-9f7e-4d1c-8a55-2f6f3f1f0a11"


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    """A file of credentials."""
    path = folder / "credentials.yaml"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("identity", ["ADFS", "AzureAD"])
def test_names_come_from_the_directory_and_whoever_is_gone_has_none(identity: Any) -> None:
    """Users by their UPN, groups and applications by their name; ids without regard to case; asked once."""
    stamp = new_stamp(identity=identity)
    user, group, app = stamp.add_user("a@x.example", "p"), stamp.add_group("team"), stamp.add_principal("deployer")
    asked = [user.object_id.upper(), group.object_id, app.object_id, "5c3a2b11-0000-4000-8000-000000000000"]
    with served(stamp) as server, Arm(settings_for(server)) as arm:
        found = arm.names(asked)
        again = arm.names(asked, stamp.admin.tenant)

    names = {user.object_id: "a@x.example", group.object_id: "team", app.object_id: "deployer"}
    assert found == again == {identifier.lower(): name for identifier, name in names.items()}
    assert [record.method for record in stamp.requests if record.plane == "graph"] == ["POST"]


def test_more_ids_than_go_into_one_question_are_asked_in_several() -> None:
    """A thousand at once, as documented."""
    stamp = new_stamp()
    people = [stamp.add_user(f"{number}@x.example", "p") for number in range(1001)]
    with served(stamp) as server, Arm(settings_for(server)) as arm:
        found = arm.names(each.object_id for each in people)

    assert found is not None
    assert len(found) == 1001
    assert len([record for record in stamp.requests if record.plane == "graph"]) == 2


@pytest.mark.parametrize("what", ["forbidden", "no such host", "another directory"])
def test_a_directory_that_cannot_be_asked_is_none_and_no_failure(what: str) -> None:
    """Nobody is thought gone for it."""
    stamp = new_stamp(identity="AzureAD")
    host = f"graph.{stamp.state.home}"
    with served(stamp) as server:
        settings = settings_for(server)
        if what == "forbidden":
            stamp.faults.append(Fault("/getObjectsByObjectIds", status=403))
        elif what == "no such host":
            settings = settings_for(server, connect_to=f"{host}:443=127.0.0.1:9,{server.connect_to}")
        with Arm(settings) as arm:
            assert arm.names([stamp.admin.object_id], GUEST if what == "another directory" else "") is None


def test_each_directory_has_its_own_principal(tmp_path: Path) -> None:
    """One file names them; a directory it does not name gets the settings' own, an empty entry the same application."""
    path = written(
        tmp_path,
        f"directories:\n  {GUEST.upper()}:\n    clientId: app\n    clientSecret: hidden\n"
        "    recoveryUser: r@x.example\n    recoveryPassword: secret\n  other: {}\n",
    )
    settings = read({"client_id": "me", "client_secret": "mine", "credentials": str(path)})

    assert (settings.of(GUEST).client_id, settings.of(GUEST).client_secret) == ("app", "hidden")
    assert (settings.of("other").client_id, settings.of("other").tenant) == ("me", "other")
    assert settings.of("unknown") is settings
    assert settings.recovery_user(GUEST) == ("r@x.example", "secret")
    assert settings.recovery_user("other") is None
    assert "hidden" not in repr(settings.of(GUEST))


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [
        ("directories: {}\n", 0o644, "others than its owner may read it"),
        (
            f"directories:\n  {GUEST}:\n    clientID: hidden\n",
            0o600,
            "credentials.yaml:3: .*clientID: there is no such",
        ),
        (f"directories:\n  {GUEST}:\n    clientSecret: [hidden]\n", 0o600, "credentials.yaml:3: .*has a wrong form"),
        (f"directories:\n  {GUEST}:\n    clientId: hidden\n", 0o600, "a clientId without what proves it"),
        (f"directories:\n  {GUEST}:\n    recoveryUser: r\n", 0o600, "a name and a password"),
        ("directories: {\n", 0o600, "is not YAML"),
        ("hidden\n", 0o600, "the file: has a wrong form"),
        ("", 0o600, "the file: has a wrong form"),
    ],
)
def test_a_file_of_credentials_that_is_wrong_is_refused_without_a_word_of_it(
    tmp_path: Path, text: str, mode: int, message: str
) -> None:
    """Others may not read it, and no refusal repeats what it holds."""
    path = written(tmp_path, text, mode)

    with pytest.raises(Refused, match=message) as no:
        read({"credentials": str(path)})
    assert "hidden" not in str(no.value)
    assert "RESTAMP_CREDENTIALS" in str(no.value)


def test_a_file_of_credentials_that_is_not_there_is_refused() -> None:
    """By its name."""
    with pytest.raises(Refused, match="/nowhere: cannot be read"):
        read({"credentials": f"{os.sep}nowhere"})


@pytest.mark.parametrize("identity", ["ADFS", "AzureAD"])
def test_a_recovery_user_signs_in_with_a_password_alone(tmp_path: Path, identity: Any) -> None:
    """At the tenant endpoint of both identity systems; a wrong password is a refused sign-in."""
    stamp = new_stamp(identity=identity)
    user = stamp.add_user("recovery@x.example", "right")
    with served(stamp) as server:
        for password in ("right", "wrong"):
            entry = f"  {stamp.admin.tenant}: {{recoveryUser: recovery@x.example, recoveryPassword: {password}}}\n"
            folder = tmp_path / password
            folder.mkdir()
            path = written(folder, f"directories:\n{entry}")
            with Arm(settings_for(server, credentials=str(path))) as arm:
                found = arm.as_recovery_user("any", stamp.admin.tenant)
                if password == "right":
                    assert found.principal == user.object_id
                else:
                    with pytest.raises(NotSignedIn, match=r"recovery@x\.example"):
                        _ = found.principal
