"""`up` again, where little or nothing was changed: what it asks the stamp for, and what it puts back."""

from pathlib import Path
from typing import Any

from tests.soak.story import Story, left

from restamp.simulator import Stamp


def test_secrets_that_nobody_changed_are_not_read_again_and_one_that_was_is_put_back(tmp_path: Path) -> None:
    """Their lists tell that they are as they were left; `verify` reads the values all the same."""
    story = Story(tmp_path)
    with story.new_stamp() as stamp:
        story.restamp("up")
        before = left(stamp)
        stamp.requests.clear()
        assert "this run: nothing written" in story.restamp("up")
        assert values_read(stamp) == []

        body = secret(stamp, "db-password")
        newest = body["versions"][-1]
        times = {"updated": newest["attributes"]["updated"] + 1}
        changed = newest | {
            "version": "0" * 32,
            "value": "by somebody else",
            "attributes": newest["attributes"] | times,
        }
        stamp.state.store.put(body["id"], body | {"versions": [*body["versions"], changed]})
        assert "kv-open/db-password" in story.restamp("verify", status=4)
        told = story.restamp("up")
        assert "1 updated" in told
        assert secret(stamp, "db-password")["versions"][-1]["value"] == newest["value"]
        assert {key: value for key, value in left(stamp).items() if value != before.get(key)}.keys() == {
            body["id"].lower()
        }


def values_read(stamp: Stamp) -> list[str]:
    """The secrets that somebody asked the value of."""
    asked = [each for each in stamp.requests if each.plane == "vault" and each.method == "GET"]
    return [each.path for each in asked if each.path.lower().startswith("/secrets/")]


def secret(stamp: Stamp, name: str) -> dict[str, Any]:
    """A secret as the stamp keeps it, with all its versions."""
    secrets = stamp.state.store.of_type(("", "vault/secrets"))
    return next(body for _, body in secrets if body["id"].endswith(f"/secrets/{name}"))
