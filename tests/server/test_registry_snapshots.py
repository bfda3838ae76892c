import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from tests.server import small_town
from zhida.registry_io.registry import read_registry
from zhida.values.temporal import Date
from zhida_server import files
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.people.data import Actor, Conflict, NotAllowed, NotFound, Refused, Role, job_actor
from zhida_server.registry import rows
from zhida_server.registry import service as registry

LI, ZHAO = Actor("li", Role.POLICY), Actor("zhao", Role.SERVICE)
FIRM = Actor("firm", Role.REPRESENTATIVE, enterprise_code="A1")
DAY = dt.date(2026, 6, 30)
MAPPING = ("mapping.yaml", small_town.MAPPING.encode())

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _town(database: None, tmp_path: Path) -> None:
    assert database is None
    catalogue.take_packs(job_actor("setup"), small_town.packs(tmp_path / "packs"))
    take()


def take(base: str = small_town.BASE) -> None:
    registry.take_import(LI, registry.propose_import(LI, MAPPING, [("base.csv", base.encode())]).id)


def day(month: int, number: int) -> dt.date:
    return dt.date(2026, month, number)


def facts(code: str, sha256: str | None = None) -> dict[str, object]:
    return dict(registry.access_subject(LI, code, purpose="test", snapshot_sha256=sha256).facts)


# --- told facts ----------------------------------------------------------------------------------------------------


def test_a_told_fact_is_typed_by_the_dictionary_and_bears_its_year() -> None:
    registry.take_snapshot(LI, DAY)
    told = {"从业人员": "1,300", "营业收入": Decimal("12.5"), "设施类型": None, "成立日期": dt.date(2020, 2, 29), "依托大模型": "是"}
    registry.tell(ZHAO, "B2", {**told, "季末人数": [1, 2, "3", 4]}, source="统计局", on=DAY)
    found = registry.access_subject(LI, "B2", purpose="test")
    assert {name: found.facts[name] for name in ("从业人员", "营业收入@2025", "设施类型", "成立日期", "依托大模型", "季末人数")} == {
        "从业人员": Decimal(1300),
        "营业收入@2025": Decimal("12.5"),
        "设施类型": None,
        "成立日期": Date(2020, 2, 29),
        "依托大模型": True,
        "季末人数": (Decimal(1), Decimal(2), Decimal(3), Decimal(4)),
    }
    source = found.provenance["从业人员"]
    assert (source.source, source.since, source.until, source.is_told) == ("统计局", DAY, None, True)
    assert found.provenance["街道"].source == "登记"
    assert not found.provenance["街道"].is_told


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"从业人数": 1}, "从业人员"),
        ({"从业人员": "十个"}, "十个"),
        ({"从业人员": Decimal("1.5")}, "1.5"),
        ({"从业人员": True}, "number"),
        ({"从业人员": None}, "从业人员"),
        ({"设施类型": "租的"}, "国产"),
        ({"营业收入@25": 1}, "25"),
        ({}, "没有填报"),
    ],
)
def test_what_the_dictionary_does_not_allow_is_refused(told: dict[str, object], word: str) -> None:
    with pytest.raises(Refused) as refusal:
        registry.tell(ZHAO, "A1", told, source="企业", on=DAY)
    assert word in refusal.value.zh
    assert registry.told_facts(LI, "A1", purpose="test") == ()


def test_nothing_is_told_where_one_of_several_facts_is_wrong() -> None:
    with pytest.raises(Refused):
        registry.tell(ZHAO, "A1", {"从业人员": 5, "设施类型": "租的"}, source="企业", on=DAY)
    assert registry.told_facts(LI, "A1", purpose="test") == ()


