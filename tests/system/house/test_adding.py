"""Adding to a pack, or a format or an action, as CONTRIBUTING says, in a copy of the tree: nothing else is touched."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from forbear.base.settings import child_environment
from models.database import migrate

ROOT = Path(__file__).parents[3]
PARTS = ("forbear", "models", "rules", "web", "workers", "tests", "docs", "deploy")
FILES = ("pyproject.toml", "README.md", "README.zh-CN.md", "requirements.lock", "requirements-dev.lock")

FACT = """  night_shifts:
    type: int
    unit: count
    title: {zh: 每月夜班次数, en: Night shifts a month}
    question: {zh: 每月上多少个夜班？, en: How many night shifts a month?}
    aliases: [夜班, night shifts]
    minimum: 0
    maximum: 31
"""
PARAMETER = """night_limit:
  unit: count
  title: {zh: 夜班较多的次数, en: How many night shifts are many}
  values:
    - {value: 10, valid_from: 2026-01-01, status: design, references: [{id: design-matrix, status: design}]}
"""
DERIVED = """type: bool
title: {zh: 夜班较多, en: Many night shifts}
how: {zh: "每月夜班达到{night_limit}个。", en: "{night_limit} night shifts a month or more."}
formula: {at_least: [{fact: night_shifts}, {parameter: night_limit}]}
references: [{id: design-matrix, status: design}]
tests:
  - {name: as many, facts: {night_shifts: 10}, value: true}
  - {name: one fewer, facts: {night_shifts: 9}, value: false}
  - {name: not given, facts: {}, unknown: true}
"""
RULE = """id: night-shifts
title: {zh: 夜班较多, en: Many night shifts}
priority: 120
references: [{id: design-matrix, status: design}]
when: {fact: many_nights, equals: true}
then:
  - {step: keep_originals}
because:
  zh: 每月{night_shifts}个夜班，不少于{night_limit}个，电话请避开白天休息。
  en: "{night_shifts} night shifts a month, {night_limit} or more: calls should not come while they sleep."
tests:
  - {name: ten, facts: {night_shifts: 10}, expect: hit}
  - {name: nine, facts: {night_shifts: 9}, expect: no_hit}
  - {name: not given, facts: {}, expect: unknown}
"""
EDITION = """- version: 99.0.0
  date: 2099-01-01
  text: {{zh: 新增。, en: What is new.}}
  added: [{added}]
"""
DECIDED = '''"""What was added is there."""

import json
from pathlib import Path

from forbear.base.vault import Vault
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.api import api
from tests.support.desk.cases import accepted, decided, results_of
from tests.support.desk.desk_clients import desk

CASE = accepted(1, "A", night_shifts=12)


def test_the_page_shows_it(database_url: str, redis_url: str, vault: Vault) -> None:
    with desk(database_url, redis_url, vault) as client:
        decided(database_url, [CASE], vault, by=load(DEFAULT_PACK))
        page = client.get("/cases/1?lang=en").text
        for words in ("Night shifts a month", "Many night shifts", "calls should not come while they sleep"):
            assert words in page


def test_the_api_and_the_results_hold_it(database_url: str, redis_url: str, vault: Vault) -> None:
    done = decided(database_url, [CASE], vault, by=load(DEFAULT_PACK))
    with api(database_url, redis_url, vault, "counsellor", None) as client:
        for case in (client.get("/cases/A").json(), *results_of(database_url, done.batch_id)):
            assert case["facts"]["night_shifts"] == 12
            assert case["facts"]["many_nights"] is True
            assert "night-shifts" in case["rules_fired"]
'''
# What goes to the end of a file of the pack.
ENTRIES = {
    "products.yaml": """pawn:
  code: P_PAWN
  title: {zh: 典当, en: Pawn loan}
  aliases: [典当借款]
  lender: {zh: 典当行。, en: A pawnshop.}
  note: {zh: 有抵押物。, en: Secured by what was pledged.}
  contacts: [lender_line, mediation_body]
  references: [{id: platform-lender-practice, status: weak}]
""",
    "hardships.yaml": """care_at_home:
  code: H98
  title: {zh: 全职照护, en: Care at home}
  synonyms: [全职照护家人]
  documents:
    official: [disability_certificate]
    self_declared: [own_statement]
  references: [{id: evidence-practice, status: weak}]
