"""What `site.toml` may say, how a new one is written, and what is wrong with one that somebody edited: everything at once, line by line."""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhida_server.run.said import SiteError

SITE_TOML = """# 站点设置，改后重新启动生效。 What this site says of itself; read at each start.

# 页面上的名字 / the name on the pages
name = "{name}"

# 浏览器里写的主机名；反向代理后面要写上域名 / host names as written in a browser
hosts = ["127.0.0.1", "localhost"]

# 反向代理后面的来源，例 / origins behind a proxy, such as: ["https://zhida.example.gov.cn"]
origins = []

# 只经 https 访问（在反向代理后面）。本机试用可改为 false / reached by https only, behind a reverse proxy
is_behind_https = {is_behind_https}

# 站点前面有几层反向代理；登录失败按来访地址限制，地址由它们写明 / how many proxies stand before the site and name the visitor's address
# proxies = 1

# 工作人员必须用第二因素登录 / staff must log in with a second factor
requires_second_factor = {requires_second_factor}

# 演示站：数据是合成的，页面上写明 / a demonstration on synthetic data, and says so
is_demo = {is_demo}

# 每天几点自动评估（北京时间）；写 "" 则不自动评估 / when the nightly run starts; "" for never
nightly = "{nightly}"

# 公示几个工作日，开公示的人不写明时 / working days of a notice where whoever opens it does not say
# notice_working_days = 5

# 一个事务里发放多少笔 / grants of one transaction
# grant_chunk = 500
"""
"""A new `site.toml`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a setting may be."""

    is_one: Callable[[Any], bool]
    """Whether a value is one."""
    zh: str
    """What it has to be."""
    en: str
    """The same in English."""


def _whole(least: int, most: int) -> Kind:
    def is_one(value: Any) -> bool:  # noqa: ANN401 - whatever the file says
        return type(value) is int and least <= value <= most

    return Kind(is_one, f"{least} 到 {most} 的整数", f"a whole number from {least} to {most}")


def _listed(pattern: str, zh: str, en: str) -> Kind:
    def is_one(value: Any) -> bool:  # noqa: ANN401 - whatever the file says
        return isinstance(value, list) and all(isinstance(each, str) and re.fullmatch(pattern, each) for each in value)

    return Kind(is_one, zh, en)


_SWITCH = Kind(lambda value: isinstance(value, bool), "true 或 false", "true or false")
KINDS = {
    "name": Kind(lambda value: isinstance(value, str) and bool(value.strip()), "带引号的名字", "a name in quotes"),
    "hosts": _listed(r"[^\s/]+", '主机名的列表，如 ["zhida.example.gov.cn"]', 'a list of host names, such as ["zhida.example.gov.cn"]'),
    "origins": _listed(
        r"https?://[^\s/]+",
        '来源的列表，如 ["https://zhida.example.gov.cn"]',
        'a list of origins, such as ["https://zhida.example.gov.cn"]',
    ),
    "is_behind_https": _SWITCH,
    "proxies": _whole(0, 9),
    "requires_second_factor": _SWITCH,
    "is_demo": _SWITCH,
    "nightly": Kind(
        lambda value: isinstance(value, str) and bool(re.fullmatch(r"|([01]?\d|2[0-3]):[0-5]\d", value)),
        '带引号的时刻，如 "01:30"，或 ""',
        'a time in quotes, such as "01:30", or ""',
    ),
    "notice_working_days": _whole(1, 60),
    "grant_chunk": _whole(1, 10_000),
}
"""By name, what each setting may be."""


def read_options(path: Path) -> dict[str, Any]:
    """Return what a `site.toml` says.

    Args:
        path: The file.

    Raises:
        SiteError: it cannot be read, or says what no site understands; everything that is wrong is told at once.
    """
    try:
        text = path.read_text(encoding="utf-8")
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SiteError(f"{path} 写得不对：{error}；请改正后再试", f"{path} is not well formed: {error}") from error
    except OSError as error:
        raise SiteError(f"{path} 读不出来：{error.strerror}", f"{path} cannot be read: {error.strerror}") from error
    wrong = [(_line_of(name, text), *words) for name, value in said.items() for words in _faults(name, value)]
    if wrong:
        raise SiteError(
            "\n".join(f"{path}:{line}: {zh}" for line, zh, _ in wrong), "\n".join(f"{path}:{line}: {en}" for line, _, en in wrong)
        )
    return said


def _faults(name: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - whatever the file says
    """Yield what is wrong with a setting, in both languages."""
    kind = KINDS.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, KINDS, 1)
        zh, en = (
            (f"是不是“{near[0]}”", f"do you mean '{near[0]}'")
            if near
            else (f"可写的有：{'、'.join(KINDS)}", f"there are: {', '.join(KINDS)}")
        )
        yield f"没有“{name}”这一项：{zh}", f"there is no setting '{name}': {en}"
    elif not kind.is_one(value):
        yield f"“{name}”要写成{kind.zh}", f"'{name}' has to be {kind.en}"


def _line_of(name: str, text: str) -> int:
    """Return the line on which a setting stands."""
    found = re.search(rf"(?m)^[ \t]*\[*[ \t]*[\"']?{re.escape(name)}\b", text)
    return text.count("\n", 0, found.start()) + 1 if found else 1
