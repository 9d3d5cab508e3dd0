"""tools/pulumi/engine: which Pulumi restamp runs on, tried with made-up `pulumi` and `go` on a PATH of their own."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools" / "pulumi"
NEEDS = "restamp needs 3.250.0 or newer, below 4"
GET_EITHER = "install Pulumi 3.250 or newer (pulumi.com/docs/install) or Go 1.25.11 or newer (go.dev/dl)"
POSIX = ["sh", "cat", "chmod", "cksum", "cut", "date", "dirname", "flock", "head", "install", "ln", "mkdir", "mktemp"]
POSIX += ["mv", "readlink", "rm", "sed", "sort", "tail", "tee", "wc"]

GO = """
echo "$*" >>"$CALLS"
case " $* " in
" env GOVERSION ") echo go1.27.0 ;;
*" -m "*) echo "$SDK" ;;
" list "*) echo 'go: downloading example.org/a v1.0.0' >&2; echo a; echo b ;;
" build "*)
    for word; do [ "$last" != -o ] || to=$word; last=$word; done
    mkdir -p "$to"
    echo '#!/bin/sh' | tee "${to}pulumi" >"${to}pulumi-language-python"
    chmod +x "$to"/* ;;
esac
"""


class Machine:
    """A checkout's tools/pulumi, in a folder with a space, and a PATH with POSIX and what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.tools = folder / "a checkout" / "tools" / "pulumi"
        self.bin = folder / "bin"
        shutil.copytree(TOOLS, self.tools, ignore=shutil.ignore_patterns(".engine"))
        self.bin.mkdir()
        for name in POSIX:
            (self.bin / name).symlink_to(shutil.which(name) or pytest.fail(f"{name} is not there"))
        self.has("sleep", f"exec {shutil.which('sleep')} 0.05")
        sdk = folder / "sdk" / "python"
        for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
            (sdk / script).parent.mkdir(parents=True)
            (sdk / script).touch()
        self.calls = folder / "calls"
        self.calls.touch()
        self.env = {"PATH": str(self.bin), "CALLS": str(self.calls), "SDK": str(sdk.parent)}

    def has(self, name: str, script: str, folder: Path | None = None) -> None:
        path = (folder or self.bin) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def start(self, **env: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = str(self.tools / "engine")
        return subprocess.Popen([command], env=self.env | env, stdout=pipe, stderr=pipe, text=True)

    def engine(self, **env: str) -> tuple[int, str, list[str]]:
        """Exit status, what it prints, and its words to people."""
        with self.start(**env) as process:
            out, err = process.communicate(timeout=60)
            return process.returncode, out, err.splitlines()

    def builds(self) -> int:
        return self.calls.read_text().count("build -v")

    @property
    def built(self) -> list[str]:
        return sorted(path.name for path in (self.tools / ".engine").glob("*") if path.name != "lock")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("version", ["v3.250.0", "v3.259.0", "3.272.1", "v3.300.0-alpha.1+dirty"])
def test_a_fitting_pulumi_on_path_is_used_without_a_word(machine: Machine, version: str) -> None:
    machine.has("pulumi", f"echo {version}")
    machine.has("pulumi-language-python", "")
    assert machine.engine() == (0, f"{machine.bin}\n", [])


def test_the_language_host_may_be_beside_the_file_that_a_link_on_path_names(machine: Machine, tmp_path: Path) -> None:
    machine.has("pulumi", "echo v3.260.0", tmp_path / "cellar")
    machine.has("pulumi-language-python", "", tmp_path / "cellar")
    (machine.bin / "pulumi").symlink_to(tmp_path / "cellar" / "pulumi")
    assert machine.engine() == (0, f"{machine.bin}\n", [])


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo v3.249.9", f"is Pulumi 3.249.9; {NEEDS}: upgrade it"),
        ("echo v2.300.0", f"is Pulumi 2.300.0; {NEEDS}: upgrade it"),
        ("echo v3.9.0", f"is Pulumi 3.9.0; {NEEDS}: upgrade it"),
        ("echo v4.0.0", f"is Pulumi 4.0.0; {NEEDS}: install a 3.x beside it"),
        ("echo dev", f"does not tell its version (`pulumi version` says 'dev'); {NEEDS}: install a release"),
        ("exit 1", f"does not tell its version (`pulumi version` says ''); {NEEDS}: install a release"),
        ("echo v3.260.0", "has no pulumi-language-python beside it: install Pulumi as a whole"),
    ],
)
def test_a_pulumi_that_does_not_fit_is_refused_in_one_line_with_the_way_out(
    machine: Machine, script: str, words: str
) -> None:
    machine.has("pulumi", script)
    way_out = "or set RESTAMP_ENGINE=own, and restamp builds its own"
    assert machine.engine() == (2, "", [f"engine: {machine.bin}/pulumi {words}, {way_out}"])


def test_the_way_out_works(machine: Machine) -> None:
    machine.has("pulumi", "echo v3.100.0")
    machine.has("go", GO)
    status, out, _ = machine.engine(RESTAMP_ENGINE="own")
    assert (status, Path(out.strip()).parent) == (0, machine.tools / ".engine")


def test_another_word_than_own_is_refused(machine: Machine) -> None:
    assert machine.engine(RESTAMP_ENGINE="mine") == (
        2,
        "",
        ["engine: RESTAMP_ENGINE is 'mine': it can be own or nothing"],
    )


def test_without_pulumi_and_go_one_line_says_how_to_get_either(machine: Machine) -> None:
    words = f"engine: there is no Pulumi and no Go to build it with: {GET_EITHER}"
    assert machine.engine() == (2, "", [words])
    assert machine.built == []


@pytest.mark.parametrize(
    "script",
    ["echo go1.19.8", '[ -n "$GOTOOLCHAIN" ] && echo go1.19.8'],
    ids=["before 1.21", "1.21 and newer, when it may not fetch another"],
)
def test_a_go_that_is_too_old_is_said(machine: Machine, script: str) -> None:
    machine.has("go", script)
    words = f"engine: there is no Pulumi, and Go 1.19.8 is too old to build it: {GET_EITHER}"
    assert machine.engine() == (2, "", [words])


def test_the_pinned_engine_is_built_once(machine: Machine) -> None:
    """It says so before it starts; the second run says nothing and starts nothing."""
    machine.has("go", GO)
    status, out, said = machine.engine()
    assert status == 0
    assert re.fullmatch(r".*/a checkout/tools/pulumi/\.engine/v3\.\d+\.\d+-\d+\n", out)
    assert re.fullmatch(
        r"engine: building Pulumi v3\.\d+\.\d+ with Go, as none is installed\. "
        r"This happens once and takes about four minutes, longer on a busy machine\.\n"
        r"engine: Pulumi v3\.\d+\.\d+ is built, in \d s",
        "\n".join(said),
    )
    assert sorted(path.name for path in Path(out.strip()).iterdir()) == [
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
        "pulumi-resource-pulumi-python",
    ]
    assert machine.engine() == (0, out, [])
    assert machine.engine(PATH=f"{machine.tools}/.engine/bin:{machine.bin}") == (0, out, [])
    assert machine.builds() == 1


