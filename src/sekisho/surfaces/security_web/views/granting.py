"""起案→承認 of permits and disaster cases, and their end: who may ask. Each change is an errand: entered, checked, done by the worker."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from sekisho.barrier import gates as barrier
from sekisho.barrier.audiences import AUDIENCE, PURPOSES
from sekisho.barrier.gates import CaseRow, DraftRow, PermitRow
from sekisho.barrier.gateway import Page
from sekisho.ledger import gates as ledger
from sekisho.surfaces.kit import asking, errands
from sekisho.surfaces.kit.errands import Errand
from sekisho.surfaces.kit.fields import DayField, OneOf, WordField
from sekisho.surfaces.kit.oversight import drafts as papers
from sekisho.surfaces.kit.oversight import permits as shared
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.pages import Crumb
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, link
from sekisho.surfaces.kit.wording import purpose_word, reader_word
from sekisho.work import gates as work
from sekisho.work.gates import CommandRow

COMMANDS = {
    gate.command: Text(gate.ja, gate.en)
    for gate in (
        barrier.DRAFT_PERMIT,
        barrier.DRAFT_CASE,
        barrier.DECIDE_DRAFT,
        barrier.END_PERMIT,
        barrier.REVIEW_CASE,
        barrier.TRANSFER,
    )
} | {  # until permits and cases were given by two people
    "barrier.grant_permit": Text("権限の付与", "grant a permit"),
    "barrier.open_case": Text("災害案件の開始", "open a disaster case"),
}


def _errand(request: HttpRequest, **changes: Any) -> HttpResponse:
    return errands.run(
        request, Errand(outcome_gate=work.SECURITY_COMMAND, result="grant_submission", **changes)
    )


# --- permits


def end_link(row: PermitRow) -> Any:
    over = row.ended_at is not None or (row.end is not None and row.end <= timezone.localdate())
    return None if over else link(reverse("end_permit", args=[row.permit_no]), Text("終了する", "End"))


@require_safe
def permits(request: HttpRequest) -> HttpResponse:
    """The list, with what may be done."""
    links = (
        (Text("権限を起案する", "Draft a permit"), "draft_permit"),
        (papers.DRAFTS, "drafts"),
        (Text("異動で終了する", "End by transfer"), "transfer"),
    )
    return shared.permits(
        request, barrier.PERMITS, more=(Column(Text("操作", "Action"), end_link),), links=links
    )


def _permit_crumbs() -> list[Crumb]:
    return [HOME, Crumb(shared.PERMITS, reverse("permits"))]


_PURPOSES = [
    (
        f"{one.audience}/{one.code}",
        Text(f"{AUDIENCE[one.audience].ja}: {one.ja}", f"{AUDIENCE[one.audience].en}: {one.en}"),
    )
    for one in PURPOSES
    if one.audience != "public"
]


def _permit_form(request: HttpRequest) -> Any:
    def make(data: Any) -> forms.Form:
        form = forms.Form(data, initial={"start": timezone.localdate(), **request.GET.dict()})
        form.fields |= {
            "person": WordField(
                Text("利用者", "Person"),
                longest=64,
                help_text=Text("アカウントの利用者名", "the account's person"),
            ),
            "purpose": OneOf(Text("区分と利用目的", "Audience and purpose"), _PURPOSES, required=True),
            "company": WordField(
                Text("所属コード", "Company"),
                longest=20,
                help_text=Text(
                    "送配電は TD、小売は事業者コード5桁", "TD for the utility, five digits for a retailer"
                ),
            ),
            "start": DayField(Text("開始日", "Start"), required=True),
            "last": DayField(Text("最終日", "Last day"), help_text=Text("空欄は定めなし", "empty: open")),
            "case_no": WordField(
                Text("案件番号", "Case"),
                required=False,
                longest=20,
                help_text=Text("災害だけ。例: DIS-2026-001", "disaster only, such as DIS-2026-001"),
            ),
            "reason": WordField(Text("理由", "Reason"), longest=500, lines=3),
        }
        return form

    return make


def _permit_payload(values: dict[str, Any]) -> dict[str, Any]:
    audience, purpose = values["purpose"].split("/")
    last = values["last"]
    return {
        "person": values["person"], "audience": audience, "purpose": purpose, "company": values["company"], "reason": values["reason"],
        "start": values["start"].isoformat(), "end": (last + timedelta(days=1)).isoformat() if last else None, "case_no": values["case_no"],
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def draft_permit(request: HttpRequest) -> HttpResponse:
    """起案 of a permit."""
    return _errand(
        request,
        title=Text("権限の起案", "Draft of a permit"),
        gate=barrier.DRAFT_PERMIT,
        form=_permit_form(request),
        payload=_permit_payload,
        effect=Text(
            "起案だけでは何も見えません。ほかの担当者が承認すると、この人は、この期間、この目的で照会できるようになります。",
            "A draft gives nothing. Once somebody else approves, this person will be able to ask for this purpose.",
        ),
        button=Text("起案する", "Draft it"),
        crumbs=_permit_crumbs(),
    )


def _end_form(data: Any) -> forms.Form:
    form = forms.Form(data)
    form.fields["reason"] = WordField(
        Text("理由", "Reason"),
        required=False,
        longest=500,
        help_text=Text("急ぐときは空欄でかまいません", "may stay empty when there is no time"),
    )
    return form


@require_http_methods(["GET", "HEAD", "POST"])
def end_permit(request: HttpRequest, permit_no: int) -> HttpResponse:
    """終了, at once."""
    found = asking.page(request, barrier.PERMITS, Page("person", size=1), permit_no=permit_no)
    if not found.rows:
        raise Http404
    row = found.rows[0]
    return _errand(
        request,
        title=Text(f"権限 {permit_no} の終了", f"End of permit {permit_no}"),
        gate=barrier.END_PERMIT,
        form=_end_form,
        payload=lambda values: {"permit_no": permit_no, "reason": values["reason"]},
        lead=Text("終了は一人でできます。承認を待ちません。", "One person ends a permit; there is no waiting for an approval."),
        effect=Text("権限はすぐに終わり、開いている画面でも何も見えなくなります。元に戻せません。", "The permit ends at once, also for open sessions. It cannot be undone."),
        button=Text("終了する", "End it"),
        danger=True,
        entries=[
            (Text("利用者", "Person"), row.person), (Text("区分", "Audience"), reader_word(row.audience)),
            (Text("利用目的", "Purpose"), purpose_word(row.audience, row.purpose)), (Text("開始日", "Start"), row.start),
        ],
        crumbs=_permit_crumbs(),
    )  # fmt: skip


def _transfer_form(request: HttpRequest) -> Any:
    def make(data: Any) -> forms.Form:
        form = forms.Form(data, initial={"on": timezone.localdate(), **request.GET.dict()})
        form.fields |= {
            "person": WordField(Text("利用者", "Person"), longest=64),
            "on": DayField(
                Text("異動日", "Day of the transfer"),
                required=True,
                help_text=Text(
                    "この日から、いまの権限がすべて無くなります", "from this day on no present permit holds"
                ),
            ),
        }
        return form

    return make


@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: HttpRequest) -> HttpResponse:
    """異動: every permit of a person ends on the day."""
    return _errand(
        request,
        title=Text("異動による権限の終了", "End of permits by transfer"),
        gate=barrier.TRANSFER,
        form=_transfer_form(request),
        payload=lambda values: {"person": values["person"], "on": values["on"].isoformat()},
        effect=Text(
            "この人の権限は、すべての目的で異動日に終わります。その後に始まる権限も終わります。",
            "Every permit of this person ends on the day, also those that would begin later.",
        ),
        button=Text("異動日で終了する", "End them"),
        danger=True,
        crumbs=_permit_crumbs(),
    )


# --- cases


def _review_link(row: CaseRow) -> Any:
    ready = row.reviewed_at is None and not shared.is_running(row, timezone.now())
    return link(reverse("review_case", args=[row.case_no]), Text("審査する", "Review")) if ready else None


@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """The list, with what may be done."""
    links = ((Text("案件を起案する", "Draft a case"), "draft_case"), (papers.DRAFTS, "drafts"))
    return shared.cases(
        request, barrier.CASES, more=(Column(Text("操作", "Action"), _review_link),), links=links
    )


@require_safe
def case(request: HttpRequest, case_no: str) -> HttpResponse:
    """One case, and the way to its review."""
    return shared.case(
        request,
        case_no,
        barrier.CASES,
        barrier.PERMITS,
        ledger.PASSAGES,
        links=lambda row: _may_review(request, row),
    )


def _may_review(request: HttpRequest, row: CaseRow) -> list[tuple[Text, str]]:
    waits = row.reviewed_at is None and not shared.is_running(row, timezone.now())
    if not waits or row.opened_by == asking.caller(request).person:
        return []
    return [(Text("審査する", "Review"), reverse("review_case", args=[row.case_no]))]


def _case_crumbs() -> list[Crumb]:
    return [HOME, Crumb(shared.CASES, reverse("cases"))]


def _case_form(data: Any) -> forms.Form:
    form = forms.Form(data, initial={"hours": 72})
    form.fields |= {
        "case_no": WordField(Text("案件番号", "Case"), longest=20, help_text=Text("例: DIS-2026-001", "such as DIS-2026-001")),
        "title": WordField(Text("案件名", "Title"), longest=200, help_text=Text("何が起きたか。お客さまの名前は書かない", "what happened; no customer's name")),
        "hours": forms.IntegerField(
            label=Text("時間", "Hours"), min_value=1, max_value=336, help_text=Text("1〜336時間。過ぎると自動で終わります", "1 to 336; it ends by itself"),  # type: ignore[arg-type]
            error_messages={"required": Text("時間を入力してください", "Enter the hours")},  # type: ignore[dict-item]
        ),
        "reason": WordField(Text("理由", "Reason"), longest=500, lines=3),
    }  # fmt: skip
    return form


@require_http_methods(["GET", "HEAD", "POST"])
def draft_case(request: HttpRequest) -> HttpResponse:
    """起案 of a case."""
    return _errand(
        request,
        title=Text("災害案件の起案", "Draft of a disaster case"),
        gate=barrier.DRAFT_CASE,
        form=_case_form,
        payload=lambda values: {name: values[name] for name in ("case_no", "title", "hours", "reason")},
        effect=Text("ほかの担当者が承認すると、その時から案件が始まります。この案件の番号で権限を与えると、災害の目的で名義・電話を伏せずに照会できます。終了後、審査します。",
                    "The case begins when somebody else approves. With a permit for it, names and phones are shown unmasked. It is reviewed afterwards."),
        button=Text("起案する", "Draft it"),
        crumbs=_case_crumbs(),
    )  # fmt: skip


def _review_form(data: Any) -> forms.Form:
    form = forms.Form(data)
    form.fields["note"] = WordField(
        Text("所見", "Finding"),
        longest=2_000,
        lines=5,
        help_text=Text("閲覧が案件の範囲だったか", "whether the readings were within the case"),
    )
    return form


@require_http_methods(["GET", "HEAD", "POST"])
def review_case(request: HttpRequest, case_no: str) -> HttpResponse:
    """審査, by somebody else than whoever opened it."""
    row = next((row for row in asking.read(request, barrier.CASES) if row.case_no == case_no), None)
    if row is None:
        raise Http404
    passages = f"{reverse('passages')}?case_no={case_no}&since={timezone.localtime(row.start).date()}"
    return _errand(
        request,
        title=Text(f"災害案件 {case_no} の審査", f"Review of {case_no}"),
        gate=barrier.REVIEW_CASE,
        form=_review_form,
        payload=lambda values: {"case_no": case_no, "note": values["note"]},
        effect=Text("審査の結果は変更できません。", "The review cannot be changed."),
        button=Text("審査を終える", "Finish the review"),
        entries=[
            (Text("案件名", "Title"), row.title), (Text("開いた人", "Opened by"), row.opened_by), (Text("開始", "Start"), row.start),
            (Text("終了", "End"), row.end), (Text("この案件の閲覧", "Passages"), link(passages, Text("記録を見る", "see the records"))),
        ],
        crumbs=_case_crumbs(),
    )  # fmt: skip


# --- 起案と承認

DECISIONS = {
    "approve": (Text("承認する", "Approve"), Text("承認", "Approval")),
    "reject": (Text("差し戻す", "Reject"), Text("差戻し", "Rejection")),
    "withdraw": (Text("取り下げる", "Withdraw"), Text("取下げ", "Withdrawal")),
}  # fmt: skip
_EFFECTS = {
    ("approve", "permit"): Text("承認すると、この権限はすぐに(開始日が先ならその日から)使えるようになります。", "Once approved, the permit holds at once, or from its first day."),
    ("approve", "case"): Text("承認すると、案件がすぐに始まり、時間が過ぎると自動で終わります。", "Once approved, the case begins, and ends by itself."),
    ("reject", "permit"): Text("差し戻すと、この起案は終わります。必要なら起案し直します。", "Rejecting ends this draft; it may be drafted again."),
    ("withdraw", "permit"): Text("取り下げると、この起案は終わります。", "Withdrawing ends this draft."),
}  # fmt: skip


@require_safe
def drafts(request: HttpRequest) -> HttpResponse:
    """The list, with what may be drafted."""
    links = (
        (Text("権限を起案する", "Draft a permit"), "draft_permit"),
        (Text("案件を起案する", "Draft a case"), "draft_case"),
    )
    return papers.drafts(request, barrier.DRAFTS, links=links)


@require_safe
def draft(request: HttpRequest, draft_no: int) -> HttpResponse:
    """One draft, with the decisions that are this person's."""
    person = asking.caller(request).person
    return papers.draft(
        request, draft_no, barrier.DRAFTS, decisions=lambda row: _decisions(row, person), mine=person
    )


