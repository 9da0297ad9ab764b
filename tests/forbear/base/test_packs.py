"""A pack that stays: what reading it costs everybody else in its process."""

import gc
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlmodel import Session

from forbear.base import packs
from rules.pack.pack import Pack
from tests.support.packs.default_pack import pack

RARELY = (1234, 5, 6)


@pytest.fixture
def looked_through() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("looked_through")
def test_nothing_is_looked_through_for_garbage_while_a_pack_is_read_and_the_process_keeps_its_own_pace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A web process reads the pack of an old decision while it answers others."""
    searched = list[bool]()

    def read(*_: Any, **__: Any) -> Pack:
        searched.append(gc.isenabled())
        return pack()

    monkeypatch.setattr(packs, "load_files", read)
    monkeypatch.setattr(packs, "_packs", {})
    stored = cast(Session, SimpleNamespace(get_one=lambda *_: SimpleNamespace(files={}, pack_id="old")))
    assert packs.stored_pack(stored, "old") is pack()
    assert (searched, gc.isenabled(), gc.get_threshold()) == ([False], True, RARELY)
