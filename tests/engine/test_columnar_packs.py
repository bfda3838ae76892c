"""Every policy of the packs over a synthetic district: columns and assess say the same of every enterprise."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from tests.engine.columnar_agreement import (
    NEAR,
    Said,
    differences_of,
    policy_agreement,
    policy_columns,
    said_by_columns,
    tables_of,
)
from tests.engine.policy_texts import block, packs_with
from tests.stories.small_district import plant_district, the_few_packs
from zhida.assess import columns as columns_module
from zhida.assess.assessment import Outcome
from zhida.assess.cells import cells_of, rule_cell
from zhida.assess.columns import open_run
from zhida.assess.feeds import frame_at
from zhida.assess.judge import fen_of as judge_fen_of
from zhida.assess.subject import assess_model
from zhida.cli.registry import import_files
from zhida.columnar.answers import FAILED, HELD
from zhida.columnar.coded_policies import CodedPolicy
from zhida.columnar.columns import Vocabulary, column_of
from zhida.columnar.plan import Form, Kind
from zhida.columnar.policies import fen_of
from zhida.policy.front_matter import Rounding
from zhida.policy.pack import Packs, PolicyModel
from zhida.registry_io.registry import Registry, read_registry, row_facts
from zhida.registry_io.synthetic import write_district
from zhida.registry_io.synthetic_district import read_district
from zhida.registry_io.writing import write_registry
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)
ENTERPRISES = 250
POLICIES = ["hangzhou/compute-voucher", "national/disability-levy", "national/small-profit-tax", "national/sme-size"]


@pytest.fixture(autouse=True)
def few_rows_are_decided_by_codes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs decide by codes as they would over many rows."""
    monkeypatch.setattr(columns_module, "CODED_FROM", 0)


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_few_packs()


