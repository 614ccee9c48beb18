"""起案と承認: what one person drafted for a permit or a disaster case, and what another decided."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sekisho.barrier.gate import Gate
from sekisho.barrier.gates import DraftRow
from sekisho.barrier.gateway import Page
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.collecting import collect
from sekisho.surfaces.kit.downloads import FORMS, FileColumn, csv_answer
from sekisho.surfaces.kit.fields import OneOf
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, badge, link, listed_table
from sekisho.surfaces.kit.wording import purpose_word, reader_word

DRAFTS = Text("起案と承認", "Drafts and approvals")
KINDS = {"permit": Text("利用権限", "permit"), "case": Text("災害案件", "disaster case")}
STATES = {
    "drafted": Text("承認待ち", "waiting"),
    "approved": Text("承認済み", "approved"),
    "rejected": Text("差戻し", "rejected"),
    "withdrawn": Text("取下げ", "withdrawn"),
}
_TONES = {"drafted": "warn", "approved": "good", "rejected": "bad"}
Decisions = Callable[[DraftRow], Sequence[tuple[Text, str]]]


def draft_state(row: DraftRow) -> Any:
    """Where the draft stands."""
    return badge(STATES.get(row.state, row.state), tone=_TONES.get(row.state, "plain"))


def what(row: DraftRow) -> Any:
    """For whom and what for, or which case."""
    if row.kind == "case":
        return f"{row.case_no} {row.title}"
    purpose = purpose_word(row.audience or "", row.purpose)
    return Text(f"{row.person}: {purpose}", f"{row.person}: {purpose}")


COLUMNS: tuple[Column[DraftRow], ...] = (
    Column(
        Text("起案番号", "Draft"),
        lambda row: link(reverse("draft", args=[row.draft_no]), row.draft_no),
        row_header=True,
    ),
    Column(Text("種類", "Kind"), lambda row: KINDS.get(row.kind, row.kind)),
    Column(Text("内容", "What"), what, nowrap=False),
    Column(Text("状態", "State"), draft_state),
    Column(Text("起案者", "Drafted by"), lambda row: row.drafted_by),
    Column(Text("起案日時", "Drafted"), lambda row: row.drafted_at, sort="drafted"),
    Column(Text("判断した人", "Decided by"), lambda row: row.decided_by),
    Column(Text("判断日時", "Decided"), lambda row: row.decided_at),
    Column(Text("理由", "Reason"), lambda row: row.reason, nowrap=False),
)
FILE_COLUMNS: tuple[FileColumn[DraftRow], ...] = tuple(
    FileColumn(name, text, attrgetter(name))
    for name, text in (
        ("draft_no", Text("起案番号", "Draft")), ("kind", Text("種類", "Kind")), ("person", Text("利用者", "Person")),
        ("audience", Text("区分", "Audience")), ("company", Text("所属", "Company")), ("purpose", Text("利用目的", "Purpose")),
        ("start", Text("開始日", "Start")), ("end", Text("終了日(翌日)", "End (exclusive)")), ("case_no", Text("案件番号", "Case")),
        ("title", Text("案件名", "Title")), ("hours", Text("時間", "Hours")), ("reason", Text("理由", "Reason")),
        ("drafted_by", Text("起案者", "Drafted by")), ("drafted_at", Text("起案日時", "Drafted")), ("state", Text("状態", "State")),
        ("decided_by", Text("判断した人", "Decided by")), ("decided_at", Text("判断日時", "Decided")), ("note", Text("差戻しの理由", "Why rejected")),
    )
)  # fmt: skip


class DraftFilter(forms.Form):
    """The list's filters."""

    state = OneOf(Text("状態", "State"), STATES.items())
    kind = OneOf(Text("種類", "Kind"), KINDS.items())

    def params(self) -> dict[str, Any]:
        """The gate's parameters."""
        return {name: value for name, value in self.cleaned_data.items() if value}


