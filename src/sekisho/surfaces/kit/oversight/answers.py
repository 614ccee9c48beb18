"""What a finding consists of, by its kind: points seen, readers of a what-if, readings of one customer's data; and the customer's copy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Generic, TypeVar

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sekisho.barrier.gate import Gate
from sekisho.barrier.gateway import Page
from sekisho.barrier.policy import RULES
from sekisho.kernel.values import PointNumber, grouped
from sekisho.ledger.scope.disclosure import BY_RIGHT
from sekisho.ledger.scope.gates import FindingPointRow, FindingReaderRow, FindingReadingRow, FindingRow
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.collecting import collect
from sekisho.surfaces.kit.downloads import FORMS, FileColumn, csv_answer
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import TOKYO, Text, day_text, joined, moment_text, say
from sekisho.surfaces.kit.tables import Column, Table, badge, link, listed_table, table
from sekisho.surfaces.kit.wording import gate_word, item_words, purpose_word, reader_word

Row = TypeVar("Row")
RULE = {rule.id: rule for rule in RULES}
KINDS = {
    "scope": Text("範囲調査", "leak scoping"),
    "what-if": Text("規則変更の影響", "what if"),
    "who-saw": Text("お客さまへの開示", "answer to a customer"),
}


@dataclass(frozen=True, slots=True)
class FindingGates:
    """The gates of one audience behind a finding."""

    findings: Gate[FindingRow]
    points: Gate[FindingPointRow]
    readers: Gate[FindingReaderRow]
    readings: Gate[FindingReadingRow]


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """One table of a finding: how it is asked for, listed and written."""

    name: str
    caption: Text
    gate: Callable[[FindingGates], Gate[Row]]
    sort: str
    descending: bool
    columns: Sequence[Column[Row]]
    file: Sequence[FileColumn[Row]]
    empty: Text

    def table(self, request: HttpRequest, gates: FindingGates, finding_no: int) -> Table:
        """The page of it that the address asks for."""
        gate, filters = self.gate(gates), {"finding_no": finding_no}
        page = listed(request, gate, sort=self.sort, descending=self.descending, filters=filters)
        return listed_table(self.caption, self.columns, page, empty=self.empty)


def _passages(point: str, first: Any, last: Any) -> str:
    day, until = first.astimezone(TOKYO).date(), last.astimezone(TOKYO).date()
    return f"{reverse('passages')}?point={point}&since={day}&until={until}"


def _gates(names: Sequence[str]) -> str:
    return ", ".join(str(gate_word(one)) for one in names)


POINTS: Part[FindingPointRow] = Part(
    "points", Text("見られた地点", "Points seen"), lambda gates: gates.points, "views", True,
    columns=(
        Column(Text("供給地点", "Supply point"), lambda row: link(_passages(row.point, row.first_at, row.last_at), grouped(PointNumber(row.point))),
               sort="point", row_header=True),
        Column(Text("その時の契約先", "Holder then"), lambda row: row.holder),
        Column(Text("閲覧", "Readings"), lambda row: row.views, sort="views", numeric=True),
        Column(Text("閲覧者", "Readers"), lambda row: row.readers, numeric=True),
        Column(Text("最初", "First"), lambda row: row.first_at),
        Column(Text("最後", "Last"), lambda row: row.last_at),
        Column(Text("画面・処理", "Gates"), lambda row: _gates(row.gates), nowrap=False),
        Column(Text("項目", "Items"), lambda row: joined(item_words(row.items)), nowrap=False),
        Column(Text("契約中", "Contracted"), lambda row: badge(Text("契約中", "running")) if row.contracted else None),
    ),
    file=(
        FileColumn("point", Text("供給地点特定番号", "Supply point"), lambda row: row.point),
        FileColumn("holder", Text("その時の契約先", "Holder then"), lambda row: row.holder),
        FileColumn("views", Text("閲覧", "Readings"), lambda row: row.views),
        FileColumn("readers", Text("閲覧者", "Readers"), lambda row: row.readers),
        FileColumn("first_at", Text("最初", "First"), lambda row: row.first_at),
        FileColumn("last_at", Text("最後", "Last"), lambda row: row.last_at),
        FileColumn("gates", Text("画面・処理", "Gates"), lambda row: " ".join(row.gates)),
        FileColumn("items", Text("項目", "Items"), lambda row: " ".join(row.items)),
        FileColumn("contracted", Text("契約中", "Contracted"), lambda row: row.contracted),
    ),
    empty=Text("該当する閲覧はありません。条件を減らして調べ直してください。", "No reading matches. Ask again with fewer conditions."),
)  # fmt: skip


def _reader(row: FindingReaderRow) -> Any:
    first, last = (one.astimezone(TOKYO).date() for one in (row.first_at, row.last_at))
    return link(
        f"{reverse('passages')}?person={row.person}&of_gate={row.gate}&since={first}&until={last}", row.person
    )


READERS: Part[FindingReaderRow] = Part(
    "readers", Text("見られなくなる閲覧者", "Who would no longer see it"), lambda gates: gates.readers, "customers", True,
    columns=(
        Column(Text("利用者", "Person"), _reader, sort="person", row_header=True),
        Column(Text("区分", "Audience"), lambda row: reader_word(row.audience)),
        Column(Text("所属", "Company"), lambda row: row.company),
        Column(Text("利用目的", "Purpose"), lambda row: purpose_word(row.audience, row.purpose)),
        Column(Text("画面・処理", "Gate"), lambda row: gate_word(row.gate), nowrap=False),
        Column(Text("見られなくなる項目", "Items no longer shown"), lambda row: joined(item_words(row.items)), nowrap=False),
        Column(Text("お客さま", "Customers"), lambda row: row.customers, sort="customers", numeric=True),
        Column(Text("閲覧", "Readings"), lambda row: row.readings, numeric=True),
        Column(Text("最初", "First"), lambda row: row.first_at),
        Column(Text("最後", "Last"), lambda row: row.last_at),
    ),
    file=(
        FileColumn("person", Text("利用者", "Person"), lambda row: row.person),
        FileColumn("audience", Text("区分", "Audience"), lambda row: row.audience),
        FileColumn("company", Text("所属", "Company"), lambda row: row.company),
        FileColumn("purpose", Text("利用目的", "Purpose"), lambda row: row.purpose),
        FileColumn("gate", Text("画面・処理", "Gate"), lambda row: row.gate),
        FileColumn("items", Text("見られなくなる項目", "Items no longer shown"), lambda row: " ".join(row.items)),
        FileColumn("customers", Text("お客さま", "Customers"), lambda row: row.customers),
        FileColumn("readings", Text("閲覧", "Readings"), lambda row: row.readings),
        FileColumn("first_at", Text("最初", "First"), lambda row: row.first_at),
        FileColumn("last_at", Text("最後", "Last"), lambda row: row.last_at),
    ),
    empty=Text(
        "この変更で見られなくなる閲覧は、調べた期間にありません。規則か期間を変えて調べ直してください。",
        "In the period nobody has seen what the change would hide. Ask for another rule or period.",
    ),
)  # fmt: skip


def right_word(code: str) -> Text | str:
    """By what right, in words."""
    return Text(*BY_RIGHT[code]) if code in BY_RIGHT else code


def right_badge(row: FindingReadingRow) -> Any:
    """By what right, with the number that can be looked up."""
    number = row.case_no if row.by_right == "case" else row.order_no
    text = f"{right_word(row.by_right)} {number}" if number else right_word(row.by_right)
    return badge(text, tone="bad" if row.by_right == "none" else "plain")


def _rule(row: FindingReadingRow) -> str | None:
    return None if row.rule is None else f"{row.rule}({row.basis})"


def _notes(row: FindingReadingRow) -> str | None:
    notes = [
        Text("どの契約かは記録から定まらない", "which contract is not certain") if not row.certain else None,
        Text("契約はのちに訂正された", "the contract was corrected later") if row.corrected else None,
    ]
    return joined(note for note in notes if note is not None) or None


def _days(first: date | None, until: date | None) -> str:
    """A half-open period by its first and last day."""
    last = say("継続中", "still running") if until is None else day_text(until - timedelta(days=1))
    return f"{'' if first is None else day_text(first)} – {last}"


def _moment(row: FindingReadingRow) -> Any:
    at = f"{row.at.astimezone(TOKYO):%Y%m%dT%H%M%S.%f}"
    return link(reverse("passage", args=[at, row.passage_id]), moment_text(row.at))


_TOLD: tuple[Column[FindingReadingRow], ...] = (
    Column(Text("閲覧者の区分", "Reader"), lambda row: reader_word(row.audience)),
    Column(Text("所属", "Company"), lambda row: row.company),
    Column(Text("利用目的", "Purpose"), lambda row: purpose_word(row.audience, row.purpose)),
    Column(Text("画面・処理", "Gate"), lambda row: gate_word(row.gate), nowrap=False),
    Column(Text("項目", "Items"), lambda row: joined(item_words(row.items)), nowrap=False),
    Column(Text("権限", "By what right"), right_badge),
    Column(Text("規則と法令", "Rule and law"), _rule, nowrap=False),
    Column(Text("その時の契約先", "Holder then"), lambda row: row.holder),
    Column(Text("お客さまの契約期間", "The customer's contract"), lambda row: _days(row.tenancy_from, row.tenancy_to)),
    Column(Text("備考", "Notes"), _notes, nowrap=False),
)  # fmt: skip
_TOLD_FILE: tuple[FileColumn[FindingReadingRow], ...] = (
    FileColumn("at", Text("日時", "When"), lambda row: row.at),
    FileColumn("audience", Text("閲覧者の区分", "Reader"), lambda row: str(reader_word(row.audience))),
    FileColumn("company", Text("所属", "Company"), lambda row: row.company),
    FileColumn("purpose", Text("利用目的", "Purpose"), lambda row: str(purpose_word(row.audience, row.purpose))),
    FileColumn("gate", Text("画面・処理", "Gate"), lambda row: str(gate_word(row.gate))),
    FileColumn("items", Text("項目", "Items"), lambda row: "、".join(item_words(row.items))),
    FileColumn("by_right", Text("権限", "By what right"), lambda row: str(right_word(row.by_right))),
    FileColumn("case_no", Text("案件番号", "Case"), lambda row: row.case_no),
    FileColumn("order_no", Text("作業指示番号", "Work order"), lambda row: row.order_no),
    FileColumn("rule", Text("規則", "Rule"), lambda row: row.rule),
    FileColumn("basis", Text("法令", "Law"), lambda row: row.basis),
    FileColumn("shown_from", Text("示した期間の初日", "Shown from"), lambda row: row.shown_from),
    FileColumn("shown_to", Text("示した期間の終わり(翌日)", "Shown to (exclusive)"), lambda row: row.shown_to),
    FileColumn("holder", Text("その時の契約先", "Holder then"), lambda row: row.holder),
    FileColumn("tenancy_from", Text("契約の初日", "Contract from"), lambda row: row.tenancy_from),
    FileColumn("tenancy_to", Text("契約の終わり(翌日)", "Contract to (exclusive)"), lambda row: row.tenancy_to),
    FileColumn("notes", Text("備考", "Notes"), _notes),
)  # fmt: skip
READINGS: Part[FindingReadingRow] = Part(
    "readings", Text("お客さまの情報の閲覧", "Readings of the customer's data"), lambda gates: gates.readings, "at", False,
    columns=(
        Column(Text("日時", "When"), _moment, sort="at", row_header=True),
        Column(Text("利用者", "Person"), lambda row: row.person),
        *_TOLD,
        Column(Text("権限番号", "Permit"), lambda row: row.permit_no, numeric=True),
    ),
    file=(
        *_TOLD_FILE,
        FileColumn("person", Text("利用者", "Person"), lambda row: row.person),
        FileColumn("permit_no", Text("権限番号", "Permit"), lambda row: row.permit_no),
        FileColumn("passage_id", Text("記録番号", "Number"), lambda row: row.passage_id),
    ),
    empty=Text("この期間に、このお客さまの情報は閲覧されていません。", "In this period nobody has seen this customer's data."),
)  # fmt: skip
PARTS: dict[str, tuple[Part[Any], ...]] = {
    "scope": (POINTS,),
    "what-if": (READERS, POINTS),
    "who-saw": (READINGS,),
}
"""What the pages of a finding show, the first part on its own page, the others on theirs."""


def one_finding(request: HttpRequest, gates: FindingGates, finding_no: int) -> FindingRow:
    """The finding of an address, or 404."""
    found = asking.page(request, gates.findings, Page("at", size=1), finding_no=finding_no).rows
    if not found:
        raise Http404
    return found[0]


def part_of(row: FindingRow, name: str) -> Part[Any]:
    """The named part of a finding (empty: its first), or 404."""
    parts = PARTS.get(row.kind, PARTS["scope"])
    found = next((part for part in parts if name in ("", part.name)), None)
    if found is None:
        raise Http404
    return found


@require_safe
def finding_part(request: HttpRequest, finding_no: int, part: str, gates: FindingGates) -> HttpResponse:
    """A further table of a finding, on a page of its own."""
    row = one_finding(request, gates, finding_no)
    shown = part_of(row, part)
    return show(
        request,
        "oversight/finding_part.html",
        title=shown.caption,
        crumbs=[
            HOME,
            Crumb(Text("範囲調査", "Leak scoping"), reverse("scoping")),
            Crumb(row.title, reverse("finding", args=[finding_no])),
        ],
        table=shown.table(request, gates, finding_no),
        download_title=Text("この一覧をファイルにする", "This list as a file"),
        download_url=reverse("finding_file", args=[finding_no, shown.name]),
        download_forms=FORMS,
    )


@require_safe
def finding_file(request: HttpRequest, finding_no: int, part: str, gates: FindingGates) -> HttpResponse:
    """One table of a finding as a file; customers' numbers are not in it."""
    row = one_finding(request, gates, finding_no)
    shown = part_of(row, part)
    rows = collect(request, shown.gate(gates), _whole(shown), finding_no=finding_no)
    return csv_answer(request, f"finding-{finding_no}-{shown.name}", shown.file, rows)


