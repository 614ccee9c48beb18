"""利用権限 and 災害案件: who may ask for what, on which days, by whose decision."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sekisho.barrier.audiences import AUDIENCES
from sekisho.barrier.gate import Gate
from sekisho.barrier.gates import CaseRow, PermitRow
from sekisho.barrier.gateway import Page
from sekisho.ledger.gates import PassageRow
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.collecting import collect
from sekisho.surfaces.kit.downloads import FORMS, FileColumn, csv_answer
from sekisho.surfaces.kit.fields import DayField, OneOf, WordField
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.oversight.passages import COLUMNS as PASSAGE_COLUMNS
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, badge, link, listed_table, table
from sekisho.surfaces.kit.wording import purpose_word, reader_word

PERMITS, CASES = Text("利用権限", "Permits"), Text("災害案件", "Disaster cases")


def permit_state(row: PermitRow) -> Any:
    """有効, before its days, after them, or ended at once."""
    today = timezone.localdate()
    if row.ended_at is not None:
        return badge(Text("終了", "ended"))
    if row.start > today:
        return badge(Text("開始前", "not yet"), tone="warn")
    if row.end is not None and row.end <= today:
        return badge(Text("期間終了", "over"))
    return badge(Text("有効", "valid"), tone="good")


def drafted_by(row: PermitRow) -> Any:
    """Who drafted it, with the way to the draft; or that the installation gave it, without one."""
    if row.draft_no is None:
        return badge(Text("初期設定", "installation"))
    return link(reverse("draft", args=[row.draft_no]), row.drafted_by)


def _last_day(row: PermitRow) -> Any:
    return badge(Text("定めなし", "open")) if row.end is None else row.end - timedelta(days=1)


COLUMNS: tuple[Column[PermitRow], ...] = (
    Column(Text("利用者", "Person"), lambda row: row.person, sort="person", row_header=True),
    Column(Text("区分", "Audience"), lambda row: reader_word(row.audience)),
    Column(Text("所属", "Company"), lambda row: row.company),
    Column(Text("利用目的", "Purpose"), lambda row: purpose_word(row.audience, row.purpose)),
    Column(Text("案件番号", "Case"), lambda row: row.case_no),
    Column(Text("開始日", "Start"), lambda row: row.start),
    Column(Text("最終日", "Last day"), _last_day),
    Column(Text("状態", "State"), permit_state),
    Column(Text("起案者", "Drafted by"), lambda row: drafted_by(row)),
    Column(Text("承認者", "Approved by"), lambda row: row.granted_by),
    Column(Text("付与日時", "Granted"), lambda row: row.granted_at, sort="granted"),
    Column(Text("理由", "Reason"), lambda row: row.reason or None, nowrap=False),
    Column(Text("終了", "Ended by"), lambda row: row.ended_by),
)
FILE_COLUMNS: tuple[FileColumn[PermitRow], ...] = tuple(
    FileColumn(name, text, attrgetter(name))
    for name, text in (
        ("permit_no", Text("権限番号", "Permit")), ("person", Text("利用者", "Person")), ("audience", Text("区分", "Audience")),
        ("company", Text("所属", "Company")), ("purpose", Text("利用目的", "Purpose")), ("start", Text("開始日", "Start")),
        ("end", Text("終了日(翌日)", "End (exclusive)")), ("case_no", Text("案件番号", "Case")), ("reason", Text("理由", "Reason")),
        ("draft_no", Text("起案番号", "Draft")), ("drafted_by", Text("起案者", "Drafted by")),
        ("granted_by", Text("承認した人", "Approved by")), ("granted_at", Text("付与日時", "Granted")),
        ("ended_by", Text("終了した人", "Ended by")), ("ended_at", Text("終了日時", "Ended")), ("end_reason", Text("終了の理由", "Why ended")),
    )
)  # fmt: skip


class PermitFilter(forms.Form):
    """The list's filters."""

    person = WordField(Text("利用者", "Person"), required=False, longest=64)
    of_audience = OneOf(Text("区分", "Audience"), [(one.code, Text(one.ja, one.en)) for one in AUDIENCES])
    on = DayField(Text("この日に有効", "Valid on"))

    def params(self) -> dict[str, Any]:
        """The gate's parameters."""
        return {name: value for name, value in self.cleaned_data.items() if value}


