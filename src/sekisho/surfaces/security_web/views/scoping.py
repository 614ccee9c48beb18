"""範囲調査 and the review queue: a question built from lists, its findings, and what somebody decided about unusual reading."""

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
from sekisho.ledger.scope.gates import FindingPointRow, FindingRow, ReviewRow, WatchRow
from sekisho.ledger.scope.unusual import RULES
from sekisho.settings.inventory import GATES
from sekisho.surfaces.kit import asking, errands
from sekisho.surfaces.kit.errands import Errand
from sekisho.surfaces.kit.fields import DayField, OneOf, PointField, WordField
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text, say
from sekisho.surfaces.kit.tables import Column, Table, badge, link, listed_table
from sekisho.surfaces.kit.wording import gate_word, item_words, purpose_word, reader_word
from sekisho.work import gates as work
from sekisho.work.gates import CommandRow

SCOPING, REVIEWS, WATCHED = (
    Text("範囲調査", "Leak scoping"),
    Text("点検待ち", "Review queue"),
    Text("注意地点", "Watched points"),
)
_NONE = Text("ありません。", "None.")
_RIGHTS = (
    ("recorded", Text("契約先が自社と記録された閲覧は正しい", "right: the recorded holder is the reader")),
    (
        "history",
        Text(
            "契約履歴で自社の契約だった閲覧は正しい(会社が必要)",
            "right: own contract by the history (needs a company)",
        ),
    ),
    ("none", Text("この規則で見えたものはすべて誤り", "nothing that this rule showed was right")),
)
_TOTALS = {
    "customers": Text("お客さま", "Customers"), "customers_person": Text("うち個人", "persons"), "customers_company": Text("うち法人", "companies"),
    "customers_device": Text("うち機器", "devices"), "customers_certain": Text("うち記録から一人に定まる", "named by the record alone"),
    "customers_still_contracted": Text("うち契約中", "still contracted"), "contracts": Text("契約", "Contracts"),
    "points": Text("地点", "Points"), "readings": Text("閲覧", "Readings"), "readers": Text("閲覧者", "Readers"),
    "readings_of_nobodys": Text("契約のない地点の閲覧", "Readings without a contract"),
}  # fmt: skip


class Several(forms.MultipleChoiceField):
    """Some of a list's codes, kept as one text, so that a confirmation can show it; none means all."""

    def __init__(self, label: Text, words: list[tuple[str, Any]]) -> None:
        super().__init__(
            label=label,  # type: ignore[arg-type]
            required=False,
            choices=words,
            widget=forms.SelectMultiple(attrs={"size": 8}),
            help_text=Text("選ばなければすべて", "none: all"),  # type: ignore[arg-type]
        )

    def clean(self, value: Any) -> Any:
        """The codes, separated by spaces."""
        return " ".join(super().clean(value))


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
    right = OneOf(Text("正しい閲覧", "What was right"), _RIGHTS, required=True)

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
    days = {name: _iso(values.get(name)) for name in ("since", "until")}
    return {**lists, **days, **{name: values.get(name) or None for name in ("company", "audience", "right")}}


def _iso(day: date | None) -> str | None:
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
        crumbs=[HOME, Crumb(SCOPING, reverse("scoping"))],
    )  # fmt: skip


_FINDING_COLUMNS: tuple[Column[FindingRow], ...] = (
    Column(
        Text("件名", "Title"),
        lambda row: link(reverse("finding", args=[row.finding_no]), row.title),
        row_header=True,
    ),
    Column(Text("日時", "When"), lambda row: row.at, sort="at"),
    Column(Text("実行者", "By"), lambda row: row.by),
    Column(Text("お客さま", "Customers"), lambda row: int(row.totals.get("customers", 0)), numeric=True),
    Column(Text("閲覧", "Readings"), lambda row: int(row.totals.get("readings", 0)), numeric=True),
    Column(Text("ログの件数", "Log size"), lambda row: row.tree_size, numeric=True),
)


@require_safe
def scoping(request: HttpRequest) -> HttpResponse:
    """What was asked and found."""
    page = listed(request, scope.FINDINGS, sort="at", descending=True, filters={"finding_no": None})
    found = listed_table(Text("調査の結果", "Findings"), _FINDING_COLUMNS, page, empty=_NONE)
    links = ((Text("新しく調べる", "New question"), reverse("new_question")),)
    return _list(request, SCOPING, found, links)


_POINT_COLUMNS: tuple[Column[FindingPointRow], ...] = (
    Column(
        Text("供給地点", "Supply point"),
        lambda row: link(f"{reverse('passages')}?point={row.point}&since={row.first_at:%Y-%m-%d}&until={row.last_at:%Y-%m-%d}",
                         grouped(PointNumber(row.point))),
        sort="point", row_header=True,
    ),
    Column(Text("その時の契約先", "Holder then"), lambda row: row.holder),
    Column(Text("閲覧", "Readings"), lambda row: row.views, sort="views", numeric=True),
    Column(Text("閲覧者", "Readers"), lambda row: row.readers, numeric=True),
    Column(Text("最初", "First"), lambda row: row.first_at),
    Column(Text("最後", "Last"), lambda row: row.last_at),
    Column(Text("画面・処理", "Gates"), lambda row: ", ".join(str(gate_word(one)) for one in row.gates), nowrap=False),
    Column(Text("項目", "Items"), lambda row: "、".join(item_words(row.items)), nowrap=False),
    Column(Text("契約中", "Contracted"), lambda row: badge(Text("契約中", "running")) if row.contracted else None),
)  # fmt: skip


