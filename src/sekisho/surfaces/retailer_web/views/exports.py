"""Large files: asked for here, written by the worker, received by whoever asked."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from sekisho.barrier.gateway import Page
from sekisho.settings.exportable import EXPORTABLE, LONGEST, carried
from sekisho.settings.exports import KEPT
from sekisho.settings.secrets import export_key
from sekisho.surfaces.kit import asking, errands, wording
from sekisho.surfaces.kit.downloads import FORMS
from sekisho.surfaces.kit.errands import Errand
from sekisho.surfaces.kit.fields import DayField, OneOf
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text, language, say
from sekisho.surfaces.kit.tables import Column, Table, badge, link, table
from sekisho.surfaces.retailer_web.filters import ContractFilter, ReadingFilter
from sekisho.work import gates as work
from sekisho.work.gates import CommandRow, ExportRow
from sekisho.work.parts import PartOf, open_part

DOWNLOADS = Text("ダウンロード", "Downloads")
KINDS = {one.code: Text(one.ja, one.en) for one in EXPORTABLE.values()}
_STATES = {
    "queued": (Text("順番待ち", "queued"), "warn"), "running": (Text("作成中", "being made"), "warn"), "ready": (Text("作成済み", "ready"), "good"),
    "failed": (Text("作成できませんでした", "failed"), "bad"), "cancelled": (Text("取消", "cancelled"), "plain"),
    "expired": (Text("削除済み", "deleted"), "plain"),
}  # fmt: skip
_WORDS = {
    "on": Text("この日に有効", "Valid on"), "state": Text("契約の状態", "State of contracts"), "kind": Text("個人・法人・機器", "Kind"), "menu": Text("メニュー", "Menu"),
    "name": Text("名義", "Name"), "point": Text("供給地点", "Supply point"), "address": Text("住所", "Address"), "first": Text("この日から", "From"),
    "until": Text("この日の前まで", "Before"), "since": Text("この日時から", "From"), "reader": Text("閲覧者の区分", "Reader"),
}  # fmt: skip


def state_of(row: ExportRow) -> Any:
    """Where the file stands."""
    text, tone = _STATES.get(row.state, (row.state, "plain"))
    return badge(text, tone=tone)


def done_of(row: ExportRow) -> str:
    """`12,400/1,000,000 行`, or only what is done where the whole is not known."""
    whole = "" if row.total is None else f"/{max(row.total, row.row_count):,}"
    return say(f"{row.row_count:,}{whole} 行", f"{row.row_count:,}{whole} rows")


def _link(row: ExportRow) -> Any:
    if row.state != "ready":
        return None
    return link(reverse("export_file", args=[row.export_no]), Text("受け取る", "Receive"))


COLUMNS: tuple[Column[ExportRow], ...] = (
    Column(
        Text("ファイル", "File"),
        lambda row: link(reverse("export", args=[row.export_no]), KINDS.get(row.kind, row.kind)),
        row_header=True,
    ),
    Column(Text("頼んだ日時", "Asked for"), lambda row: row.asked_at),
    Column(Text("状態", "State"), state_of),
    Column(Text("進み", "Progress"), done_of, numeric=True),
    Column(Text("大きさ", "Size"), lambda row: f"{row.bytes / 1_048_576:,.1f}", numeric=True, unit="MiB"),
    Column(Text("保存期限", "Kept until"), lambda row: row.expires_at),
    Column(Text("受け取り", "Receive"), _link),
)


def own_exports(request: HttpRequest) -> Table:
    """The newest files that this person asked for."""
    rows = asking.page(request, work.EXPORTS, Page("asked", descending=True, size=20)).rows
    return table(
        Text("作成を頼んだファイル", "Files asked for"),
        COLUMNS,
        rows,
        empty=Text("頼んだファイルはありません。", "You have asked for none."),
        footnote=Text(
            f"頼んだ本人だけが受け取れます。作成から{KEPT.days}日で自動的に削除します。",
            f"Only the person who asked receives a file. It is deleted after {KEPT.days} days.",
        ),
    )


# --- asking


def _format(form: forms.Form) -> forms.Form:
    form.fields["form"] = OneOf(Text("形式", "Form"), list(FORMS), required=True)
    return form


def _period_form(data: Any) -> forms.Form:
    last = timezone.localdate() - timedelta(days=1)
    form = forms.Form(data, initial={"first": last - timedelta(days=30), "last": last})
    longest = Text(f"最長{LONGEST.days}日", f"at most {LONGEST.days} days")
    form.fields |= {
        "first": DayField(Text("この日から", "From"), required=True, help_text=longest),
        "last": DayField(Text("この日まで", "To"), required=True),
    }
    return _format(form)


def _filters(request: HttpRequest, kind: str) -> dict[str, Any]:
    """The filters in the address, as the list read them; wrong ones are dropped there already."""
    form = (ContractFilter if kind == "contracts" else ReadingFilter)(request.GET)
    return form.params() if form.is_valid() else {}


def _payload(request: HttpRequest, kind: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def make(values: dict[str, Any]) -> dict[str, Any]:
        params = (
            {"first": values["first"], "until": values["last"] + timedelta(days=1)}
            if kind == "half_hours"
            else _filters(request, kind)
        )
        return {"kind": kind, "form": values["form"], "params": carried(params), "language": language()}

    return make


@require_http_methods(["GET", "HEAD", "POST"])
def ask_export(request: HttpRequest, kind: str) -> HttpResponse:
    """作成を頼む: form, confirmation, progress."""
    if kind not in EXPORTABLE:
        raise Http404
    filters = {} if kind == "half_hours" else _filters(request, kind)
    errand = Errand(
        title=Text(f"ファイルの作成: {KINDS[kind].ja}", f"Have a file made: {KINDS[kind].en}"),
        gate=work.ASK_EXPORT,
        outcome_gate=work.COMMAND,
        form=_period_form if kind == "half_hours" else lambda data: _format(forms.Form(data)),
        payload=_payload(request, kind),
        lead=Text("件数の多いファイルは、順番に作成します。この画面を閉じても続きます。", "Large files are made one after another, also when you leave."),
        effect=Text(
            f"作成したファイルは、あなただけが受け取れます。{KEPT.days}日で削除します。読み出した地点は閲覧記録に残ります。",
            f"Only you can receive the file; it is deleted after {KEPT.days} days. What is read for it is on record.",
        ),
        button=Text("作成を頼む", "Have it made"),
        entries=_said(filters) or [(Text("条件", "Filters"), Text("期間で選ぶ", "by days") if kind == "half_hours" else Text("なし(すべて)", "none: all"))],
        crumbs=_crumbs(),
    )  # fmt: skip
    return errands.run(request, errand)


_CODES = {"state": wording.STATES, "kind": wording.KINDS}


def _said(params: dict[str, Any]) -> list[tuple[Text | str, Any]]:
    return [
        (_WORDS.get(name, name), _spoken(name, value)) for name, value in params.items() if name != "language"
    ]


def _spoken(name: str, value: Any) -> Any:
    if name in _CODES:
        return wording.word(_CODES[name], value)
    if name == "reader":
        return wording.reader_word(value)
    try:
        return date.fromisoformat(value) if name in ("on", "first", "until") else value
    except TypeError:
        return value


def _crumbs() -> list[Crumb]:
    return [Crumb(Text("概況", "Overview"), "/"), Crumb(DOWNLOADS, reverse("downloads"))]


@require_safe
def submission(request: HttpRequest, command_no: UUID) -> HttpResponse:
    """What became of a wish: the file's own page, once the worker has taken it."""
    row = next(iter(asking.read(request, work.COMMAND, command_no=str(command_no))), None)
    export_no = ((row.outcome if row else None) or {}).get("export_no")
    if row is not None and row.state == "done" and export_no:
        return redirect("export", UUID(export_no))
    return errands.submission(
        request,
        gate=work.COMMAND,
        command_no=str(command_no),
        kinds={gate.command: Text(gate.ja, gate.en) for gate in (work.ASK_EXPORT, work.DROP_EXPORT)},
        onward=_onward,
        crumbs=_crumbs(),
    )


