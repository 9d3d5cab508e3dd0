"""Plugins from outside of the tree, installed as pip would: a module and what is said of its distribution."""

from pathlib import Path

SOURCES = Path(__file__).parent / "plugin_sources"


def installed(folder: Path, name: str, version: str = "1.0", source: str | None = None) -> Path:
    """A folder for PYTHONPATH with the plugin `name`; its source is given, or the one of this name here."""
    module = name.replace("-", "_")
    text = source if source is not None else (SOURCES / f"{module}.py").read_text()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(text)
    info = folder / f"restamp_{module}-{version}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: restamp-{name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[restamp]\n{name} = {module}\n")
    files = [f"{module}.py", *(f"{info.name}/{file}" for file in ("METADATA", "entry_points.txt", "RECORD"))]
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    return folder
