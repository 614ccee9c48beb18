"""Accounts: who may sign in. Each change is an errand: entered, checked, done by the worker."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sekisho.barrier import gates as barrier
from sekisho.barrier.audiences import AUDIENCE
from sekisho.barrier.gate import SubmitGate
from sekisho.barrier.gates import AccountRow, PermitRow, PostingRow
from sekisho.barrier.gateway import Page
from sekisho.settings.administration import ACCOUNT_SCHEMA
from sekisho.surfaces.kit import asking, errands
from sekisho.surfaces.kit.errands import Errand
from sekisho.surfaces.kit.fields import OneOf, WordField
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.oversight import permits as shared
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.oversight.permits import COLUMNS as PERMIT_COLUMNS
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, badge, link, listed_table, table
from sekisho.surfaces.kit.wording import reader_word
from sekisho.surfaces.security_web.views import granting
from sekisho.work import gates as work
from sekisho.work.gates import CommandRow, SubmissionRow
from sekisho.work.sealing import UnableToOpen, answer_key, open_answer

ACCOUNTS = Text("利用者アカウント", "Accounts")
_NONE = Text("ありません。", "None.")
COMMANDS = {gate.command: Text(gate.ja, gate.en) for gate in barrier.ADMINISTRATION} | granting.COMMANDS
_STATES = {
    "queued": (Text("待ち", "waiting"), "warn"), "running": (Text("処理中", "running"), "warn"), "done": (Text("完了", "done"), "good"),
    "refused": (Text("却下", "refused"), "bad"), "failed": (Text("障害", "failed"), "bad"),
}  # fmt: skip


def _state(row: SubmissionRow) -> Any:
    text, tone = _STATES.get(row.state, (row.state, "plain"))
    return badge(text, tone=tone)


SUBMISSION_COLUMNS: tuple[Column[SubmissionRow], ...] = (
    Column(Text("受付日時", "Accepted"), lambda row: row.submitted_at, sort="submitted", row_header=True),
    Column(Text("操作", "What"), lambda row: COMMANDS.get(row.kind, row.kind)),
    Column(Text("した人", "By"), lambda row: row.person),
    Column(Text("区分", "Audience"), lambda row: reader_word(row.audience)),
    Column(Text("結果", "State"), _state),
    Column(Text("処理日時", "Finished"), lambda row: row.finished_at),
)


def _errand(request: HttpRequest, **changes: Any) -> HttpResponse:
    return errands.run(request, Errand(outcome_gate=work.SECURITY_COMMAND, **changes))


# --- accounts


def account_state(row: AccountRow) -> Any:
    """有効, 施錠, 初回前 or 終了."""
    if not row.active:
        return badge(Text("終了", "ended"))
    if row.locked_until is not None and row.locked_until > timezone.now():
        return badge(Text("施錠中", "locked"), tone="bad")
    return (
        badge(Text("初回サインイン前", "not yet used"), tone="warn")
        if row.pending
        else badge(Text("有効", "active"), tone="good")
    )


ACCOUNT_COLUMNS: tuple[Column[AccountRow], ...] = (
    Column(
        Text("利用者", "Person"),
        lambda row: link(reverse("person", args=[row.person]), row.person),
        sort="person",
        row_header=True,
    ),
    Column(Text("氏名・名称", "Name"), lambda row: row.display_name, nowrap=False),
    Column(Text("区分", "Audience"), lambda row: reader_word(row.audience)),
    Column(Text("所属", "Company"), lambda row: row.company),
    Column(Text("部署", "Department"), lambda row: row.department or None, nowrap=False),
    Column(
        Text("種類", "Kind"), lambda row: badge(Text("API", "API")) if row.machine else Text("人", "person")
    ),
    Column(Text("状態", "State"), account_state),
    Column(Text("最終サインイン", "Last sign-in"), lambda row: row.last_login),
    Column(Text("開設日時", "Created"), lambda row: row.created_at, sort="created"),
    Column(Text("開設した人", "Created by"), lambda row: row.created_by),
)


class AccountFilter(forms.Form):
    """The list's filters."""

    person = WordField(Text("利用者", "Person"), required=False, longest=64)
    of_audience = OneOf(
        Text("区分", "Audience"),
        [(code, Text(AUDIENCE[code].ja, AUDIENCE[code].en)) for code in ACCOUNT_SCHEMA],
    )
    machine = OneOf(
        Text("種類", "Kind"), (("no", Text("人", "people")), ("yes", Text("API クライアント", "API clients")))
    )
    state = OneOf(
        Text("状態", "State"),
        (
            ("active", Text("有効", "active")),
            ("ended", Text("終了", "ended")),
            ("locked", Text("施錠中", "locked")),
        ),
    )

    def params(self) -> dict[str, Any]:
        """The gate's parameters."""
        asked = self.cleaned_data
        given: dict[str, Any] = {name: asked[name] for name in ("person", "of_audience") if asked[name]}
        if asked["machine"]:
            given["machine"] = asked["machine"] == "yes"
        if asked["state"] in ("active", "ended"):
            given["active"] = asked["state"] == "active"
        if asked["state"] == "locked":
            given["locked_at"] = timezone.now().replace(
                second=0, microsecond=0
            )  # the paging mark is bound to the filters
        return given


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """Who has an account, and in which state."""
    form = AccountFilter(request.GET)
    shown = None
    if form.is_valid():
        page = listed(request, barrier.ACCOUNTS, sort="person", filters=form.params())
        shown = listed_table(
            ACCOUNTS,
            ACCOUNT_COLUMNS,
            page,
            empty=Text(
                "この条件のアカウントはありません。条件を減らしてください。", "None. Use fewer filters."
            ),
        )
    return show(
        request,
        "security_web/accounts.html",
        title=ACCOUNTS,
        crumbs=[HOME],
        form=form,
        table=shown,
        status=200 if shown else 422,
    )


