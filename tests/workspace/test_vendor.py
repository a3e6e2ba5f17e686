"""What we serve of others is exactly what the manifest says, with its licence."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import amends.workspace

STATIC = Path(amends.workspace.__file__).parent / "static"
VENDOR = STATIC / "vendor"


def _packages() -> list[dict[str, object]]:
    return tomllib.loads((VENDOR / "manifest.toml").read_text())["package"]  # type: ignore[no-any-return]  # tomllib is untyped


def test_every_vendored_file_is_in_the_manifest_with_its_checksum_and_nothing_else_lies_there() -> None:
    listed = {name: digest for package in _packages() for name, digest in dict(package["files"]).items()}  # type: ignore[call-overload]  # a table
    there = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "manifest.toml"
    }
    assert there == listed


def test_every_package_names_version_and_a_licence_file_that_is_there() -> None:
    for package in _packages():
        assert re.fullmatch(r"\d+\.\d+\.\d+", str(package["version"])), package["name"]
        assert package["licence"] in {"MIT", "0BSD", "OFL-1.1"}
        assert (VENDOR / str(package["licence_file"])).stat().st_size > 200


def test_our_scripts_stay_small_and_no_page_carries_inline_script_or_style() -> None:
    for script in (STATIC / "workspace").glob("*.js"):
        assert len(script.read_text().splitlines()) <= 150, script.name
    inline = re.compile(
        r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals=.js", re.IGNORECASE
    )
    for template in (STATIC.parent / "templates").rglob("*.html"):
        found = inline.search(template.read_text())
        assert found is None, f"{template.name}: {found.group() if found else ''}"
