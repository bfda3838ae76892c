import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest
from django.db import IntegrityError, connection, transaction

from tests.server import small_town
from zhida_server import files
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.people.data import Actor, Conflict, NotAllowed, NotFound, Refused, Role, job_actor
from zhida_server.registry import service as registry
from zhida_server.registry.data import Import, ImportRefused, ImportState

LI, WANG = Actor("li", Role.POLICY), Actor("wang", Role.FINANCE)
MAPPING = ("mapping.yaml", small_town.MAPPING.encode())

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _town(database: None, tmp_path: Path) -> None:
    assert database is None
    catalogue.take_packs(job_actor("setup"), small_town.packs(tmp_path / "packs"))


def proposed(base: str = small_town.BASE) -> Import:
    return registry.propose_import(LI, MAPPING, [("base.csv", base.encode())])


def test_an_import_is_looked_at_before_it_is_taken() -> None:
    found = proposed(small_town.BASE + "C3,别的合作社,湖墅街道,1,,\nD4,多,湖墅街道,十个,,租的\n")
    assert (found.state, found.rows, found.by) == (ImportState.PROPOSED, 3, "li")
    assert found.report["findings"] == {"registry-duplicate-conflict": 2, "registry-not-in-list": 1, "registry-unparsable": 1}
    assert "十个" in json.dumps(found.report["examples"], ensure_ascii=False)
    assert "内容冲突的行" in found.report_text_zh
    assert "conflicting rows" in found.report_text_en
    assert registry.enterprises(LI) == ()
    whole = json.loads(registry.import_file(LI, found.id, "quality").read_text(encoding="utf-8"))
    assert len(whole["findings"]) == 4
    assert "别的合作社" in registry.import_file(LI, found.id, "set-aside").read_text(encoding="utf-8-sig")
    assert registry.import_file(LI, found.id, "mapping").read_bytes() == MAPPING[1]


def test_a_taken_import_is_what_the_registry_says() -> None:
    taken = registry.take_import(LI, proposed().id)
    assert (taken.state, taken.decided_by) == (ImportState.TAKEN, "li")
    assert [(line.code, line.name, line.street) for line in registry.enterprises(LI)][:2] == [
        ("A1", "杭州智算科技有限公司", "湖墅街道"),
        ("B2", "西湖茶叶店", "灵隐街道"),
    ]
    assert [record.act for record in audit.records(object=str(taken.id))] == ["registry.take", "registry.import"]


def test_a_later_import_replaces_the_list() -> None:
    registry.take_import(LI, proposed().id)
    later = small_town.BASE.replace("西湖茶叶店", "西湖龙井店").replace("C3,智慧农业合作社,湖墅街道,400,,\n", "D4,新店,,1,,\n")
    registry.take_import(LI, proposed(later).id)
    assert [(line.code, line.name) for line in registry.enterprises(LI)] == [
        ("A1", "杭州智算科技有限公司"),
        ("B2", "西湖龙井店"),
        ("D4", "新店"),
    ]


def test_a_refused_import_stays_with_its_reason_and_changes_nothing() -> None:
    offer = proposed()
    with pytest.raises(Refused, match="reason"):
        registry.refuse_import(LI, offer.id, " ")
    refused = registry.refuse_import(LI, offer.id, "数据是去年的")
    assert (refused.state, refused.reason) == (ImportState.REFUSED, "数据是去年的")
    assert registry.enterprises(LI) == ()
    with pytest.raises(Conflict):
        registry.take_import(LI, offer.id)


def test_an_import_is_taken_once() -> None:
    offer = proposed()
    registry.take_import(LI, offer.id)
    with pytest.raises(Conflict):
        registry.take_import(LI, offer.id)


def test_files_that_do_not_fit_are_refused_with_file_and_line() -> None:
    with pytest.raises(ImportRefused) as refusal:
        proposed(small_town.BASE + "D4,少一格,湖墅街道\n")
    assert refusal.value.lines_zh[0].startswith("base.csv:5:1: 错误[registry-ragged-row]")
    assert registry.imports(LI) == ()
    with pytest.raises(ImportRefused, match=r"mapping\.yaml:"):
        registry.propose_import(LI, ("mapping.yaml", b"subject: [\n"), [("base.csv", b"x")])