def _onward(_: CommandRow) -> list[tuple[Text, str]]:
    return [(DOWNLOADS, reverse("downloads"))]


# --- progress and receiving


def _one(request: HttpRequest, export_no: UUID) -> ExportRow:
    row = next(
        iter(asking.page(request, work.EXPORTS, Page("asked", size=1), export_no=str(export_no)).rows), None
    )
    if row is None:
        raise Http404
    return row


@require_safe
def export(request: HttpRequest, export_no: UUID) -> HttpResponse:
    """One file: what was asked for, how far it is, the way to it."""
    row = _one(request, export_no)
    fault = row.outcome or {}
    forms_ = dict(FORMS)
    return show(
        request,
        "retailer_web/export.html",
        title=Text(f"ファイル: {KINDS[row.kind].ja}", f"File: {KINDS[row.kind].en}"),
        crumbs=_crumbs(),
        row=row,
        state=state_of(row),
        done=done_of(row),
        whole=None if row.total is None else max(row.total, row.row_count),
        form=next((text for form, text in forms_.items() if form == row.form), row.form),
        asked=_said(row.params),
        fault=say(str(fault.get("ja", "")), str(fault.get("en", ""))),
        waiting=row.state in ("queued", "running"),
        days=KEPT.days,
    )


@require_safe
def export_file(request: HttpRequest, export_no: UUID) -> HttpResponse | StreamingHttpResponse:
    """The file, piece by piece. Each piece comes through a gate, sealed, and is opened here."""
    row = _one(request, export_no)
    if row.state != "ready":
        raise Http404
    pieces = _pieces(request, row)
    first = next(pieces)  # what cannot be read or opened at all becomes a page that says so
    charset = "Shift_JIS" if row.form == "sjis" else "utf-8"
    response = StreamingHttpResponse(
        (piece for part in ((first,), pieces) for piece in part), content_type=f"text/csv; charset={charset}"
    )
    name = f"{row.kind.replace('_', '-')}-{timezone.localtime(row.asked_at):%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Length"] = str(row.bytes)  # a file cut short does not pass for a whole one
    return response