""",
    "strategies.yaml": """family_meeting:
  code: S{code}
  title: {zh: 家庭商量, en: Family meeting}
  summary: {zh: 与家人商量。, en: Talk it over with the family.}
  sound_when: {zh: 家人愿意时。, en: When the family is willing.}
  against: {zh: 要花时间。, en: It takes time.}
  next_steps: [ask_cause_and_duration, spend_down_expenses]
  sentence: {zh: 先和家人商量。, en: Talk it over at home first.}
  call: lender_line
  references: [{id: design-matrix, status: design}]
""",
}
# What goes under a heading of negotiation.yaml.
WORDED = {
    "debts:\n": "  pawn: {zh: 典当借款, en: pawn loan}\n",
    "hardships:\n": """  care_at_home:
    say: {zh: 我在家照护家人。, en: I care for my family at home.}
    write: {zh: 本人全职照护家人, en: I care for my family full time}
""",
    "approaches:\n": """  family_meeting:
    say:
      - zh: "{reason_said}先与家人商量这笔{debt}。"
        en: "{reason_said} Talk over the {debt} with the family."
    contacts: [lender_line]
    follow_up:
      days: follow_up_days
      text: {zh: 再联系一次。, en: Call again.}
    references: [{id: design-matrix, status: design}]
""",
}
RULES = {
    "evidence/documents-care-at-home.yaml": """id: documents-care-at-home
title: {zh: 全职照护的证明材料, en: Papers that show care at home}
priority: 52
references: [{id: evidence-practice, status: weak}]
when: {fact: hardship, equals: care_at_home}
then:
  - {document: disability_certificate}
  - {document: own_statement}
because: {zh: 困难原因是全职照护家人。, en: The reason is care at home.}
tests:
  - {name: care, facts: {hardship: care_at_home}, expect: hit}
  - {name: another reason, facts: {hardship: unemployment}, expect: no_hit}
  - {name: not asked, facts: {}, expect: unknown}
""",
    "strategy/family-meeting.yaml": """id: family-meeting
title: {zh: 家庭商量, en: Family meeting}
priority: 999
references: [{id: design-matrix, status: design}]
when: {fact: hardship, equals: care_at_home}
then:
  - {recommend: family_meeting}
because: {zh: 因照护家人而困难，先与家人商量。, en: The hardship is care at home; talk it over first.}
tests:
  - {name: care, facts: {hardship: care_at_home}, expect: hit}
  - {name: another reason, facts: {hardship: unemployment}, expect: no_hit}
  - {name: not asked, facts: {}, expect: unknown}
""",
}
ADVISED = '''"""What was added is there."""

from tests.support.packs.negotiation_packs import evaluated, kit_of, said


def test_a_case_is_advised_by_it() -> None:
    found = evaluated(product="P_PAWN", hardship="全职照护家人", debt_disputed=False)
    assert (found.facts["product"], found.facts["hardship"]) == ("pawn", "care_at_home")
    assert found.outcome.strategy == "family_meeting"
    assert {"family-meeting", "documents-care-at-home"} <= set(found.outcome.rules_fired)
    advice = said(kit_of(found))
    assert "我在家照护家人。先与家人商量这笔典当借款。" in advice
    assert "I care for my family at home. Talk over the pawn loan with the family." in advice
'''
FORMAT = '''"""JSON lines under another name, .ldj."""

from forbear.intake.formats.format import Format
from forbear.intake.formats.json_lines import read, write
from rules.pack.files.schema import Text

LDJ = Format(
    suffix=".ldj",
    title=Text(zh="逐行的 JSON", en="line-delimited JSON"),
    media_types=("application/x-ldjson",),
    read=read,
    write=write,
)
'''
ACTION = """    Action(
        name="refer",
        about="The case goes to a legal aid office.",
        choose=lambda _context, _work, reason, words: Act("refer", {}, reason=reason, words=words or None),
        fields=(reason(("too_poor", "other")), WORDS),
        example={"reason": "too_poor"},
        becomes="reviewed",
    ),