@require_safe
def permits(
    request: HttpRequest,
    gate: Gate[PermitRow],
    *,
    more: Sequence[Column[PermitRow]] = (),
    links: Sequence[tuple[Text, str]] = (),
) -> HttpResponse:
    """The list; `more` columns and named `links` are what a surface adds that may also change permits."""
    form = PermitFilter(request.GET)
    shown = None
    if form.is_valid():
        page = listed(request, gate, sort="person", filters=form.params())
        shown = listed_table(
            PERMITS,
            (*COLUMNS, *more),
            page,
            empty=Text("この条件の権限はありません。条件を減らしてください。", "None. Use fewer filters."),
        )
    query = request.GET.copy()
    query.pop("after", None)
    return show(
        request,
        "oversight/permits.html",
        title=PERMITS,
        crumbs=[HOME],
        form=form,
        table=shown,
        links=[(text, reverse(name)) for text, name in links],
        download_title=Text("この条件の権限をファイルにする", "These permits as a file"),
        download_url=f"{reverse('permits_file')}?{query.urlencode()}",
        download_forms=FORMS,
        status=200 if shown else 422,
    )


@require_safe
def permits_file(request: HttpRequest, gate: Gate[PermitRow]) -> HttpResponse:
    """The same as a file."""
    form = PermitFilter(request.GET)
    given = form.params() if form.is_valid() else {}
    return csv_answer(request, "permits", FILE_COLUMNS, collect(request, gate, "person", **given))


def is_running(case: CaseRow, now: datetime) -> bool:
    """Whether the case gives access now."""
    return case.start <= now < case.end


def case_state(case: CaseRow) -> Any:
    """継続中, 審査待ち or 審査済み."""
    if is_running(case, timezone.now()):
        return badge(Text("継続中", "running"), tone="warn")
    return (
        badge(Text("審査済み", "reviewed"), tone="good")
        if case.reviewed_at
        else badge(Text("審査待ち", "waiting for review"), tone="bad")
    )


def case_columns(more: Sequence[Column[CaseRow]] = ()) -> tuple[Column[CaseRow], ...]:
    """The columns of the list of cases."""
    return (
        Column(
            Text("案件番号", "Case"),
            lambda row: link(reverse("case", args=[row.case_no]), row.case_no),
            row_header=True,
        ),
        Column(Text("案件名", "Title"), lambda row: row.title, nowrap=False),
        Column(Text("状態", "State"), case_state),
        Column(Text("起案者", "Drafted by"), lambda row: row.opened_by),
        Column(
            Text("承認者", "Approved by"),
            lambda row: row.approved_by or badge(Text("初期設定", "installation")),
        ),
        Column(Text("開始", "Start"), lambda row: row.start),
        Column(Text("終了", "End"), lambda row: row.end),
        Column(Text("審査した人", "Reviewed by"), lambda row: row.reviewed_by),
        Column(Text("所見", "Finding"), lambda row: row.review_note, nowrap=False),
        Column(
            Text("閲覧", "Passages"),
            lambda row: link(
                f"{reverse('passages')}?case_no={row.case_no}&since={timezone.localtime(row.start).date()}",
                Text("記録", "records"),
            ),
        ),
        *more,
    )


FILE_OF_CASES: tuple[FileColumn[CaseRow], ...] = tuple(
    FileColumn(name, text, attrgetter(name))
    for name, text in (
        ("case_no", Text("案件番号", "Case")), ("title", Text("案件名", "Title")), ("opened_by", Text("起案者", "Drafted by")),
        ("approved_by", Text("承認者", "Approved by")), ("start", Text("開始", "Start")), ("end", Text("終了", "End")), ("reviewed_by", Text("審査した人", "Reviewed by")),
        ("reviewed_at", Text("審査日時", "Reviewed")), ("review_note", Text("所見", "Finding")),
    )
)  # fmt: skip