def _pieces(request: HttpRequest, row: ExportRow) -> Iterator[bytes]:
    who = asking.caller(request)
    secret = export_key(settings.HOME, who.audience)
    of = PartOf(export_no=str(row.export_no), company=who.company, person=who.person)
    for part_no in range(1, row.parts + 1):
        part = next(
            iter(asking.read(request, work.EXPORT_PART, export_no=str(row.export_no), part_no=part_no)), None
        )
        if part is None:
            raise Http404
        yield open_part(part.body, secret=secret, of=of, part_no=part_no)


@require_http_methods(["GET", "HEAD", "POST"])
def drop_export(request: HttpRequest, export_no: UUID) -> HttpResponse:
    """取消 of a file that is being made, 削除 of one that is ready."""
    row = _one(request, export_no)
    errand = Errand(
        title=Text("ファイルの取消・削除", "Cancel or delete the file"),
        gate=work.DROP_EXPORT,
        outcome_gate=work.COMMAND,
        form=forms.Form,
        payload=lambda _: {"export_no": str(export_no)},
        effect=Text(
            "作成をやめ、できた分を削除します。元に戻せません。",
            "What was written is deleted. It cannot be undone.",
        ),
        button=Text("削除する", "Delete"),
        danger=True,
        entries=[
            (Text("ファイル", "File"), KINDS[row.kind]),
            (Text("頼んだ日時", "Asked for"), row.asked_at),
        ],
        crumbs=[*_crumbs(), Crumb(KINDS[row.kind], reverse("export", args=[export_no]))],
    )
    return errands.run(request, errand)
