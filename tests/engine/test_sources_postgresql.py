"""PostgreSQL as a source: exact values, one moment, an order of its own, and no secrets in what is said."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.extended_registry import packs_in
from tests.engine.postgresql_server import run, running_server
from tests.engine.registry_fixtures import dictionary
from zhida.errors import InputError
from zhida.registry_io import sources_postgresql
from zhida.registry_io.sources import Source, open_source
from zhida.registry_io.sources_postgresql import parse_address


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            address = stack.enter_context(running_server())
        except OSError as error:
            pytest.skip(f"PostgreSQL cannot be started here: {error}")
        yield address


OPEN: list[Source] = []


@pytest.fixture(autouse=True)
def nothing_is_left_open() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def opened(spec: str, rows: int = 3) -> Source:
    OPEN.append(open_source(spec, dictionary(), rows_per_part=rows))
    return OPEN[-1]


def keys(source: Source) -> list[str]:
    return [key for part in source.parts for key in source.read(part)["代码"].to_list()]


def count(server: str, name: str, rows: int) -> str:
    """Make a table of as many rows, backwards."""
    columns = """'K' || lpad(i::text, 5, '0') AS "代码", i AS "从业人员" """
    numbers = f"generate_series({rows}, 1, -1) AS i"
    run(server, f"DROP TABLE IF EXISTS {name}", f"CREATE TABLE {name} AS SELECT {columns} FROM {numbers}")  # noqa: S608 - names of ours
    return f"{server}&table={name}"


@pytest.mark.parametrize("type_", ["json", "jsonb", "text"])
def test_lists_and_years_come_from_columns_of_json_and_of_years(server: str, type_: str, tmp_path: Path) -> None:
    dictionary = packs_in(tmp_path).dictionaries["enterprise"]
    elements = '[{"编号": "1", "类别": "Ⅰ类", "费用": 1.50, "用于产品": true, "到期日": null, "到期日:absent": true}]'
    run(
        server,
        "DROP TABLE IF EXISTS listed",
        f'CREATE TABLE listed ("代码" text, "研发费用@2024" numeric, "专利" {type_})',
        f"INSERT INTO listed VALUES ('A', 1.5, '{elements}'), ('B', null, '[]'), ('C', null, null)",  # noqa: S608 - as above
    )
    source = open_source(f"{server}&table=listed", dictionary, rows_per_part=10)
    OPEN.append(source)
    frame = source.read(source.parts[0])
    assert frame["研发费用@2024"].to_list() == [Decimal("1.50"), None, None]
    known = {"编号": "1", "类别": "Ⅰ类", "费用": Decimal("1.50"), "到期日": None, "到期日:absent": True, "用于产品": True}
    assert frame["专利"].to_list() == [[known], [], None]
    assert not source.diagnostics()


def test_every_type_is_taken_exactly(server: str) -> None:
    run(
        server,
        "DROP TABLE IF EXISTS typed",
        'CREATE TABLE typed ("代码" char(4), "企业名称" varchar(9), "从业人员" smallint, "营业收入" numeric, "研发占比" numeric(9, 8),'
        ' "成立日期" date, "证书到期日" timestamp, "依托大模型" boolean, "季末人数" numeric[], "备注" jsonb)',
        "INSERT INTO typed VALUES"
        " ('A', '甲', 7, 123456789012345678901234567890.12, 0.1, '0001-01-01', '2030-01-01 00:00:00', true, '{1,2.0}', '{}'),"
        " ('B', '', null, -0.005, 0.12345678, '0044-03-15 BC', '2030-01-01 10:00:00', null, '{}', null),"
        " ('C', ' 丙', -1, 'NaN', null, 'infinity', '-infinity', false, '{1,null}', null)",
    )
    source = opened(f"{server}&table=typed")
    frame = source.read(source.parts[0])
    assert frame["代码"].to_list() == ["A", "B", "C"]
    assert frame["企业名称"].to_list() == ["甲", None, "丙"]
    assert frame["从业人员"].to_list() == [7, None, -1]
    assert frame["营业收入"].to_list() == [Decimal("123456789012345678901234567890.12"), Decimal(0), None]
    assert frame["研发占比"].to_list() == [Decimal("0.100000"), Decimal("0.123457"), None]
    assert frame["成立日期"].to_list() == [date(1, 1, 1), None, None]
    assert frame["证书到期日"].to_list() == [date(2030, 1, 1), None, None]
    assert frame["依托大模型"].to_list() == [True, None, False]
    assert frame["季末人数"].to_list() == [[1, 2], [], None]
    assert {(item.code, item.arguments.get("value")) for item in source.diagnostics()} == {
        ("source-column-ignored", None),
        ("registry-rounded", "-0.005"),
        ("registry-rounded", "0.12345678"),
        ("registry-unparsable", "nan"),
        ("registry-unparsable", "2030-01-01 10:00:00.000000"),
        ("source-date-beyond", "-735160"),
        ("source-date-beyond", "-2147472692"),
        ("source-date-beyond", "-106741035"),
    }


def test_rows_come_by_the_code_points_of_their_keys_whatever_the_order_of_the_database(server: str) -> None:
    run(
        server,
        "DROP TABLE IF EXISTS mixed",
        'DO $$ BEGIN CREATE TABLE mixed ("代码" text COLLATE "und-x-icu");'
        ' EXCEPTION WHEN undefined_object THEN CREATE TABLE mixed ("代码" text); END $$',
        "INSERT INTO mixed VALUES ('b'), ('A'), ('a'), ('B'), ('中'), ('é'), ('a''b'), ('a\\b'), ('Z')",
    )
    for rows in (1, 2, 100):
        found = keys(opened(f"{server}&table=mixed", rows))
        assert found == sorted(found)
        assert len(found) == 9


def test_parts_may_be_asked_for_in_any_order_and_by_several_threads(server: str) -> None:
    source = opened(count(server, "many", 1000), 20)
    assert (source.rows, len(source.parts)) == (1000, 50)
    order = [*source.parts[30:], *source.parts[:3], source.parts[17], source.parts[40], *source.parts]
    with ThreadPoolExecutor(3) as pool:
        frames = list(pool.map(source.read, order))
    for part, frame in zip(order, frames, strict=True):
        assert frame["从业人员"].to_list() == list(range(part.start + 1, part.start + part.rows + 1))
    assert source.read(source.parts[4], []).columns == ["代码"]


def test_all_parts_are_of_one_moment(server: str) -> None:
    source = opened(count(server, "moving", 9))
    first = source.read(source.parts[0])
    run(server, 'UPDATE moving SET "从业人员" = 0', "DELETE FROM moving WHERE \"代码\" = 'K00009'")
    assert source.read(source.parts[2])["从业人员"].to_list() == [7, 8, 9]
    assert source.read(source.parts[0]).equals(first)


@pytest.mark.parametrize("relation", ["&table=changing", "&table=changing_view", "#SELECT * FROM changing"])
def test_the_fingerprint_of_a_part_changes_with_its_rows_only(server: str, relation: str) -> None:
    run(server, "DROP VIEW IF EXISTS changing_view")
    count(server, "changing", 9)
    run(server, "CREATE VIEW changing_view AS SELECT * FROM changing")

    def fingerprints() -> list[str]:
        source = opened(server + relation)
        OPEN.remove(source)
        source.close()
        return [source.fingerprint(part) for part in source.parts]

    before = fingerprints()
    assert before == fingerprints()
    run(server, 'UPDATE changing SET "从业人员" = 7 WHERE "从业人员" = 5')
    after = fingerprints()
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]
    run(server, "DELETE FROM changing WHERE \"代码\" = 'K00002'")
    assert not set(fingerprints()) & set(before)


def test_a_table_of_another_schema_and_a_name_in_quotes_are_found(server: str) -> None:
    run(
        server,
        'DROP SCHEMA IF EXISTS "市" CASCADE',
        'CREATE SCHEMA "市"',
        'CREATE TABLE "市"."企业.""一""" AS SELECT \'A\' AS "代码"',
    )
    assert keys(opened(f'{server}&table=市."企业.""一"""')) == ["A"]


