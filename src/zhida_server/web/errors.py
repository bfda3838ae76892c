"""Error pages: what happened, why, and what to do, in both languages; and what a refusal of a service is to a browser.

Only this module knows which status a domain error has.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from zhida_server.database import is_away, is_without_room
from zhida_server.people.data import Conflict, NotAllowed, NotFound, Refused

FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE = 403, 404, 409, 422
FAILED, AWAY, FULL = 500, 503, 507
AGAIN_SECONDS = "30"
"""After how long a database that is away is asked again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a page of a status says in each language."""

    title_zh: str
    """What happened."""
    title_en: str
    """What happened."""
    zh: str
    """Why, and what to do."""
    en: str
    """Why, and what to do."""


FAULTS: Mapping[int, Fault] = {
    400: Fault(
        "这次提交没有看懂",
        "This request could not be understood",
        "发送的内容不完整或格式不对。请返回上一页，重新填写后再提交。",
        "What was sent is incomplete or malformed. Please go back, fill the form in again and send it once more.",
    ),
    403: Fault(
        "没有权限打开这一页",
        "You may not open this page",
        "您当前的身份不能做这件事。如确需办理，请换用有权限的账号登录，或联系本单位管理员。",
        "Your role does not allow this. Log in with an account that may, or ask the administrator of your office.",
    ),
    404: Fault(
        "没有找到这一页",
        "There is no such page",
        "网址可能有误，或内容已经移走。可以从首页重新查找政策，或检查网址。",
        "The address may be wrong, or what was here has moved. Start again from the home page, or check the address.",
    ),
    405: Fault(
        "这个网址不支持这种操作",
        "This address does not support that",
        "请从页面上的按钮或链接进入，不要直接打开这个网址。",
        "Please use the buttons and links of the pages instead of opening this address directly.",
    ),
    409: Fault(
        "和已经办理的内容有冲突",
        "This conflicts with what was done before",
        "可能有人刚刚办理过同一事项。请刷新页面，看看当前的状态再决定。",
        "Somebody may just have done the same. Reload the page and look at the present state before you decide.",
    ),
    413: Fault(
        "文件太大",
        "The file is too large",
        "上传的文件超过上限。请拆分后分批上传，或请管理员在服务器上导入。",
        "The file is larger than the limit. Split it, or ask the administrator to import it on the server.",
    ),
    422: Fault(
        "这件事现在不能办",
        "This cannot be done as it stands",
        "提交的内容不符合要求。请按下面的说明修改后再试。",
        "What was sent does not meet what is required. Please change it as said below and try again.",
    ),
    429: Fault(
        "操作太频繁",
        "Too many requests",
        "短时间内请求过多，为安全起见暂时停止受理。请过几分钟再试；登录失败多次的，请向本单位管理员核实账号。",
        "There were too many requests in a short time. Please try again in a few minutes; after failed logins, ask your administrator.",
    ),
    500: Fault(
        "网站出了故障",
        "Something went wrong on our side",
        "不是您的操作造成的，已经记录下来。没有完成的办理不会生效，请稍后再试。",
        "It was not your doing, and it has been recorded. What was not finished has no effect; please try again later.",
    ),
    503: Fault(
        "数据库暂时不可用",
        "The database is away",
        "网站正在等待数据库恢复。没有完成的办理不会生效，请半分钟后重试；一直不恢复的，请联系系统管理员。",
        "The site waits for its database. What was not finished has no effect; try again in half a minute, or tell the administrator.",
    ),
    507: Fault(
        "服务器磁盘已满",
        "The server's disk is full",
        "这次的内容没有保存，也不会生效，以前办好的不受影响。请联系系统管理员腾出空间，然后重新提交。",
        "This was not kept and has no effect; what was done before stands. Ask the administrator to make room, and send it again.",
    ),
}
"""Per status."""


def error_page(request: HttpRequest, status: int, *, said: Refused | None = None) -> HttpResponse:
    """Return the page of a status; for a part of a page, only the part.

    Args:
        request: Asked in which language.
        status: One of `FAULTS`.
        said: What a service said, which is shown beneath.
    """
    part = bool(getattr(request, "htmx", False))
    known = {"fault": FAULTS[status], "status": status, "said_zh": said.zh if said else "", "said_en": said.en if said else ""}
    return render(request, "parts/fault.html" if part else "public/error.html", known, status=status)


def status_of(refused: Refused) -> int:
    """Return the status of a refusal: 403, 404, 409 or 422."""
    if isinstance(refused, NotAllowed):
        return FORBIDDEN
    if isinstance(refused, NotFound):
        return NOT_FOUND
    if isinstance(refused, Conflict):
        return CONFLICT
    return UNPROCESSABLE


def refusal_page(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Return the page of what a service refused."""
    return error_page(request, status_of(refused), said=refused)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - the framework's own face
    """Answer what could not be read, and what is too large."""
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - the framework's own face
    """Answer what is not allowed."""
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - the framework's own face
    """Answer an address that is none."""
    return error_page(request, 404)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - the library's own face
    """Answer who asks too often, also at the login page."""
    return error_page(request, 429)


def failed(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - the framework's own face
    """Answer our own fault, a full disk or a database that is away, with a page that needs nothing that may be broken: no frame."""
    error = sys.exception()
    status = FULL if is_without_room(error) else AWAY if is_away(error) else FAILED
    page = render_to_string("public/failed.html", {"fault": FAULTS[status], "status": status})
    return HttpResponse(page, status=status, headers={"Retry-After": AGAIN_SECONDS} if status == AWAY else None)


def refused_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - the framework's own face
    """Answer a form without its token: kept open too long, or sent from another site."""
    fault = Fault(
        "这张表单已经失效",
        "This form has expired",
        "页面可能打开太久，或浏览器没有保留 Cookie。请返回上一页，刷新后重新提交；没有完成的办理不会生效。",
        "The page may have been open too long, or the browser keeps no cookies. Go back, reload it and send it again; nothing was done.",
    )
    return render(request, "public/error.html", {"fault": fault, "status": FORBIDDEN}, status=FORBIDDEN)
