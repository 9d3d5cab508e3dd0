"""The docs say what is: lists that the code has are compared with it, and links lead somewhere."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from restamp.arm.settings import Settings, config_keys
from restamp.cli import app
from restamp.models.document import Document
from restamp.plugins import collected
from restamp.simulator import assumed

ROOT = Path(__file__).parents[1]
OPERATOR = ROOT / "docs" / "operator"
PAGES = sorted(
    page
    for top in ("", "docs", "plugins", "tests/conformance")
    for page in (ROOT / top).glob("**/*.md" if top else "*.md")
)
LIMITS = ROOT / "docs" / "limits.md"
BEGIN, END = "<!-- assumed:begin -->\n", "<!-- assumed:end -->"
COMMANDS = [item.callback.__name__ for item in app.registered_commands if item.callback]
COMMANDS += [str(group.typer_instance.info.name) for group in app.registered_groups if group.typer_instance]


def written() -> str:
    """docs/limits.md with the simulator's own list: `python -m tests.test_docs` writes it."""
    before, _, rest = LIMITS.read_text("utf-8").partition(BEGIN)
    return before + BEGIN + "".join(f"- {line}\n" for line in assumed.listed()) + END + rest.partition(END)[2]


def test_what_the_simulator_assumes_stands_in_the_limits() -> None:
    """Every assumed answer of any module or rule is listed, and no other."""
    assert LIMITS.read_text("utf-8") == written(), "write it anew: tools/run python -m tests.test_docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links resolve, in every page."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_exists(page: Path) -> None:
    """What a page tells people to type, in a block or in backticks, is a command of restamp or a target of make."""
    text = page.read_text("utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    typed = [line.strip() for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", text)
    words = {tuple(re.split(r"[\s\[]+", line)[:2]) for line in typed if re.match(r"(restamp|make) [a-z]", line)}
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)

    assert words <= {*(("restamp", name) for name in COMMANDS), *(("make", name) for name in targets)}


def test_every_setting_is_explained() -> None:
    """Variable and config key of each setting stand in the settings page."""
    page = (OPERATOR / "settings.md").read_text("utf-8")
    names = [f"RESTAMP_{field.name.upper()}" for field in fields(Settings)] + config_keys()

    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_command_stands_in_the_operators_pages() -> None:
    """Somebody who reads only docs/operator has met every command."""
    pages = "".join(page.read_text("utf-8") for page in OPERATOR.glob("*.md"))

    assert [name for name in COMMANDS if f"restamp {name}" not in pages] == []


@pytest.mark.parametrize("kind", tuple(collected(())), ids=lambda kind: kind.name)
def test_the_fields_of_every_kind_are_listed(kind: Any) -> None:
    """The row of a kind names its fields in the order of files, and those of all kinds stand below."""
    page = (OPERATOR / "runbook.md").read_text("utf-8")
    row = re.search(rf"^\| {kind.name} \| (.*) \|$", page, re.MULTILINE)
    aliases = {name: field.alias or name for name, field in kind.model.model_fields.items()}

    assert row
    assert re.findall(r"`(\w+)`", row[1]) == [aliases[name] for name in aliases if name not in Document.model_fields]
    assert [aliases[name] for name in Document.model_fields if f"`{aliases[name]}:" not in page] == []


if __name__ == "__main__":
    LIMITS.write_text(written(), "utf-8")
