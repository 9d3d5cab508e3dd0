"""Every import in some packages tried, also those that stand in functions: else they are met on the day alone."""

import ast
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path


def failing(packages: Iterable[str]) -> dict[str, str]:
    """Imports that fail here, such as `import foo in restamp_rp_foo.work`, and why."""
    return {
        where: why for package in packages for module, path in _modules(package) for where, why in _of(module, path)
    }


def _modules(package: str) -> Iterator[tuple[str, Path]]:
    """By name; what lies in folders that are no packages, such as templates, is none."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {package!r}")
    top = Path(spec.origin)
    if not spec.submodule_search_locations:
        yield package, top
        return
    for path in sorted(top.parent.rglob("*.py")):
        if (path.parent / "__init__.py").exists():
            yield ".".join((package, *path.relative_to(top.parent).with_suffix("").parts)), path


def _of(module: str, path: Path) -> Iterator[tuple[str, str]]:
    around = {"__package__": module.rpartition(".")[0]}
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            text = ast.unparse(node)
            try:
                exec(text, around)  # noqa: S102 as it stands there, relative to its package
            except (Exception, SystemExit) as error:  # noqa: BLE001 whatever a library does when it is imported
                yield f"{text} in {module}", " ".join(str(error).split())
