"""ETags, HEAD-free and simple: the digest of the body; `If-None-Match` answers 304. The reading is recorded all the same."""

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

Answer = Callable[[HttpRequest], HttpResponse]


class Conditional:
    """Around every answer of the API."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._get_response(request)
        if limit := getattr(request, "rate_limit", None):
            answer["RateLimit-Policy"] = f'"company";q={limit};w=60'
        if request.method != "GET" or answer.status_code != 200 or answer.streaming:
            return answer
        tag = f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
        if tag in (part.strip() for part in request.headers.get("If-None-Match", "").split(",")):
            same = HttpResponseNotModified()
            same["ETag"] = tag
            return same
        answer["ETag"] = tag
        answer["Cache-Control"] = "private, no-cache"
        return answer
