"""規則変更の影響, お客さまへの開示, and a finding as files: asked for here, done by the worker, kept as findings."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from sekisho.barrier.gateway import Page
from sekisho.barrier.items import ITEMS
from sekisho.ledger.scope import gates as scope
from sekisho.ledger.scope.whatif import REPLAYABLE, shown_by
from sekisho.settings.findingfiles import KEPT
from sekisho.settings.secrets import export_key
from sekisho.surfaces.kit import asking, errands
from sekisho.surfaces.kit.errands import Errand
from sekisho.surfaces.kit.fields import DayField, OneOf, PointField, Several, WordField
from sekisho.surfaces.kit.oversight import scoping as shared
from sekisho.surfaces.kit.oversight.answers import RULE, one_finding
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text, say
from sekisho.surfaces.kit.tables import Column, link, table
from sekisho.surfaces.kit.wording import KINDS, VOLTAGES, purpose_word, reader_word
from sekisho.surfaces.security_web.views.scoping import FINDING_GATES, iso
from sekisho.work import gates as work
from sekisho.work.gates import ExportRow
from sekisho.work.parts import PartOf, open_part

FILES = Text("調査結果のファイル", "Files of findings")


def _rule_word(rule_id: str) -> Text:
    rule = RULE[rule_id]
    reader, purpose = reader_word(rule.audience), purpose_word(rule.audience, rule.purpose)
    return Text(f"{rule_id} {reader}・{purpose}", f"{rule_id} {reader}, {purpose}")


def _item_choices() -> list[tuple[str, Text]]:
    """The items that some rule shows, in the order of the matrix."""
    shown = {item for rule in REPLAYABLE for item in shown_by(rule)}
    return [(one.code, Text(one.ja, one.en)) for one in ITEMS if one.code in shown]


class _Period(forms.Form):
    """A period that may be open at both ends."""

    def clean(self) -> dict[str, Any]:
        """Two ends in order."""
        values = super().clean() or {}
        if values.get("since") and values.get("until") and values["since"] >= values["until"]:
            self.add_error("until", say("始まりより後の日にしてください", "must be after the beginning"))
        return values


class ReplayForm(_Period):
    """A change of the policy, built from lists: a rule, what it would no longer show, and the rows for which it still would."""

    title = WordField(Text("件名", "Title"))
    rule = OneOf(Text("変える規則", "Rule"), [], required=True)
    items = Several(
        Text("見せないことにする項目", "Items no longer shown"),
        _item_choices(),
        help_text=Text("選ばなければ、この規則が見せるすべて", "none: all that the rule shows"),
    )
    limits = Several(
        Text("ただし、次のすべてに当たる行は見せ続ける", "Rows still shown, if all of these hold"),
        shared.LIMITS.items(),
        help_text=Text("どれも選ばなければ、どの行も見せない", "none chosen: no row is shown"),
        boxes=True,
    )
    months = OneOf(
        Text("示したのは、閲覧の前の何か月以内か", "Nothing older than"),
        [(str(n), Text(f"{n}か月以内", f"{n} months")) for n in (1, 2, 3, 6, 12, 13, 24, 36, 60)],
        empty=Text("条件にしない", "no condition"),
    )
    voltage = Several(
        Text("電圧", "Voltage"),
        VOLTAGES.items(),
        help_text=Text("選ばなければ条件にしない", "none: no condition"),
        boxes=True,
    )
    kind = Several(
        Text("お客さま", "Customers"),
        KINDS.items(),
        help_text=Text("選ばなければ条件にしない", "none: no condition"),
        boxes=True,
    )
    company = WordField(
        Text("閲覧した会社", "Reading company"), required=False, help_text=Text("空ならすべて", "empty: all")
    )
    since = DayField(Text("この日から", "From"))
    until = DayField(Text("この日の前まで", "Before"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # here, because the words depend on the language of the request
        self.fields["rule"] = OneOf(
            Text("変える規則", "Rule"),
            [(rule.id, _rule_word(rule.id)) for rule in REPLAYABLE],
            required=True,
        )

    def clean(self) -> dict[str, Any]:
        """The rule shows today what it would no longer show."""
        values = super().clean()
        rule = RULE.get(str(values.get("rule")))
        unknown = sorted(set(str(values.get("items") or "").split()) - (shown_by(rule) if rule else set()))
        if rule is not None and unknown:
            names = dict(_item_choices())
            ja, en = (sep.join(str(names[one]) for one in unknown) for sep in ("、", ", "))
            self.add_error(
                "items", say(f"規則 {rule.id} が見せていない項目です: {ja}", f"{rule.id} does not show: {en}")
            )
        return values


def _change(values: dict[str, Any]) -> dict[str, Any]:
    valued = {
        name: "+".join(str(values[name]).split())
        for name in ("months", "voltage", "kind")
        if values.get(name)
    }
    return {
        **{name: values[name] for name in ("title", "rule")},
        "items": str(values["items"]).split(),
        "unless": [*str(values["limits"]).split(), *(f"{name}={value}" for name, value in valued.items())],
        "company": values["company"] or None,
        "since": iso(values["since"]),
        "until": iso(values["until"]),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def new_replay(request: HttpRequest) -> HttpResponse:
    """What if: a change of a rule replayed over the past."""
    return _errand(
        request,
        title=Text("規則変更の影響", "What if"),
        gate=scope.REPLAY_POLICY,
        form=ReplayForm,
        payload=_change,
        lead=Text(
            "情報遮断の規則を狭めていたら、だれが何を見られなかったかを、過去の閲覧記録に当てはめて調べます。規則そのものは変わりません。広げる変更は、読まれていないものが分からないため調べられません。",
            "Replays a narrower rule over the past readings: who has seen what they would no longer see. The rule itself does not change. A wider rule cannot be replayed: the log knows what was read, not what would have been.",
        ),
        effect=Text("公開済みのチェックポイントまでの閲覧記録に当てはめ、結果を残します。", "Replays it over the passages up to the published checkpoint and keeps the finding."),
        button=Text("調べて残す", "Run and keep"),
    )  # fmt: skip


class CustomerField(WordField):
    """A customer's number, 14 digits."""

    def clean(self, value: Any) -> str:
        """The digits without separators."""
        text = str(super().clean(value)).replace("-", "").replace(" ", "")
        if not (text.isascii() and text.isdecimal() and len(text) == 14):
            raise forms.ValidationError(
                say("お客さま番号は14桁の数字です", "a customer's number has 14 digits")
            )
        return text


