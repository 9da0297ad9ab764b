"""Files of cases for the intake tests: a tiny vocabulary, good rows, and workbooks written part by part."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from forbear.intake import Accepted, Rejected, SourceChoice, SourceFile, read, rows
from forbear.intake.columns import naming
from rules.pack.files.schema import Vocabulary


def _text(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


_VALUES = {
    "credit_card": {"zh": "信用卡", "en": "Credit card"},
    "mortgage": {"zh": "房贷", "en": "Mortgage", "aliases": ["按揭"]},
}
VOCABULARY = Vocabulary.model_validate(
    {
        "facts": {
            "case_ref": {"type": "text", "title": _text("案件编号", "Case"), "required": True, "max_length": 64},
            "borrower_ref": {"type": "text", "title": _text("借款人编号", "Borrower"), "max_length": 64},
            "product": {"type": "enum", "title": _text("产品", "Product"), "required": True, "values": _VALUES},
            "days_overdue": {
                "type": "int",
                "title": _text("逾期天数", "Days overdue"),
                "aliases": ["逾期", "DPD"],
                "required": True,
                "required_unless": "due_date",
            },
            "due_date": {"type": "date", "title": _text("到期日", "Due date")},
            "balance": {"type": "money", "title": _text("余额", "Balance"), "aliases": ["欠款余额"]},
            "rate": {"type": "rate", "title": _text("年利率", "Annual rate")},
            "violations": {
                "type": "list",
                "title": _text("违规", "Violations"),
                "values": {"hours": _text("骚扰时段", "Hours"), "visit": _text("上门", "Visit")},
            },
            "willing": {"type": "bool", "title": _text("愿意还款", "Willing")},
            "bucket": {"type": "text", "title": _text("分档", "Bucket"), "derived": True, "inputs": ["days_overdue"]},
            "notes": {"type": "text", "title": _text("备注", "Notes"), "private": True, "max_length": 2000},
            "phone": {"type": "text", "title": _text("电话", "Phone"), "private": True, "max_length": 50},
        }
    }
)

HEADER = ["案件编号", "产品", "逾期天数", "余额", "备注"]


def good(number: int) -> list[str]:
    """The cells of a good row below HEADER."""
    return [f"C-{number}", "信用卡", str(number), "12000.50", f"说明{number}"]


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    """A file of this text, line ends as given."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def lines(*rows: Sequence[str], separator: str = ",") -> str:
    """Rows as lines, nothing quoted."""
    return "".join(separator.join(row) + "\r\n" for row in rows)


def read_all(path: Path) -> tuple[list[Accepted], list[Rejected]]:
    """All rows of a file, good and bad."""
    found = list(rows(path, VOCABULARY))
    return (
        [row for row in found if isinstance(row, Accepted)],
        [row for row in found if isinstance(row, Rejected)],
    )


def open_source(path: Path, sheet: str | None = None, header_row: int | None = None) -> SourceFile:
    """A file as it stands there, its header known by the tiny vocabulary."""
    return read(path, SourceChoice(sheet, header_row, known=naming(VOCABULARY)))


def refs(accepted: Iterable[Accepted]) -> list[str]:
    """The case references."""
    return [row.case_ref for row in accepted]


def sheet(*rows: Iterable[str]) -> str:
    """The XML of a sheet from the XML of its cells."""
    body = "".join(f'<row r="{number}">{"".join(row)}</row>' for number, row in enumerate(rows, 1))
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{body}</sheetData></worksheet>'


def texts(*values: str) -> list[str]:
    """Cells of text written in place."""
    return [f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>' for value in values]


def number(value: str, style: int = 0) -> str:
    """A cell with a number."""
    return f'<c s="{style}"><v>{value}</v></c>'


def write_xlsx(
    path: Path,
    sheets: Sequence[str],
    states: Sequence[str] = (),
    formats: Sequence[str] = (),
    strings: Sequence[str] = (),
    settings: str = "",
) -> Path:
    """A workbook of these sheets' XML. Style 0 is general, style 1 the first of the number formats, and so on."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    states = states or ["visible"] * len(sheets)
    listed = "".join(
        f'<sheet name="S{number}" sheetId="{number}" state="{state}" r:id="s{number}"/>'
        for number, state in enumerate(states, 1)
    )
    relations = "".join(
        f'<Relationship Id="s{number}" Type="{office}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    custom = "".join(
        f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>' for number, code in enumerate(formats, 164)
    )
    styles = "".join(f'<xf numFmtId="{number}"/>' for number in (0, *range(164, 164 + len(formats))))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    kinds = {"workbook": "sheet.main", "styles": "styles", "sharedStrings": "sharedStrings"}
    types = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{kind}.{name}+xml"/>' for part, name in kinds.items()
    )
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{types}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="a" Type="{office}/officeDocument" '
            f'Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><workbookPr {settings}/><sheets>{listed}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}">{relations}'
            f'<Relationship Id="x1" Type="{office}/styles" Target="styles.xml"/>'
            f'<Relationship Id="x2" Type="{office}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{main}"><numFmts>{custom}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>',
        )
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}">{"".join(strings)}</sst>')
        for position, xml in enumerate(sheets, 1):
            archive.writestr(f"xl/worksheets/sheet{position}.xml", xml)
    return path


ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style", "meta")
)
_CALC = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def ods_cell(shown: str = "", kind: str = "string", **attributes: str) -> str:
    """The XML of a cell: what it shows, its type, and attributes by their names with the colon as `_`."""
    given = "".join(
        f" {name.replace('_', ':', 1).replace('_', '-')}={quoteattr(value)}" for name, value in attributes.items()
    )
    typed = f' office:value-type="{kind}"' if kind else ""
    paragraphs = "".join(f"<text:p>{line}</text:p>" for line in shown.split("\n")) if shown else ""
    return f"<table:table-cell{typed}{given}>{paragraphs}</table:table-cell>"


def ods_row(*cells: str, times: int = 1) -> str:
    """The XML of a row from the XML of its cells."""
    repeated = f' table:number-rows-repeated="{times}"' if times != 1 else ""
    return f"<table:table-row{repeated}>{''.join(cells)}</table:table-row>"


def ods_texts(*values: str) -> str:
    """The XML of a row of text."""
    return ods_row(*(ods_cell(escape(value)) for value in values))


def ods_table(*rows: str, style: str = "ta1") -> str:
    """The XML of a sheet from the XML of its rows."""
    return f'<table:table table:name="S" table:style-name="{style}"><table:table-column/>{"".join(rows)}</table:table>'


def ods_content(*tables: str, before: str = "") -> str:
    """The content of a document; its style `off` is that of a hidden sheet."""
    styles = "".join(
        f'<style:style style:name="{name}" style:family="table"><style:table-properties table:display="{shown}"/>'
        "</style:style>"
        for name, shown in (("ta1", "true"), ("off", "false"))
    )
    return (
        f"<office:document-content {_ODS_NAMES} {_CALC}>{before}"
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )


def write_ods(path: Path, content: str | bytes, manifest: str = "<manifest/>") -> Path:
    """A spreadsheet with this content."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", ODS_TYPE, ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", content)
    return path
