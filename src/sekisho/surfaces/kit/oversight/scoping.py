"""範囲調査 and 点検: what was found in the log, and what somebody decided about unusual reading; to read, whoever may."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sekisho.barrier.gate import Gate
from sekisho.kernel.values import PointNumber, grouped
from sekisho.ledger.scope.disclosure import BY_RIGHT
from sekisho.ledger.scope.findings import DECISIONS
from sekisho.ledger.scope.gates import FindingRow, ReviewRow
from sekisho.ledger.scope.unusual import RULES
from sekisho.surfaces.kit.collecting import collect
from sekisho.surfaces.kit.downloads import FORMS, FileColumn, csv_answer
from sekisho.surfaces.kit.fields import OneOf, WordField
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.oversight.answers import (
    KINDS,
    PARTS,
    RULE,
    FindingGates,
    one_finding,
    period_of,
    tenancies,
)
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text, joined
from sekisho.surfaces.kit.tables import Column, badge, link, listed_table
from sekisho.surfaces.kit.wording import KINDS as CUSTOMER_KINDS
from sekisho.surfaces.kit.wording import VOLTAGES, gate_word, item_words, purpose_word, reader_word

SCOPING, REVIEWS = Text("範囲調査", "Leak scoping"), Text("閲覧の点検", "Reviews of reading")
_NONE = Text("ありません。", "None.")
Links = Sequence[tuple[Text, str]]
RIGHTS = (
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
    "readings_of_nobodys": Text("契約のない地点の閲覧", "Readings without a contract"), "companies": Text("閲覧者の所属", "Companies"),
    **{f"by_{code}": Text(f"うち{ja}", f"by {en}") for code, (ja, en) in BY_RIGHT.items()},
    "uncertain": Text("どの契約か定まらない閲覧", "Readings of an uncertain contract"),
}  # fmt: skip


_FINDING_COLUMNS: tuple[Column[FindingRow], ...] = (
    Column(
        Text("件名", "Title"),
        lambda row: link(reverse("finding", args=[row.finding_no]), row.title),
        row_header=True,
    ),
    Column(Text("種類", "Kind"), lambda row: KINDS.get(row.kind, row.kind)),
    Column(Text("日時", "When"), lambda row: row.at, sort="at"),
    Column(Text("実行者", "By"), lambda row: row.by),
    Column(Text("お客さま", "Customers"), lambda row: row.totals.get("customers"), numeric=True),
    Column(Text("閲覧", "Readings"), lambda row: int(row.totals.get("readings", 0)), numeric=True),
    Column(Text("ログの件数", "Log size"), lambda row: row.tree_size, numeric=True),
)


@require_safe
def scoping(request: HttpRequest, gate: Gate[FindingRow], *, links: Links = ()) -> HttpResponse:
    """What was asked and found."""
    page = listed(request, gate, sort="at", descending=True, filters={})
    found = listed_table(Text("調査の結果", "Findings"), _FINDING_COLUMNS, page, empty=_NONE)
    return show(
        request,
        "oversight/scoping.html",
        title=SCOPING,
        crumbs=[HOME],
        table=found,
        links=[(text, reverse(name)) for text, name in links],
    )


_NOTHING = {
    "scope": Text("この条件に当たる閲覧はありませんでした。", "No reading matched."),
    "what-if": Text(
        "この変更で見られなくなる閲覧は、調べた期間にありませんでした。",
        "In the period nobody has seen what the change would hide.",
    ),
    "who-saw": Text(
        "この期間に、このお客さまの情報は閲覧されていませんでした。", "In the period nobody has seen this customer's data."
    ),
}  # fmt: skip
_TITLES = {
    "what-if": Text("この変更で見られなくなるもの", "What the change would hide"),
    "who-saw": Text("質問", "Question"),
}


@require_safe
def finding(
    request: HttpRequest, finding_no: int, gates: FindingGates, *, exports: bool = False
) -> HttpResponse:
    """One finding: question, totals, the checkpoint that it rests on, and its first table; the others have pages of their own."""
    row = one_finding(request, gates, finding_no)
    part, *others = PARTS.get(row.kind, PARTS["scope"])
    links = [(one.caption, reverse("finding_part", args=[finding_no, one.name])) for one in others]
    if row.kind == "who-saw":
        links.append(
            (
                Text("お客さまに渡す開示書(印刷用)", "Copy for the customer, to print"),
                reverse("customers_copy", args=[finding_no]),
            )
        )
    if exports:
        links.append(
            (
                Text("Parquet と CSV をまとめて作成", "Have Parquet and CSV made"),
                reverse("export_finding", args=[finding_no]),
            )
        )
    return show(
        request,
        "oversight/finding.html",
        title=row.title,
        crumbs=[HOME, Crumb(SCOPING, reverse("scoping"))],
        row=row,
        kind=KINDS.get(row.kind, row.kind),
        nothing=None if row.totals.get("readings") else _NOTHING.get(row.kind),
        totals=[(word, row.totals[name]) for name, word in _TOTALS.items() if name in row.totals],
        asked_title=_TITLES.get(row.kind, Text("質問", "Question")),
        question=_ASKED.get(row.kind, _question_facts)(row.question),
        table=part.table(request, gates, finding_no),
        links=links,
        download_title=Text("この一覧をファイルにする", "This list as a file"),
        download_url=reverse("finding_file", args=[finding_no, part.name]),
        download_forms=FORMS,
    )  # fmt: skip


def _change_facts(asked: dict[str, Any]) -> list[tuple[Text, Any]]:
    change = asked.get("change") or {}
    rule = RULE.get(str(change.get("rule")))
    told = str(change.get("rule")) if rule is None else f"{rule.id} {Text(rule.ja, rule.en)}"
    return [
        (Text("規則", "Rule"), told),
        (
            Text("見せないことにする項目", "Items no longer shown"),
            joined(item_words(change.get("items") or [])),
        ),
        (
            Text("ただし見せ続ける行", "Rows still shown"),
            limit_words(change.get("unless") or []) or Text("なし", "none"),
        ),
        (Text("閲覧した会社", "Reading company"), asked.get("company") or Text("すべて", "all")),
        (Text("期間", "Period"), period_of(asked)),
    ]


def _disclosure_facts(asked: dict[str, Any]) -> list[tuple[Text, Any]]:
    return [
        (Text("供給地点", "Supply point"), grouped(PointNumber(str(asked.get("point"))))),
        (
            Text("お客さまの契約期間", "The customer's contracts"),
            tenancies(asked),
        ),
        (Text("期間", "Period"), period_of(asked)),
    ]


_ASKED: dict[str, Callable[[dict[str, Any]], list[tuple[Text, Any]]]] = {
    "what-if": _change_facts,
    "who-saw": _disclosure_facts,
}
LIMITS = {
    "own-holder": Text("記録された契約先が閲覧した会社である", "the recorded holder is the reading company"),
    "own-period": Text("示した期間がその会社の契約の中にある", "the period shown lies within its contract"),
    "running": Text("閲覧した日に契約が続いていた", "the contract ran on the day of reading"),
    "assigned": Text("その日その地点の作業指示があった", "a work order for the point was open that day"),
}
"""Conditions of a narrower rule that take no value."""
_VALUED = {
    "months": (Text("示したのは閲覧の前", "nothing older than"), Text("か月以内", " months was shown")),
    "voltage": (Text("電圧は", "voltage "), Text("", "")),
    "kind": (Text("お客さまは", "customers: "), Text("", "")),
}


def limit_words(limits: Sequence[str]) -> list[str]:
    """Conditions as a person reads them."""
    return [_limit_word(*text.partition("=")[::2]) for text in limits]


def _limit_word(name: str, values: str) -> str:
    if name not in _VALUED:
        return str(LIMITS.get(name, name))
    before, after = _VALUED[name]
    words = "・".join(str((VOLTAGES | CUSTOMER_KINDS).get(one, one)) for one in values.split("+"))
    return f"{before}{words}{after}"


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
        (Text("項目", "Items"), joined(item_words(asked.get("items") or [])) or every),
        (Text("期間", "Period"), f"{asked.get('since') or '…'} – {asked.get('until') or '…'}"),
        (Text("正しい閲覧", "What was right"), dict(RIGHTS).get(str(asked.get("right")), "")),
    ]


def _rule_word(rule: str) -> Text | str:
    return Text(*RULES[rule]) if rule in RULES else rule


def decision_badge(row: ReviewRow) -> Any:
    """What was decided, or that it waits."""
    if row.decision is None:
        return badge(Text("点検待ち", "waiting"), tone="warn")
    words = DECISIONS.get(row.decision)
    return badge(
        Text(*words) if words else row.decision, tone="bad" if row.decision == "incident" else "good"
    )


REVIEW_COLUMNS: tuple[Column[ReviewRow], ...] = (
    Column(Text("日", "Day"), lambda row: row.day, sort="day", row_header=True),
    Column(Text("理由", "Reason"), lambda row: _rule_word(row.rule)),
    Column(Text("利用者", "Person"), lambda row: row.person),
    Column(Text("区分", "Audience"), lambda row: reader_word(row.audience)),
    Column(Text("所属", "Company"), lambda row: row.company),
    Column(Text("利用目的", "Purpose"), lambda row: purpose_word(row.audience, row.purpose)),
    Column(Text("重み", "Weight"), lambda row: f"{row.weight / 1000:,.1f}", sort="weight", numeric=True),
    Column(
        Text("数値", "Figures"),
        lambda row: ", ".join(f"{name} {value}" for name, value in row.facts.items()),
        nowrap=False,
    ),
)


_DECIDED: tuple[Column[ReviewRow], ...] = (
    Column(Text("判断", "Decision"), decision_badge),
    Column(Text("判断した人", "Decided by"), lambda row: row.decided_by),
    Column(Text("判断日時", "Decided"), lambda row: row.decided_at),
    Column(Text("判断の理由", "Why"), lambda row: row.reason, nowrap=False),
)
REVIEW_FILE: tuple[FileColumn[ReviewRow], ...] = (
    FileColumn("review_no", Text("点検番号", "Review"), lambda row: row.review_no),
    FileColumn("day", Text("日", "Day"), lambda row: row.day),
    FileColumn("rule", Text("抽出の規則", "Rule"), lambda row: row.rule),
    FileColumn("person", Text("利用者", "Person"), lambda row: row.person),
    FileColumn("audience", Text("区分", "Audience"), lambda row: row.audience),
    FileColumn("company", Text("所属", "Company"), lambda row: row.company),
    FileColumn("purpose", Text("利用目的", "Purpose"), lambda row: row.purpose),
    FileColumn("weight", Text("重み(千分率)", "Weight (thousandths)"), lambda row: row.weight),
    FileColumn("decision", Text("判断", "Decision"), lambda row: row.decision),
    FileColumn("decided_by", Text("判断した人", "Decided by"), lambda row: row.decided_by),
    FileColumn("decided_at", Text("判断日時", "Decided"), lambda row: row.decided_at),
    FileColumn("reason", Text("判断の理由", "Why"), lambda row: row.reason),
)


class ReviewFilter(forms.Form):
    """The list's filters."""

    rule = OneOf(Text("抽出の規則", "Rule"), [(code, Text(*words)) for code, words in RULES.items()])
    person = WordField(Text("利用者", "Person"), required=False, longest=64)
    state = OneOf(
        Text("状態", "State"),
        (("open", Text("点検待ち", "waiting")), ("decided", Text("判断済み", "decided"))),
    )

    def params(self) -> dict[str, Any]:
        """The gate's parameters."""
        asked = self.cleaned_data
        given: dict[str, Any] = {name: asked[name] for name in ("rule", "person") if asked[name]}
        return given | ({"open": asked["state"] == "open"} if asked["state"] else {})