@require_safe
def drafts(
    request: HttpRequest, gate: Gate[DraftRow], *, links: Sequence[tuple[Text, str]] = ()
) -> HttpResponse:
    """Newest first; the state is in the address."""
    form = DraftFilter(request.GET)
    shown = None
    if form.is_valid():
        page = listed(request, gate, sort="drafted", descending=True, filters=form.params())
        empty = Text(
            "この条件の起案はありません。状態を「すべて」にしてください。", "None. Choose “all” states."
        )
        shown = listed_table(DRAFTS, COLUMNS, page, empty=empty)
    query = request.GET.copy()
    query.pop("after", None)
    return show(
        request,
        "oversight/drafts.html",
        title=DRAFTS,
        crumbs=[HOME],
        form=form,
        table=shown,
        links=[(text, reverse(name)) for text, name in links],
        download_title=Text("この条件の起案をファイルにする", "These drafts as a file"),
        download_url=f"{reverse('drafts_file')}?{query.urlencode()}",
        download_forms=FORMS,
        status=200 if shown else 422,
    )


@require_safe
def drafts_file(request: HttpRequest, gate: Gate[DraftRow]) -> HttpResponse:
    """The same as a file."""
    form = DraftFilter(request.GET)
    given = form.params() if form.is_valid() else {}
    return csv_answer(
        request, "drafts", FILE_COLUMNS, collect(request, gate, "drafted", descending=True, **given)
    )


def one_draft(request: HttpRequest, gate: Gate[DraftRow], draft_no: int) -> DraftRow:
    """The draft of that number, or 404."""
    row = next(iter(asking.page(request, gate, Page("drafted", size=1), draft_no=draft_no).rows), None)
    if row is None:
        raise Http404
    return row


def facts(row: DraftRow) -> list[tuple[Text | str, Any]]:
    """What the draft would give, in words."""
    common: list[tuple[Text | str, Any]] = [(Text("種類", "Kind"), KINDS.get(row.kind, row.kind))]
    if row.kind == "case":
        common += [
            (Text("案件番号", "Case"), row.case_no), (Text("案件名", "Title"), row.title),
            (Text("時間", "Hours"), Text(f"承認から {row.hours} 時間", f"{row.hours} hours from the approval")),
        ]  # fmt: skip
    else:
        last = (
            badge(Text("定めなし", "open"))
            if row.end is None or row.start is None
            else row.end - timedelta(days=1)
        )
        common += [
            (Text("利用者", "Person"), row.person), (Text("区分", "Audience"), reader_word(row.audience or "")),
            (Text("利用目的", "Purpose"), purpose_word(row.audience or "", row.purpose)), (Text("所属", "Company"), row.company),
            (Text("開始日", "Start"), row.start), (Text("最終日", "Last day"), last), (Text("案件番号", "Case"), row.case_no),
        ]  # fmt: skip
    return [*common, (Text("理由", "Reason"), row.reason), (Text("起案者", "Drafted by"), row.drafted_by)]


def draft_crumbs() -> list[Crumb]:
    """The way to one draft."""
    return [HOME, Crumb(DRAFTS, reverse("drafts"))]


def draft(
    request: HttpRequest,
    draft_no: int,
    gate: Gate[DraftRow],
    *,
    decisions: Decisions = lambda _: (),
    mine: str = "",
) -> HttpResponse:
    """One draft with its history; `decisions` are what may be done with it, `mine` the person who is looking."""
    row = one_draft(request, gate, draft_no)
    return show(
        request,
        "oversight/draft.html",
        title=Text(f"起案 {draft_no}", f"Draft {draft_no}"),
        crumbs=draft_crumbs(),
        row=row,
        state=draft_state(row),
        entries=facts(row),
        decisions=list(decisions(row)),
        mine=row.state == "drafted" and mine == row.drafted_by,
        serves_me=row.state == "drafted" and bool(mine) and mine == row.person,
    )
