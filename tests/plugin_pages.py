"""What docs/plugins says of code, from the code: `python -m tests.plugin_pages` writes it between its marks."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from restamp import hookspecs
from restamp.models import finding, step
from restamp.models.step import PluginCard, Step, StepResult
from restamp.plugins import HOOKS
from restamp.testing import PluginContract, contract

FOLDER = Path(__file__).parents[1] / "docs" / "plugins"
PAGES = ("hooks.md", "contract.md")
_MADE = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(text: str) -> str:
    """A page with each of its marked parts made anew."""
    return _MADE.sub(lambda found: found[1] + made(found[2]) + found[3], text)


def made(name: str) -> str:
    """The marked part of this name: a hook, a protocol, a model, or the promises of the contract."""
    if name in HOOKS:
        return _hook(name)
    if name == "promises":
        return _table(("promise", "what it tries"), _promises())
    if name in _MODELS:
        return _table(("field", "type", "what it says"), _fields(*_MODELS[name]))
    return _table(("what", "gives"), _members(_class(hookspecs, name)))


_MODELS: dict[str, tuple[type, ModuleType]] = {
    "PluginCard": (PluginCard, step),
    "Step": (Step, step),
    "StepResult": (StepResult, step),
    "Finding": (finding.Finding, finding),
}


def _hook(name: str) -> str:
    function = next(node for node in _tree(hookspecs).body if isinstance(node, ast.FunctionDef) and node.name == name)
    return f"```python\n{_signature(function)}\n```\n\n{ast.get_docstring(function)}\n"


def _members(protocol: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for node in protocol.body:
        if isinstance(node, ast.FunctionDef):
            is_property = any(isinstance(mark, ast.Name) and mark.id == "property" for mark in node.decorator_list)
            called = f"{node.name}: {_type(node.returns)}" if is_property else _signature(node)
            yield f"`{called}`", ast.get_docstring(node) or ""


def _fields(model: type, module: ModuleType) -> Iterator[tuple[str, str, str]]:
    described = {name: field.description or "" for name, field in getattr(model, "model_fields", {}).items()}
    for node in _class(module, model.__name__).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield f"`{node.target.id}`", f"`{_type(node.annotation)}`", described.get(node.target.id, "")


def promises() -> list[str]:
    """The tests of the contract, in their order."""
    return [name for name in vars(PluginContract) if name.startswith("test_")]


def _promises() -> Iterator[tuple[str, str]]:
    for name in promises():
        told = inspect.getdoc(getattr(PluginContract, name)) or ""
        yield name.removeprefix("test_").replace("_", " "), told


def attributes() -> list[str]:
    """What an author may say in the class, or use: attributes, then methods that are no promises, nor for pytest."""
    body = _class(contract, "PluginContract").body
    said = [node.target.id for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    methods = [node.name for node in body if isinstance(node, ast.FunctionDef)]
    return said + [name for name in methods if not name.startswith(("_", "test_", "pytest_"))]


def _class(module: ModuleType, name: str) -> ast.ClassDef:
    return next(node for node in _tree(module).body if isinstance(node, ast.ClassDef) and node.name == name)


def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _signature(function: ast.FunctionDef) -> str:
    function.args.args = [argument for argument in function.args.args if argument.arg != "self"]
    return f"{function.name}({ast.unparse(function.args)}) -> {_type(function.returns)}"


def _type(annotation: ast.expr | None) -> str:
    return (ast.unparse(annotation) if annotation else "None").replace("dt.", "").replace("'Arm'", "Arm")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(
        f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in row)} |\n" for row in lines
    )


if __name__ == "__main__":
    for page in PAGES:
        (FOLDER / page).write_text(written((FOLDER / page).read_text("utf-8")), "utf-8")