def _whole(part: Part[Any]) -> str:
    """The order of a whole file: one in which nothing is passed over."""
    return {"points": "point", "readers": "person"}.get(part.name, "at")


@require_safe
def customers_copy(request: HttpRequest, finding_no: int, gates: FindingGates) -> HttpResponse:
    """開示書: the whole answer for printing, without the readers' names."""
    row = one_finding(request, gates, finding_no)
    if row.kind != "who-saw":
        raise Http404
    rows = collect(request, gates.readings, "at", finding_no=finding_no)
    when: Column[FindingReadingRow] = Column(Text("日時", "When"), lambda one: one.at, row_header=True)
    return show(
        request,
        "oversight/customers_copy.html",
        title=Text("閲覧記録の開示", "Who saw your data"),
        crumbs=[
            HOME,
            Crumb(Text("範囲調査", "Leak scoping"), reverse("scoping")),
            Crumb(row.title, reverse("finding", args=[finding_no])),
        ],
        row=row,
        point=grouped(PointNumber(str(row.question.get("point")))),
        tenancies=tenancies(row.question),
        period=period_of(row.question),
        table=table(READINGS.caption, (when, *_TOLD), rows, empty=READINGS.empty),
        download_title=Text(
            "お客さまに渡すファイル(閲覧者の氏名・番号を含まない)",
            "For the customer: without the readers' names",
        ),
        download_url=reverse("customers_file", args=[finding_no]),
        download_forms=FORMS,
    )


@require_safe
def customers_file(request: HttpRequest, finding_no: int, gates: FindingGates) -> HttpResponse:
    """The same as a file."""
    row = one_finding(request, gates, finding_no)
    if row.kind != "who-saw":
        raise Http404
    rows = collect(request, gates.readings, "at", finding_no=finding_no)
    return csv_answer(request, f"disclosure-{finding_no}", _TOLD_FILE, rows)


def tenancies(asked: dict[str, Any]) -> list[str]:
    """The customer's own contracts at the point: first and last day, and with whom."""
    return [
        f"{_days(_day(one.get('from')), _day(one.get('to')))}({say('契約先', 'with')} {one.get('holder')})"
        for one in asked.get("tenancies") or ()
    ]


def period_of(asked: dict[str, Any]) -> str | Text:
    """The period asked for, by its first and last day."""
    since, until = _day(asked.get("since")), _day(asked.get("until"))
    if since is None and until is None:
        return Text("すべて", "all")
    first = "…" if since is None else day_text(since)
    return f"{first} – {'…' if until is None else day_text(until - timedelta(days=1))}"


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else None
