"""Draws on one budget, to be run many at the same time: in threads, or as programs that begin when they are told to."""

import random

from django.db import connection

from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import Overdrawn, Reservation

BUDGET = "budget/2026/hangzhou/compute-voucher"
PROGRAM = """
import sys, django
django.setup()
from tests.server.ledger_draws import draw
print("ready", flush=True)
sys.stdin.readline()
print(*draw(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


def draw(name: str, count: int, largest_fen: int) -> tuple[int, int, int]:
    """Draw `count` times, and go on as long as anything is left; a draw that is refused is tried again as half as much.

    Returns:
        Fen that were granted, draws that were granted, draws that were refused.
    """
    lots = random.Random(name)  # noqa: S311 - nothing is secret
    fen = granted = refused = number = 0
    is_exhausted = False
    while number < count or not is_exhausted:
        number += 1
        amount = lots.randint(1, largest_fen)
        while amount:
            try:
                ledger.reserve_many([Reservation(f"{name}/{number}/{amount}", BUDGET, f"E{number % 50}", amount, "")])
            except Overdrawn as refusal:
                refused += 1
                is_exhausted = refusal.left_fen == 0
                amount //= 2
            else:
                fen, granted = fen + amount, granted + 1
                break
    connection.close()
    return fen, granted, refused