@pytest.fixture(scope="module")
def registry(packs: Packs, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("district")
    parameters = plant_district(folder / "parameters", ENTERPRISES)
    (folder / "sources").mkdir()
    paths = list(write_district(read_district(parameters / "district.yaml"), folder / "sources"))
    write_registry(import_files(packs, parameters / "mapping.yaml", paths, "zh"), folder / "registry")
    found = read_registry(Path(folder / "registry"), packs.dictionaries["enterprise"])
    return replace(found, frame=frame_at(found.frame, AS_OF))


def differences(model: PolicyModel, registry: Registry, *, block: int) -> Iterator[str]:
    """Yield each row of which the columns and assess do not say the same; none may go to the interpreter."""
    columns = policy_columns(model, near_within=NEAR)
    met: list[Said | None] = []
    for answers in columns.settle(registry.frame, block=block):
        met += said_by_columns(columns, answers)
    for code, found in zip(registry.codes, differences_of(model, registry.iter_subjects(), met), strict=True):
        if found != "":
            yield f"{code}: {found}"


@pytest.mark.parametrize("policy", POLICIES)
def test_every_enterprise_has_the_same_answer_by_columns_and_by_assess(packs: Packs, registry: Registry, policy: str) -> None:
    assert list(differences(packs.model_of(policy, AS_OF), registry, block=100)) == []


def test_a_value_that_all_combinations_agree_on_is_told_though_other_rules_make_it(tmp_path: Path) -> None:
    body = '| U | 人 | 类型 | **金额** |\n|---|---|---|---|\n| 1 | > 0 | - | 1 |\n| 2 | > 0 | - | 1 |\n| 3 | > 0 | "企业" | 1 |\n'
    packs = packs_with(tmp_path, body + block("符合: boolean", "人 > 0"), amount="金额")
    found = policy_agreement(packs.model_of("demo/a", AS_OF), [{"人": Decimal(1)}, {"人": Decimal(0)}, {"类型": "企业"}, {}])
    assert found.differences == []


def test_a_question_that_cannot_be_told_is_no_answer_though_it_was_not_asked(tmp_path: Path) -> None:
    body = "| F | 收入 / 面积 | **金额** |\n|---|---|---|\n| 1 | > 100 | (if 人 * 2 > 3 then 1 else 2) |\n| 否则 | - | 0 |\n"
    packs = packs_with(tmp_path, body + block("符合: boolean", "人 > 0"), amount="金额")
    rows = [{"面积": Decimal(10) ** 15, "收入": Decimal(0)}, {"面积": Decimal(10), "收入": Decimal(0)}]
    found = policy_agreement(packs.model_of("demo/a", AS_OF), rows)
    assert (found.differences, found.bad) == ([], 1)


def test_facts_that_are_compared_with_each_other_are_enumerated_where_all_rows_lack_both(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", "成立 < 证书 and 人 > 3") + block("金额: number", "1"), amount="金额")
    model = packs.model_of("demo/a", AS_OF)
    lacking: list[dict[str, object]] = [{}, {"人": Decimal(5)}, {"人": Decimal(2)}]
    found = policy_agreement(model, lacking)
    assert (found.differences, found.bad) == ([], 0)
    found = policy_agreement(model, [*lacking, {"人": Decimal(5), "成立": Date(2020, 1, 1)}, {"证书": Date(2020, 1, 1)}])
    assert found.differences == []


def test_a_parameter_whose_figure_is_known_is_a_constant_of_the_plan(packs: Packs, registry: Registry) -> None:
    lacking, model = packs.model_of("national/disability-levy", AS_OF), with_average_wage(packs)
    assert "parameter:当地社会平均工资" in policy_columns(lacking).plan.facts
    assert "parameter:当地社会平均工资" not in policy_columns(model).plan.facts
    assert list(differences(model, registry, block=1_000)) == []
    answers = next(iter(policy_columns(model).settle(registry.frame)))
    assert (answers.endings == 0).any(), Outcome.ELIGIBLE


def with_average_wage(packs: Packs) -> PolicyModel:
    lacking = packs.model_of("national/disability-levy", AS_OF)
    return replace(lacking, parameters={**lacking.parameters, "parameter:当地社会平均工资": Decimal(100_000)})


def test_answers_are_a_batch_with_fen_rules_and_missing_facts(packs: Packs, registry: Registry) -> None:
    model = with_average_wage(packs)
    columns = policy_columns(model)
    table = pa.Table.from_batches([columns.batch(answers) for answers in columns.settle(registry.frame, block=70)])
    names = [item.name for item in columns.plan.facts.values()]
    tables = [id_ for id_ in tables_of(model) if f"rules:{id_}" in table.column_names]
    assert len(tables) == 3
    for facts, row in zip(registry.iter_subjects(), table.to_pylist(), strict=True):
        assessment = assess_model(model, facts, near_within=Decimal(0))
        assert row["amount_fen"] == assessment.amount_fen
        assert sorted(name for place, name in enumerate(names) if row["missing"] >> place & 1) == list(assessment.missing)
        assert set(filter(None, row["codes"].split(","))) == {item.code for item in assessment.diagnostics}
        cells = {f"{reason.policy}#{reason.decision}": rule_cell(reason) for reason in assessment.reasons}
        assert [row[f"rules:{id_}"] for id_ in tables] == [cells.get(id_) for id_ in tables]


def test_a_batch_is_the_same_to_the_byte_whatever_was_decided_before(packs: Packs, registry: Registry) -> None:
    for policy in POLICIES:
        model = packs.model_of(policy, AS_OF)
        fresh, used = policy_columns(model), policy_columns(model)
        half = len(registry.frame) // 2
        list(used.settle(registry.frame[half:].reverse()))
        one, other = (columns.batch(next(columns.settle(registry.frame[:half]))) for columns in (fresh, used))
        assert one.serialize().equals(other.serialize()), policy


@pytest.mark.parametrize("policy", POLICIES)
def test_parts_say_the_same_whether_codes_tell_it_or_values_and_whatever_was_decided_before(
    packs: Packs, registry: Registry, policy: str
) -> None:
    columns = policy_columns(packs.model_of(policy, AS_OF), near_within=NEAR)
    wanted = [columns.batch(answers) for answers in columns.settle(registry.frame, block=100)]
    assert bool(columns.codes) == (policy == "national/sme-size")
    for _ in range(2):
        for part, batch in zip(columns.parts(registry.frame, block=100), wanted, strict=True):
            found = columns.told(part)
            assert found.equals(batch)
            for name in found.schema.names:
                if pa.types.is_dictionary(found.column(name).type):
                    assert found.column(name).dictionary.equals(batch.column(name).dictionary), name


def test_words_that_ask_for_a_join_at_once_are_decided_by_codes(tmp_path: Path) -> None:
    body = block("甲: string", '行业 + ""') + block("乙: string", '城市 + ""')
    body += block("可: boolean", 'contains(甲, "1")') + block("符合: boolean", 'contains(乙, "2")')
    packs = packs_with(tmp_path, body, applies="可")
    columns = policy_columns(packs.model_of("demo/a", AS_OF))
    pairs = [(str(one), str(two)) for one in range(150) for two in range(150, 300)]
    frame = pl.DataFrame({"行业": [one for one, _ in pairs], "城市": [two for _, two in pairs]})
    (part,) = columns.parts(frame)
    endings = columns.told(part).column("ending").to_pylist()
    assert columns.codes
    assert endings == [FAILED if "1" not in one else FAILED + 1 if "2" not in two else HELD for one, two in pairs]


def test_memory_does_not_grow_with_values_that_are_different_in_each_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", 'contains(行业 + 城市, "9")'))
    monkeypatch.setattr(columns_module, "MOST_REMEMBERED", 500)
    run = open_run(packs, ["demo/a"], as_of=AS_OF)
    frame = pl.DataFrame({"行业": [str(row) for row in range(400)], "城市": ["甲"] * 400})
    wanted = ["ELIGIBLE" if "9" in str(row) else "INELIGIBLE" for row in range(400)]
    for _ in range(3):
        assert run.decide(frame).column("demo/a:outcome").to_pylist() == wanted
        policy = run.parts[0].columns
        assert policy is not None
        assert policy.executor.remembered <= 500


def test_facts_that_the_interpreter_does_not_enumerate_are_not_missing_by_codes(tmp_path: Path) -> None:
    levels = '| A | 行业 | 城市 | **级: string** |\n|---|---|---|---|\n| 1 | "乙" | - | "高" |\n'
    levels += '| 2 | - | "乙" | null |\n| 否则 | - | - | null |\n\n'
    eligible = '| F | 人 | 类型 | **符合: boolean** |\n|---|---|---|---|\n| 1 | >= 300 | "企业" | true |\n'
    eligible += '| 2 | >= 300 | not("企业") | true |\n| 3 | < 100 | "企业" | true |\n| 否则 | - | - | false |\n\n'
    amount = '| U | 级 | **金额: number** |\n|---|---|---|\n| 1 | "低" | 0 |\n| 否则 | - | 0 |\n\n'
    run = open_run(packs_with(tmp_path, levels + eligible + amount, amount="金额"), ["demo/a"], as_of=AS_OF)
    frame = pl.DataFrame(
        {"类型": pl.Series([None, None, "企业"], dtype=pl.String), "人": [50, 299, 99]}, schema_overrides={"人": pl.Decimal(38, 0)}
    )
    for row, said in enumerate(run.decide(frame).to_pylist()):
        cells = cells_of(run.layouts[0], row_facts(frame.columns, frame.row(row)))
        assert {cell: said[f"demo/a:{cell}"] for cell in cells} == cells
    policy = run.parts[0].columns
    assert policy is not None
    assert policy.codes


def test_few_rows_are_not_worth_what_codes_have_to_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", '人 >= 300 and 类型 = "企业"'))
    frame = pl.DataFrame({"类型": ["企业", None, "高校"], "人": [300, 300, 299]}, schema_overrides={"人": pl.Decimal(38, 0)})
    told = {}
    for coded_from in (3, 4):
        monkeypatch.setattr(columns_module, "CODED_FROM", coded_from)
        run = open_run(packs, ["demo/a"], as_of=AS_OF)
        policy = run.parts[0].columns
        assert policy is not None
        with monkeypatch.context() as patched:
            patched.setattr(CodedPolicy, "decide", lambda *_: pytest.fail("by codes"))
            with pytest.raises(pytest.fail.Exception) if coded_from == 3 else nullcontext():
                run.decide(frame)
        told[coded_from] = run.decide(frame)
    assert told[3].equals(told[4])
    assert told[3].column("demo/a:outcome").to_pylist() == ["ELIGIBLE", "UNDETERMINED", "INELIGIBLE"]


@pytest.mark.parametrize("lacks", [False, True])
def test_a_status_may_be_a_number_or_the_empty_text(tmp_path: Path, *, lacks: bool) -> None:
    table = '| F | 限制 | 类型 | **级: {}** |\n|---|---|---|---|\n| 1 | true | - | {} |\n| 2 | - | "企业" | {} |\n| 否则 | - | - | {} |\n'
    frame = pl.DataFrame({"类型": ["企业", "高校"], "限制": pl.Series([None if lacks else False] * 2, dtype=pl.Boolean)})
    for place, (type_, outputs) in enumerate({"number": ("1.5", "20", "3.25"), "string": ('""', '"甲"', '"乙"')}.items()):
        body = table.format(type_, *outputs)
        packs = packs_with(tmp_path / str(place), body, gives="status", result="级", eligible="")
        run = open_run(packs, ["demo/a"], as_of=AS_OF)
        rows = run.decide(frame).to_pylist()
        for row, said in enumerate(rows):
            cells = cells_of(run.layouts[0], row_facts(frame.columns, frame.row(row)))
            assert {cell: said[f"demo/a:{cell}"] for cell in cells} == cells
        assert run.interpreted == 0


def test_dictionaries_hold_the_words_that_occur_in_the_order_of_the_policy(packs: Packs, registry: Registry) -> None:
    columns = policy_columns(packs.model_of("national/sme-size", AS_OF))
    batch = columns.batch(next(columns.settle(registry.frame)))
    assert batch["result"].dictionary.to_pylist() == ["中型", "小型", "微型"]
    numbers = batch["rules:national/sme-size#企业规模"].dictionary.to_pylist()
    assert numbers == sorted(numbers, key=int)


@pytest.mark.parametrize("mode", ["down", "up", "half_up", "half_even"])
@pytest.mark.parametrize("scale", [0, 1, 2])
@pytest.mark.parametrize("form", [Form(Kind.NUMBER, 4), Form(Kind.VALUE)])
def test_amounts_are_rounded_to_fen_as_assess_rounds_them(mode: str, scale: int, form: Form) -> None:
    amounts = [Decimal(number).scaleb(-4) for number in (*range(-20_000, 20_000, 1_250), -50, 50, 49, 51, 150, 0, 99_999_999)]
    words = Vocabulary()
    found = fen_of(column_of(amounts, form, words), np.ones(len(amounts), np.bool_), Rounding(scale, mode), words)
    assert found.tolist() == [judge_fen_of(amount, Rounding(scale, mode)) for amount in amounts]


def test_what_falls_back_in_the_packs_is_the_reading_of_industry_codes(packs: Packs) -> None:
    found = {(item.decision, item.text[:7]) for policy in POLICIES for item in policy_columns(packs.model_of(policy, AS_OF)).plan.fallbacks}
    assert found == {("行业大类", "matches"), ("行业大类", "substri"), ("行业中类", "matches"), ("行业中类", "substri")}
