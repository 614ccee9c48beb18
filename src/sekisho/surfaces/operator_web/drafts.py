"""The forms of 起案, one for each kind of correction, and the payload that the worker reads from each (`registry.payloads`).

The fields of a fact come from the registry's own columns, so that a form can ask for nothing that a correction may not change, and only
for what the purpose is told. An empty field leaves a value as it is; a value is emptied by a box of its own, where the schema allows that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from sekisho.barrier.audiences import Purpose
from sekisho.registry.files import KINDS, Choice, Column, Day, Digits, Fixed, Flag, Whole
from sekisho.registry.payloads import value_columns
from sekisho.surfaces.kit.fields import DayField, OneOf, Several, WordField
from sekisho.surfaces.kit.speech import Text, say
from sekisho.surfaces.kit.wording import APPLICATIONS
from sekisho.surfaces.operator_web import offers
from sekisho.surfaces.operator_web.views import card

Fields = dict[str, forms.Field]
Values = dict[str, Any]
GATES = {
    "party": card.PARTIES, "place": card.PLACES, "terms": card.CONTRACTS, "meter": card.METERS,
    "equipment": card.EQUIPMENT_GATE, "generation": card.GENERATION,
}  # fmt: skip
_VALUE, _PARTY, _TERMS, ERASE = "value_", "party_", "terms_", "erase"
_REASON = Text("訂正の理由", "Reason")


@dataclass(frozen=True, slots=True)
class Place:
    """What a form is made for: the point, its contracts, the purpose, and the table of a split."""

    point: str
    contracts: Sequence[str]
    purpose: Purpose
    table: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One kind: its fields, and what they mean to the worker."""

    fields: Callable[[Place], Fields]
    payload: Callable[[Place, Values], Values]
    effect: Text


class CorrectionForm(forms.Form):
    """A draft's form: a value is written or emptied, not both."""

    def clean(self) -> dict[str, Any]:
        """Refuse a value beside its box."""
        values = super().clean() or {}
        for field in str(values.get(ERASE) or "").split():
            if values.get(_VALUE + field) not in (None, ""):
                self.add_error(
                    _VALUE + field,
                    say(
                        "「空にする」と値の両方が入っています。どちらかにしてください",
                        "either a value or “empty it”, not both",
                    ),
                )
        return values


def form_of(draft: Draft, place: Place) -> Callable[[Any], forms.Form]:
    """A factory of the form."""

    def make(data: Any) -> forms.Form:
        form = CorrectionForm(data)
        form.fields.update(draft.fields(place))
        form.fields["reason"] = WordField(
            _REASON, longest=500, lines=3, help_text=Text("承認する人が読みます", "Read by whoever decides")
        )
        return form

    return make


def payload_of(kind: str, draft: Draft, place: Place) -> Callable[[Values], Values]:
    """What is submitted. INVARIANT: it names the point, by which look-ups are matched with the applications that followed."""
    return lambda values: (
        {"kind": kind, "reason": values["reason"], "point": place.point} | draft.payload(place, values)
    )


def tables_of(purpose: Purpose) -> list[str]:
    """The tables whose facts this purpose may split: those of which it is told at least one value."""
    return [
        table
        for table, gate in GATES.items()
        if offers.may_use(purpose, gate) and value_fields(table, purpose)
    ]


def value_fields(table: str, purpose: Purpose, prefix: str = _VALUE) -> Fields:
    """A field for each value of a table that the purpose is told; none is required."""
    kind = next(kind for kind in KINDS.values() if kind.table == f"registry.{table}")
    told = offers.told(GATES[table], purpose)
    changeable = set(value_columns(table)) & set(told)
    return {
        f"{prefix}{column.target}": _field(column) for column in kind.columns if column.target in changeable
    }


