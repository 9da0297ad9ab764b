"""What others wrote and Forbear runs on: the packages of the lock files, and the licence that each one names."""

from collections.abc import Iterator
from importlib import metadata
from typing import Final

from packaging.markers import Marker

from tools.sbom import LOCKS, locked

# Where an image or a laptop stands: others are not asked about what they alone would need.
_PLACE: Final = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "python_full_version": "3.11.14",
    "python_version": "3.11",
    "sys_platform": "linux",
}
_CLASSIFIER: Final = "License :: OSI Approved :: "
_SHORT: Final = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
}


def rows() -> Iterator[str]:
    """A row of the table for each package."""
    locks = {part: dict(_installed(path)) for part, path in LOCKS.items() if part != "development"}
    for name, version in locks["laptop"].items():
        parts = ", ".join(part for part, held in locks.items() if name in held)
        assert all(held.get(name, version) == version for held in locks.values()), name
        yield f"{name} | {version} | {_licence(name)} | {parts}"


def _installed(path: str) -> Iterator[tuple[str, str]]:
    for package in locked(path):
        if not package.marker or Marker(package.marker).evaluate(_PLACE):
            yield package.name, package.version


def _licence(name: str) -> str:
    about = metadata.metadata(name).json
    if expression := about.get("license_expression"):
        return str(expression)
    classifiers = [str(each) for each in about.get("classifier", ())]
    said = [each.removeprefix(_CLASSIFIER) for each in classifiers if each.startswith(_CLASSIFIER)]
    return " or ".join(_SHORT.get(each, each) for each in said) or str(about["license"]).strip().splitlines()[0]
