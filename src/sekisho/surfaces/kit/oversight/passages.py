"""閲覧記録: the search over passages, the same as a file, and one passage."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sekisho.barrier.audiences import AUDIENCES, PURPOSES
from sekisho.barrier.gate import Gate
from sekisho.barrier.gateway import Page
from sekisho.kernel.values import PointNumber, grouped
from sekisho.ledger.gates import PassageRow
from sekisho.settings.inventory import GATES
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.collecting import collect
from sekisho.surfaces.kit.downloads import FORMS, FileColumn, csv_answer
from sekisho.surfaces.kit.fields import DayField, OneOf, PointField, WordField, span
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import TOKYO, Text, moment_text
from sekisho.surfaces.kit.tables import Column, badge, link, listed_table
from sekisho.surfaces.kit.wording import gate_word, item_words, purpose_word, reader_word

TITLE = Text("閲覧記録", "Passages")
DAYS = 30
"""How far back the search looks when neither a day nor a point is given: the log is partitioned by month, and an open search reads years of it.
A search by point goes through an index of its own and looks back as far as the log reaches."""

FRESH = timedelta(hours=1)
"""How far back a search by point also looks by time."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=TOKYO)


@dataclass(frozen=True, slots=True)
class PassageGates:
    """The two ways into the record: by time, and by point."""

    by_time: Gate[PassageRow]
    by_point: Gate[PassageRow]


_REASONS = {
    "no-ticket": Text("券なし", "no ticket"),
    "malformed": Text("券の形式違い", "malformed ticket"),
    "unknown-key": Text("鍵が不明", "unknown key"),
    "altered": Text("券の改変", "altered ticket"),
    "foreign": Text("ほかの区分の券", "another audience's ticket"),
    "purpose": Text("目的違い", "another purpose"),
    "expired": Text("期限切れ", "expired"),
    "ledger-behind": Text("記録の遅れ", "ledger behind"),
    "no-permit": Text("権限なし", "no permit"),
}


def verdict_badge(verdict: str) -> Any:
    """通過, or why it was refused."""
    if verdict == "passed":
        return badge(Text("通過", "passed"), tone="good")
    reason = verdict.partition(":")[2]
    return badge(Text("拒否: ", "refused: ") + _REASONS.get(reason, reason), tone="bad")


def passage_url(row: PassageRow) -> str:
    """The address of one passage: its moment and number, which together are its key."""
    return reverse("passage", args=[f"{row.at.astimezone(TOKYO):%Y%m%dT%H%M%S.%f}", row.passage_id])


def _points(row: PassageRow) -> Any:
    """The point where there is one, otherwise how many."""
    points = set(row.points)  # a point stands once for each of its holders
    if len(points) == 1:
        return grouped(PointNumber(row.points[0]))
    return Text(f"{len(points):,} 地点", f"{len(points):,} points") if points else None


COLUMNS: tuple[Column[PassageRow], ...] = (
    Column(
        Text("日時", "When"),
        lambda row: link(passage_url(row), moment_text(row.at)),
        sort="at",
        row_header=True,
    ),
    Column(Text("利用者", "Person"), lambda row: row.person),
    Column(Text("区分", "Audience"), lambda row: reader_word(row.audience)),
    Column(Text("所属", "Company"), lambda row: row.company),
    Column(Text("利用目的", "Purpose"), lambda row: purpose_word(row.audience, row.purpose)),
    Column(Text("画面・処理", "Gate"), lambda row: gate_word(row.gate), nowrap=False),
    Column(Text("供給地点", "Supply point"), _points),
    Column(Text("行数", "Rows"), lambda row: row.row_count, numeric=True),
    Column(Text("結果", "Verdict"), lambda row: verdict_badge(row.verdict)),
)
FILE_COLUMNS: tuple[FileColumn[PassageRow], ...] = (
    FileColumn(
        "at", Text("日時", "When"), lambda row: row.at.astimezone(TOKYO).isoformat(timespec="microseconds")
    ),
    FileColumn("passage_id", Text("記録番号", "Number"), lambda row: row.passage_id),
    FileColumn("person", Text("利用者", "Person"), lambda row: row.person),
    FileColumn("audience", Text("区分", "Audience"), lambda row: row.audience),
    FileColumn("company", Text("所属", "Company"), lambda row: row.company),
    FileColumn("purpose", Text("利用目的", "Purpose"), lambda row: row.purpose),
    FileColumn("case_no", Text("案件番号", "Case"), lambda row: row.case_no),
    FileColumn("gate", Text("画面・処理", "Gate"), lambda row: row.gate),
    FileColumn("verdict", Text("結果", "Verdict"), lambda row: row.verdict),
    FileColumn("points", Text("供給地点特定番号", "Points"), lambda row: " ".join(row.points)),
    FileColumn(
        "holders",
        Text("その時点の契約事業者", "Holders"),
        lambda row: " ".join(one or "-" for one in row.holders),
    ),
    FileColumn("items", Text("項目", "Items"), lambda row: " ".join(row.items)),
    FileColumn("shown_from", Text("示した期間の初日", "Shown from"), lambda row: row.shown_from),
    FileColumn(
        "shown_to", Text("示した期間の終わり(翌日)", "Shown to (exclusive)"), lambda row: row.shown_to
    ),
    FileColumn("row_count", Text("行数", "Rows"), lambda row: row.row_count),
    FileColumn("request_id", Text("受付番号", "Request"), lambda row: row.request_id),
)


def _gate_choices() -> list[tuple[str, Text]]:
    return sorted(
        {gate.name: Text(f"{gate.ja} ({gate.name})", f"{gate.en} ({gate.name})") for gate in GATES}.items()
    )


