"""`restamp plugins new`: a plugin that passes its contract at once, in an environment of wheels; or a way out."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fresh import PATIENCE, PLUGINS, Fresh

from restamp.errors import Refused
from restamp.template import write


def new(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as people type it, in a folder."""
    command = [sys.executable, "-m", "restamp", "plugins", "new", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.timeout(2 * PATIENCE)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_new_plugin_passes_its_contract_beside_restamps_wheel(fresh: Fresh, plugin: str) -> None:
    """Of each role; nothing but wheels and what they require is installed there."""
    told = fresh.run("-m", "pytest", "-q", plugin)

    assert re.search(r"^\d\d passed in", told, re.MULTILINE), told
    assert "restamp_" + plugin.replace("-", "_") in fresh.run("-m", "pip", "show", "-f", f"restamp-{plugin}")
    assert f"{plugin} 0.1.0: installed" in fresh.run("-m", "restamp", "plugins")


def test_no_name_of_the_examples_is_left(tmp_path: Path) -> None:
    """Neither in a path nor in a text."""
    for role in ("hub", "oem", "rp"):
        written = write(f"{role}-foo-bar", tmp_path / role)
        texts = [str(path.relative_to(tmp_path)) + path.read_text() for path in written]
        assert [text for text in texts if "example" in text.lower()] == []
        assert [path for path in written if "FooBar" in path.read_text()]


def test_it_says_what_was_written_and_what_to_do_next(tmp_path: Path) -> None:
    """Every file, and commands that name the folder."""
    told = new(tmp_path, "rp-foo", "--to", "some where/foo").stdout
    folder = tmp_path / "some where" / "foo"
    files = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]

    assert re.findall(r"^  (\S+)$", told, re.MULTILINE) == files
    assert f"pip install -e '{tmp_path}/some where/foo[test]'" in told
    assert "python -m pytest 'some where/foo'" in told


@pytest.mark.parametrize("name", ["foo", "rp-", "rp-2fa", "RP-foo", "rp_foo", "rp-foo-", "db-foo", "rp-a/b", "../rp-a"])
def test_other_names_are_refused_with_the_way_out(tmp_path: Path, name: str) -> None:
    """Nothing is written."""
    with pytest.raises(Refused, match=f"{name}: is no name of a new plugin") as refused:
        write(name, tmp_path / "it")

    assert refused.value.hint.startswith("Say whose it is, then what: hub- for an operator's own work")
    assert list(tmp_path.iterdir()) == []


def test_everything_in_the_way_is_said_at_once(tmp_path: Path) -> None:
    """A folder that is there is left as it is, whatever is in it; an installed plugin is no new one."""
    (tmp_path / "rp-mysql").mkdir()
    told = new(tmp_path, "rp-mysql").stderr

    assert "stop: rp-mysql: is a plugin that is installed here" in told
    assert "stop: rp-mysql: is there already\n  Name a new folder: --to FOLDER" in told
    assert told.endswith("refused: 2 problems\n")
    assert list((tmp_path / "rp-mysql").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """As the system says it, with another folder as the way out."""
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match=r"file/foo: cannot be written: (Not a directory|File exists)") as refused:
        write("rp-foo", tmp_path / "file" / "foo")

    assert refused.value.hint == "Name another folder: --to FOLDER"
