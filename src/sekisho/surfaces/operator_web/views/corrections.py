"""訂正: drafted by one, decided by another. The pages submit; the worker checks and writes."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from sekisho.kernel.values import PointNumber, grouped
from sekisho.registry import gates as registry
from sekisho.registry.gates import ChangeDetail, ChangeRow
from sekisho.surfaces.kit import asking, errands
from sekisho.surfaces.kit.errands import Errand
from sekisho.surfaces.kit.fields import OneOf, PointField, WordField
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, link, listed_table
from sekisho.surfaces.operator_web import comparing, drafts, offers
from sekisho.surfaces.operator_web.comparing import Written
from sekisho.surfaces.operator_web.drafts import DRAFTS, Place
from sekisho.surfaces.operator_web.views.card import CONTRACTS
from sekisho.surfaces.operator_web.wording import CHANGE_KINDS, CHANGE_STATES, COMMANDS, TABLES, change_badge
from sekisho.work import gates as work
from sekisho.work.gates import CommandRow

TITLE = Text("訂正の一覧", "Corrections")
LOOKUP = Crumb(Text("お客さま照会", "Look-up"), "/")

COLUMNS: tuple[Column[ChangeRow], ...] = (
    Column(
        Text("訂正番号", "Correction"),
        lambda row: link(reverse("correction", args=[row.change_no]), row.change_no),
        row_header=True,
    ),
    Column(Text("種類", "Kind"), lambda row: CHANGE_KINDS.get(row.kind, row.kind)),
    Column(Text("供給地点", "Supply point"), lambda row: grouped(PointNumber(row.point))),
    Column(Text("状態", "State"), lambda row: change_badge(row.state)),
    Column(Text("起案者", "Drafted by"), lambda row: row.drafted_by),
    Column(Text("起案日時", "Drafted"), lambda row: row.drafted_at, sort="drafted"),
    Column(Text("承認者", "Approved by"), lambda row: row.approved_by),
    Column(Text("理由", "Reason"), lambda row: row.reason, nowrap=False),
)


class ChangeFilter(forms.Form):
    """The list of corrections."""

    state = OneOf(Text("状態", "State"), CHANGE_STATES.items())
    point = PointField()


def _refuse_purpose(request: HttpRequest, title: Text) -> HttpResponse | None:
    if offers.corrects(asking.chosen_purpose(request)):
        return None
    return show(request, "operator_web/not_for_purpose.html", title=title, crumbs=[LOOKUP], status=403)


@require_safe
def corrections(request: HttpRequest) -> HttpResponse:
    """Newest first; the state is in the address."""
    refusal = _refuse_purpose(request, TITLE)
    if refusal is not None:
        return refusal
    form = ChangeFilter(request.GET)
    shown = None
    if form.is_valid():
        filters = {name: value for name, value in form.cleaned_data.items() if value}
        page = listed(request, registry.CHANGES, sort="drafted", descending=True, filters=filters)
        shown = listed_table(
            TITLE,
            COLUMNS,
            page,
            empty=Text(
                "この条件の訂正はありません。状態を「すべて」にしてください。", "None. Choose “all” states."
            ),
        )
    return show(
        request,
        "operator_web/corrections.html",
        title=TITLE,
        crumbs=[LOOKUP],
        form=form,
        table=shown,
        status=200 if shown else 422,
    )


@require_safe
def draft(request: HttpRequest, point: str) -> HttpResponse:
    """起案, first: which kind."""
    title = Text("訂正の起案", "Draft of a correction")
    refusal = _refuse_purpose(request, title)
    if refusal is not None:
        return refusal
    kinds = [
        (text, drafts.DRAFTS[kind].effect, _kind_links(request, point, kind))
        for kind, text in CHANGE_KINDS.items()
    ]
    return show(
        request, "operator_web/draft.html", title=title, crumbs=_crumbs(point), point=point, kinds=kinds
    )


def _kind_links(request: HttpRequest, point: str, kind: str) -> list[tuple[Text, str]]:
    address = reverse("draft_kind", args=[point, kind])
    if kind != "split_period":
        return [(Text("この訂正を起案する", "Draft this"), address)]
    tables = drafts.tables_of(asking.chosen_purpose(request))
    return [(TABLES[table], f"{address}?table={table}") for table in tables]


def _crumbs(point: str) -> list[Crumb]:
    return [LOOKUP, Crumb(grouped(PointNumber(point)), reverse("card", args=[point]))]


@require_http_methods(["GET", "HEAD", "POST"])
def draft_kind(request: HttpRequest, point: str, kind: str) -> HttpResponse:
    """起案 of one kind: form, confirmation, outcome."""
    if kind not in DRAFTS:
        raise Http404
    refusal = _refuse_purpose(request, CHANGE_KINDS[kind])
    if refusal is not None:
        return refusal
    place = _place(request, point, kind)
    made = DRAFTS[kind]
    title = CHANGE_KINDS[kind] + (
        Text(f": {TABLES[place.table].ja}", f": {TABLES[place.table].en}") if place.table else ""
    )
    errand = Errand(
        title=title,
        gate=registry.DRAFT_CHANGE,
        outcome_gate=work.OPERATOR_COMMAND,
        form=drafts.form_of(made, place),
        payload=drafts.payload_of(kind, made, place),
        effect=made.effect,
        button=Text("起案する", "Draft it"),
        lead=Text(
            "空欄の項目は変わりません。値を消すときは「空にする項目」に印を付けます。起案したものは、ほかの人が承認して初めて反映されます。",
            "What is left empty stays; tick what is to be emptied. Nothing changes until somebody else approves.",
        ),
        entries=[(Text("供給地点特定番号", "Supply point"), grouped(PointNumber(point)))],
        compare=lambda values: comparing.comparison(
            request, point, comparing.submitted(made.payload(place, values))
        ),
        crumbs=[*_crumbs(point), Crumb(Text("訂正の起案", "Draft"), reverse("draft", args=[point]))],
    )
    return errands.run(request, errand)


def _place(request: HttpRequest, point: str, kind: str) -> Place:
    purpose = asking.chosen_purpose(request)
    contracts = asking.read(request, CONTRACTS, point=point)
    table = request.GET.get("table", "") if kind == "split_period" else ""
    if not contracts or (kind == "split_period" and table not in drafts.tables_of(purpose)):
        raise Http404
    return Place(point, list(dict.fromkeys(row.contract_no for row in contracts)), purpose, table)


@require_safe
def correction(request: HttpRequest, change_no: str) -> HttpResponse:
    """One correction with what it would write."""
    refusal = _refuse_purpose(request, TITLE)
    if refusal is not None:
        return refusal
    row = _change(request, change_no)
    draft = comparing.written(row)
    mine = row.drafted_by == asking.caller(request).person
    return show(
        request,
        "operator_web/correction.html",
        title=Text(f"訂正 {change_no}", f"Correction {change_no}"),
        crumbs=[LOOKUP, Crumb(TITLE, reverse("corrections"))],
        row=row,
        kind=CHANGE_KINDS.get(row.kind, row.kind),
        state=change_badge(row.state),
        entries=_entries(draft),
        changes=comparing.comparison(request, row.point, draft),
        decisions=_open_decisions(row, mine=mine),
        mine=mine,
    )


def _change(request: HttpRequest, change_no: str) -> ChangeDetail:
    row = next(iter(asking.read(request, registry.CHANGE, change_no=change_no)), None)
    if row is None:
        raise Http404
    return row


_FIELD_WORDS = {
    "contract_no": Text("契約番号", "Contract"), "since": Text("この日から正しい", "Correct from"), "day": Text("日", "Day"),
    "holder": Text("小売電気事業者コード", "Retailer"), "customer_no": Text("お客さま番号", "Customer number"),
    "application_type": Text("申込種別", "Application"), "table": Text("対象", "What"), "only": Text("対象の番号", "Only"),
}  # fmt: skip


def _entries(draft: Written) -> list[tuple[Text | str, Any]]:
    """What the draft speaks of, in words; its values stand in the table of before and after."""
    return [
        (_FIELD_WORDS.get(name, name), TABLES.get(value, value) if name == "table" else _spoken_day(value))
        for name, value in draft.about.items()
    ]


def _spoken_day(value: Any) -> Any:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return value


DECISIONS = {
    "approve": (Text("承認する", "Approve"), Text("承認すると、登録がすぐに書き換わります。前の値は履歴に残ります。", "Approving writes at once; the former values stay in the history.")),
    "reject": (Text("差し戻す", "Reject"), Text("差し戻すと、この起案は終わります。必要なら起案し直します。", "Rejecting ends this draft; it may be drafted again.")),
    "withdraw": (Text("取り下げる", "Withdraw"), Text("取り下げると、この起案は終わります。", "Withdrawing ends this draft.")),
}  # fmt: skip


def _open_decisions(row: ChangeDetail, *, mine: bool) -> list[tuple[Text, str]]:
    if row.state != "drafted":
        return []
    words = ("withdraw",) if mine else ("approve", "reject")
    return [(DECISIONS[word][0], reverse("decide", args=[row.change_no, word])) for word in words]


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, change_no: str, decision: str) -> HttpResponse:
    """承認・差戻し・取下げ."""
    if decision not in DECISIONS:
        raise Http404
    refusal = _refuse_purpose(request, TITLE)
    if refusal is not None:
        return refusal
    row = _change(request, change_no)
    draft = comparing.written(row)
    button, effect = DECISIONS[decision]
    title = Text(f"訂正 {change_no}: {button.ja}", f"Correction {change_no}: {button.en}")
    errand = Errand(
        title=title,
        gate=registry.DECIDE_CHANGE,
        outcome_gate=work.OPERATOR_COMMAND,
        form=_decision_form(decision),
        payload=lambda values: {"change_no": change_no, "decision": decision, **values},
        effect=effect,
        button=button,
        danger=decision == "reject",
        compare=lambda _: comparing.comparison(request, row.point, draft),
        entries=[
            (Text("種類", "Kind"), CHANGE_KINDS.get(row.kind, row.kind)),
            *_entries(draft),
            (Text("理由", "Reason"), row.reason),
        ],
        crumbs=[
            LOOKUP,
            Crumb(TITLE, reverse("corrections")),
            Crumb(change_no, reverse("correction", args=[change_no])),
        ],
    )
    return errands.run(request, errand)


def _decision_form(decision: str) -> Any:
    def make(data: Any) -> forms.Form:
        form = forms.Form(data)
        if decision == "reject":
            form.fields["note"] = WordField(Text("差戻しの理由", "Why"), longest=500, lines=3)
        return form

    return make


@require_safe
def submission(request: HttpRequest, command_no: UUID) -> HttpResponse:
    """What became of a submission."""
    return errands.submission(
        request,
        gate=work.OPERATOR_COMMAND,
        command_no=str(command_no),
        kinds=COMMANDS,
        onward=_onward,
        crumbs=[LOOKUP],
    )


def _onward(row: CommandRow) -> list[tuple[Text, str]]:
    change_no = (row.outcome or {}).get("change_no")
    links = (
        [(Text("この訂正を見る", "See the correction"), reverse("correction", args=[change_no]))]
        if change_no
        else []
    )
    return [
        *links,
        (Text("訂正の一覧", "Corrections"), reverse("corrections")),
        (Text("照会へ", "Look-up"), "/"),
    ]
