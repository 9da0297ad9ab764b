"""What an installation has: parts that it may go without, and other packages that are in the place of ours."""

import importlib.util
from importlib import metadata
from typing import Final

from forbear.base.errors import ForbearError

_BRINGS: Final = {
    "fastapi": "web",
    "uvicorn": "web",
    "vl_convert": "web",
    "pyarrow": "parquet",
    "weasyprint": "pdf",
    "apprise": "chat",
}
_OURS: Final = ("forbear", "models", "rules", "web", "workers")


def lacking(*modules: str) -> str | None:
    """The extra that brings the first of these modules that is not installed; None where all are."""
    return next((_BRINGS[name] for name in modules if importlib.util.find_spec(name) is None), None)


def require(what: str, *modules: str) -> None:
    """Nothing, where these modules are installed.

    Raises:
        ForbearError: one is not; it says what that was for and how to install it.
    """
    extra = lacking(*modules)
    if extra is not None:
        raise ForbearError(f"{what} is not part of this installation: install Forbear with its extra `{extra}`.")


def overwritten() -> str | None:
    """Which other package brings a folder named as one of ours, and so has replaced files in it; None where none."""
    brought = metadata.packages_distributions()
    for ours in _OURS:
        for other in brought.get(ours, ()):
            if other.lower() != "forbear":
                return (
                    f"the package {other} has a folder `{ours}` too, and one of them has replaced files of the other: "
                    "install Forbear anew, in an environment of its own"
                )
    return None
