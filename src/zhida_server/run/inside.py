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
from zhida_server.database import is_doubled  # noqa: E402
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


def main() -> int:
    """Do an act and print what came of it."""
    try:
        answer = ACTS[sys.argv[1]](**json.load(sys.stdin))
    except Refused as error:
        print(json.dumps({"refused": {"code": error.code, "zh": error.zh, "en": error.en}}, ensure_ascii=False))
        return 1
    except DiagnosticsError as error:
        told = {language: "\n".join(each.render(language) for each in error.diagnostics) for language in ("zh", "en")}
        print(json.dumps({"refused": {"code": "diagnostics", **told}}, ensure_ascii=False))
        return 1
    except IntegrityError as error:
        if not is_doubled(error):
            raise
        told = {
            "zh": "有人刚刚办理了同一件事：请看看当前的状态，再决定要不要重办",
            "en": "somebody has just done the same: look before you do it again",
        }
        print(json.dumps({"refused": {"code": "doubled", **told}}, ensure_ascii=False))
        return 1
    except OSError as error:
        reason = " ".join(str(part) for part in (error.strerror or error, error.filename) if part)
        told = {"zh": f"操作系统拒绝了：{reason}", "en": f"the operating system refused: {reason}"}
        print(json.dumps({"refused": {"code": "operating-system", **told}}, ensure_ascii=False))
        return 1
    print(json.dumps(answer, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