"""
MIGRATION = '''"""Cases are referred."""

from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_review_action"), "review")
    op.create_check_constraint(op.f("ck_review_action"), "review", "action IN ({names})")
'''
WORDS = {
    "action.refer": "Refer",
    "about.refer": "To legal aid.",
    "send.refer": "Refer it",
    "done.refer": "Referred.",
    "event.refer": "Referred",
    "reason.too_poor": "Cannot pay a lawyer",
}
SEEN = '''"""What was added is there."""

from forbear.base.vault import Vault
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.api import api
from tests.support.desk.cases import accepted, decided
from tests.support.desk.desk_clients import desk
from tests.support.desk.case_on_desk import CaseOnDesk


def test_it_is_on_the_bar_and_at_its_address(database_url: str, redis_url: str, vault: Vault) -> None:
    with desk(database_url, redis_url, vault) as client:
        client.timeout = 60
        work = CaseOnDesk(client, database_url, vault)
        work.decide()
        page = client.get("/cases/1?lang=en").text
        assert 'action="/cases/1/refer"' in page and "To legal aid." in page and "Cannot pay a lawyer" in page
        wrong = client.submit("/cases/1/refer", {"revision": "1", "reason": "mood"})
        assert wrong.status_code == 422 and 'id="refer-reason-error"' in wrong.text
        done = client.submit("/cases/1/refer", {"revision": "1", "reason": "too_poor"})
        assert done.status_code == 303
        assert "Referred." in client.get(done.headers["location"]).text
        assert [(each["action"], each["reason"]) for each in work.reviews()] == [("refer", "too_poor")]
        assert work.desk()["status"] == "reviewed"


def test_the_api_takes_it(database_url: str, redis_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault, by=load(DEFAULT_PACK))
    with api(database_url, redis_url, vault, "counsellor", None) as client:
        answer = client.post("/cases/A/reviews", json={"action": "refer", "revision": 1, "reason": "too_poor"})
        assert (answer.status_code, answer.json()["status"]) == (201, "reviewed")
        again = client.post("/cases/A/reviews", json={"action": "refer", "revision": 2, "reason": "mood"})
        assert again.status_code == 422
'''


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tree, without what is big and not read here."""
    skipped = shutil.ignore_patterns(
        "*.pyc.*", "golden", "screenshots", "*.png", "*.webp"
    )  # while written, a .pyc has a number
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=skipped)
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def change(path: Path, changes: Mapping[str, str]) -> None:
    """Put something in front of what stands there once."""
    text = path.read_text(encoding="utf-8")
    for found, added in changes.items():
        assert text.count(found) == 1, (path, found)
        text = text.replace(found, added + found)
    path.write_text(text, encoding="utf-8")


def run(folder: Path, *command: str) -> str:
    """Run Python in the copy, on the copy."""
    environment = child_environment(
        PYTHONPATH=f"{folder}:{':'.join(each for each in sys.path if 'site-packages' in each)}"
    )
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def pytest_of(folder: Path, *files: str) -> None:
    """Run tests of the copy."""
    run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)


def publish(copy: Path, *added: str) -> None:
    """Give the pack of the copy a new edition, test and lock it."""
    pack = copy / "rules/packs/cn_consumer"
    manifest = (pack / "pack.yaml").read_text(encoding="utf-8")
    (pack / "pack.yaml").write_text(re.sub(r"(?m)^version: .*", "version: 99.0.0", manifest), encoding="utf-8")
    editions = (pack / "changelog.yaml").read_text(encoding="utf-8")
    edition = EDITION.format(added=", ".join(added))
    (pack / "changelog.yaml").write_text(re.sub(r"(?m)^- ", edition + "- ", editions, count=1), encoding="utf-8")
    for command in ("test", "lock", "check"):
        run(copy, "-m", "forbear", "rules", command)


