"""Spools: files without a name on the disk, so that nothing of what is in them outlives the process that holds them."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PosixPath
from tempfile import TemporaryFile

_BLOCK = 1024 * 1024


class SpoolPath(PosixPath):
    """Where an open file of this process is found by whoever wants a path; it answers to the name it is given."""

    _name: str

    @property
    def name(self) -> str:
        """What sentences call it; its ending says how it is read."""
        return self._name


@contextmanager
def spool(name: str, folder: Path | None = None) -> Iterator[Path]:
    """A new file that only we can open, and nobody once the block or the process ends, however it ends.

    `folder` says on which disk it is.
    """
    with TemporaryFile(dir=folder) as file:
        path = SpoolPath(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        path._name = name
        yield path


def pieces(path: Path) -> Iterator[bytes]:
    """The content of a file, in pieces."""
    with path.open("rb") as file:
        yield from iter(partial(file.read, _BLOCK), b"")


def held(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same content from a spool, written whole before this returns: it is given out at whatever pace it is read."""
    file = TemporaryFile()  # noqa: SIM115 - closed by whoever reads it to its end, or lets go of it
    try:
        file.writelines(content)
        file.seek(0)
    except BaseException:
        file.close()
        raise

    def read() -> Iterator[bytes]:
        with file:
            yield from iter(partial(file.read, _BLOCK), b"")

    return read()