POSTINGS: tuple[Column[PostingRow], ...] = (
    Column(Text("所属", "Post"), lambda row: row.post, row_header=True, nowrap=False),
    Column(Text("会社", "Company"), lambda row: row.company),
    Column(Text("開始日", "Start"), lambda row: row.start),
    Column(
        Text("最終日", "Last day"),
        lambda row: badge(Text("在任中", "now")) if row.end is None else row.end - timedelta(days=1),
    ),
)


@require_safe
def person(request: HttpRequest, person: str) -> HttpResponse:
    """One person: accounts, permits, posts."""
    accounts = asking.page(request, barrier.ACCOUNTS, Page("person", size=20), person=person).rows
    permits = asking.page(
        request, barrier.PERMITS, Page("granted", descending=True, size=100), person=person
    ).rows
    postings = asking.read(request, barrier.POSTINGS, person=person)
    if not (accounts or permits or postings):
        raise Http404
    name = next((row.display_name for row in accounts), next((row.name for row in postings if row.name), ""))
    return show(
        request,
        "security_web/person.html",
        title=Text(f"利用者 {person}", f"Person {person}"),
        crumbs=_account_crumbs(),
        person=person,
        name=name,
        accounts=[
            (row, account_state(row), reader_word(row.audience), _account_actions(row)) for row in accounts
        ],
        tables=[
            table(
                shared.PERMITS,
                (*PERMIT_COLUMNS, Column(Text("操作", "Action"), granting.end_link)),
                permits,
                empty=_NONE,
            ),
            table(
                Text("所属の経歴", "Posts"),
                POSTINGS,
                postings,
                empty=Text("従業者の名簿にありません。", "Not in the register of staff."),
            ),
        ],
        left=_left(postings, permits),
    )


def _left(postings: list[PostingRow], permits: list[PermitRow]) -> bool:
    """Whether somebody without a present post still holds a permit: what an audit looks for first."""
    today = timezone.localdate()
    in_post = any(row.start <= today and (row.end is None or row.end > today) for row in postings)
    permitted = any(
        row.ended_at is None and row.start <= today and (row.end is None or row.end > today)
        for row in permits
    )
    return bool(postings) and not in_post and permitted


def _account_crumbs() -> list[Crumb]:
    return [HOME, Crumb(ACCOUNTS, reverse("accounts"))]


def _account_actions(row: AccountRow) -> list[tuple[Text, str]]:
    if not row.active:
        return []
    if row.machine:
        return [(Text("クライアントを終了する", "End the client"), reverse("end_client", args=[row.person]))]
    words = [
        word
        for word in _CHANGES
        if word != "unlock" or (row.locked_until and row.locked_until > timezone.now())
    ]
    return [
        (_CHANGES[word][1], reverse("change_account", args=[row.audience, row.person, word]))
        for word in words
    ]