def test_a_product_a_hardship_and_a_strategy_are_data(copy: Path) -> None:
    pack = copy / "rules/packs/cn_consumer"
    code = 1 + len(re.findall(r"(?m)^  code: S", (pack / "strategies.yaml").read_text(encoding="utf-8")))
    for name, entry in ENTRIES.items():
        with (pack / name).open("a", encoding="utf-8") as file:
            file.write(entry.replace("{code}", f"{code:02}"))
    words = (pack / "negotiation.yaml").read_text(encoding="utf-8")
    for heading, entry in WORDED.items():
        words, found = re.subn(f"(?m)^{heading}", heading + entry, words)
        assert found == 1, heading
    (pack / "negotiation.yaml").write_text(words, encoding="utf-8")
    for name, rule in RULES.items():
        (pack / name).write_text(rule, encoding="utf-8")
    publish(copy, "documents-care-at-home", "family-meeting")
    (copy / "tests/test_advised.py").write_text(ADVISED, encoding="utf-8")
    pytest_of(copy, "tests/test_advised.py", "tests/policy/test_default_pack.py", "tests/policy/test_content.py")


def test_a_rule_and_a_fact_are_data(copy: Path) -> None:
    pack = copy / "rules/packs/cn_consumer"
    change(pack / "facts.yaml", {"  hardship_duration:\n": FACT})
    with (pack / "parameters.yaml").open("a", encoding="utf-8") as file:
        file.write(PARAMETER)
    (pack / "facts/derived/many_nights.yaml").write_text(DERIVED, encoding="utf-8")
    (pack / "evidence/night-shifts.yaml").write_text(RULE, encoding="utf-8")
    publish(copy, "night-shifts")
    for table in ("tests.policy.reviewed", "tests.support.doc_tables"):
        run(copy, "-m", table)
    (copy / "tests/test_seen.py").write_text(DECIDED, encoding="utf-8")
    pytest_of(
        copy,
        "tests/test_seen.py",
        "tests/policy/test_default_pack.py",
        "tests/policy/test_reviewed.py",
        "tests/system/house/test_doc_tables.py",
        "tests/web/api/wire/test_description.py",
    )


def test_a_format_is_one_object(copy: Path) -> None:
    (copy / "forbear/intake/formats/ldj.py").write_text(FORMAT, encoding="utf-8")
    table = copy / "forbear/intake/formats/__init__.py"
    change(
        table,
        {
            "from forbear.intake.formats.workbooks.ods import": "from forbear.intake.formats.ldj import LDJ\n",
            "PARQUET)": "LDJ, ",
        },
    )
    run(copy, "-m", "tests.support.doc_tables")
    told = {
        "docs/cases.md": "| `.ldj` | line-delimited JSON |",
        "docs/api.md": "| `ldj` | `application/x-ldjson` |",
        "README.md": ".json .ldj .parquet`",
    }
    assert [page for page, words in told.items() if words not in (copy / page).read_text(encoding="utf-8")] == []
    pytest_of(
        copy,
        "tests/forbear/batch/results/test_formats.py",
        "tests/system/house/test_doc_tables.py",
    )


def test_an_action_is_one_object_its_name_and_its_words(copy: Path) -> None:
    change(copy / "forbear/case/actions.py", {'    Action(\n        name="outcome",': ACTION})
    names = copy / "models/review.py"
    change(names, {'"document"': '"refer", '})
    versions = copy / "models/migrations/versions"
    listed = re.findall(r'"(\w+)"', names.read_text(encoding="utf-8").split("ACTIONS:")[0])
    migration = MIGRATION.format(head=migrate.head(), names=", ".join(f"'{name}'" for name in listed))
    (versions / "9999_refer.py").write_text(migration, encoding="utf-8")
    for lang in ("zh", "en"):
        with (copy / f"web/locale/{lang}/actions.yaml").open("a", encoding="utf-8") as file:
            file.writelines(f"{key}: {words}\n" for key, words in WORDS.items())
    (copy / "tests/test_seen.py").write_text(SEEN, encoding="utf-8")
    run(copy, "-m", "tests.support.doc_tables")
    assert "| Refer (`refer`) | open" in (copy / "docs/case-page.md").read_text(encoding="utf-8")
    assert "| `refer` | `reason` * (too_poor, other); `words` |" in (copy / "docs/api.md").read_text(encoding="utf-8")
    pytest_of(
        copy,
        "tests/test_seen.py",
        "tests/system/house/test_doc_tables.py",
        "tests/models/test_migrations.py",
        "tests/forbear/case/test_action_table.py",
        "tests/web/api/wire/test_description.py",
    )
