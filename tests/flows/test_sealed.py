"""Sealed values in a runbook that people touched: what does not open is told by its place, what is right stays shut."""

import re
from pathlib import Path

from tests.soak import small
from tests.soak.story import Story

ERP = "c66cb1bf-3d5e-4a44-9f0a-000000000000"


def test_a_moved_value_is_told_by_file_and_field_and_another_tag_takes_no_private_key(tmp_path: Path) -> None:
    """The one that was moved fails, with the way out, and no other; tags are written by who can open nothing."""
    story = Story(tmp_path)
    path = next(path for path in story.runbook.glob("subscriptions/*.yaml") if ERP in path.read_text())
    file, text = f"subscriptions/{path.name}", path.read_text("utf-8")
    one, other = re.findall(r"- (eyJ\S+)", text)
    with story.new_stamp() as stamp:
        path.write_text(text.replace(other, one), "utf-8")
        told = story.restamp("up", status=4)
        moved = f"it was moved here: it is the value of {ERP}/{small.OPEN}/api-key. Look at the file's history in git"
        assert f"Secret app/{small.OPEN}/db-password: failed: {file}: value: {moved}" in told
        assert "1 failed" in told
        assert f"Secret app/{small.OPEN}/db-password: value: it was moved here" in story.restamp("journal", "--failed")

        path.write_text(text, "utf-8")
        story.restamp("up")
        name = f"app/{small.OPEN}/db-password:\n"
        path.write_text(text.replace(name, f"{name}    tags:\n      team: erp\n"), "utf-8")
        assert "1 updated" in story.restamp("up", RESTAMP_OPENERS="")
        secret = stamp.state.store.get(f"/vault/{small.OPEN}/secrets/db-password") or {}
        assert [version["tags"] for version in secret["versions"]] == [{"team": "erp"}]
