"""Acts done inside a site: `python -m zhida_server.run.inside ACT`, with its arguments as JSON on standard input.

The last line of standard output is what came of it, as JSON: `{"refused": {"zh": …, "en": …}}` with exit code 1 where it was refused.
Progress goes to standard error. `zhida_server.run.place` starts it.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import django

django.setup()

from django.db import IntegrityError  # noqa: E402 - the framework is set up first

from zhida.errors import DiagnosticsError  # noqa: E402
from zhida_server.database import is_away, is_doubled, is_without_room  # noqa: E402
from zhida_server.people.data import Refused  # noqa: E402
from zhida_server.run import demo, filling, keeping  # noqa: E402

ACTS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "prepare": keeping.prepare,
    "state": keeping.state,
    "verify": keeping.verify,
    "dump": keeping.dump,
    "undump": keeping.undump,
    "discard": keeping.discard,
    "export": keeping.export,
    "staff": filling.staff,
    "representative": filling.representative,
    "people": filling.everybody,
    "import": filling.import_files,
    "packs": filling.packs,
    "run": filling.run,
    "demo": demo.fill,
}
"""Each act by its name; its arguments and its answer are what JSON can hold."""


def refusal_of(error: Exception) -> tuple[str, str, str] | None:
    """Return what an error says to whoever asked for an act: a code, and why in both languages; None where it is a fault of ours."""
    if isinstance(error, Refused):
        return error.code, error.zh, error.en
    if isinstance(error, DiagnosticsError):
        zh, en = ("\n".join(each.render(language) for each in error.diagnostics) for language in ("zh", "en"))
        return "diagnostics", zh, en
    if isinstance(error, IntegrityError) and is_doubled(error):
        zh, en = (
            "有人刚刚办理了同一件事：请看看当前的状态，再决定要不要重办",
            "somebody has just done the same: look before you do it again",
        )
        return "doubled", zh, en
    if is_away(error):
        reason = str(error).strip().partition("\n")[0]
        zh = f"数据库做不下去：{reason}。腾出磁盘空间，或等它恢复以后，再做一次"
        return "database", zh, f"the database cannot go on: {reason}; make room on the disk, or wait until it is back, and try again"
    if isinstance(error, OSError) or is_without_room(error):
        place = error.filename if isinstance(error, OSError) else ""
        reason = " ".join(str(part) for part in (getattr(error, "strerror", "") or error, place) if part)
        return "operating-system", f"操作系统拒绝了：{reason}", f"the operating system refused: {reason}"
    return None


def main() -> int:
    """Do an act and print what came of it."""
    try:
        answer = ACTS[sys.argv[1]](**json.load(sys.stdin))
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        print(json.dumps({"refused": dict(zip(("code", "zh", "en"), refusal, strict=True))}, ensure_ascii=False))
        return 1
    print(json.dumps(answer, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
