"""The command line as users meet it: real processes, real servers, one sentence for whatever is wrong."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from forbear.base.settings import child_environment
from forbear.batch.export import write_rejects
from forbear.intake import FORMATS, Rejected, read
from forbear.ops import embedded

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
UGLY = """﻿案件编号,产品,逾期天数,困难类型,欠款余额,备注,内部备忘
A-1,花呗,45,失业,"12,000.50",已经失业两个月,x
A-2,信用卡,很久,失业,3000,,
A-3,网商贷不存在,10,失业,3000,,
A-4,借呗,10,收入下降,1.2万,,"=cmd|'/c calc'!A1"
A-5,房贷,100,失业,-5,,
A-1,花呗,45,失业,100,,
A-6,花呗,2026/2/30,失业,100,,
A-7,花呗,12,失业
A-8,小贷,5,生病,800,我不想活了,
"""


@pytest.fixture
def environment(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return child_environment(
        FORBEAR_DATABASE_URL=database_url,
        FORBEAR_REDIS_URL=redis_url,
        FORBEAR_HOME=str(tmp_path / "home"),
        FORBEAR_KEY=KEY,
        FORBEAR_WORKER_PROCESSES="2",
    )


def forbear(environment: dict[str, str], *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "forbear", *arguments],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_ugly_file_ends_as_decisions_and_rejects(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "ugly.csv").write_text(UGLY, encoding="utf-8")
    command = ("triage", "ugly.csv", "--out", "results.jsonl", "--rejects", "rejects.csv", "--as-of", "2026-11-23")
    done = forbear(environment, *command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("内部备忘") == 1, "an unknown column is told once"
    decisions = {decision["case_ref"]: decision for decision in lines(tmp_path / "results.jsonl")}
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rejects = {row["row"]: row for row in csv.DictReader(file)}
    assert set(decisions) | {"A-2", "A-3", "A-5", "A-6", "A-7"} == {f"A-{n}" for n in range(1, 9)}
    assert set(rejects) == {"2", "3", "5", "6", "7", "8"}
    assert all(row["error"] for row in rejects.values())
    assert decisions["A-8"]["strategy"] == "crisis_support"
    assert decisions["A-8"]["urgency"] == "U0"
    assert all(decision["engines_agree"] for decision in decisions.values())
    assert "9 = accepted 3 + rejected 6 + unchanged 0" in " ".join(done.stdout.split())

    again = forbear(environment, *command, "--strict", cwd=tmp_path)
    assert again.returncode == 3, again.stderr
    assert "accepted 0 + rejected 6 + unchanged 3" in " ".join(again.stdout.split())
    assert {decision["case_ref"] for decision in lines(tmp_path / "results.jsonl")} == set(decisions)


def test_every_format_goes_in_and_comes_out(environment: dict[str, str], tmp_path: Path) -> None:
    names = [f"cases{ending}" for ending in FORMATS]
    for name in names:
        header = ("case_ref", "product", "days_overdue", "hardship", "name")
        row = (name, "huabei", "12", "unemployment", "测试")
        write_rejects(tmp_path / name, header, [Rejected(1, "", "", "", row)])  # a rejects file is a case file too
    command = ("--as-of", "2026-11-23", "--out")
    done = forbear(environment, "triage", *names, *command, "results.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [decision["case_ref"] for decision in lines(tmp_path / "results.jsonl")] == names
    batch = _batch(environment, tmp_path)
    for ending in FORMATS:
        again = forbear(environment, "results", batch, "--out", f"out{ending}", cwd=tmp_path)
        assert again.returncode == 0, again.stderr
        assert next(iter(read(tmp_path / f"out{ending}"))).cells[0] == "cases.parquet"


def _batch(environment: dict[str, str], folder: Path) -> str:
    """The batch submitted last."""
    return forbear(environment, "status", cwd=folder).stdout.split()[0]


def test_a_second_run_does_not_count_on_the_worker_of_the_first(environment: dict[str, str], tmp_path: Path) -> None:
    for reference in ("E-1", "E-2"):
        rows = f"case_ref,product,days_overdue,hardship\n{reference},huabei,12,unemployment\n"
        (tmp_path / "cases.csv").write_text(rows)
        done = forbear(environment, "triage", "cases.csv", "--out", "results.jsonl", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert [decision["case_ref"] for decision in lines(tmp_path / "results.jsonl")] == [reference]
        # A short run may end before its worker beats; then the record says what a longer one leaves behind.
        with psycopg.connect(environment["FORBEAR_DATABASE_URL"]) as connection:
            connection.execute(
                "INSERT INTO heartbeat SELECT unnest(ARRAY['urgent', 'bulk', 'upkeep']), now() "
                "ON CONFLICT (queue) DO UPDATE SET consumed_at = excluded.consumed_at"
            )


def test_corrected_rejects_are_accepted_as_they_stand(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "first.csv").write_text("case_ref,product,days_overdue,hardship\nB-1,huabei,often,unemployment\n")
    command = ("--out", "results.jsonl", "--rejects", "rejects.csv")
    assert forbear(environment, "triage", "first.csv", *command, cwd=tmp_path).returncode == 0
    rejects = tmp_path / "rejects.csv"
    rejects.write_text(rejects.read_text(encoding="utf-8-sig").replace("huabei,often", "huabei,12"), encoding="utf-8")
    second = forbear(environment, "triage", "rejects.csv", "--out", "results.jsonl", cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    assert [decision["case_ref"] for decision in lines(tmp_path / "results.jsonl")] == ["B-1"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.csv", None, "missing.csv"),
        ("empty.csv", b"", "empty"),
        ("header.csv", b"case_ref,product,days_overdue,hardship\n", "no cases"),
        ("columns.csv", b"case_ref,product,hardship\nA,huabei,unemployment\n", "days_overdue"),
        ("cases.docx", b"x", ".docx"),
        ("binary.csv", bytes(range(256)) * 50, "binary.csv"),
        ("fake.xlsx", b"not a workbook", "fake.xlsx"),
    ],
)
def test_an_unusable_file_is_one_sentence_and_exit_2(
    environment: dict[str, str], tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = forbear(environment, "triage", name, "--out", "results.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert says in done.stderr
    assert not (tmp_path / "results.jsonl").exists()


def test_unknown_cases_and_batches_are_one_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    for arguments in (
        ("explain", "nobody"),
        ("status", "00000000-0000-0000-0000-000000000000"),
        ("cancel", "00000000-0000-0000-0000-000000000000"),
        ("results", "00000000-0000-0000-0000-000000000000", "--out", "r.csv"),
        ("worker", "--queues", "fast"),
        ("rules", "check", "nowhere"),
    ):
        done = forbear(environment, *arguments, cwd=tmp_path)
        assert done.returncode in (1, 2), arguments
        assert "Traceback" not in done.stderr
        assert len((done.stdout + done.stderr).strip().splitlines()) == 1, done.stdout + done.stderr


def test_a_negotiation_pack_is_written_for_a_decided_case(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(
        "案件编号,产品,逾期天数,困难类型,姓名\nK-1,花呗,45,失业,测试甲\n", encoding="utf-8"
    )
    assert forbear(environment, "triage", "cases.csv", "--out", "out.jsonl", cwd=tmp_path).returncode == 0
    done = forbear(environment, "prepare", "K-1", "--out", "pack", "--lang", "zh", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "Whether the borrower agrees that the lender is contacted is not recorded: ask before you contact it."
    ]
    assert {"kit.html", "kit.md", "deadlines.ics"} <= {path.name for path in (tmp_path / "pack").iterdir()}
    assert "测试甲" not in "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "pack").iterdir())
    unknown = forbear(environment, "prepare", "K-2", "--out", "pack", cwd=tmp_path)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert "no decision on a case 'K-2'" in unknown.stderr


def test_nothing_for_the_talks_is_written_before_somebody_was_asked(
    environment: dict[str, str], tmp_path: Path
) -> None:
    case = {
        "product": "jiebei",
        "days_overdue": 100,
        "hardship": "unemployment",
        "hardship_duration": "temporary",
        "lender_type": "consumer_finance",
        "balance": 30000,
        "principal": 28000,
        "monthly_due": 2500,
        "annual_rate_percent": 18,
        "income_monthly": 5000,
        "essential_outgoings": 3000,
        "priority_payments": 0,
        "creditors_overdue": 1,
        "other_debt_payments": 0,
        "income_evidence": "official",
        "hardship_evidence": "official",
        "legal_stage": "none",
        "willing_to_pay": True,
    }
    rows = [{"case_ref": "K-1", "notes": "再催我就不活了，想自杀", **case}, {"case_ref": "K-2", **case}]
    (tmp_path / "cases.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert forbear(environment, "triage", "cases.jsonl", "--out", "out.csv", cwd=tmp_path).returncode == 0
    for ref, written in (("K-2", True), ("K-1", False)):  # the second takes away what the first left
        done = forbear(environment, "prepare", ref, "--out", "pack", "--lang", "zh", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        names = {path.name for path in (tmp_path / "pack").iterdir()}
        assert any(name.startswith("letter") for name in names) is written
        assert ("Contact the person first" in done.stderr) is not written
    assert "话术和信函" in (tmp_path / "pack" / "kit.md").read_text(encoding="utf-8")
    explained = forbear(environment, "explain", "K-1", cwd=tmp_path)
    assert "请先联系当事人" in explained.stdout
    held, free = csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig")))
    assert (held["plan_options"], free["safety_hold"]) == ("", "") and held["safety_hold"].startswith("explicit: ")


def test_an_unusable_setting_is_one_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    done = forbear({**environment, "FORBEAR_CHUNK_SIZE": "many"}, "status", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("FORBEAR_CHUNK_SIZE is not usable")
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unreachable_database_is_one_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    environment |= {"FORBEAR_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    done = forbear(environment, "status", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_embedded_default_needs_nothing_and_leaves_nothing_running(tmp_path: Path) -> None:
    environment = child_environment(FORBEAR_HOME=str(tmp_path / "home"))
    for name in ("FORBEAR_DATABASE_URL", "FORBEAR_REDIS_URL", "FORBEAR_KEY"):
        environment.pop(name, None)
    (tmp_path / "cases.csv").write_text("case_ref,product,days_overdue,hardship\nD-1,huabei,12,unemployment\n")
    done = forbear(environment, "triage", "cases.csv", "--out", "results.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [decision["case_ref"] for decision in lines(tmp_path / "results.jsonl")] == ["D-1"]
    assert not (tmp_path / "home" / "postgres" / "postmaster.pid").exists()
    assert not embedded._redis_alive(
        f"redis+socket://{embedded.runtime_folder(tmp_path / 'home' / 'redis')}/redis.sock"
    )
