"""Forms: what is wrong is said in a summary with links, and again in the same words beside the field."""

from dataclasses import dataclass

from django.forms import BaseForm

from sekisho.surfaces.kit.speech import Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right. `field` is the id of the input that the summary links to."""

    field: str
    text: Text | str


def problems_of(form: BaseForm) -> list[Problem]:
    """A bound Django form's errors in the order of its fields."""
    found = [
        Problem(str(form[name].id_for_label or form[name].auto_id), str(error))
        for name in form.fields
        for error in form.errors.get(name, [])
    ]
    return [Problem("main", str(error)) for error in form.non_field_errors()] + found