class DisclosureForm(_Period):
    """Whose data: a point and the customer who asks, so that nobody gets the answer of the tenant before."""

    title = WordField(
        Text("件名", "Title"), help_text=Text("開示請求の受付番号など", "the request's number, for example")
    )
    point = PointField(required=True)
    customer_no = CustomerField(
        Text("請求した本人のお客さま番号", "Number of the customer who asks"),
        help_text=Text(
            "この地点の契約と照合します。結果には残しません。",
            "Compared with the contracts of the point; not kept with the finding.",
        ),
        longest=20,
    )
    since = DayField(Text("この日から", "From"))
    until = DayField(Text("この日の前まで", "Before"))


def _asked(values: dict[str, Any]) -> dict[str, Any]:
    days = {name: iso(values[name]) for name in ("since", "until")}
    return {name: values[name] for name in ("title", "point", "customer_no")} | days


@require_http_methods(["GET", "HEAD", "POST"])
def new_disclosure(request: HttpRequest) -> HttpResponse:
    """お客さまへの開示: who saw my data, when, by what right."""
    return _errand(
        request,
        title=Text("お客さまへの閲覧の開示", "Who saw this customer's data"),
        gate=scope.DISCLOSE_READINGS,
        form=DisclosureForm,
        payload=_asked,
        lead=Text(
            "お客さまの情報を、だれが・いつ・どの画面で・どの項目を・何の権限で見たかを調べます。そのお客さまの契約期間の情報だけを示し、同じ地点の前後の方のものは含みません。",
            "Who saw this customer's data, when, on which gate, which items, by what right: of the customer's own contract only, never of the tenants before or after.",
        ),
        effect=Text("公開済みのチェックポイントまでの閲覧記録を調べ、結果を残します。", "Searches the passages up to the published checkpoint and keeps the finding."),
        button=Text("調べて残す", "Run and keep"),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def export_finding(request: HttpRequest, finding_no: int) -> HttpResponse:
    """Have a finding written as Parquet and CSV."""
    row = one_finding(request, FINDING_GATES, finding_no)
    return _errand(
        request,
        title=Text("調査結果のファイルの作成", "Have the finding made as files"),
        gate=scope.EXPORT_FINDING,
        form=forms.Form,
        payload=lambda _: {"finding_no": finding_no},
        effect=Text(
            f"Parquet と CSV を一つの zip にします。受け取れるのはあなただけで、{KEPT.days}日で削除します。作成も受け取りも閲覧記録に残ります。",
            f"Parquet and CSV in one zip. Only you can receive it; it is deleted after {KEPT.days} days. Making and receiving are on record.",
        ),
        button=Text("作成する", "Have it made"),
        entries=[(Text("調査結果", "Finding"), row.title), (Text("実行", "Run"), row.at)],
        more=[Crumb(row.title, reverse("finding", args=[finding_no]))],
    )


def _errand(request: HttpRequest, *, more: list[Crumb] | None = None, **changes: Any) -> HttpResponse:
    crumbs = [HOME, Crumb(shared.SCOPING, reverse("scoping")), *(more or ())]
    errand = Errand(outcome_gate=work.SECURITY_COMMAND, result="scope_submission", crumbs=crumbs, **changes)
    return errands.run(request, errand)


# --- receiving


_COLUMNS: tuple[Column[ExportRow], ...] = (
    Column(
        Text("調査結果", "Finding"),
        lambda row: link(reverse("finding", args=[_number(row)]), say(f"第 {_number(row)} 号", f"No. {_number(row)}")),
        row_header=True,
    ),
    Column(Text("頼んだ日時", "Asked for"), lambda row: row.asked_at, sort="asked"),
    Column(Text("行数", "Rows"), lambda row: row.row_count, numeric=True),
    Column(Text("大きさ(バイト)", "Bytes"), lambda row: row.bytes, numeric=True),
    Column(Text("保存期限", "Kept until"), lambda row: row.expires_at),
    Column(Text("SHA-256", "SHA-256"), lambda row: (row.sha256 or "")[:16] + "…" if row.sha256 else None),
    Column(Text("受け取り", "Receive"), lambda row: _receive(row)),
)  # fmt: skip


def _number(row: ExportRow) -> int:
    number = row.params.get("finding_no")
    return number if isinstance(number, int) else 0


def _receive(row: ExportRow) -> Any:
    if row.state != "ready":
        return Text("削除済み", "deleted") if row.state == "expired" else None
    return link(reverse("finding_zip", args=[row.export_no]), Text("受け取る", "Receive"))


@require_safe
def finding_files(request: HttpRequest) -> HttpResponse:
    """The files that this person had made, the newest first."""
    rows = asking.page(request, work.SECURITY_EXPORTS, Page("asked", descending=True, size=50)).rows
    none = Text(
        "まだありません。調査結果の画面で「Parquet と CSV をまとめて作成」を選んでください。",
        "None yet. Choose “Have Parquet and CSV made” on a finding's page.",
    )
    return show(
        request,
        "security_web/finding_files.html",
        title=FILES,
        crumbs=[HOME, Crumb(shared.SCOPING, reverse("scoping"))],
        table=table(FILES, _COLUMNS, rows, empty=none),
    )


@require_safe
def finding_zip(request: HttpRequest, export_no: UUID) -> StreamingHttpResponse:
    """The zip, piece by piece: each comes through a gate, sealed, with its passage, and is opened here."""
    found = asking.page(request, work.SECURITY_EXPORTS, Page("asked", size=1), export_no=str(export_no)).rows
    if not found or found[0].state != "ready":
        raise Http404
    pieces = _pieces(request, found[0])
    first = next(pieces)  # what cannot be read or opened at all becomes a page that says so
    response = StreamingHttpResponse(
        (piece for part in ((first,), pieces) for piece in part), content_type="application/zip"
    )
    name = f"finding-{_number(found[0])}-{timezone.localtime(found[0].asked_at):%Y%m%d}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Length"] = str(found[0].bytes)  # a file cut short does not pass for a whole one
    return response


def _pieces(request: HttpRequest, row: ExportRow) -> Iterator[bytes]:
    who = asking.caller(request)
    of = PartOf(export_no=str(row.export_no), company=who.company, person=who.person)
    for number in range(1, row.parts + 1):
        asked = {"export_no": str(row.export_no), "part_no": number}
        part = next(iter(asking.read(request, work.SECURITY_EXPORT_PART, **asked)), None)
        if part is None:  # its days ended while it was received
            raise Http404
        yield open_part(part.body, secret=export_key(settings.HOME, who.audience), of=of, part_no=number)
