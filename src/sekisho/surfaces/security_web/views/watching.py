"""The overview, and unusual reading."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sekisho.barrier import gates as barrier
from sekisho.barrier.gateway import Page
from sekisho.ledger import gates as ledger
from sekisho.ledger import state
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.downloads import FORMS, FileColumn, csv_answer
from sekisho.surfaces.kit.fields import DayField, midnight
from sekisho.surfaces.kit.oversight.bundles import log_alarm
from sekisho.surfaces.kit.oversight.certificates import holds_badge
from sekisho.surfaces.kit.oversight.passages import COLUMNS as PASSAGE_COLUMNS
from sekisho.surfaces.kit.oversight.permits import is_running
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, Table, badge, link, table
from sekisho.surfaces.kit.wording import purpose_word, reader_word
from sekisho.surfaces.security_web.unusual import TIMES_PEERS, Reader, Unfollowed, readers, unfollowed
from sekisho.surfaces.security_web.views.administration import SUBMISSION_COLUMNS
from sekisho.work import gates as work

DAYS, LONGEST, SHOWN = 7, 31, 50
Span = tuple[date, date]
"""First and last day, both meant whole."""


class SpanChoice(forms.Form):
    """The period to look at; at most a month, so that the figures stay those of one page."""

    since = DayField(Text("この日から", "From"))
    until = DayField(Text("この日まで", "To"))

    def span(self) -> Span:
        """The period asked for, cut to its last `LONGEST` days."""
        last = self.cleaned_data.get("until") or timezone.localdate()
        first = self.cleaned_data.get("since") or last - timedelta(days=DAYS - 1)
        return max(min(first, last), last - timedelta(days=LONGEST - 1)), last


def _moments(span: Span) -> dict[str, Any]:
    return {"since": midnight(span[0]), "until": midnight(span[1] + timedelta(days=1))}


def _records(span: Span, text: Text, **filters: str) -> Any:
    query = urlencode({"since": span[0].isoformat(), "until": span[1].isoformat(), **filters})
    return link(f"{reverse('passages')}?{query}", text)


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """What needs a look today."""
    today = timezone.localdate()
    span = (today - timedelta(days=DAYS - 1), today)
    people = readers(asking.read(request, ledger.VOLUMES, **_moments(span)))
    cases, now = asking.read(request, barrier.CASES), timezone.now()
    newest = next(iter(asking.read(request, barrier.CERTIFICATES, newest=1)), None)
    refused = asking.page(
        request,
        ledger.PASSAGES,
        Page("at", descending=True, size=10),
        verdict="refused",
        since=midnight(span[0]),
    )
    locked = asking.page(request, barrier.ACCOUNTS, Page("person", size=200), locked_at=now)
    drafted = asking.page(request, barrier.DRAFTS, Page("drafted", size=200), state="drafted")
    submitted = asking.page(
        request, work.SUBMISSIONS, Page("submitted", descending=True, size=10), kind="barrier."
    )
    none = Text("ありません。", "None.")
    return show(
        request,
        "security_web/dashboard.html",
        log_alarm=log_alarm(request, state.LOG_STATE),
        title=Text("情報管理の概況", "Overview"),
        days=DAYS,
        certificate=newest,
        result=holds_badge(newest.holds) if newest else None,
        passages=sum(one.passages for one in people),
        refusals=sum(one.refused for one in people),
        marked=sum(one.marked for one in people),
        running=sum(is_running(row, now) for row in cases),
        waiting=sum(not is_running(row, now) and row.reviewed_at is None for row in cases),
        locked=len(locked.rows),
        drafted=len(drafted.rows),
        refused=table(
            Text("最近拒否された照会", "Newest refusals"), PASSAGE_COLUMNS, refused.rows, empty=none
        ),
        submitted=table(
            Text("最近の管理操作", "Newest administration"), SUBMISSION_COLUMNS, submitted.rows, empty=none
        ),
    )


def _reader_columns(
    span: Span, value: Column[Reader], *more: Column[Reader], **filters: str
) -> tuple[Column[Reader], ...]:
    return (
        Column(Text("利用者", "Person"), lambda one: _person(one.person), row_header=True),
        Column(Text("区分", "Audience"), lambda one: reader_word(one.audience)),
        Column(Text("所属", "Company"), lambda one: one.company or None),
        Column(Text("利用目的", "Purpose"), lambda one: purpose_word(one.audience, one.purpose)),
        value,
        *more,
        Column(
            Text("閲覧", "Passages"),
            lambda one: _records(
                span,
                Text("記録", "records"),
                person=one.person,
                reader=one.audience,
                purpose=one.purpose,
                **filters,
            ),
        ),
    )


def _person(person: str) -> Any:
    return (
        link(reverse("person", args=[person]), person)
        if person
        else badge(Text("券から読めない", "not in the ticket"))
    )


def _volume_columns(span: Span) -> tuple[Column[Reader], ...]:
    return _reader_columns(
        span,
        Column(Text("地点(延べ)", "Points"), lambda one: one.points, numeric=True),
        Column(
            Text("同じ目的の人の中央値", "Median of peers"),
            lambda one: one.peers and round(one.peers),
            numeric=True,
        ),
        Column(
            Text("倍率", "Times"), lambda one: None if one.times is None else f"{one.times:.1f}", numeric=True
        ),
        Column(Text("表示した回数", "Revealed"), lambda one: one.revealed, numeric=True),
        Column(
            Text("目印", "Mark"), lambda one: badge(Text("多い", "high"), tone="warn") if one.marked else None
        ),
    )


def _unfollowed_columns(span: Span) -> tuple[Column[Unfollowed], ...]:
    return (
        Column(Text("利用者", "Person"), lambda one: _person(one.person), row_header=True),
        Column(Text("照会", "Look-ups"), lambda one: one.lookups, numeric=True),
        Column(Text("申込あり", "Followed"), lambda one: one.followed, numeric=True),
        Column(Text("申込なし", "Not followed"), lambda one: one.unfollowed, numeric=True),
        Column(Text("申込なしの割合", "Share"), lambda one: f"{one.share:.0%}", numeric=True),
        Column(
            Text("閲覧", "Passages"),
            lambda one: _records(
                span, Text("記録", "records"), person=one.person, reader="operator", purpose="switching"
            ),
        ),
    )


def _tables(
    span: Span, people: Sequence[Reader], lookups: Sequence[Unfollowed]
) -> list[tuple[str, Text, Table]]:
    def top(key: Callable[[Reader], float]) -> list[Reader]:
        return sorted((one for one in people if key(one) > 0), key=lambda one: -key(one))[:SHOWN]

    none = Text("この期間にはありません。", "None in this period.")
    late: Column[Reader] = Column(
        Text("時間外の照会", "Out of hours"), lambda one: one.out_of_hours, numeric=True
    )
    refused: Column[Reader] = Column(Text("拒否", "Refused"), lambda one: one.refused, numeric=True)
    return [
        ("unfollowed", Text(
            "スイッチングの目的でカードを開くか項目を表示したのに、14日以内に同じ人が同じ地点の申込・訂正を起案していないもの。",
            "Cards opened or items revealed for switching that no application of the same person for the point followed within 14 days."),
         table(Text("申込の続かない照会", "Look-ups without an application"), _unfollowed_columns(span), [one for one in lookups if one.unfollowed][:SHOWN], empty=none)),
        ("volumes", Text(
            f"同じ区分・目的のほかの人の中央値と比べます。{TIMES_PEERS:g}倍以上に目印を付けます。",
            f"Against the median of others with the same purpose; {TIMES_PEERS:g} times and more are marked."),
         table(Text("量の多い人", "Volumes against peers"), _volume_columns(span), top(lambda one: one.times if one.times and one.times > 1 else 0), empty=none)),
        ("hours", Text("7時より前、20時より後の照会。", "Before 07:00 or after 20:00."),
         table(Text("時間外の照会", "Out of hours"), _reader_columns(span, late), top(lambda one: one.out_of_hours), empty=none)),
        ("refused", Text("期限切れ、改変、権限のない日など、拒否された券。", "Expired or altered tickets, days without a permit."),
         table(Text("拒否された券", "Refused tickets"), _reader_columns(span, refused, verdict="refused"), top(lambda one: one.refused), empty=none)),
    ]  # fmt: skip


def _figures(request: HttpRequest, span: Span) -> tuple[list[Reader], list[Unfollowed], bool]:
    volumes = asking.read(request, ledger.VOLUMES, **_moments(span))
    rows = asking.read(request, ledger.UNFOLLOWED, **_moments(span))
    cut = len(volumes) >= ledger.VOLUMES.max_rows or len(rows) >= ledger.UNFOLLOWED.max_rows
    return readers(volumes), unfollowed(rows), cut


@require_safe
def unusual_reading(request: HttpRequest) -> HttpResponse:
    """Four ways of being unusual, each with the way to the passages."""
    form = SpanChoice(request.GET)
    span = (
        form.span()
        if form.is_valid()
        else (timezone.localdate() - timedelta(days=DAYS - 1), timezone.localdate())
    )
    people, lookups, cut = _figures(request, span)
    return show(
        request,
        "security_web/unusual.html",
        title=Text("いつもと違う閲覧", "Unusual reading"),
        crumbs=[Crumb(Text("概況", "Overview"), "/")],
        form=form,
        first=span[0],
        last=span[1],
        cut=cut,
        tables=_tables(span, people, lookups),
        download_title=Text("人別の閲覧量をファイルにする", "Volumes per person as a file"),
        download_url=f"{reverse('unusual_file')}?{request.GET.urlencode()}",
        download_forms=FORMS,
        status=200 if form.is_valid() else 422,
    )


FILE_COLUMNS: tuple[FileColumn[Reader], ...] = tuple(
    FileColumn(name, text, attrgetter(name))
    for name, text in (
        ("person", Text("利用者", "Person")), ("audience", Text("区分", "Audience")), ("company", Text("所属", "Company")),
        ("purpose", Text("利用目的", "Purpose")), ("passages", Text("照会", "Passages")), ("points", Text("地点(延べ)", "Points")),
        ("peers", Text("同じ目的の人の中央値", "Median of peers")), ("revealed", Text("表示した回数", "Revealed")),
        ("refused", Text("拒否", "Refused")), ("out_of_hours", Text("時間外", "Out of hours")),
    )
)  # fmt: skip


@require_safe
def unusual_file(request: HttpRequest) -> HttpResponse:
    """Every reader of the period, not only those that stand out."""
    form = SpanChoice(request.GET)
    form.is_valid()
    people, _, _ = _figures(request, form.span())
    return csv_answer(
        request, "readers", FILE_COLUMNS, sorted(people, key=lambda one: (one.person, one.purpose))
    )
