"""証明一式: passages handed out with the proof that they stand in the log. The worker makes them where the log lies; here they are asked
for, shown with their size, and received. Asking and receiving are passages themselves.
"""

import base64
import re
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from sekisho.barrier.gate import Gate
from sekisho.ledger.bundle import MOST_BYTES, MOST_PASSAGES
from sekisho.ledger.state import LagChangeRow, LogStateRow, alarm_after
from sekisho.settings.bundling import asked
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.fields import DayField, WordField
from sekisho.surfaces.kit.forms import problems_of
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.pages import Crumb, Link, show
from sekisho.surfaces.kit.speech import Text, say
from sekisho.surfaces.kit.tables import Column, badge, link, listed_table
from sekisho.work.bundles import BundleGates, BundleRow

TITLE = Text("証明一式", "Proof bundles")
CHANGES = Text("照会を拒む遅れの上限の変更", "Changes of the lag beyond which gates refuse")
NAVIGATION = Link("bundles", TITLE, also=("new_bundle", "bundle", "lag_changes"))
_NONE = Text("まだありません。", "None yet.")
_PENDING = "bundle"
_KINDS = {
    "whole": Text("ログ全体", "whole log"),
    "range": Text("連続した範囲(間に欠けがない)", "range, nothing missing in it"),
    "selected": Text("選んだ記録", "chosen passages"),
}


class BundleForm(forms.Form):
    """Either a period, of one company or all, or numbers of passages."""

    since = DayField(Text("この日から", "From"))
    until = DayField(Text("この日の前まで", "Before"))
    company = WordField(
        Text("閲覧した会社", "Reading company"),
        required=False,
        longest=40,
        help_text=Text("空ならすべて", "empty: all"),
    )
    passages = WordField(
        Text("閲覧記録の番号", "Numbers of passages"),
        required=False,
        longest=20_000,
        lines=3,
        help_text=Text(
            "期間の代わりに。空白・読点・改行で区切る",
            "Instead of a period; separated by spaces, commas or lines",
        ),
    )

    def clean_passages(self) -> list[int]:
        """Whole numbers, each once."""
        words = re.split(r"[\s,、]+", str(self.cleaned_data["passages"]).strip())
        wrong = next((word for word in words if word and not re.fullmatch(r"[0-9]{1,18}", word)), None)
        if wrong is not None:
            raise forms.ValidationError(say(f"「{wrong}」は番号ではありません", f"{wrong!r} is no number"))
        return sorted({int(word) for word in words if word})

    def clean(self) -> dict[str, Any]:
        """One way of choosing, and a period with two ends in order."""
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if values.get("passages"):
            if since or until or values.get("company"):
                self.add_error(
                    "passages", say("期間・会社と同時には使えません", "not together with a period or company")
                )
        elif "passages" in values and (since is None or until is None):
            self.add_error(
                "since",
                say("期間か閲覧記録の番号を入力してください", "enter a period or numbers of passages"),
            )
        elif since is not None and until is not None and since >= until:
            self.add_error("until", say("始まりより後の日にしてください", "must be after the beginning"))
        return values


_COLUMNS: tuple[Column[BundleRow], ...] = (
    Column(
        Text("作成", "Made"),
        lambda row: link(reverse("bundle", args=[row.bundle_no]), row.made_at.strftime("%Y-%m-%d %H:%M")),
        sort="made",
        row_header=True,
    ),
    Column(Text("作成者", "By"), lambda row: row.person),
    Column(Text("選び方", "Chosen by"), lambda row: _asked_words(row.asked), nowrap=False),
    Column(Text("状態", "State"), lambda row: _state(row)),
    Column(Text("閲覧記録", "Passages"), lambda row: row.passages, numeric=True),
    Column(Text("大きさ(バイト)", "Bytes"), lambda row: row.bytes, numeric=True),
    Column(Text("この時まで", "Kept until"), lambda row: row.expires_at),
)


