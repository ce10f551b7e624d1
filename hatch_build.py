"""Puts the built front end and the compiled catalogues into the wheel and the sdist.

They are not committed. `make` builds them for a checkout; here they are built when they are missing or
older than their sources, so that a plain `pip install .` is complete. An editable install uses the
checkout as it is and builds nothing.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AllianceBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before hatchling collects files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is missing or stale; ``version`` is ``standard`` or ``editable``."""
        if version == "editable":
            return
        root = Path(self.root)
        build_assets(root)
        compile_catalogues(root / "alliance" / "translations")


def build_assets(root: Path) -> None:
    """Bundle the front end unless the manifest is newer than everything it is made from."""
    sources = [root / "package-lock.json", *(root / "alliance" / "assets").rglob("*.*")]
    if is_current(root / "alliance" / "static" / "dist" / "manifest.json", sources):
        return
    if not (shutil.which("node") and shutil.which("npm")):
        raise RuntimeError("building alliance from source needs Node.js 20 or newer with npm")
    if not (root / "node_modules" / "esbuild").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=root, check=True)
    subprocess.run(["node", "alliance/assets/build.mjs"], cwd=root, check=True)


def compile_catalogues(translations: Path) -> None:
    """Compile each .po next to itself."""
    for source in translations.rglob("*.po"):
        target = source.with_suffix(".mo")
        if is_current(target, [source]):
            continue
        with source.open("rb") as reader:
            catalogue = read_po(reader)
        with target.open("wb") as writer:
            write_mo(writer, catalogue)


def is_current(target: Path, sources: list[Path]) -> bool:
    """Whether ``target`` is at least as new as every source (an unpacked sdist gives all files one time)."""
    if not target.exists():
        return False
    made = target.stat().st_mtime
    return all(source.stat().st_mtime <= made for source in sources if source.is_file())
