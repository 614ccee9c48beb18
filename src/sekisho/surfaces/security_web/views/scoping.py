"""範囲調査 and the review queue: a question built from lists, decisions about unusual reading, watched points."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from sekisho.barrier.audiences import AUDIENCES, PURPOSES
from sekisho.barrier.gateway import Page
from sekisho.barrier.items import ITEMS
from sekisho.kernel.values import PointNumber, grouped
from sekisho.ledger.scope import gates as scope
from sekisho.ledger.scope.findings import DECISIONS, WATCH_KINDS
from sekisho.ledger.scope.gates import ReviewRow, WatchRow
from sekisho.settings.inventory import GATES
from sekisho.surfaces.kit import asking, errands
from sekisho.surfaces.kit.errands import Errand
from sekisho.surfaces.kit.fields import DayField, OneOf, PointField, Several, WordField
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.oversight import scoping as shared
from sekisho.surfaces.kit.oversight.answers import FindingGates
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text, say
from sekisho.surfaces.kit.tables import Column, Table, link, listed_table
from sekisho.work import gates as work
from sekisho.work.gates import CommandRow

REVIEWS, WATCHED = Text("点検待ち", "Review queue"), Text("注意地点", "Watched points")
_NONE = Text("ありません。", "None.")


class QuestionForm(forms.Form):
    """A faulty rule, built from lists."""

    title = WordField(Text("件名", "Title"))
    company = WordField(
        Text("閲覧した会社", "Reading company"),
        required=False,
        help_text=Text("小売電気事業者コード、TD など", "retailer code, TD, …"),
    )
    audience = OneOf(
        Text("閲覧者の区分", "Audience"), [(one.code, Text(one.ja, one.en)) for one in AUDIENCES]
    )
    purposes = Several(
        Text("利用目的", "Purposes"), sorted({one.code: Text(one.ja, one.en) for one in PURPOSES}.items())
    )
    gates = Several(
        Text("画面・処理", "Gates"),
        sorted({one.name: Text(f"{one.ja} ({one.name})", f"{one.en} ({one.name})") for one in GATES}.items()),
    )
    items = Several(Text("項目", "Items"), [(one.code, Text(one.ja, one.en)) for one in ITEMS])
    since = DayField(Text("この日から", "From"))
    until = DayField(Text("この日の前まで", "Before"))
    right = OneOf(Text("正しい閲覧", "What was right"), shared.RIGHTS, required=True)

    def clean(self) -> dict[str, Any]:
        """A comparison with the history needs a company; a period has two ends in order."""
        values = super().clean() or {}
        if values.get("right") == "history" and not values.get("company"):
            self.add_error(
                "company", say("契約履歴と照らすには会社が必要です", "needed to compare with the history")
            )
        if values.get("since") and values.get("until") and values["since"] >= values["until"]:
            self.add_error("until", say("始まりより後の日にしてください", "must be after the beginning"))
        return values


def question_of(values: dict[str, Any]) -> dict[str, Any]:
    """The question as the worker reads it."""
    lists = {name: str(values.get(name) or "").split() for name in ("gates", "items", "purposes")}
    days = {name: iso(values.get(name)) for name in ("since", "until")}
    return {**lists, **days, **{name: values.get(name) or None for name in ("company", "audience", "right")}}


def iso(day: date | None) -> str | None:
    """A day as a command carries it."""
    return None if day is None else day.isoformat()


@require_http_methods(["GET", "HEAD", "POST"])
def new_question(request: HttpRequest) -> HttpResponse:
    """Build the question, look at it, run it; what is found is kept."""
    return _errand(
        request,
        title=Text("範囲調査の実行", "Run leak scoping"),
        gate=scope.FIND_SCOPE,
        form=QuestionForm,
        payload=lambda values: {"title": values["title"], "question": question_of(values)},
        effect=Text("公開済みのチェックポイントまでの閲覧記録を調べ、結果を残します。", "Searches the passages up to the published checkpoint and keeps the finding."),
        button=Text("調べて残す", "Run and keep"),
        crumbs=[HOME, Crumb(shared.SCOPING, reverse("scoping"))],
    )  # fmt: skip


@require_safe
def scoping(request: HttpRequest) -> HttpResponse:
    """What was asked and found, and the way to a new question."""
    links = (
        (Text("新しく調べる", "New question"), "new_question"),
        (Text("規則変更の影響", "What if"), "new_replay"),
        (Text("お客さまへの開示", "Answer a customer"), "new_disclosure"),
        (Text("作成したファイル", "Files"), "finding_files"),
    )
    return shared.scoping(request, scope.FINDINGS, links=links)


FINDING_GATES = FindingGates(
    scope.FINDINGS, scope.FINDING_POINTS, scope.FINDING_READERS, scope.FINDING_READINGS
)


def finding(request: HttpRequest, finding_no: int, gates: FindingGates) -> HttpResponse:
    """One finding, and the way to its files."""
    return shared.finding(request, finding_no, gates, exports=True)


def _decided(row: ReviewRow) -> Any:
    if row.decision is None:
        return link(reverse("decide_review", args=[row.review_no]), Text("判断する", "Decide"))
    return shared.decision_badge(row)


_PERSON: Column[ReviewRow] = Column(
    Text("利用者", "Person"), lambda row: link(reverse("person", args=[row.person]), row.person)
)
_COLUMNS: tuple[Column[ReviewRow], ...] = (
    *(_PERSON if one.title == _PERSON.title else one for one in shared.REVIEW_COLUMNS),
    Column(Text("判断", "Decision"), _decided),
)


@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """What somebody should look at, the heaviest first."""
    links = (
        (Text("抽出する", "Look for unusual reading"), "look_for_unusual"),
        (Text("自主点検の抽出", "Draw a sample"), "draw_sample"),
        (WATCHED, "watched"),
    )
    return shared.reviews(request, scope.REVIEWS, title=REVIEWS, columns=_COLUMNS, links=links, state="open")


@require_http_methods(["GET", "HEAD", "POST"])
def decide_review(request: HttpRequest, review_no: int) -> HttpResponse:
    """A decision with its reason."""
    filters: dict[str, Any] = {"rule": None, "person": None, "review_no": review_no, "open": None}
    row = next(iter(asking.page(request, scope.REVIEWS, Page("day", size=1), **filters).rows), None)
    if row is None:
        raise Http404
    return _errand(
        request,
        title=Text("点検の判断", "Decision on a review"),
        gate=scope.DECIDE_REVIEW,
        form=_decision_form,
        payload=lambda values: {"review_no": review_no, "decision": values["decision"], "reason": values["reason"]},
        effect=Text("判断は取り消せません。自分の閲覧は判断できません。", "A decision stays. Nobody decides on their own readings."),
        button=Text("判断する", "Decide"),
        entries=[(column.title, column.cell(row)) for column in shared.REVIEW_COLUMNS],
        crumbs=[HOME, Crumb(REVIEWS, reverse("reviews"))],
    )  # fmt: skip


def _decision_form(data: Any) -> forms.Form:
    form = forms.Form(data)
    form.fields["decision"] = OneOf(
        Text("判断", "Decision"), [(code, Text(*words)) for code, words in DECISIONS.items()], required=True
    )
    form.fields["reason"] = WordField(Text("理由", "Reason"), longest=2_000, lines=5)
    return form


class PeriodForm(forms.Form):
    """Some days, the last one exclusive."""

    since = DayField(Text("この日から", "From"), required=True)
    until = DayField(Text("この日の前まで", "Before"), required=True)


class SampleForm(PeriodForm):
    """How many person-days of every company."""

    each = OneOf(
        Text("会社ごとの抽出数", "Person-days a company"),
        [(str(n), str(n)) for n in (1, 3, 5, 10)],
        required=True,
    )


def _period(values: dict[str, Any]) -> dict[str, Any]:
    return {name: iso(value) if isinstance(value, date) else value for name, value in values.items()}


@require_http_methods(["GET", "HEAD", "POST"])
def look_for_unusual(request: HttpRequest) -> HttpResponse:
    """Let the rules run over some days."""
    return _errand(
        request, title=Text("いつもと違う閲覧の抽出", "Look for unusual reading"), gate=scope.LOOK_FOR_UNUSUAL, form=PeriodForm, payload=_period,
        effect=Text("目立つ閲覧を点検待ちに入れます。", "Puts what stands out into the review queue."), button=Text("抽出する", "Look"),
        crumbs=[HOME, Crumb(REVIEWS, reverse("reviews"))],
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def draw_sample(request: HttpRequest) -> HttpResponse:
    """Draw for self-inspection; the command's number decides the draw."""
    return _errand(
        request, title=Text("自主点検の抽出", "Draw a self-inspection sample"), gate=scope.DRAW_SAMPLE, form=SampleForm, payload=_period,
        effect=Text("抽出は受付番号で決まり、やり直しても選べません。", "The command's number decides the draw; it cannot be chosen."),
        button=Text("抽出する", "Draw"), crumbs=[HOME, Crumb(REVIEWS, reverse("reviews"))],
    )  # fmt: skip


