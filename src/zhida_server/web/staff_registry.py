"""The registry: files come in, their quality report is looked at before they are taken or refused; snapshots."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from zhida_server.people.data import Actor, Refused
from zhida_server.registry import service as registry
from zhida_server.registry.data import ImportState, UploadState
from zhida_server.web.guards import FORM, POST, led_to, page
from zhida_server.web.public import language
from zhida_server.web.staff_forms import date_of, downloaded, file_in, form_again, needed, once, said, text_in

MOST_FILES = 20
"""Files of one import, at most; more go in on the command line."""
KINDS = {
    "mapping": ("mapping.yaml", "text/plain; charset=utf-8"),
    "quality": ("quality.json", "application/json"),
    "set-aside": ("set-aside.csv", "text/csv; charset=utf-8"),
}
"""The kept files of an import: what they are called, and what they are."""


@page(act="registry.read")
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List imports and snapshots."""
    known = {
        "uploads": registry.uploads(actor),
        "imports": registry.imports(actor),
        "snapshots": registry.snapshots(actor, limit=20),
        "today": timezone.localdate(),
    }
    return render(request, "staff/registry.html", known)


@page(act="registry.import", methods=FORM)
def propose(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take files in and read them; the registry does not change."""
    if request.method == "GET":
        return render(request, "staff/import_propose.html")
    try:
        mapping = file_in(request, "mapping")
        sent = request.FILES.getlist("files")
        needed(sent, "没有选择数据文件", "no data file was chosen")
        too_many = f"一次最多 {MOST_FILES} 个数据文件，这次有 {len(sent)} 个：请合并，或在服务器上导入"
        needed(len(sent) <= MOST_FILES, too_many, f"{MOST_FILES} files at most, not {len(sent)}: join them, or import them on the server")
        files = [(str(each.name), each.read()) for each in sent]
        made = once(request, lambda: registry.order_import(actor, mapping, files))
    except Refused as refused:
        return form_again(request, "staff/import_propose.html", {}, refused)
    if made is None:
        return redirect("staff_registry")
    return redirect("staff_upload", made.id)


@page(act="registry.read")
def upload(request: HttpRequest, actor: Actor, upload: UUID) -> HttpResponse:
    """Show how far reading files is, and lead to the quality report when it is done."""
    found = registry.upload(actor, upload)
    if found.state is UploadState.DONE:
        said(
            request, "文件已读入。请看质量报告，再决定收下还是退回。", "The files were read. Look at the report, then take or refuse them."
        )
        return led_to(request, reverse("staff_import", args=[upload]))
    known = {
        "upload": found,
        "is_working": found.state in {UploadState.QUEUED, UploadState.READING},
        "fault_lines": (found.fault_en if language() == "en" else found.fault_zh).splitlines(),
    }
    return render(request, "staff/upload_progress.html" if request.htmx else "staff/upload.html", known)  # type: ignore[attr-defined]


@page(act="registry.read")
def import_(request: HttpRequest, actor: Actor, import_id: UUID) -> HttpResponse:
    """Show an import with its quality report."""
    found = registry.import_(actor, import_id)
    known = {"import": found, "is_open": found.state is ImportState.PROPOSED, "kinds": tuple(KINDS)}
    return render(request, "staff/import.html", known)


@page(act="registry.read")
def import_file(request: HttpRequest, actor: Actor, import_id: UUID, kind: str) -> HttpResponse:  # noqa: ARG001 - the face of a view
    """Hand out a kept file of an import."""
    path = registry.import_file(actor, import_id, kind)
    name, content_type = KINDS[kind]
    return downloaded(name, path.read_bytes(), content_type)


@page(act="registry.take", methods=FORM)
def take(request: HttpRequest, actor: Actor, import_id: UUID) -> HttpResponse:
    """Say what taking an import means, and take it."""
    if request.method == "GET":
        return render(request, "staff/import_take.html", {"import": registry.import_(actor, import_id)})
    made = once(request, lambda: registry.take_import(actor, import_id))
    if made is not None:
        said(request, f"已收下：登记册现在有 {made.rows:,} 家企业。", f"Taken: the registry has {made.rows:,} enterprises now.")
    return redirect("staff_import", import_id)


@page(act="registry.take", methods=POST)
def refuse(request: HttpRequest, actor: Actor, import_id: UUID) -> HttpResponse:
    """Refuse an import, with the reason."""
    if once(request, lambda: registry.refuse_import(actor, import_id, text_in(request, "reason"))) is not None:
        said(request, "已退回，登记册没有变。", "Refused; the registry is as it was.")
    return redirect("staff_import", import_id)


@page(act="registry.snapshot", methods=POST)
def snapshot(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take a snapshot of what the registry says on a day."""
    as_of = date_of(text_in(request, "as_of"))
    made = once(request, lambda: registry.take_snapshot(actor, as_of))
    if made is not None:
        said(request, f"快照已生成：{made.sha256}", f"The snapshot was taken: {made.sha256}")
    return redirect("staff_registry")
