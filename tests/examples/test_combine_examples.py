"""What `zhida combine` says of odd files and calls: the whole message, in both languages, as golden files.

Each file of tests/examples/combine/ is as tests/examples/commands.py says. There are the packs of tests/engine/combination_packs.py;
the enterprises are in enterprises.csv, which is E1 and E2 unless the file says otherwise.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.engine.combination_packs import packs_in
from tests.examples.commands import agree_commands

FOLDER = Path(__file__).parent / "combine"
CASES = sorted(path.name for path in FOLDER.glob("*.txt"))
ENTERPRISES = """代码,企业名称,合同额,研发费用,人数,高新,突出贡献,成立日期
E1,甲公司,1000.00,300.00,8,true,false,2020-01-01
E2,乙公司,5000.00,150.00,20,false,false,2020-01-01
"""


def prepare(folder: Path, _: Mapping[str, str]) -> None:
    packs_in(folder)
    (folder / "enterprises.csv").write_text(ENTERPRISES, encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    agree_commands(FOLDER / name, "combine", tmp_path, prepare, monkeypatch, capsys)