@require_safe
def finding(request: HttpRequest, finding_no: int) -> HttpResponse:
    """One finding: question, totals, the checkpoint that it rests on, the points."""
    row = next(
        iter(asking.page(request, scope.FINDINGS, Page("at", size=1), finding_no=finding_no).rows), None
    )
    if row is None:
        raise Http404
    page = listed(
        request, scope.FINDING_POINTS, sort="views", descending=True, filters={"finding_no": finding_no}
    )
    return show(
        request,
        "security_web/finding.html",
        title=Text(row.title, row.title),
        crumbs=[HOME, Crumb(SCOPING, reverse("scoping"))],
        row=row,
        totals=[(word, row.totals[name]) for name, word in _TOTALS.items() if name in row.totals],
        question=_question_facts(row.question),
        table=listed_table(Text("見られた地点", "Points seen"), _POINT_COLUMNS, page, empty=_NONE),
    )


def _question_facts(asked: dict[str, Any]) -> list[tuple[Text, Any]]:
    every = Text("すべて", "all")
    return [
        (Text("閲覧した会社", "Reading company"), asked.get("company") or every),
        (Text("区分", "Audience"), reader_word(asked["audience"]) if asked.get("audience") else every),
        (Text("利用目的", "Purposes"), ", ".join(asked.get("purposes") or ()) or every),
        (
            Text("画面・処理", "Gates"),
            ", ".join(str(gate_word(one)) for one in asked.get("gates") or ()) or every,
        ),
        (Text("項目", "Items"), "、".join(item_words(asked.get("items") or [])) or every),
        (Text("期間", "Period"), f"{asked.get('since') or '…'} – {asked.get('until') or '…'}"),
        (Text("正しい閲覧", "What was right"), dict(_RIGHTS).get(str(asked.get("right")), "")),
    ]


def _rule_word(rule: str) -> Text | str:
    return Text(*RULES[rule]) if rule in RULES else rule


def _decided(row: ReviewRow) -> Any:
    if row.decision is None:
        return link(reverse("decide_review", args=[row.review_no]), Text("判断する", "Decide"))
    words = DECISIONS.get(row.decision)
    return badge(
        Text(*words) if words else row.decision, tone="bad" if row.decision == "incident" else "good"
    )


_REVIEW_COLUMNS: tuple[Column[ReviewRow], ...] = (
    Column(Text("日", "Day"), lambda row: row.day, sort="day", row_header=True),
    Column(Text("理由", "Reason"), lambda row: _rule_word(row.rule)),
    Column(Text("利用者", "Person"), lambda row: link(reverse("person", args=[row.person]), row.person)),
    Column(Text("区分", "Audience"), lambda row: reader_word(row.audience)),
    Column(Text("所属", "Company"), lambda row: row.company),
    Column(Text("利用目的", "Purpose"), lambda row: purpose_word(row.audience, row.purpose)),
    Column(Text("重み", "Weight"), lambda row: f"{row.weight / 1000:,.1f}", sort="weight", numeric=True),
    Column(
        Text("数値", "Figures"),
        lambda row: ", ".join(f"{name} {value}" for name, value in row.facts.items()),
        nowrap=False,
    ),
    Column(Text("判断", "Decision"), _decided),
)


@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """What somebody should look at, the heaviest first."""
    waiting = None if request.GET.get("all") else True
    filters = {"rule": None, "person": None, "review_no": None, "open": waiting}
    page = listed(request, scope.REVIEWS, sort="weight", descending=True, filters=filters)
    links = (
        (Text("抽出する", "Look for unusual reading"), reverse("look_for_unusual")),
        (Text("自主点検の抽出", "Draw a sample"), reverse("draw_sample")),
        (Text("判断済みも見る", "Decided ones too"), f"{reverse('reviews')}?all=1"),
        (WATCHED, reverse("watched")),
    )
    return _list(request, REVIEWS, listed_table(REVIEWS, _REVIEW_COLUMNS, page, empty=_NONE), links)


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
        entries=[(column.title, column.cell(row)) for column in _REVIEW_COLUMNS[:-1]],
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
    return {name: _iso(value) if isinstance(value, date) else value for name, value in values.items()}


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
    return show(request, "security_web/scoping.html", title=title, crumbs=[HOME], table=found, links=links)


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
    return [
        *found,
        (SCOPING, reverse("scoping")),
        (REVIEWS, reverse("reviews")),
        (WATCHED, reverse("watched")),
    ]
