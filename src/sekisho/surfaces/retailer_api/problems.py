"""Errors as RFC 9457 problem details. None says more about a foreign identifier than about one that does not exist."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse

from sekisho.surfaces.kit.asking import request_id

_TITLES = {
    400: ("invalid-request", "要求が正しくありません", "The request is not valid"),
    401: (
        "invalid-token",
        "アクセストークンが無いか、期限切れです",
        "The access token is missing or has expired",
    ),
    403: ("no-permit", "利用権限がありません", "There is no permit for this"),
    404: ("not-found", "該当する情報がありません", "Nothing found"),
    405: ("method-not-allowed", "この操作はありません", "There is no such method here"),
    413: ("too-large", "要求が大きすぎます", "The request is too large"),
    422: ("invalid-values", "値が正しくありません", "Some values are not valid"),
    429: ("too-many-requests", "要求が多すぎます", "Too many requests"),
    500: ("internal-error", "処理できませんでした", "Something went wrong"),
    503: ("unavailable", "ただいま照会できません", "The service cannot answer now"),
}


class Refusal(Exception):
    """A refusal with its status. `errors` names fields, as {"field": …, "value": …, "ja": …, "en": …}."""

    def __init__(
        self,
        status: int,
        *,
        ja: str = "",
        en: str = "",
        errors: list[dict[str, Any]] | None = None,
        retry_after: int = 0,
    ) -> None:
        super().__init__(status)
        self.status, self.ja, self.en, self.errors, self.retry_after = (
            status,
            ja,
            en,
            errors or [],
            retry_after,
        )


def problem(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The answer for `refusal`. 404 carries nothing of the request, so that foreign and unknown answers are the same bytes."""
    kind, ja, en = _TITLES[refusal.status]
    english = request.headers.get("Accept-Language", "").startswith("en")
    body: dict[str, Any] = {
        "type": f"/api/v1/problems/{kind}",
        "title": en if english else ja,
        "status": refusal.status,
    }
    detail = refusal.en if english else refusal.ja
    if detail:
        body["detail"] = detail
    if refusal.errors:
        body["errors"] = refusal.errors
    if refusal.status >= 500:
        body["instance"] = f"urn:request:{request_id(request)}"
    answer = HttpResponse(
        json.dumps(body, ensure_ascii=False), status=refusal.status, content_type="application/problem+json"
    )
    if refusal.status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="sekisho"'
    if refusal.retry_after or refusal.status == 503:
        answer["Retry-After"] = str(refusal.retry_after or 30)
    return answer