_WATCH_COLUMNS: tuple[Column[WatchRow], ...] = (
    Column(Text("供給地点", "Supply point"), lambda row: grouped(PointNumber(row.point)), row_header=True),
    Column(
        Text("区分", "Kind"),
        lambda row: Text(*WATCH_KINDS[row.kind]) if row.kind in WATCH_KINDS else row.kind,
    ),
    Column(Text("理由", "Reason"), lambda row: row.reason, nowrap=False),
    Column(Text("登録者", "By"), lambda row: row.by),
    Column(Text("日時", "When"), lambda row: row.at, sort="at"),
)


@require_safe
def watched(request: HttpRequest) -> HttpResponse:
    """The list of watched points with its history; the newest entry of a point counts."""
    page = listed(request, scope.WATCHED, sort="at", descending=True, filters={})
    links = ((Text("登録・解除する", "Watch or stop watching"), reverse("watch_point")),)
    return _list(request, WATCHED, listed_table(WATCHED, _WATCH_COLUMNS, page, empty=_NONE), links)


@require_http_methods(["GET", "HEAD", "POST"])
def watch_point(request: HttpRequest) -> HttpResponse:
    """Put a point on the list, or take it off."""
    return _errand(
        request, title=Text("注意地点の登録・解除", "Watch a point"), gate=scope.WATCH_POINT, form=_watch_form, payload=dict,
        effect=Text("この地点の閲覧は、以後すべて点検待ちに入ります。", "Every reading of this point goes into the review queue."),
        button=Text("登録する", "Enter"), crumbs=[HOME, Crumb(WATCHED, reverse("watched"))],
    )  # fmt: skip