def _decisions(row: DraftRow, person: str) -> list[tuple[Text, str]]:
    if row.state != "drafted":
        return []
    words = (
        ("withdraw",)
        if row.drafted_by == person
        else ("reject",)
        if row.person == person
        else ("approve", "reject")
    )
    return [(DECISIONS[word][0], reverse("decide_draft", args=[row.draft_no, word])) for word in words]


@require_http_methods(["GET", "HEAD", "POST"])
def decide_draft(request: HttpRequest, draft_no: int, decision: str) -> HttpResponse:
    """承認・差戻し・取下げ."""
    if decision not in DECISIONS:
        raise Http404
    row = papers.one_draft(request, barrier.DRAFTS, draft_no)
    if row.state != "drafted" and request.method != "POST":
        return redirect("draft", draft_no)  # it is decided: there is nothing to confirm
    button, title = DECISIONS[decision]
    return _errand(
        request,
        title=title + Text(f": 起案 {draft_no}", f" of draft {draft_no}"),
        gate=barrier.DECIDE_DRAFT,
        form=_reject_form if decision == "reject" else forms.Form,
        payload=lambda values: {"draft_no": draft_no, "decision": decision, **values},
        effect=_EFFECTS.get((decision, row.kind)) or _EFFECTS[decision, "permit"],
        button=button,
        danger=decision == "reject",
        entries=papers.facts(row),
        crumbs=[
            *papers.draft_crumbs(),
            Crumb(Text(f"起案 {draft_no}", f"Draft {draft_no}"), reverse("draft", args=[draft_no])),
        ],
    )


def _reject_form(data: Any) -> forms.Form:
    form = forms.Form(data)
    form.fields["note"] = WordField(Text("差戻しの理由", "Why"), longest=500, lines=3)
    return form


@require_safe
def grant_submission(request: HttpRequest, command_no: UUID) -> HttpResponse:
    """What became of a draft, a decision or an end."""
    return errands.submission(
        request,
        gate=work.SECURITY_COMMAND,
        command_no=str(command_no),
        kinds=COMMANDS,
        onward=_onward,
        crumbs=[HOME],
    )


def _onward(row: CommandRow) -> list[tuple[Text, str]]:
    found = row.outcome or {}
    own = (
        [(Text("この起案を見る", "See the draft"), reverse("draft", args=[found["draft_no"]]))]
        if "draft_no" in found
        else []
    )
    person = (
        [(Text("この利用者を見る", "See the person"), reverse("person", args=[found["person"]]))]
        if "person" in found
        else []
    )
    return [
        *own,
        *person,
        (papers.DRAFTS, reverse("drafts")),
        (shared.PERMITS, reverse("permits")),
        (shared.CASES, reverse("cases")),
    ]
