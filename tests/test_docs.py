"""The docs say what is: lists that the code has are compared with it, and links lead somewhere."""

import dataclasses
import re
from pathlib import Path

import pytest

from restamp.arm.settings import Settings
from restamp.cli import app
from restamp.simulator import assumed

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page for top in ("", "docs", "tests/conformance") for page in (ROOT / top).glob("**/*.md" if top else "*.md")
)
LIMITS = ROOT / "docs" / "limits.md"
BEGIN, END = "<!-- assumed:begin -->\n", "<!-- assumed:end -->"


def written() -> str:
    """docs/limits.md with the simulator's own list: `python -m tests.test_docs` writes it."""
    before, _, rest = LIMITS.read_text("utf-8").partition(BEGIN)
    return before + BEGIN + "".join(f"- {line}\n" for line in assumed.listed()) + END + rest.partition(END)[2]


def test_what_the_simulator_assumes_stands_in_the_limits() -> None:
    """Every assumed answer is listed, and no other."""
    assert LIMITS.read_text("utf-8") == written(), "write it anew: python -m tests.test_docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links resolve, in every page."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_setting_is_explained() -> None:
    """Variable and config key of each setting stand in the settings page."""
    page = (ROOT / "docs" / "operator" / "settings.md").read_text("utf-8")
    names = [field.name for field in dataclasses.fields(Settings)]

    assert [name for name in names if f"RESTAMP_{name.upper()}" not in page] == []


def test_every_command_stands_in_the_operators_pages() -> None:
    """Somebody who reads only docs/operator has met every command."""
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs" / "operator").glob("*.md"))
    commands = [item.callback.__name__ for item in app.registered_commands if item.callback]

    assert [name for name in commands if f"restamp {name}" not in pages] == []


def test_make_targets_of_the_readme_exist() -> None:
    """What the first screen tells people to type is there."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    assert set(re.findall(r"^`?make ([a-z]+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)) <= targets


if __name__ == "__main__":
    LIMITS.write_text(written(), "utf-8")
