"""入力→確認→完了: an irreversible errand, from its form through a look at what will happen to what the worker made of it.

Nothing is kept between the steps but what the page itself carries, and every step checks it anew. The key made for the confirmation lets
a repeated press find the same command. A refusal of the worker leads back to the filled form.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from sekisho.barrier.gate import Gate, SubmitGate
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.forms import Problem, problems_of
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text, say
from sekisho.surfaces.kit.tables import Table
from sekisho.work.gates import CommandRow

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One errand. `form` makes it from POSTed data (None: empty), `payload` is what the worker gets, `effect` says what will happen.

    `entries` are shown above what was entered; `danger` colours the last button of what cannot be taken back; `result` names the page of outcomes.
    """

    title: Text
    gate: SubmitGate
    outcome_gate: Gate[CommandRow]
    form: Callable[[Any], forms.Form]
    payload: Callable[[dict[str, Any]], Payload]
    effect: Text
    button: Text
    crumbs: Sequence[Crumb] = ()
    danger: bool = False
    result: str = "submission"
    lead: Text | None = None
    entries: Sequence[tuple[Text | str, Any]] = ()
    context: dict[str, Any] = field(default_factory=dict)
    sent: Callable[[HttpRequest, str], None] | None = None
    """Told the command's number after it was queued."""
    compare: Callable[[dict[str, Any]], Table | None] | None = None
    """What stands now beside what would stand afterwards, for the confirmation."""
    before: Callable[[HttpRequest, Payload], Payload] | None = None
    """May add to the payload what only the last step knows."""


def run(request: HttpRequest, errand: Errand) -> HttpResponse:
    """Whichever step the request stands at."""
    if request.method != "POST":
        return _open(request, errand)
    form = errand.form(request.POST)
    step = request.POST.get("step")
    if step == "edit":
        return _form(request, errand, form)
    if not form.is_valid():
        return _form(request, errand, form, problems_of(form))
    return _send(request, errand, form) if step == "send" else _confirm(request, errand, form)


def _open(request: HttpRequest, errand: Errand) -> HttpResponse:
    """The empty form; where there is nothing to fill in, the confirmation at once."""
    form = errand.form(None)
    if form.visible_fields():
        return _form(request, errand, form)
    bound = errand.form(
        {form.add_prefix(name): form.get_initial_for_field(form.fields[name], name) for name in form.fields}
    )
    bound.is_valid()
    return _confirm(request, errand, bound)


def _form(
    request: HttpRequest, errand: Errand, form: forms.Form, problems: Sequence[Problem] = ()
) -> HttpResponse:
    return show(
        request,
        "kit/errand_form.html",
        title=errand.title,
        crumbs=errand.crumbs,
        errand=errand,
        form=form,
        problems=list(problems),
        status=422 if problems else 200,
        **errand.context,
    )


def _confirm(request: HttpRequest, errand: Errand, form: forms.Form) -> HttpResponse:
    return show(
        request,
        "kit/errand_confirm.html",
        title=errand.title + Text("(確認)", " (check)"),
        crumbs=errand.crumbs,
        errand=errand,
        form=form,
        entries=[*errand.entries, *((one.label, _said(one)) for one in _told(errand, form))],
        changes=errand.compare(form.cleaned_data) if errand.compare else None,
        key=uuid4().hex,
    )


def _told(errand: Errand, form: forms.Form) -> list[forms.BoundField]:
    """The fields to look at again; beside a table of before and after only those that were filled in."""
    return [
        one
        for one in form
        if not one.is_hidden and (errand.compare is None or form.cleaned_data.get(one.name) not in (None, ""))
    ]


def _said(bound: forms.BoundField) -> Any:
    """A field's value as a person reads it."""
    value = bound.form.cleaned_data.get(bound.name)
    choices = dict(getattr(bound.field, "choices", ()))
    if value in (None, ""):
        return say("(入力なし)", "(nothing)")
    if isinstance(value, bool):
        return say("はい", "yes") if value else say("いいえ", "no")
    return choices.get(value, value)


def _send(request: HttpRequest, errand: Errand, form: forms.Form) -> HttpResponse:
    payload = errand.payload(form.cleaned_data)
    if errand.before is not None:
        payload = errand.before(request, payload)
    submitted = asking.submit(request, errand.gate, payload, idempotency_key=_key(request))
    if submitted is None:
        raise PermissionDenied
    if errand.sent is not None and submitted.fresh:
        errand.sent(request, submitted.command_no)
    found = asking.outcome(request, errand.outcome_gate, submitted.command_no)
    if found is not None and found.state == "refused":
        return _form(request, errand, form, [Problem("main", refusal(found))])
    return redirect(errand.result, submitted.command_no)


def _key(request: HttpRequest) -> str:
    try:
        return UUID(request.POST.get("key", "")).hex
    except ValueError:
        return uuid4().hex


def refusal(row: CommandRow) -> str:
    """What a refused or failed command says."""
    words = row.outcome or {}
    return say(str(words.get("ja", "処理できませんでした。")), str(words.get("en", "It could not be done.")))


def submission(
    request: HttpRequest,
    *,
    gate: Gate[CommandRow],
    command_no: str,
    kinds: dict[str, Text],
    onward: Callable[[CommandRow], list[tuple[Text, str]]],
    crumbs: Sequence[Crumb] = (),
    template: str = "kit/submission.html",
    **context: Any,
) -> HttpResponse:
    """完了, or how far it is: the page of one submitted command. `onward` says where one may go from here."""
    row = asking.outcome(request, gate, command_no) or next(
        iter(asking.read(request, gate, command_no=command_no)), None
    )
    if row is None:
        raise Http404
    refused = row.state in ("refused", "failed")
    return show(
        request,
        template,
        title=_TITLES.get(row.state, Text("処理の状況", "Progress")),
        crumbs=crumbs,
        row=row,
        kind=kinds.get(row.kind, row.kind),
        refusal=refusal(row) if refused else "",
        links=onward(row),
        waiting=row.state in ("queued", "running"),
        **context,
    )


_TITLES = {
    "done": Text("完了", "Done"),
    "refused": Text("受け付けられませんでした", "Refused"),
    "failed": Text("処理できませんでした", "Failed"),
}