@require_safe
def cases(
    request: HttpRequest,
    gate: Gate[CaseRow],
    *,
    more: Sequence[Column[CaseRow]] = (),
    links: Sequence[tuple[Text, str]] = (),
) -> HttpResponse:
    """Running cases, those waiting for review, and those reviewed."""
    rows, now = asking.read(request, gate), timezone.now()
    waiting: Callable[[CaseRow], bool] = lambda row: not is_running(row, now) and row.reviewed_at is None  # noqa: E731
    parts = (
        ("running", Text("継続中の案件", "Running"), [row for row in rows if is_running(row, now)]),
        (
            "waiting",
            Text("終わって審査を待つ案件", "Ended, waiting for review"),
            [row for row in rows if waiting(row)],
        ),
        (
            "reviewed",
            Text("審査済みの案件", "Reviewed"),
            [row for row in rows if not is_running(row, now) and not waiting(row)],
        ),
    )
    none = Text("ありません。", "None.")
    return show(
        request,
        "oversight/cases.html",
        title=CASES,
        crumbs=[HOME],
        tables=[
            (name, table(caption, case_columns(more), found, empty=none)) for name, caption, found in parts
        ],
        links=[(text, reverse(name)) for text, name in links],
        download_title=Text("案件の一覧をファイルにする", "The cases as a file"),
        download_url=reverse("cases_file"),
        download_forms=FORMS,
    )


@require_safe
def cases_file(request: HttpRequest, gate: Gate[CaseRow]) -> HttpResponse:
    """The same as a file."""
    return csv_answer(request, "cases", FILE_OF_CASES, asking.read(request, gate))


@require_safe
def case(
    request: HttpRequest,
    case_no: str,
    gate: Gate[CaseRow],
    permits: Gate[PermitRow],
    passages: Gate[PassageRow],
    *,
    links: Callable[[CaseRow], Sequence[tuple[Text, str]]] = lambda _: (),
) -> HttpResponse:
    """One case after the fact: who opened it, who was let in, what they read, and what the review said."""
    row = next((row for row in asking.read(request, gate) if row.case_no == case_no), None)
    if row is None:
        raise Http404
    since = f"{reverse('passages')}?case_no={case_no}&since={timezone.localtime(row.start).date()}"
    let_in = asking.page(request, permits, Page("granted", size=200), case_no=case_no).rows
    read = asking.page(
        request, passages, Page("at", descending=True, size=50), case_no=case_no, since=row.start
    ).rows
    none = Text("ありません。", "None.")
    return show(
        request,
        "oversight/case.html",
        title=Text(f"災害案件 {case_no}", f"Case {case_no}"),
        crumbs=[HOME, Crumb(CASES, reverse("cases"))],
        entries=_case_facts(row),
        links=list(links(row)),
        tables=[
            ("permits", table(Text("この案件の権限", "Permits for this case"), COLUMNS, let_in, empty=none)),
            (
                "passages",
                table(
                    Text("この案件の最近の閲覧", "Newest passages of this case"),
                    PASSAGE_COLUMNS,
                    read,
                    empty=none,
                ),
            ),
        ],
        passages=since,
    )


def _case_facts(row: CaseRow) -> list[tuple[Text, Any]]:
    approved: Any = row.approved_by or badge(Text("初期設定", "installation"))
    return [
        (Text("案件名", "Title"), row.title), (Text("状態", "State"), case_state(row)), (Text("起案者", "Drafted by"), row.opened_by),
        (Text("承認者", "Approved by"), approved), (Text("開始", "Start"), row.start), (Text("終了", "End"), row.end),
        (Text("審査した人", "Reviewed by"), row.reviewed_by), (Text("審査日時", "Reviewed"), row.reviewed_at),
        (Text("所見", "Finding"), row.review_note),
    ]  # fmt: skip