@pytest.mark.parametrize("code", ["a1", "企业一", "A_1", "A 1", "A-", "A" * 65])
def test_keys_that_can_be_no_code_are_refused_before_anything_rests_on_them(code: str) -> None:
    with pytest.raises(Refused, match="import-unfit-codes") as refusal:
        proposed(small_town.BASE.replace("A1", code))
    assert f"“{code[:64]}”" in refusal.value.zh
    assert registry.imports(LI) == ()


def test_uploaded_names_lead_nowhere_and_do_not_collide(tmp_path: Path) -> None:
    found = registry.propose_import(LI, MAPPING, [("..\\..\\base.csv", small_town.BASE.encode())])
    assert found.rows == 3
    with pytest.raises(Refused, match="no name"):
        registry.propose_import(LI, MAPPING, [("..", b"x")])
    with pytest.raises(Refused, match="same name"):
        registry.propose_import(LI, MAPPING, [("base.csv", b"x"), ("a/base.csv", b"y")])
    assert not list(tmp_path.glob("*.csv"))


def test_files_on_the_server_give_the_same_bytes_as_uploaded_ones(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_bytes(MAPPING[1])
    (tmp_path / "base.csv").write_text(small_town.BASE, encoding="utf-8")
    stages: list[str] = []
    found = registry.propose_import_paths(
        LI, tmp_path / "mapping.yaml", [tmp_path / "base.csv"], progress=lambda stage, _done, _total: stages.append(stage)
    )
    assert found.sha256 == proposed().sha256
    assert {"read", "convert", "join"} <= set(stages)
    assert pl.read_parquet(files.checked(found.sha256, ".parquet")).height == 3


def test_who_may_not_import_does_not() -> None:
    offer = proposed()
    for act in (
        lambda: registry.propose_import(WANG, MAPPING, [("base.csv", small_town.BASE.encode())]),
        lambda: registry.take_import(WANG, offer.id),
        lambda: registry.take_import(Actor("zhao", Role.SERVICE), offer.id),
        lambda: registry.refuse_import(WANG, offer.id, "x"),
        lambda: registry.imports(WANG),
        lambda: registry.import_file(WANG, offer.id, "quality"),
        lambda: registry.enterprises(Actor("r", Role.REPRESENTATIVE, enterprise_code="A1")),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_what_is_not_there_is_not_found() -> None:
    offer = proposed()
    with pytest.raises(NotFound):
        registry.take_import(LI, type(offer.id)(int=0))
    with pytest.raises(NotFound):
        registry.import_file(LI, offer.id, "secret")
    with pytest.raises(NotFound):
        registry.take_snapshot(LI, dt.date(2026, 6, 30))
    with pytest.raises(NotFound):
        registry.latest_snapshot()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("智算", ["A1"]),
        ("湖墅", []),
        ("合作", ["C3"]),
        ("算智", []),
        ("店", ["B2"]),
        ("杭州 科技", ["A1"]),
        ("c3", ["C3"]),
        ("", ["A1", "B2", "C3"]),
    ],
)
def test_enterprises_are_found_by_name_and_code(text: str, codes: list[str]) -> None:
    registry.take_import(LI, proposed().id)
    assert [line.code for line in registry.enterprises(LI, text)] == codes


def test_enterprises_come_page_by_page() -> None:
    registry.take_import(LI, proposed().id)
    assert [line.code for line in registry.enterprises(LI, limit=2)] == ["A1", "B2"]
    assert [line.code for line in registry.enterprises(LI, after="B2", limit=2)] == ["C3"]


@pytest.mark.parametrize("table", ["import", "decision"])
@pytest.mark.parametrize("statement", ["UPDATE registry_{} SET by = by", "DELETE FROM registry_{}", "TRUNCATE registry_{} CASCADE"])
def test_the_database_keeps_imports_and_decisions(table: str, statement: str) -> None:
    registry.take_import(LI, proposed().id)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
            cursor.execute(statement.format(table))


def test_the_database_decides_on_an_import_once() -> None:
    offer = registry.take_import(LI, proposed().id)
    with pytest.raises(IntegrityError, match="import_id"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO registry_decision (import_id, is_taken, reason, by) VALUES (%s, false, 'x', 'x')", [offer.id])