def erasing(table: str, purpose: Purpose) -> Fields:
    """The box for values to be emptied: those of the form that may be empty in the registry."""
    told = {name.removeprefix(_VALUE) for name in value_fields(table, purpose)}
    kind = next(kind for kind in KINDS.values() if kind.table == f"registry.{table}")
    words = [
        (column.target, _called(column))
        for column in kind.columns
        if column.target in told and not column.required and not isinstance(column.shape, Flag)
    ]
    help_text = Text("印を付けた項目は、値を消して空にします", "the values of ticked items are erased")
    return (
        {ERASE: Several(Text("空にする項目", "Empty these"), words, help_text=help_text, boxes=True)}
        if words
        else {}
    )


def _called(column: Column) -> Text:
    return Text(column.ja, column.name.replace("_", " ")) + (f"({column.unit})" if column.unit else "")


def _field(column: Column) -> forms.Field:
    label: Any = _called(column)
    help_text = Text(column.rule_ja, column.rule_en)
    match column.shape:
        case Choice(words):
            return OneOf(label, words, empty=Text("変更なし", "unchanged"))
        case Flag():
            return OneOf(
                label,
                (("1", Text("あり", "yes")), ("0", Text("なし", "no"))),
                empty=Text("変更なし", "unchanged"),
            )
        case Day():
            return DayField(label)
        case Whole(least, most):
            return forms.IntegerField(label=label, required=False, min_value=least, max_value=most)
        case Fixed() as shape:
            return forms.DecimalField(
                label=label, required=False, min_value=0, max_value=shape.most, decimal_places=shape.places
            )
        case Digits(length):
            return WordField(label, required=False, longest=length + 10, help_text=help_text)
    return WordField(
        label, required=False, longest=getattr(column.shape, "longest", 100), help_text=help_text
    )


def given(table: str, values: Mapping[str, Any], prefix: str = _VALUE) -> Values:
    """The values of a table that were filled in, in the table's units, as JSON carries them."""
    kind = next(kind for kind in KINDS.values() if kind.table == f"registry.{table}")
    return {
        column.target: _stored(column, values[prefix + column.target])
        for column in kind.columns
        if values.get(prefix + column.target) not in (None, "")
    } | (dict.fromkeys(str(values.get(ERASE) or "").split(), "") if prefix == _VALUE else {})


def _stored(column: Column, value: Any) -> Any:
    match column.shape, value:
        case Flag(), _:
            return value == "1"
        case Fixed(scaled=True) as shape, Decimal():
            return int(value.scaleb(shape.places))
        case _, Decimal():
            return str(value)
        case _, date():
            return value.isoformat()
    return value


def _contract(place: Place) -> forms.Field:
    return OneOf(Text("契約番号", "Contract"), [(one, one) for one in place.contracts], required=True)


def _day(ja: str, en: str, help_text: Text | str = "") -> DayField:
    return DayField(Text(ja, en), required=True, help_text=help_text)


def _name_fields(place: Place) -> Fields:
    return {
        "contract_no": _contract(place),
        "since": _day(
            "この日から正しい",
            "Correct from",
            Text("この日から契約の終わりまで", "From this day to the end of the contract"),
        ),
        **value_fields("party", place.purpose),
        **erasing("party", place.purpose),
    }


def _split_fields(place: Place) -> Fields:
    fields: Fields = {
        "contract_no": _contract(place),
        "day": _day(
            "分ける日", "Split at", Text("この日から新しい値になります", "The new values hold from here")
        ),
    }
    if place.table == "meter":
        fields["only"] = WordField(Text("対象の計器番号", "Meter"), required=False, longest=30)
    if place.table == "equipment":
        label: Any = Text("対象の機器番号", "Equipment number")
        fields["only"] = forms.IntegerField(label=label, required=False, min_value=1)
    return fields | value_fields(place.table, place.purpose) | erasing(place.table, place.purpose)


def _split_payload(place: Place, values: Values) -> Values:
    only = {"only": values["only"]} if values.get("only") else {}
    return {
        "table": place.table, "contract_no": values["contract_no"], "day": values["day"].isoformat(), "values": given(place.table, values),
    } | only  # fmt: skip