def _asked_words(given: dict[str, Any]) -> str:
    if given.get("passages"):
        numbers = given["passages"]
        return say(f"番号 {len(numbers)} 件", f"{len(numbers)} numbers")
    company = given.get("company") or say("全社", "all companies")
    return f"{given.get('since')} – {given.get('until')} {company}"


def _state(row: BundleRow) -> Any:
    if row.state == "done":
        return badge(Text("作成済み", "made"), tone="good")
    return badge(Text("作成できない", "not made"), tone="bad")


@require_safe
def bundles(request: HttpRequest, gates: BundleGates) -> HttpResponse:
    """What was made in the last days."""
    page = listed(request, gates.bundles, sort="made", descending=True, filters={})
    return show(
        request, "oversight/bundles.html", title=TITLE, crumbs=[HOME], table=listed_table(TITLE, _COLUMNS, page, empty=_NONE)
    )  # fmt: skip


def _seconds(value: Decimal | None) -> Text:
    return Text("拒まない", "never") if value is None else Text(f"{value:,.0f} 秒", f"{value:,.0f} s")


_CHANGES: tuple[Column[LagChangeRow], ...] = (
    Column(Text("時刻", "At"), lambda row: row.at, sort="change", row_header=True),
    Column(Text("前", "Before"), lambda row: _seconds(row.old_seconds), numeric=True),
    Column(Text("後", "After"), lambda row: _seconds(row.new_seconds), numeric=True),
    Column(Text("決めた人", "Decided by"), lambda row: row.by),
    Column(Text("OS の利用者", "OS user"), lambda row: row.os_user),
    Column(Text("データベースのログイン", "Database login"), lambda row: row.login),
    Column(Text("理由", "Reason"), lambda row: row.reason, nowrap=False),
)
_UNCHANGED = Text("変更されたことはありません。", "It was never changed.")