def test_a_representative_tells_only_what_the_dictionary_lets_and_only_of_their_own() -> None:
    registry.tell(FIRM, "A1", {"从业人员": 13}, source="企业填报", on=DAY)
    with pytest.raises(Refused, match="街道"):
        registry.tell(FIRM, "A1", {"街道": "别的街道"}, source="企业填报", on=DAY)
    with pytest.raises(NotAllowed):
        registry.tell(FIRM, "B2", {"从业人员": 13}, source="企业填报", on=DAY)
    with pytest.raises(NotAllowed):
        registry.tell(Actor("w", Role.FINANCE), "A1", {"从业人员": 13}, source="x", on=DAY)
    with pytest.raises(NotFound):
        registry.tell(ZHAO, "Z9", {"从业人员": 13}, source="x", on=DAY)
    with pytest.raises(Refused, match="come from"):
        registry.tell(ZHAO, "A1", {"从业人员": 13}, source=" ", on=DAY)
    with pytest.raises(Refused, match="before"):
        registry.tell(ZHAO, "A1", {"从业人员": 13}, source="x", on=DAY, until=day(6, 1))


def test_a_later_fact_ends_the_former_on_the_day_before() -> None:
    registry.tell(ZHAO, "A1", {"从业人员": 20}, source="一", on=day(3, 1))
    registry.tell(ZHAO, "A1", {"从业人员": 30}, source="二", on=day(6, 1))
    first, second = registry.told_facts(LI, "A1", purpose="test")
    assert (first.since, first.until, first.replaced_by) == (day(3, 1), day(5, 31), second.id)
    assert (second.since, second.until, second.replaced_by) == (day(6, 1), None, None)
    told = audit.records(act="registry.tell")[0]
    assert (told.before, told.after, told.purpose) == ({"从业人员": {"number": "20"}}, {"从业人员": {"number": "30"}}, "二")


def test_the_same_form_sent_twice_changes_nothing() -> None:
    for _ in range(2):
        registry.tell(ZHAO, "A1", {"从业人员": 20}, source="一", on=day(3, 1))
    assert len(registry.told_facts(LI, "A1", purpose="test")) == 1


def test_a_mistake_is_corrected_from_its_first_day_on() -> None:
    registry.tell(ZHAO, "A1", {"从业人员": 20}, source="一", on=day(3, 1))
    registry.tell(ZHAO, "A1", {"从业人员": 21}, source="更正", on=day(3, 1))
    registry.take_snapshot(LI, day(4, 1))
    assert facts("A1")["从业人员"] == Decimal(21)


def test_facts_that_hold_one_after_the_other_stand_side_by_side_and_are_not_replaced_together() -> None:
    registry.tell(ZHAO, "A1", {"从业人员": 20}, source="一", on=day(1, 1), until=day(3, 31))
    registry.tell(ZHAO, "A1", {"从业人员": 30}, source="二", on=day(4, 1))
    assert [each.replaced_by for each in registry.told_facts(LI, "A1", purpose="test")] == [None, None]
    with pytest.raises(Conflict):
        registry.tell(ZHAO, "A1", {"从业人员": 40}, source="三", on=day(3, 1))


def test_what_is_judged_of_a_day_that_is_over_leaves_what_was_told_of_later_days() -> None:
    registry.tell(ZHAO, "A1", {"从业人员": 20}, source="自报", on=day(3, 1))
    registry.tell(ZHAO, "A1", {"从业人员": 30}, source="自报", on=day(6, 1))
    registry.tell(ZHAO, "A1", {"从业人员": 40}, source="自报", on=day(9, 1))
    for _ in range(2):
        registry.judge(ZHAO, "A1", {"从业人员": 21}, source="认定", on=day(4, 1))
    registry.judge(ZHAO, "A1", {"从业人员": 19}, source="认定", on=day(2, 1))
    found = registry.told_facts(LI, "A1", purpose="test")
    assert [(each.value, each.since, each.until) for each in found] == [
        (Decimal(20), day(3, 1), day(3, 31)),
        (Decimal(30), day(6, 1), day(8, 31)),
        (Decimal(40), day(9, 1), None),
        (Decimal(21), day(4, 1), day(5, 31)),
        (Decimal(19), day(2, 1), day(2, 28)),
    ]
    assert found[0].replaced_by == found[3].id
    registry.judge(ZHAO, "A1", {"从业人员": 41}, source="认定", on=day(9, 1))  # of the last day on which anything is told
    registry.take_snapshot(LI, day(9, 2))
    assert facts("A1")["从业人员"] == Decimal(41)