_ISSUED = Text(
    "初期パスワードは、次の画面で一度だけ表示できます。本人に直接渡してください。",
    "The initial password can be shown once on the next page. Hand it over in person.",
)
_CHANGES: dict[str, tuple[SubmitGate, Text, Text, Text]] = {
    "reissue": (barrier.REISSUE_ACCOUNT, Text("初期パスワードを再発行する", "Reissue the password"), Text("初期パスワードの再発行", "Reissue"),
                Text("いまのパスワードと第二要素が無効になり、サインイン中なら終わります。", "The present password and second factor become void, and sessions end. ") + _ISSUED),
    "unlock": (barrier.UNLOCK_ACCOUNT, Text("施錠を解除する", "Unlock"), Text("施錠の解除", "Unlocking"),
               Text("この人は、もう一度サインインできるようになります。本人に確かめてから行います。", "This person can sign in again. Make sure that it was them.")),
    "end": (barrier.END_ACCOUNT, Text("アカウントを終了する", "End the account"), Text("アカウントの終了", "End"),
            Text("この人はサインインできなくなり、サインイン中なら終わります。元に戻せません。", "This person can no longer sign in; sessions end. It cannot be undone.")),
}  # fmt: skip


def _account(request: HttpRequest, person: str, *, audience: str | None, machine: bool) -> AccountRow:
    filters: dict[str, Any] = {"person": person, "machine": machine} | (
        {"of_audience": audience} if audience else {}
    )
    found = asking.page(request, barrier.ACCOUNTS, Page("person", size=1), **filters).rows
    if not found:
        raise Http404
    return found[0]