def _backdate_fields(place: Place) -> Fields:
    return {
        "contract_no": WordField(
            Text("新しい契約番号", "New contract number"),
            longest=24,
            help_text=Text("英大文字・数字・ハイフン4〜24字", "4–24 capitals, digits, hyphens"),
        ),
        "day": _day("スイッチングの日", "Day of the switch"),
        "holder": WordField(Text("小売電気事業者コード", "Retailer code"), longest=5),
        "customer_no": WordField(
            Text("お客さま番号", "Customer number"),
            longest=20,
            help_text=Text("登録済みの14桁", "14 digits, registered"),
        ),
        "application_type": OneOf(
            Text("申込種別", "Application"), APPLICATIONS.items(), empty=APPLICATIONS["05"]
        ),
        **value_fields("party", place.purpose, _PARTY),
        **value_fields("terms", place.purpose, _TERMS),
    }


def _backdate_payload(_place: Place, values: Values) -> Values:
    party, terms = given("party", values, _PARTY), given("terms", values, _TERMS)
    return {
        "contract_no": values["contract_no"], "day": values["day"].isoformat(), "holder": values["holder"],
        "customer_no": values["customer_no"], "application_type": values["application_type"] or "05",
    } | ({"party": party} if party else {}) | ({"terms": terms} if terms else {})  # fmt: skip


def _moved(ja: str, en: str) -> Callable[[Place], Fields]:
    return lambda place: {"contract_no": _contract(place), "day": _day(ja, en)}


def _contract_and_day(_: Place, values: Values) -> Values:
    return {"contract_no": values["contract_no"], "day": values["day"].isoformat()}


DRAFTS: dict[str, Draft] = {
    "correct_name": Draft(
        _name_fields,
        lambda _, values: {
            "contract_no": values["contract_no"], "since": values["since"].isoformat(), "values": given("party", values),
        },
        Text("承認されると、この日から契約の終わりまでの名義・連絡先が変わります。前の値は履歴に残ります。",
             "Once approved, the name and contact change from this day to the contract's end. The former values stay in the history."),
    ),
    "split_period": Draft(
        _split_fields, _split_payload,
        Text("承認されると、この日で期間が分かれ、後の期間が新しい値になります。", "Once approved, the period is split and the later part has the new values."),
    ),
    "backdate_switch": Draft(
        _backdate_fields, _backdate_payload,
        Text("承認されると、この日からの契約者が変わり、その日以降の事実と電力量が新しい契約に移ります。",
             "Once approved, the holder changes from this day, and the facts and usage since then move to the new contract."),
    ),
    "move_switch": Draft(
        _moved("正しいスイッチング日", "Right day of the switch"), _contract_and_day,
        Text("承認されると、この契約の始まる日が変わり、前の契約の終わりも変わります。", "Once approved, the contract begins on another day and the one before ends there."),
    ),
    "cancel_switch": Draft(
        lambda place: {"contract_no": _contract(place)}, lambda _, values: {"contract_no": values["contract_no"]},
        Text("承認されると、この契約は無かったことになり、前の契約が続きます。", "Once approved, this contract never began and the one before goes on."),
    ),
    "move_out": Draft(
        _moved("契約の無い最初の日", "First day without a contract"), _contract_and_day,
        Text("承認されると、この日から契約が無くなり、その日以降の電力量は履歴に移ります。", "Once approved, there is no contract from this day and later usage leaves to the history."),
    ),
}  # fmt: skip


def word_of(table: str, field: str) -> Text | str:
    """What a value of a table is called."""
    column = _column(table, field)
    return field if column is None else _called(column)


def spoken(table: str, field: str, value: Any) -> Any:
    """A stored value in the unit and words of the files."""
    column = _column(table, field)
    match column and column.shape, value:
        case Fixed(scaled=True) as shape, int():
            return Decimal(value).scaleb(-shape.places)
        case Choice(words), str():
            return dict(words).get(value, value)
    return value


def _column(table: str, field: str) -> Column | None:
    kind = next((kind for kind in KINDS.values() if kind.table == f"registry.{table}"), None)
    return next((column for column in kind.columns if column.target == field), None) if kind else None