def test_a_query_is_read_only_and_named_as_one(server: str) -> None:
    count(server, "kept", 2)
    source = opened(f"{server}#SELECT * FROM kept WHERE \"代码\" <> '100%' ; ")  # noqa: S608 - as above
    assert source.name.endswith("#query")
    assert source.metadata["zhida.query"] == "(SELECT * FROM kept WHERE \"代码\" <> '100%'\n) AS source"
    assert len(keys(source)) == 2
    with pytest.raises(InputError, match="source-sql-query"):
        opened(f"{server}#WITH gone AS (DELETE FROM kept RETURNING *) SELECT * FROM gone")  # noqa: S608 - as above
    assert len(keys(opened(f"{server}&table=kept"))) == 2


@pytest.mark.parametrize(
    "place", ["li:ge%2Fheim@127.0.0.1:1/x?table=t", "li@127.0.0.1:1/x?password=ge%2Fheim&table=t", "li:ge%2Fheim@:bad/x?table=t"]
)
def test_a_password_is_never_said(place: str) -> None:
    with pytest.raises(InputError) as error:
        opened(f"postgresql://{place}")
    assert [item.code for item in error.value.diagnostics] == ["source-sql-connection"]
    assert "heim" not in str(error.value)


def test_a_wrong_password_is_told_without_it(server: str) -> None:
    with pytest.raises(InputError, match=r'role "wang" does not exist') as error:
        opened(server.replace("zhida@", "wang:geheim@") + "&table=t")
    assert "geheim" not in str(error.value)


def test_what_is_asked_for_is_quoted() -> None:
    assert parse_address('postgresql://h/d?table=a";DROP TABLE b;--').relation == '"a"";DROP TABLE b;--"'
    assert parse_address("postgresql://h/d?table=%E4%BC%81%E4%B8%9A").relation == '"企业"'
    assert parse_address("postgresql://h/d").relation == ""


def test_a_connection_that_is_lost_half_way_is_told(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = opened(count(server, "lost", 9))
    run(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
    with pytest.raises(InputError, match="source-sql-query"):
        source.read(source.parts[0])
    monkeypatch.setattr(sources_postgresql, "HAS_DRIVER", False)
    with pytest.raises(InputError, match="source-sql-driver"):
        opened(f"{server}&table=lost")
