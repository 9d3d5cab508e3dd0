"""The pages for authors of plugins say what the code does, and their commands work in an environment of wheels."""

import re
import subprocess

import pytest
from tests.flows.world import ROOT
from tests.fresh import PATIENCE, Fresh, outside
from tests.plugin_pages import FOLDER, PAGES, attributes, promises, written

from restamp.models.step import GATES
from restamp.plugins import HOOKS


@pytest.mark.parametrize("page", PAGES)
def test_what_is_made_from_code_is_as_the_code_is(page: str) -> None:
    """Signatures, tables and promises."""
    text = (FOLDER / page).read_text("utf-8")

    assert text == written(text), "write it anew: tools/run python -m tests.plugin_pages"


def test_every_hook_is_explained_in_the_order_of_a_recovery() -> None:
    """Its signature, when it is called, what it may do, and what becomes of a wrong answer."""
    page = (FOLDER / "hooks.md").read_text("utf-8")
    parts = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## )", page, re.MULTILINE | re.DOTALL))

    assert tuple(parts) == HOOKS
    for name, part in parts.items():
        assert f"<!-- made: {name} -->" in part
        assert re.findall(r"^- \*\*(\w+)\*\*: ", part, re.MULTILINE) == ["When", "May", "Wrong"]
    assert [gate for gate in GATES if f"`{gate}`" not in page] == []


def test_every_promise_and_every_word_of_the_contract_is_explained() -> None:
    """As many as the page counts; each attribute and method that an author may give."""
    page = (FOLDER / "contract.md").read_text("utf-8")

    assert len(promises()) == 13, "the page, the class and the changelog say thirteen"
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == attributes()


@pytest.mark.timeout(2 * PATIENCE)
def test_the_first_plugin_is_written_and_runs_in_a_recovery(fresh: Fresh) -> None:
    """Every block of the page as it stands, in an environment that was made as its first line says."""
    page = (FOLDER / "first-plugin.md").read_text("utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    begun = "set -eu\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n"
    script = begun + "echo the next block\n".join(blocks).removeprefix("python3 -m venv env\n")
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=fresh.folder,
        env=outside(fresh.folder) | {"RESTAMP": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    environment, plugin, broken, living, _, back, last = done.stdout.split("the next block\n")
    assert "restamp 0.1.0" in environment
    assert "rp-foo 0.1.0: installed" in plugin
    assert "FAILED" in broken
    assert "nobody says where its own backup is" in living
    assert "rp-foo/deploy: waiting: for the operator" in back
    assert "foo/small" in last
    assert "0 differences, 0 unexpected, 0 not verified" in last