class PassageFilter(forms.Form):
    """The search; all of it stands in the address."""

    since = DayField(Text("この日から", "From"))
    until = DayField(Text("この日まで", "To"))
    person = WordField(Text("利用者", "Person"), required=False, longest=64)
    company = WordField(Text("所属コード", "Company code"), required=False, longest=20)
    reader = OneOf(Text("区分", "Audience"), [(one.code, Text(one.ja, one.en)) for one in AUDIENCES])
    purpose = OneOf(
        Text("利用目的", "Purpose"), list({one.code: Text(one.ja, one.en) for one in PURPOSES}.items())
    )
    gate = OneOf(Text("画面・処理", "Gate"), _gate_choices())
    point = PointField()
    case_no = WordField(Text("案件番号", "Case"), required=False, longest=20)
    verdict = OneOf(
        Text("結果", "Verdict"), (("passed", Text("通過", "passed")), ("refused", Text("拒否", "refused")))
    )

    def params(self) -> dict[str, Any]:
        """The gate's parameters; the last day is meant whole."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "gate" in given:
            given["of_gate"] = given.pop("gate")
        if "since" not in given and "point" not in given:
            given["since"] = given.get("until", timezone.localdate()) - timedelta(days=DAYS)
        return span(given)


def _asked(gates: PassageGates, form: PassageFilter) -> tuple[Gate[PassageRow], dict[str, Any]]:
    """The way that answers the question fastest, with its parameters."""
    given = form.params()
    return (gates.by_point if "point" in given else gates.by_time), given


def _with_newest(
    request: HttpRequest, gates: PassageGates, given: dict[str, Any], rows: list[PassageRow]
) -> list[PassageRow]:
    """The way by point follows the record by seconds, or longer when the worker rests: what it may not know yet is read by time."""
    since = max(given.get("since", LONG_AGO), timezone.now() - FRESH)
    known = {(row.at, row.passage_id) for row in rows}
    newest = asking.page(
        request, gates.by_time, Page("at", descending=True, size=199), **(given | {"since": since})
    )
    added = [row for row in newest.rows if (row.at, row.passage_id) not in known]
    return sorted([*added, *rows], key=lambda row: (row.at, row.passage_id), reverse=True)


@require_safe
def passages(request: HttpRequest, gates: PassageGates) -> HttpResponse:
    """Newest first."""
    form = PassageFilter(request.GET)
    table = None
    if form.is_valid():
        gate, given = _asked(gates, form)
        page = listed(request, gate, sort="at", descending=True, filters=given)
        if gate is gates.by_point and page.descending and page.first_url is None:
            page = replace(page, rows=_with_newest(request, gates, given, page.rows))
        empty = Text(
            "この条件の記録はありません。期間を広げるか、条件を減らしてください。",
            "None. Try a longer period or fewer filters.",
        )
        table = listed_table(TITLE, COLUMNS, page, empty=empty)
    return _page(request, form, table)


def _page(request: HttpRequest, form: PassageFilter, table: Any) -> HttpResponse:
    query = request.GET.copy()
    query.pop("after", None)
    return show(
        request,
        "oversight/passages.html",
        title=TITLE,
        crumbs=[HOME],
        form=form,
        table=table,
        days=DAYS,
        download_title=Text("この条件の記録をファイルにする", "These records as a file"),
        download_url=f"{reverse('passages_file')}?{query.urlencode()}",
        download_forms=FORMS,
        status=200 if table else 422,
    )


HOME = Crumb(Text("概況", "Overview"), "/")


@require_safe
def passages_file(request: HttpRequest, gates: PassageGates) -> HttpResponse:
    """The same as a file."""
    form = PassageFilter(request.GET)
    if not form.is_valid():
        return _page(request, form, None)
    gate, given = _asked(gates, form)
    rows = collect(request, gate, "at", descending=True, **given)
    if gate is gates.by_point:
        rows = _with_newest(request, gates, given, rows)
    return csv_answer(request, "passages", FILE_COLUMNS, rows)


@require_safe
def passage(request: HttpRequest, at: str, passage_id: int, gate: Gate[PassageRow]) -> HttpResponse:
    """Everything that one passage recorded."""
    row = _one(request, gate, at, passage_id)
    pairs = list(zip(row.points, row.holders, strict=False))
    return show(
        request,
        "oversight/passage.html",
        title=Text(f"閲覧記録 {passage_id}", f"Passage {passage_id}"),
        crumbs=[HOME, Crumb(TITLE, reverse("passages"))],
        row=row,
        verdict=verdict_badge(row.verdict),
        reader=reader_word(row.audience),
        purpose=purpose_word(row.audience, row.purpose),
        gate=gate_word(row.gate),
        items=item_words(row.items),
        pairs=[(grouped(PointNumber(point)), point, holder) for point, holder in pairs],
        around=f"{reverse('passages')}?person={row.person or ''}&since={row.at.astimezone(TOKYO).date()}&until={row.at.astimezone(TOKYO).date()}",
    )


def _one(request: HttpRequest, gate: Gate[PassageRow], at: str, passage_id: int) -> PassageRow:
    try:
        moment = datetime.strptime(at, "%Y%m%dT%H%M%S.%f").replace(tzinfo=TOKYO)
    except ValueError:
        raise Http404 from None
    found = asking.page(
        request, gate, Page("at", size=200), since=moment, until=moment + timedelta(microseconds=1)
    )
    row = next((row for row in found.rows if row.passage_id == passage_id), None)
    if row is None:
        raise Http404
    return row