TELL = """INSERT INTO registry_attribute (code, name, value, source, since, until, replaces_id, by)
VALUES (%s, %s, '1', 'x', %s, %s, %s, 'x') RETURNING id"""


def insert(code: str, name: str, since: str, until: str | None, replaces: int | None = None) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TELL, [code, name, since, until, replaces])
        row = cursor.fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize(
    ("since", "until"), [("2026-03-31", None), ("2026-01-01", "2026-01-01"), ("2025-01-01", None), ("2026-02-01", "2026-02-02")]
)
def test_the_database_refuses_facts_that_hold_on_the_same_day(since: str, until: str | None) -> None:
    insert("A1", "甲", "2026-01-01", "2026-03-31")
    with pytest.raises(IntegrityError, match="holds on some of the same days"):
        insert("A1", "甲", since, until)


def test_the_database_lets_facts_follow_each_other_and_replace_their_like() -> None:
    first = insert("A1", "甲", "2026-01-01", "2026-03-31")
    insert("A1", "甲", "2026-04-01", None)
    other = insert("A1", "乙", "2026-01-01", None)
    insert("B2", "甲", "2026-01-01", None)
    with pytest.raises(IntegrityError, match="same attribute of the same enterprise"):
        insert("A1", "甲", "2026-02-01", "2026-02-02", other)
    insert("A1", "甲", "2026-02-01", "2026-02-28", first)
    insert("A1", "甲", "2026-03-01", "2026-03-31")  # the first one ended on 31 January
    insert("A1", "甲", "2026-01-15", "2026-01-31", first)  # now it ended on the 14th, however many replaced it
    with pytest.raises(IntegrityError, match="holds on some of the same days"):
        insert("A1", "甲", "2026-01-14", "2026-01-14")
    insert("A1", "甲", "2026-01-10", "2026-01-14", first)
    with pytest.raises(IntegrityError, match="holds on some of the same days"):
        insert("A1", "甲", "2026-01-20", "2026-01-25", first)
    with pytest.raises(IntegrityError, match="ends_after"):
        insert("A1", "丙", "2026-01-15", "2026-01-14")


@pytest.mark.parametrize("table", ["attribute", "snapshot"])
@pytest.mark.parametrize("statement", ["UPDATE registry_{0} SET id = id", "DELETE FROM registry_{0}", "TRUNCATE registry_{0} CASCADE"])
def test_the_database_keeps_told_facts_and_snapshots(table: str, statement: str) -> None:
    registry.tell(ZHAO, "A1", {"从业人员": 20}, source="一", on=day(3, 1))
    registry.take_snapshot(LI, DAY)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
            cursor.execute(statement.format(table))


