"""Pack the QGIS plugin as a zip that QGIS installs: the same bytes every time.

python release/plugin.py [FOLDER]     # dist/geoaccess_qgis-VERSION.zip
"""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_DATE = (1980, 1, 1, 0, 0, 0)


def contents(root: Path = ROOT) -> dict[str, bytes]:
    """Return the files of the plugin by their names in the zip.

    The licence, the palette, and the version in its metadata are those of the program.
    """
    plugin = root / "qgis" / "geoaccess_qgis"
    kept = {".py", ".txt", ".svg"}
    files = [path for path in plugin.rglob("*") if path.suffix in kept and path.is_file()]
    found = {path.relative_to(plugin).as_posix(): path.read_bytes() for path in files}
    found["LICENSE"] = (root / "LICENSE").read_bytes()
    found["palette.json"] = (root / "geoaccess" / "static" / "palette.json").read_bytes()
    text = (root / "geoaccess" / "version.py").read_text(encoding="utf-8")
    version = re.findall(r'__version__ = "(.+)"', text)[0]
    metadata = found["metadata.txt"].decode("utf-8")
    found["metadata.txt"] = re.sub(r"(?m)^version=.*$", f"version={version}", metadata).encode("utf-8")
    return {f"{plugin.name}/{name}": content for name, content in sorted(found.items())}


def build(folder: Path, root: Path = ROOT) -> Path:
    """Write the zip into a folder; return its path."""
    files = contents(root)
    metadata = files["geoaccess_qgis/metadata.txt"].decode("utf-8")
    version = re.findall(r"(?m)^version=(.+)$", metadata)[0]
    path = folder / f"geoaccess_qgis-{version}.zip"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # else it is that of the machine
            packed.writestr(entry, content)
    return path


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"))