@require_safe
def reviews(
    request: HttpRequest,
    gate: Gate[ReviewRow],
    *,
    title: Text = REVIEWS,
    columns: Sequence[Column[ReviewRow]] = (*REVIEW_COLUMNS, *_DECIDED),
    links: Links = (),
    state: str = "",
) -> HttpResponse:
    """What a rule or a draw put before somebody, the newest first, with what was decided. `state` is what is listed when nothing is asked."""
    form = ReviewFilter({**({"state": state} if "state" not in request.GET else {}), **request.GET.dict()})
    shown = None
    if form.is_valid():
        page = listed(
            request, gate, sort="weight" if state else "day", descending=True, filters=form.params()
        )
        empty = Text(
            "この条件の点検はありません。状態を「すべて」にしてください。", "None. Choose “all” states."
        )
        shown = listed_table(title, columns, page, empty=empty)
    query = request.GET.copy()
    query.pop("after", None)
    return show(
        request,
        "oversight/reviews.html",
        title=title,
        crumbs=[HOME],
        form=form,
        table=shown,
        links=[(text, reverse(name)) for text, name in links],
        download_title=Text("この条件の点検をファイルにする", "These reviews as a file"),
        download_url=f"{reverse('reviews_file')}?{query.urlencode()}",
        download_forms=FORMS,
        status=200 if shown else 422,
    )


@require_safe
def reviews_file(request: HttpRequest, gate: Gate[ReviewRow]) -> HttpResponse:
    """The same as a file."""
    form = ReviewFilter(request.GET)
    given = form.params() if form.is_valid() else {}
    return csv_answer(
        request, "reviews", REVIEW_FILE, collect(request, gate, "day", descending=True, **given)
    )