def _who(row: AccountRow) -> list[tuple[Text, Any]]:
    return [
        (Text("利用者", "Person"), row.person), (Text("氏名・名称", "Name"), row.display_name),
        (Text("区分", "Audience"), reader_word(row.audience)), (Text("所属", "Company"), row.company),
    ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def change_account(request: HttpRequest, audience: str, person: str, change: str) -> HttpResponse:
    """再発行・施錠解除・終了."""
    if change not in _CHANGES:
        raise Http404
    row = _account(request, person, audience=audience, machine=False)
    gate, button, title, effect = _CHANGES[change]
    return _errand(
        request,
        title=title + f": {person}",
        gate=gate,
        form=forms.Form,
        payload=lambda _: {"audience": audience, "person": person},
        effect=effect,
        button=button,
        danger=change != "unlock",
        entries=_who(row),
        crumbs=[*_account_crumbs(), Crumb(person, reverse("person", args=[person]))],
        **(_SECRET if change == "reissue" else {}),
    )


def _account_form(data: Any) -> forms.Form:
    form = forms.Form(data)
    choices = [(code, Text(AUDIENCE[code].ja, AUDIENCE[code].en)) for code in ACCOUNT_SCHEMA]
    form.fields |= {
        "audience": OneOf(Text("区分", "Audience"), choices, required=True),
        "person": WordField(
            Text("利用者", "Person"),
            longest=60,
            help_text=Text(
                "記録に残る名前。英小文字・数字・.-_ の2〜60字。一人に一つ",
                "stands in every record; lower-case letters, digits, . - _; one for each person",
            ),
        ),
        "company": WordField(
            Text("所属コード", "Company"),
            longest=10,
            help_text=Text(
                "送配電は TD、小売は事業者コード5桁", "TD for the utility, five digits for a retailer"
            ),
        ),
        "display_name": WordField(Text("氏名", "Name"), longest=80),
        "department": WordField(Text("部署", "Department"), required=False, longest=120),
        "role": WordField(Text("役割", "Role"), required=False, longest=80),
    }
    return form


@require_http_methods(["GET", "HEAD", "POST"])
def create_account(request: HttpRequest) -> HttpResponse:
    """開設. What the account may read is granted apart."""
    return _errand(
        request,
        title=Text("アカウントの開設", "New account"),
        gate=barrier.CREATE_ACCOUNT,
        form=_account_form,
        payload=lambda values: {**values, "username": values["person"]},
        effect=Text(
            "アカウントだけでは何も見えません。続けて権限を起案します。",
            "An account by itself sees nothing; draft a permit afterwards. ",
        )
        + _ISSUED,
        button=Text("開設する", "Create"),
        crumbs=_account_crumbs(),
        **_SECRET,
    )


def _client_form(data: Any) -> forms.Form:
    form = forms.Form(data)
    form.fields |= {
        "company": WordField(Text("小売電気事業者コード", "Retailer code"), longest=5),
        "person": WordField(
            Text("クライアントの名前", "Client's name"),
            longest=60,
            help_text=Text("記録に残る名前。例: api-90016-1", "stands in every record, such as api-90016-1"),
        ),
        "label": WordField(Text("用途", "What for"), longest=100),
    }
    return form


@require_http_methods(["GET", "HEAD", "POST"])
def create_client(request: HttpRequest) -> HttpResponse:
    """A machine of a retailer."""
    return _errand(
        request,
        title=Text("API クライアントの登録", "New API client"),
        gate=barrier.CREATE_CLIENT,
        form=_client_form,
        payload=lambda values: dict(values),
        effect=Text("登録だけでは何も見えません。続けてこの名前の権限を起案します。秘密の値は、次の画面で一度だけ表示できます。",
                    "A client by itself sees nothing; draft a permit for its name. Its secret can be shown once on the next page."),
        button=Text("登録する", "Register"),
        crumbs=_account_crumbs(),
        **_SECRET,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def end_client(request: HttpRequest, person: str) -> HttpResponse:
    """終了 of a machine; its tokens are void at once."""
    row = _account(request, person, audience=None, machine=True)
    return _errand(
        request,
        title=Text(f"API クライアントの終了: {person}", f"End of API client {person}"),
        gate=barrier.END_CLIENT,
        form=forms.Form,
        payload=lambda _: {"client_id": row.username},
        effect=Text(
            "このクライアントの券はすぐに無効になります。元に戻せません。",
            "Its tokens become void at once. It cannot be undone.",
        ),
        button=Text("終了する", "End it"),
        danger=True,
        entries=[*_who(row), (Text("クライアントID", "Client id"), row.username)],
        crumbs=[*_account_crumbs(), Crumb(person, reverse("person", args=[person]))],
    )


# --- outcomes, and the one secret that an outcome may carry

_NONCES = "answer_nonces"


def _ask_sealed(request: HttpRequest, payload: dict[str, Any]) -> dict[str, Any]:
    """Add the key to which the worker seals its answer; the nonce behind it waits for the command's number."""
    nonce = get_random_string(32)
    request.session[f"{_NONCES}:new"] = nonce
    return payload | {"answer_key": answer_key(secret=settings.SECRET_KEY, nonce=nonce)}


def _keep_nonce(request: HttpRequest, command_no: str) -> None:
    known = request.session.get(_NONCES, {})
    request.session[_NONCES] = known | {command_no: request.session.pop(f"{_NONCES}:new")}


_SECRET: dict[str, Any] = {"before": _ask_sealed, "sent": _keep_nonce}


@require_safe
def submission(request: HttpRequest, command_no: UUID) -> HttpResponse:
    """What became of a submission; an answer for one reader waits behind a button."""
    return _outcome(request, str(command_no))


@require_POST
def secret(request: HttpRequest, command_no: UUID) -> HttpResponse:
    """The sealed answer, once. INVARIANT: the nonce is gone before the answer is shown, so that nobody can open it again."""
    known = dict(request.session.get(_NONCES, {}))
    nonce = known.pop(str(command_no), None)
    request.session[_NONCES] = known
    row = next(iter(asking.read(request, work.SECURITY_COMMAND, command_no=str(command_no))), None)
    sealed = str((row.outcome or {}).get("sealed", "")) if row else ""
    if nonce is None or not sealed:
        return _outcome(request, str(command_no), gone=True)
    try:
        return _outcome(
            request, str(command_no), answer=open_answer(sealed, secret=settings.SECRET_KEY, nonce=nonce)
        )
    except UnableToOpen:
        return _outcome(request, str(command_no), gone=True)


def _outcome(request: HttpRequest, command_no: str, *, answer: str = "", gone: bool = False) -> HttpResponse:
    return errands.submission(
        request,
        gate=work.SECURITY_COMMAND,
        command_no=command_no,
        kinds=COMMANDS,
        onward=_onward,
        crumbs=[HOME],
        template="security_web/submission.html",
        waits_secret=command_no in request.session.get(_NONCES, {}),
        answer=answer,
        gone=gone,
    )


def _onward(row: CommandRow) -> list[tuple[Text, str]]:
    found = row.outcome or {}
    links = []
    if "person" in found:
        links.append((Text("この利用者を見る", "See the person"), reverse("person", args=[found["person"]])))
    if row.kind in ("barrier.create_account", "barrier.create_client") and row.state == "done":
        links.append(
            (Text("権限を起案する", "Draft a permit"), f"{reverse('draft_permit')}?person={found['person']}")
        )
    return [*links, (shared.PERMITS, reverse("permits")), (ACCOUNTS, reverse("accounts"))]


@require_safe
def submissions(request: HttpRequest) -> HttpResponse:
    """管理操作の記録."""
    page = listed(request, work.SUBMISSIONS, sort="submitted", descending=True, filters={"kind": "barrier."})
    title = Text("管理操作の記録", "Administration so far")
    return show(
        request,
        "security_web/submissions.html",
        title=title,
        crumbs=[HOME],
        table=listed_table(title, SUBMISSION_COLUMNS, page, empty=_NONE),
    )
