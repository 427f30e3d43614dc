"""Write what the program is made of as a CycloneDX bill of materials (JSON, version 1.6), from a lock file.

Every package has its version, its package URL, its digests and who asks for it; markers say where it is not needed.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^ ;\\]+)(?: *; *([^\\]*[^\\ ]))?")
_DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r"^    # +(?:via )?([A-Za-z0-9][A-Za-z0-9._-]*)( \(pyproject\.toml\))?$")


@dataclass
class Pin:
    """One package of a lock file: what is pinned, the digests of its files, where it is needed, and who asks for it."""

    name: str
    version: str
    marker: str
    digests: list[str] = field(default_factory=list)
    asked_by: list[str] = field(default_factory=list)

    @property
    def purl(self) -> str:
        """The package URL, by which other programs know it."""
        return f"pkg:pypi/{re.sub(r'[-_.]+', '-', self.name).lower()}@{self.version}"


def read_lock(path: Path) -> list[Pin]:
    """Return the packages of a lock file as uv writes it."""
    pins: list[Pin] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := _PIN.match(line):
            pins.append(Pin(found[1], found[2], found[3] or ""))
        elif found := _DIGEST.search(line):
            pins[-1].digests.append(found[1])
        elif found := _VIA.match(line):
            pins[-1].asked_by.append(found[1])
    return pins


def bill(lock: Path, *, name: str, version: str) -> dict[str, Any]:
    """Return the bill of materials of a program, by a lock file; the same lock gives the same bill."""
    pins = read_lock(lock)
    own = f"pkg:pypi/{name}@{version}"
    refs: dict[str, list[str]] = {}
    for pin in pins:
        refs.setdefault(pin.name, []).append(pin.purl)
    needs: dict[str, set[str]] = {own: set(), **{pin.purl: set() for pin in pins}}
    for pin in pins:
        for asker in pin.asked_by:
            for ref in [own] if asker == name else refs.get(asker, []):
                needs[ref].add(pin.purl)
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{own}#{digest}')}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": own, "name": name, "version": version, "purl": own}
        },
        "components": [_component(pin) for pin in pins],
        "dependencies": [{"ref": ref, "dependsOn": sorted(on)} for ref, on in needs.items()],
    }


def _component(pin: Pin) -> dict[str, Any]:
    """Return a package; each of its files has a digest of its own, so they stand as files that are fetched."""
    return {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "purl": pin.purl,
        "externalReferences": [
            {"type": "distribution", "url": pin.purl, "hashes": [{"alg": "SHA-256", "content": digest}]}
            for digest in pin.digests
        ],
        **({"properties": [{"name": "marker", "value": pin.marker}]} if pin.marker else {}),
    }


def main() -> None:
    """Write the bill of the lock file that is named to where is named."""
    lock, target = (Path(argument) for argument in sys.argv[1:3])
    version = re.search(r'__version__ = "(.+)"', (ROOT / "geoaccess/version.py").read_text(encoding="utf-8"))
    if version is None:
        raise SystemExit("geoaccess/version.py: holds no version")
    target.parent.mkdir(parents=True, exist_ok=True)
    found = bill(lock, name="geoaccess", version=version[1])
    target.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8", newline="\n")
    print(f"{target}: {len(found['components'])} packages of {lock}")


if __name__ == "__main__":
    main()
