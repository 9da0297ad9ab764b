"""An inventory of what Forbear is installed with: the lock files as a CycloneDX document, on standard output.

One component for each locked package, with its version, its package URL and the SHA-256 of every file that may be
installed for it; who needs it; and which installation has it: one of a server (worker, web), a laptop, or development.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

ROOT = Path(__file__).parents[1]
LOCKS: Final = {
    "worker": "deploy/locks/worker.lock",
    "web": "deploy/locks/web.lock",
    "laptop": "requirements.lock",
    "development": "requirements-dev.lock",
}
_PINNED = re.compile(r"(?P<name>[\w.-]+)(?:\[[^]]*\])?==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\")
_HASH = re.compile(r"    --hash=sha256:([0-9a-f]{64})(?: \\)?")
_OTHER = re.compile(r"    #(?: via|   -c .*)(?: -c .*)?")  # the head of a list, and which other lock file was kept to
_NEEDED_BY = re.compile(r"    #(?: via)? +([\w.-]+)(?: \(pyproject\.toml.*\))?")


@dataclass
class Locked:
    """A package as a lock file pins it."""

    name: str
    version: str
    marker: str | None  # where it is installed, if not everywhere
    hashes: list[str] = field(default_factory=list)
    needed_by: list[str] = field(default_factory=list)

    @property
    def purl(self) -> PackageURL:
        """Its name for scanners, which names no registry's host."""
        return PackageURL("pypi", name=self.name, version=self.version)


def locked(path: str) -> Iterator[Locked]:
    """What a lock file pins. A line that is none of a lock file's is an error, not overlooked."""
    package = None
    for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
        if pinned := _PINNED.fullmatch(line):
            if package is not None:
                yield package
            package = Locked(**pinned.groupdict())
        elif package and (digest := _HASH.fullmatch(line)):
            package.hashes.append(digest[1])
        elif package and (needed_by := _NEEDED_BY.fullmatch(line)):
            package.needed_by.append(needed_by[1])
        elif not package or not _OTHER.fullmatch(line):
            raise ValueError(f"{path}: {line!r} is no line of a lock file: run make lock.")
    if package is not None:
        yield package


def inventory() -> Bom:
    """All of it, with Forbear as what is described."""
    pinned = {part: {str(package.purl): package for package in locked(path)} for part, path in LOCKS.items()}
    packages = {purl: package for held in pinned.values() for purl, package in held.items()}
    parts = {purl: [part for part, held in pinned.items() if purl in held] for purl in packages}
    described = Component(type=ComponentType.APPLICATION, name="forbear", bom_ref="forbear")
    components = {purl: _component(package, parts[purl]) for purl, package in packages.items()}
    bom = Bom(components=components.values())
    bom.metadata.component = described
    for purl, package in packages.items():
        for name in package.needed_by:
            needing = [components[other] for other, each in packages.items() if each.name == name] or [described]
            for component in needing:
                bom.register_dependency(component, [components[purl]])
    return bom


def _component(package: Locked, parts: list[str]) -> Component:
    said = {"forbear:installed-by": ", ".join(parts), "forbear:only-where": package.marker}
    return Component(
        type=ComponentType.LIBRARY,
        name=package.name,
        version=package.version,
        bom_ref=str(package.purl),
        purl=package.purl,
        scope=ComponentScope.EXCLUDED if parts == ["development"] else ComponentScope.REQUIRED,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in package.hashes],
        properties=[Property(name=name, value=value) for name, value in said.items() if value],
    )


def written() -> str:
    """The inventory as JSON."""
    return make_outputter(inventory(), OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)


if __name__ == "__main__":
    sys.stdout.write(written() + "\n")
