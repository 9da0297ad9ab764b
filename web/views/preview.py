"""The preview page: what a file would come to, the form of its mapping, and what is in the way of its submission."""

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import Request, Response
from starlette.datastructures import FormData

from forbear.accounts.accounts import ViewerWork
from forbear.batch import rejects
from forbear.batch.submission import mappings, preview, uploads
from forbear.batch.submission.danger import told_in_refusal
from forbear.intake import IntakeError, Mapping
from forbear.intake.date_order import ORDERS
from forbear.intake.source import SeveralTablesError
from forbear.locale import said
from models.intake.upload import Upload
from rules.pack.files.schema import Fact
from rules.pack.pack import Pack
from web import language
from web.views import render
from web.views.mapping_form import counted_from, fact_groups, form_of, values_of

_UNITS = {"money": "mapping.units.money", "rate": "mapping.units.rate"}


@dataclass(frozen=True)
class RefusedChoice:
    """A form of the preview that was not carried out: why, and what it said."""

    error: IntakeError
    sent: FormData


def preview_page(request: Request, work: ViewerWork, upload: Upload, refused: RefusedChoice | None = None) -> Response:
    """The preview of an upload, with what stopped its submission if something did."""
    pack, vocabulary = work.pack, work.pack.vocabulary
    given = uploads.chosen(upload, work.vault)
    try:
        with uploads.unsealed(upload, work.vault) as path, told_in_refusal(path, pack):
            recall = partial(uploads.remembered, work, upload)
            read = partial(preview.look, path, pack, upload.as_of, time.monotonic, recall=recall)
            try:
                seen = read(given)
            except SeveralTablesError as error:
                keeper = (work.session, work.vault, upload.submitter)
                seen = read(mappings.place_of(*keeper, path, vocabulary, given, error))
    except IntakeError as error:
        return _not_seen(request, work, upload, refused.error if refused else error, error)
    kept = None if given else mappings.kept_for(work.session, work.vault, upload.submitter, seen.headers)
    values: dict[str, Any] = {
        "upload": upload,
        "seen": seen,
        "form": form_of(seen, vocabulary, refused.sent if refused else None),
        "fault": refused.error if refused else None if seen.missing else seen.fault,
        "refused": refused is not None,
        "changed": "changed" in request.query_params,
        "chosen": given is not None,
        "kept": kept,
        "vocabulary": vocabulary,
        "groups": fact_groups(vocabulary),
        "values_of": values_of,
        "stored_as": partial(preview.stored_as, vocabulary),
        "units": _units,
        "orders": {order: said(f"date_order.{order}") for order in ORDERS},
        "zone": pack.manifest.timezone,
        "telling": _telling(pack),
        "problems": list(rejects.shown(vocabulary, seen.headers, (each.first for each in seen.problems), seen.mapping)),
        "rows": {each.first.row: each.rows for each in seen.problems},
        "header_row": counted_from(seen.mapping),
    }
    return render.page(request, "batch/upload.html", values, 422 if refused else 200, f"/uploads/{upload.id}")


def _units(fact: Fact, lang: language.Language) -> dict[str, str]:
    """The units that a column of a fact may be in: by the names that headers have for them, as people call them."""
    key = _UNITS.get(fact.type)
    if key is None:
        return {}
    names, called = (language.message(each, key).split("|") for each in ("zh", lang))
    return dict(zip(names, called, strict=True))


def _not_seen(request: Request, work: ViewerWork, upload: Upload, fault: IntakeError, why: IntakeError) -> Response:
    """A file of which nothing can be shown yet: which sheet is meant has to be said, or it has to be given up."""
    several = why if isinstance(why, SeveralTablesError) else None
    values = {
        "upload": upload,
        "name": uploads.name_of(upload, work.vault),
        "fault": fault,
        "sheets": several.sheets if several else (),
        "danger": several.danger if several else None,
        "tie": _tie(work, upload, several) if several else None,
        "zone": work.pack.manifest.timezone,
    }
    return render.page(
        request, "batch/choose_sheet.html", values, 200 if fault is why else 422, f"/uploads/{upload.id}"
    )


def _tie(work: ViewerWork, upload: Upload, why: SeveralTablesError) -> Mapping | None:
    with uploads.unsealed(upload, work.vault) as path:
        return mappings.tie_of(path, work.pack.vocabulary, why)


def _telling(pack: Pack) -> list[str]:
    """The facts that show best whether a row was understood: those that must be given, but for the reference."""
    facts = pack.vocabulary.facts
    needed = [name for name, fact in facts.items() if (fact.required or fact.required_unless) and name != "case_ref"]
    return [*needed, *(other for name in needed if (other := facts[name].required_unless))]
