"""What an installation goes without is told in a sentence, and so is a package in the place of ours."""

import importlib.util
from importlib import metadata
from pathlib import Path

import pytest

from forbear.base import extras
from forbear.base.errors import ForbearError
from forbear.base.settings import Settings
from forbear.batch.export import check_target
from forbear.case.negotiation import pdf
from forbear.intake import IntakeError, SourceChoice, read
from forbear.ops.processes import web_command


def test_what_is_not_installed_names_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ForbearError, match=r"The web server is not part of this installation: .* extra `web`"):
        web_command(Settings())
    with pytest.raises(ForbearError, match=r"Writing \.parquet is not part .* extra `parquet`"):
        check_target(tmp_path / "results.parquet")
    check_target(tmp_path / "results.xlsx")
    (tmp_path / "cases.parquet").write_bytes(b"PAR1")
    with pytest.raises(IntakeError, match=r"Reading \.parquet is not part .* extra 'parquet'"):
        read(tmp_path / "cases.parquet", SourceChoice())
    pdf.unavailable.cache_clear()
    try:
        assert "extra `pdf`" in (pdf.unavailable() or "")
    finally:
        pdf.unavailable.cache_clear()


def test_a_package_in_the_place_of_ours_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert extras.overwritten() is None
    brought = {"web": ["forbear", "web.py"], "rules": ["forbear"], "yaml": ["PyYAML"]}
    monkeypatch.setattr(metadata, "packages_distributions", lambda: brought)
    told = extras.overwritten()
    assert told is not None and "web.py" in told and "`web`" in told and "environment of its own" in told