def test_a_long_build_tells_how_far_it_is(machine: Machine, tmp_path: Path) -> None:
    machine.has("go", GO.replace('" build "*)', '" build "*) echo a >&2;'))
    (machine.bin / "date").unlink()
    clock = tmp_path / "clock"
    machine.has("date", f"echo >>{clock}; echo $(($(wc -l <{clock}) * 20))")  # twenty seconds pass at every look
    said = "\n".join(machine.engine()[2])
    assert re.search(r"^engine: \d+ s, 1 modules downloaded$", said, re.MULTILINE)
    assert re.search(r"^engine: \d+ s, 1 of 2 packages compiled$", said, re.MULTILINE)


def test_another_pin_is_built_in_the_old_ones_place(machine: Machine) -> None:
    machine.has("go", GO)
    old = machine.engine()[1]
    pins = machine.tools / "go.mod"
    pins.write_text(re.sub(r"(/pulumi/pkg/v3) v\S+", r"\1 v3.999.0", pins.read_text()))
    status, new, _ = machine.engine()
    assert (status, machine.builds()) == (0, 2)
    assert Path(new.strip()).name.startswith("v3.999.0-")
    assert machine.built == ["bin", Path(new.strip()).name]
    assert old != new


def test_a_failed_build_leaves_nothing_that_looks_finished(machine: Machine) -> None:
    machine.has("go", GO.replace('" build "*)', '" build "*) echo no space left >&2; exit 1;'))
    status, out, said = machine.engine()
    assert (status, out) == (1, "")
    assert said[1:] == ["engine: the build failed; Go's last lines:", "no space left"]
    machine.has("go", GO)
    assert machine.engine()[0] == 0


def test_two_at_once_build_once(machine: Machine) -> None:
    machine.has("go", GO.replace('" build "*)', '" build "*) sleep 0.5;'))
    with machine.start() as one, machine.start() as two:
        (out_one, err_one), (out_two, err_two) = one.communicate(timeout=60), two.communicate(timeout=60)
    assert (one.returncode, two.returncode, machine.builds()) == (0, 0, 1)
    assert out_one == out_two
    assert "engine: another build is running: waiting for it\n" in (err_one, err_two)


def test_the_least_version_is_the_sdks_in_pyproject() -> None:
    pyproject = (TOOLS.parents[1] / "pyproject.toml").read_text()
    least = re.search(r'"pulumi>=3\.(\d+)"', pyproject)
    assert least
    assert f"least_minor={least[1]} " in (TOOLS / "engine").read_text()