def test_the_database_refuses_a_snapshot_of_an_import_that_was_not_taken() -> None:
    offer = registry.propose_import(LI, MAPPING, [("base.csv", small_town.BASE.encode())])
    insertion = "INSERT INTO registry_snapshot (sha256, as_of, rows, told, import_id, taken_by) VALUES ('a', %s, 1, 0, %s, 'x')"
    with pytest.raises(IntegrityError, match="was not taken"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(insertion, [DAY, offer.id])


# --- snapshots -----------------------------------------------------------------------------------------------------


def test_the_same_facts_give_the_same_snapshot() -> None:
    first = registry.take_snapshot(LI, DAY)
    assert registry.take_snapshot(LI, DAY) == first
    registry.tell(ZHAO, "B2", {"从业人员": 20}, source="一", on=DAY)
    told = registry.take_snapshot(LI, DAY)
    assert told.sha256 != first.sha256
    assert registry.take_snapshot(LI, DAY) == told
    later = registry.take_snapshot(LI, day(7, 1))
    assert (later.sha256, later.as_of, later.told, later.rows) == (told.sha256, day(7, 1), 1, 3)
    assert registry.snapshots(LI)[0] == registry.latest_snapshot() == later


def test_a_snapshot_is_a_registry_of_the_engine() -> None:
    registry.tell(ZHAO, "A1", {"依托大模型": False, "设施类型": None}, source="一", on=DAY)
    registry.tell(ZHAO, "C3", {"依托大模型": True}, source="一", on=DAY)
    snapshot = registry.take_snapshot(LI, DAY)
    sha256, packs = catalogue.current_packs()
    found = read_registry(registry.snapshot_path(snapshot.sha256), packs.dictionaries["enterprise"])
    assert sha256 == catalogue.current_sha256()
    assert found.codes == ["A1", "B2", "C3"]
    assert found.subject("A1") == facts("A1", snapshot.sha256)
    assert (found.subject("A1")["依托大模型"], found.subject("A1")["设施类型"], found.subject("B2")["设施类型"]) == (False, None, None)
    assert "依托大模型" not in found.subject("B2")
    assert registry.snapshot_registry(snapshot.sha256, packs).frame.equals(found.frame)
    assert found.frame.columns[-1] == "依托大模型"


def test_a_told_fact_that_does_not_hold_on_the_day_is_not_in_the_snapshot() -> None:
    registry.tell(ZHAO, "B2", {"从业人员": 20}, source="一", on=day(3, 1), until=day(5, 31))
    assert registry.take_snapshot(LI, day(2, 28)).told == 0
    assert registry.take_snapshot(LI, day(3, 1)).told == 1
    assert registry.take_snapshot(LI, day(5, 31)).told == 1
    assert registry.take_snapshot(LI, day(6, 1)).told == 0


def test_a_snapshot_stays_what_it_was_while_the_registry_moves_on() -> None:
    before = registry.take_snapshot(LI, DAY)
    registry.tell(ZHAO, "A1", {"从业人员": 99}, source="一", on=DAY)
    take(small_town.BASE.replace("杭州智算科技有限公司", "改名公司"))
    assert facts("A1", before.sha256)["从业人员"] == Decimal(12)
    assert facts("A1", before.sha256)["企业名称"] == "杭州智算科技有限公司"
    registry.take_snapshot(LI, DAY)
    assert facts("A1")["企业名称"] == "改名公司"


def people_of(sha256: str | None) -> list[object]:
    found = [registry.access_subject(LI, code, purpose="test", snapshot_sha256=sha256) for code in ("A1", "B2")]
    return [(each.facts["从业人员"], each.provenance["从业人员"].is_told) for each in found]


def test_importing_old_data_again_undoes_no_correction_and_an_import_with_news_does() -> None:
    for code, number in (("A1", 99), ("B2", 98)):  # the import says 12 of A1, and does not know of B2
        registry.tell(ZHAO, code, {"从业人员": number}, source="一", on=DAY)
    take(small_town.BASE.replace("湖墅街道", "拱宸桥街道"))
    again = registry.take_snapshot(LI, DAY)
    for sha256 in (None, again.sha256):
        assert people_of(sha256) == [(Decimal(99), True), (Decimal(98), True)]
    take(small_town.BASE.replace("湖墅街道,12", "湖墅街道,13").replace("灵隐街道,", "灵隐街道,7"))
    news = registry.take_snapshot(LI, DAY)
    for sha256 in (None, news.sha256):
        assert people_of(sha256) == [(Decimal(13), False), (Decimal(7), False)]


def test_a_fact_that_an_import_outweighed_can_be_told_again() -> None:
    registry.tell(ZHAO, "A1", {"从业人员": 99}, source="一", on=DAY)
    take(small_town.BASE.replace("湖墅街道,12", "湖墅街道,13"))
    registry.tell(ZHAO, "A1", {"从业人员": 99}, source="一", on=DAY)
    assert [each.corrects for each in registry.told_facts(LI, "A1", purpose="test")] == [(Decimal(12),), (Decimal(13),)]
    assert facts("A1", registry.take_snapshot(LI, DAY).sha256)["从业人员"] == Decimal(99)


def test_a_known_absence_that_was_corrected_is_no_news_when_it_comes_again() -> None:
    registry.tell(ZHAO, "B2", {"设施类型": "国产"}, source="一", on=DAY)
    take()
    assert facts("B2", registry.take_snapshot(LI, DAY).sha256)["设施类型"] == "国产"
    take(small_town.BASE.replace("5,无", "5,其他"))
    assert facts("B2", registry.take_snapshot(LI, DAY).sha256)["设施类型"] == "其他"


def test_what_an_old_snapshot_rests_on_stays_named_when_the_fact_is_corrected_later() -> None:
    registry.tell(ZHAO, "A1", {"从业人员": 99}, source="统计局", on=DAY)
    before = registry.take_snapshot(LI, DAY)
    registry.tell(ZHAO, "A1", {"从业人员": 98}, source="更正", on=DAY)
    found = registry.access_subject(LI, "A1", purpose="test", snapshot_sha256=before.sha256)
    assert (found.facts["从业人员"], found.provenance["从业人员"].source) == (Decimal(99), "统计局")
    known = registry.access_subject(LI, "A1", purpose="test", snapshot_sha256=before.sha256, on=DAY, known_at=before.taken_at)
    assert (known.facts["从业人员"], facts("A1")["从业人员"]) == (Decimal(99), Decimal(98))


def test_what_was_told_for_a_time_gives_way_to_the_import_afterwards() -> None:
    registry.tell(ZHAO, "A1", {"从业人员": 99}, source="一", on=DAY, until=day(7, 31))
    registry.take_snapshot(LI, DAY)
    found = [registry.access_subject(LI, "A1", purpose="test", on=each).facts["从业人员"] for each in (day(7, 31), day(8, 1))]
    assert found == [Decimal(99), Decimal(12)]


def test_data_that_are_taken_back_are_the_latest_snapshot_again() -> None:
    right = registry.take_snapshot(LI, DAY)
    take(small_town.BASE.replace("湖墅街道,12", "湖墅街道,1"))
    assert registry.take_snapshot(LI, DAY).sha256 != right.sha256
    take()
    assert registry.take_snapshot(LI, DAY).sha256 == right.sha256 == registry.latest_snapshot().sha256
    assert facts("A1")["从业人员"] == Decimal(12)


def test_what_was_told_since_the_snapshot_counts_for_the_enterprise_at_once() -> None:
    snapshot = registry.take_snapshot(LI, DAY)
    registry.tell(FIRM, "A1", {"从业人员": 14}, source="企业填报", on=day(7, 2))
    assert facts("A1")["从业人员"] == Decimal(14)
    on = registry.access_subject(LI, "A1", purpose="test", on=day(7, 1))
    assert on.facts["从业人员"] == Decimal(12)
    assert facts("A1", snapshot.sha256)["从业人员"] == Decimal(12)


def test_a_subject_is_read_by_who_may_and_that_is_recorded() -> None:
    registry.take_snapshot(LI, DAY)
    found = registry.access_subject(FIRM, "A1", purpose="own-page")
    assert (found.name, found.street, found.as_of) == ("杭州智算科技有限公司", "湖墅街道", DAY)
    record = audit.records(act="enterprise.read")[0]
    assert (record.actor, record.object, record.purpose) == ("firm", "A1", "own-page")
    for actor, code in ((FIRM, "B2"), (Actor("v", Role.VISITOR), "A1"), (Actor("a", Role.ADMINISTRATOR), "A1")):
        with pytest.raises(NotAllowed):
            registry.access_subject(actor, code, purpose="test")
    with pytest.raises(NotFound):
        registry.access_subject(LI, "Z9", purpose="test")
    with pytest.raises(NotFound):
        registry.access_subject(LI, "A1", purpose="test", snapshot_sha256="0" * 64)


def test_rows_that_were_damaged_are_laid_out_again_and_a_damaged_snapshot_is_told() -> None:
    snapshot = registry.take_snapshot(LI, DAY)
    path = rows._path(snapshot.sha256)
    path.write_bytes(path.read_bytes()[:-1])
    rows._opened.cache_clear()
    assert facts("A1")["从业人员"] == Decimal(12)
    kept = files.path_of(snapshot.sha256, ".parquet")
    content = kept.read_bytes()
    kept.write_bytes(content[:-1])
    path.unlink()
    rows._opened.cache_clear()
    with pytest.raises(files.DamagedFileError):
        registry.access_subject(LI, "A1", purpose="test")
    kept.write_bytes(content)