@require_safe
def lag_changes(request: HttpRequest, gate: Gate[LagChangeRow]) -> HttpResponse:
    """Who decided from which lag on gates refuse, when and why."""
    page = listed(request, gate, sort="change", descending=True, filters={})
    return show(
        request, "oversight/lag_changes.html", title=CHANGES, crumbs=[HOME, Crumb(TITLE, reverse("bundles"))],
        table=listed_table(CHANGES, _CHANGES, page, empty=_UNCHANGED),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def new_bundle(request: HttpRequest, gates: BundleGates) -> HttpResponse:
    """Choose, and let the worker make it."""
    form = BundleForm(request.POST if request.method == "POST" else None)
    if not (form.is_bound and form.is_valid()):
        problems = problems_of(form) if form.is_bound else []
        return show(
            request, "oversight/bundle_form.html", title=Text("証明一式の作成", "Make a proof bundle"), form=form, problems=problems,
            crumbs=[HOME, Crumb(TITLE, reverse("bundles"))], most=MOST_PASSAGES, megabytes=MOST_BYTES // 2**20, status=422 if problems else 200,
        )  # fmt: skip
    values = form.cleaned_data
    payload = asked(
        since=values["since"],
        until=values["until"],
        company=values["company"] or None,
        passages=values["passages"],
    )
    submitted = asking.submit(request, gates.make, payload, idempotency_key=uuid4().hex)
    if submitted is None:
        raise PermissionDenied
    request.session[_PENDING] = str(submitted.command_no)
    return redirect("bundle", submitted.command_no)


@require_safe
def bundle(request: HttpRequest, gates: BundleGates, bundle_no: UUID) -> HttpResponse:
    """One bundle: what is in it, how large it is, and its file; or why there is none."""
    pending = request.session.get(_PENDING) == str(bundle_no)
    row = asking.outcome(request, gates.bundle, str(bundle_no), seconds=5.0 if pending else 0.0)
    if row is None and not pending:
        raise Http404
    return show(
        request,
        "oversight/bundle.html",
        title=TITLE,
        crumbs=[HOME, Crumb(TITLE, reverse("bundles"))],
        row=row,
        facts=_facts(row) if row else (),
        refusal=say(str(row.refusal.get("ja")), str(row.refusal.get("en"))) if row and row.refusal else "",
    )


def _facts(row: BundleRow) -> list[tuple[Text, Any]]:
    return [
        (Text("選び方", "Chosen by"), _asked_words(row.asked)),
        (Text("作成", "Made"), row.made_at),
        (Text("作成者", "By"), row.person),
        (Text("種類", "Kind"), _KINDS.get(row.kind or "", row.kind)),
        (Text("閲覧記録", "Passages"), row.passages),
        (Text("まだ確定しておらず含まれない記録", "Not sealed yet, not included"), row.waiting),
        (Text("ログの件数", "Log size"), row.tree_size),
        (Text("大きさ(バイト)", "Bytes"), row.bytes),
        (Text("SHA-256", "SHA-256"), row.sha256),
        (Text("この時まで", "Kept until"), row.expires_at),
    ]


@require_safe
def bundle_file(request: HttpRequest, gates: BundleGates, bundle_no: UUID) -> HttpResponse:
    """The zip, with the verifier and a README inside."""
    row = next(iter(asking.read(request, gates.bundle, command_no=str(bundle_no))), None)
    if row is None or row.state != "done":
        raise Http404
    parts = [_part(request, gates, bundle_no, number) for number in range(row.parts)]
    response = HttpResponse(base64.b64decode("".join(parts)), content_type="application/zip")
    response["Content-Disposition"] = (
        f'attachment; filename="passages-{row.made_at:%Y%m%d}-{str(bundle_no)[:8]}.zip"'
    )
    return response


def _part(request: HttpRequest, gates: BundleGates, bundle_no: UUID, number: int) -> str:
    found = next(iter(asking.read(request, gates.part, command_no=str(bundle_no), part_no=number)), None)
    if found is None:  # its days ended while it was received
        raise Http404
    return found.body


def patterns(gates: BundleGates, changes: Gate[LagChangeRow]) -> list[URLPattern]:
    """The addresses, bound to the audience's gates."""
    return [
        path("bundles/lag/", partial(lag_changes, gate=changes), name="lag_changes"),
        path("bundles/", partial(bundles, gates=gates), name="bundles"),
        path("bundles/new/", partial(new_bundle, gates=gates), name="new_bundle"),
        path("bundles/<uuid:bundle_no>/", partial(bundle, gates=gates), name="bundle"),
        path("bundles/<uuid:bundle_no>/file/", partial(bundle_file, gates=gates), name="bundle_file"),
    ]


def log_alarm(request: HttpRequest, gate: Gate[LogStateRow]) -> Text | None:
    """What the first page says in red: the log is not sealed any more, or gates refuse for it."""
    row = next(iter(asking.read(request, gate)), None)
    return None if row is None else alarm_of(row, timezone.now())


def alarm_of(row: LogStateRow, now: datetime) -> Text | None:
    """The words for the state at `now`; None while all is well."""
    if row.sealed_through is None:
        return Text("閲覧ログが一度も確定されていません。", "The passage log was never sealed.")
    behind = now - row.sealed_through
    if row.refused_from is not None and now >= row.refused_from:
        return Text(
            f"閲覧ログの確定が {behind.total_seconds():,.0f} 秒遅れ、照会は拒まれています。シーケンサーを確かめてください。",
            f"The passage log is {behind.total_seconds():,.0f} s behind and gates refuse. Look after the sequencer.",
        )
    max_lag = None if row.refused_from is None else row.refused_from - row.sealed_through
    if behind <= alarm_after(max_lag):
        return None
    return Text(
        f"閲覧ログの確定が {behind.total_seconds():,.0f} 秒遅れています。シーケンサーを確かめてください。",
        f"The passage log is {behind.total_seconds():,.0f} s behind. Look after the sequencer.",
    )