def _watch_form(data: Any) -> forms.Form:
    form = forms.Form(data)
    form.fields["point"] = PointField(required=True)
    form.fields["kind"] = OneOf(
        Text("区分", "Kind"), [(code, Text(*words)) for code, words in WATCH_KINDS.items()], required=True
    )
    form.fields["reason"] = WordField(Text("理由", "Reason"), longest=500)
    return form


def _list(request: HttpRequest, title: Text, found: Table, links: Any) -> HttpResponse:
    return show(request, "oversight/scoping.html", title=title, crumbs=[HOME], table=found, links=links)


def _errand(request: HttpRequest, **changes: Any) -> HttpResponse:
    return errands.run(
        request, Errand(outcome_gate=work.SECURITY_COMMAND, result="scope_submission", **changes)
    )


@require_safe
def scope_submission(request: HttpRequest, command_no: UUID) -> HttpResponse:
    """What became of a question or an errand of the queue."""
    return errands.submission(
        request,
        gate=work.SECURITY_COMMAND,
        command_no=str(command_no),
        kinds={gate.command: Text(gate.ja, gate.en) for gate in scope.SUBMIT_GATES},
        onward=_onward,
        crumbs=[HOME],
    )


def _onward(row: CommandRow) -> list[tuple[Text, str]]:
    number = (row.outcome or {}).get("finding_no")
    found = (
        [] if number is None else [(Text("結果を見る", "See the finding"), reverse("finding", args=[number]))]
    )
    made = (row.outcome or {}).get("export_no")
    files = (
        []
        if made is None
        else [(Text("ファイルを受け取る", "Receive the file"), reverse("finding_zip", args=[made]))]
    )
    return [
        *files,
        *found,
        (shared.SCOPING, reverse("scoping")),
        (REVIEWS, reverse("reviews")),
        (WATCHED, reverse("watched")),
    ]
