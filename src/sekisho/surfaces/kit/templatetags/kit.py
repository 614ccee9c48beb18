"""Template tags of every page; built in, so that templates need not load them."""

import hashlib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sekisho.kernel.values import PointNumber, grouped
from sekisho.surfaces.kit.forms import problems_of
from sekisho.surfaces.kit.speech import day_text, moment_text, say
from sekisho.surfaces.kit.tables import display

register = template.Library()


@register.simple_tag
def t(ja: str, en: str) -> str:
    """A text in the language of the request: `{% t "契約" "Contracts" %}`."""
    return say(ja, en)


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file, with the digest of its content, so that it may be cached for a year."""
    return f"{static(name)}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(name)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


@register.filter
def shown(value: Any) -> str:
    """A value as pages show it: dates in words, missing hatched."""
    return display(value)


@register.filter
def day(value: date | None) -> str:
    """`2026年11月22日(日)`."""
    return "" if value is None else day_text(value)


@register.filter
def moment(value: datetime | None) -> str:
    """A day and a time in Japan."""
    return "" if value is None else moment_text(value)


@register.filter
def point_number(value: str) -> SafeString:
    """A supply point in groups of four, which copies without hyphens' meaning being lost."""
    return format_html('<span class="number">{}</span>', grouped(PointNumber(value)))


@register.inclusion_tag("kit/table.html")
def table(shown_table: Any, **extra: Any) -> dict[str, Any]:
    """A `tables.Table`."""
    return {"table": shown_table, **extra}


@register.inclusion_tag("kit/problems.html")
def problems(found: Any) -> dict[str, Any]:
    """The summary of what is wrong: a Django form, or a list of `forms.Problem`."""
    return {"problems": found if isinstance(found, list) else problems_of(found) if found.is_bound else []}


@register.inclusion_tag("kit/field.html")
def field(bound: Any, **extra: Any) -> dict[str, Any]:
    """One field of a Django form: label above, support text, its errors beside it."""
    described = " ".join(
        name
        for name, there in (
            (f"{bound.auto_id}-help", bound.help_text),
            (f"{bound.auto_id}-errors", bound.errors),
        )
        if there
    )
    group = bound.use_fieldset
    attributes = {"aria-describedby": described} if described and not group else {}
    if bound.errors and not group:
        attributes["aria-invalid"] = "true"
    return {"field": bound, "widget": bound.as_widget(attrs=attributes), "described": described, **extra}
