"""The bank's files: the one that is written for a batch, and the one that comes back (docs/delivery.md has both, column by column).

Both are CSV. What is written is UTF-8 with a mark at its beginning, so that office programs show Chinese; what comes back may be GB 18030
as well. Amounts are yuan with two decimals, made of whole fen and read back into whole fen: no binary number comes near them.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from zhida_server.delivery.data import BatchLine, ReturnRefused
from zhida_server.ledger.data import yuan

WRITTEN = ("批次号", "序号", "支付编号", "企业代码", "户名", "开户银行", "账号", "金额（元）", "用途")
"""The columns of a bank file."""

READ = ("批次号", "支付编号", "金额（元）", "结果", "原因")
"""The columns that a return file must have, in any order; others are left alone."""

PAID, FAILED, OPEN = "paid", "failed", "open"
"""What a line of a return file says."""

RESULTS: Mapping[str, str] = {
    "成功": PAID,
    "已支付": PAID,
    "paid": PAID,
    "失败": FAILED,
    "退回": FAILED,
    "failed": FAILED,
    "处理中": OPEN,
    "pending": OPEN,
}
"""The words of the column 结果."""

AMOUNT = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,2}))?")
"""Yuan, with two decimals at most."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that an office program would take for a formula."""

LIMIT_BYTES = 20 * 1024 * 1024
"""The largest return file that is read."""

REASON_LIMIT = 500
"""Characters of the bank's reason that are kept."""

SHOWN_FAULTS = 200
"""Faults of one file that are listed; a file of another kind has one a line."""


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """One line of a return file that fits its batch."""

    order_id: UUID
    """The order."""
    result: str
    """`paid`, `failed` or `open`."""
    reason: str
    """What the bank says."""
    number: int
    """Its line in the file."""


def write(number: str, lines: Sequence[BatchLine]) -> bytes:
    """Return the bank file of a batch; the same batch gives the same bytes.

    Args:
        number: The number of the batch.
        lines: Its lines, in order.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(WRITTEN)
    for line in lines:
        what = (line.order_id, line.code, line.account_name, line.bank, line.account_number, yuan(line.amount_fen), line.policy)
        writer.writerow([number, line.number, *(harmless(str(each)) for each in what)])
    return text.getvalue().encode("utf-8-sig")


def harmless(cell: str) -> str:
    """Return a cell that no office program takes for a formula.

    >>> harmless("=1+1"), harmless("杭州某某有限公司")
    ("'=1+1", '杭州某某有限公司')
    """
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def fen_of(text: str) -> int | None:
    """Return yuan as fen, exactly; None where it is no amount of money.

    >>> fen_of("1234.5"), fen_of("1,234"), fen_of("1.005")
    (123450, None, None)
    """
    match = AMOUNT.fullmatch(text.strip())
    return None if match is None else int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def read(content: bytes, number: str, lines: Mapping[UUID, BatchLine]) -> tuple[ReturnLine, ...]:
    """Read a return file and hold it against its batch.

    Args:
        content: The bytes of the file.
        number: The number of the batch.
        lines: The lines of the batch, by order.

    Raises:
        ReturnRefused: with every line that does not fit: another batch, an unknown order, another amount, an unknown result, an order
            told twice, or told otherwise by an earlier file.
    """
    rows = _rows(content)
    head = [cell.strip() for cell in rows[0]]
    if lacking := [name for name in READ if name not in head]:
        raise ReturnRefused([(f"第 1 行：缺少列 {'、'.join(lacking)}", f"line 1: columns {', '.join(lacking)} are lacking")])
    if twice := [name for name in READ if head.count(name) > 1]:
        raise ReturnRefused([(f"第 1 行：列 {'、'.join(twice)} 有两个", f"line 1: columns {', '.join(twice)} stand there twice")])
    places = {name: head.index(name) for name in READ}
    found: list[ReturnLine] = []
    faults: list[tuple[str, str]] = []
    told: dict[UUID, int] = {}
    for at, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        cells = {name: row[place].strip() if place < len(row) else "" for name, place in places.items()}
        line, wrong = _line(at, cells, number, lines)
        if line is not None and line.order_id in told:
            wrong.append((f"支付编号与第 {told[line.order_id]} 行重复", f"the same order as line {told[line.order_id]}"))
        faults += [(f"第 {at} 行：{zh}", f"line {at}: {en}") for zh, en in wrong]
        if line is not None:
            told[line.order_id] = at
            found.append(line)
    if not found and not faults:
        faults.append(("没有一行数据", "there is not one line of data"))
    if faults:
        raise ReturnRefused(faults[:SHOWN_FAULTS])
    return tuple(found)


def _line(
    at: int, cells: Mapping[str, str], number: str, lines: Mapping[UUID, BatchLine]
) -> tuple[ReturnLine | None, list[tuple[str, str]]]:
    """Return a line, or what is wrong with it."""
    wrong: list[tuple[str, str]] = []
    if cells["批次号"] != number:
        wrong.append((f"批次号是“{cells['批次号']}”，不是 {number}", f"batch '{cells['批次号']}' instead of {number}"))
    meant = lines.get(order_id) if (order_id := _uuid(cells["支付编号"])) is not None else None
    if meant is None:
        wrong.append((f"支付编号“{cells['支付编号']}”不在这个批次里", f"order '{cells['支付编号']}' is not in this batch"))
    elif fen_of(cells["金额（元）"]) != meant.amount_fen:
        zh = f"金额是“{cells['金额（元）']}”，批次里是 {yuan(meant.amount_fen)}"
        wrong.append((zh, f"amount '{cells['金额（元）']}' instead of {yuan(meant.amount_fen)}"))
    result = RESULTS.get(cells["结果"].lower())
    if result is None:
        wrong.append(
            (
                f"结果“{cells['结果']}”不认识，可以写 {'、'.join(RESULTS)}",
                f"result '{cells['结果']}' is unknown; it can be {', '.join(RESULTS)}",
            )
        )
    elif meant is not None and meant.outcome and result != meant.outcome:
        was_zh, was_en = ("成功", "paid") if meant.outcome == PAID else ("失败", "failed")
        wrong.append((f"结果是“{cells['结果']}”，以前的回盘说{was_zh}", f"result '{cells['结果']}', an earlier file says {was_en}"))
    if wrong or meant is None or result is None:
        return None, wrong
    return ReturnLine(meant.order_id, result, cells["原因"][:REASON_LIMIT].replace("\x00", ""), at), wrong


def _rows(content: bytes) -> list[list[str]]:
    """Return the cells of a CSV file in UTF-8 or GB 18030."""
    if len(content) > LIMIT_BYTES:
        raise ReturnRefused([(f"文件超过 {LIMIT_BYTES // 1024 // 1024} MB", f"the file is larger than {LIMIT_BYTES // 1024 // 1024} MB")])
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except csv.Error as error:
            raise ReturnRefused([(f"不是 CSV 文件（{error}）", f"this is no CSV file ({error})")]) from None
        if rows:
            return rows
        break
    raise ReturnRefused([("文件是空的，或者既不是 UTF-8 也不是 GB 18030 编码", "the file is empty, or neither UTF-8 nor GB 18030")])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
