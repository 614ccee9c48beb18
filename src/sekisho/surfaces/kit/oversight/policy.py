"""開示の一覧表 and 画面・処理の台帳: who sees what, and every way into the data. From the same declarations as the database."""

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sekisho.barrier.audiences import AUDIENCE, AUDIENCES, PURPOSE, PURPOSES, Purpose
from sekisho.barrier.compiler import compile_gate, items_of
from sekisho.barrier.gate import AnyGate, Gate
from sekisho.barrier.items import ITEMS
from sekisho.settings.inventory import GATES
from sekisho.surfaces.kit import matrix as kit
from sekisho.surfaces.kit.downloads import FORMS, FileColumn, csv_answer
from sekisho.surfaces.kit.fields import OneOf, WordField
from sekisho.surfaces.kit.matrix import MatrixGroup
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.pages import show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, badge, link, table
from sekisho.surfaces.kit.wording import item_words

_AUDIENCES = [(one.code, Text(one.ja, one.en)) for one in AUDIENCES]
_ITEMS = [(item.code, Text(item.ja, item.en)) for item in ITEMS]


class PolicyFilter(forms.Form):
    """Whose columns, which item."""

    audience = OneOf(Text("区分", "Audience"), _AUDIENCES)
    item = OneOf(Text("情報項目", "Item"), _ITEMS)


def _narrowed(form: PolicyFilter) -> tuple[list[Purpose], list[MatrixGroup]]:
    audience, item = (
        (form.cleaned_data["audience"], form.cleaned_data["item"]) if form.is_valid() else ("", "")
    )
    purposes = [one for one in PURPOSES if audience in ("", one.audience)]
    groups = [
        MatrixGroup(group.text, [row for row in group.rows if item in ("", row.item.code)])
        for group in kit.matrix(purposes)
    ]
    return purposes, [group for group in groups if group.rows]


@require_safe
def matrix(request: HttpRequest) -> HttpResponse:
    """The matrix, narrowed by the address; the rules with their rows and basis below."""
    form = PolicyFilter(request.GET)
    purposes, groups = _narrowed(form)
    shown = {(one.audience, one.code) for one in purposes}
    return show(
        request,
        "oversight/matrix.html",
        title=Text("開示の一覧表", "Who sees what"),
        crumbs=[HOME],
        form=form,
        groups=groups,
        heads=kit.purpose_heads(purposes),
        grades=kit.GRADES.values(),
        rules=[entry for entry in kit.rules() if (entry[0].audience, entry[0].purpose) in shown],
        download_title=Text("この表をファイルにする", "This table as a file"),
        download_url=f"{reverse('matrix_file')}?{request.GET.urlencode()}",
        download_forms=FORMS,
        status=200 if form.is_valid() else 422,
    )


@require_safe
def matrix_file(request: HttpRequest) -> HttpResponse:
    """The same as a file."""
    purposes, groups = _narrowed(PolicyFilter(request.GET))
    return csv_answer(
        request, "matrix", kit.file_columns(purposes), [row for group in groups for row in group.rows]
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One gate for one purpose: its functions in the database and the items that its passages record."""

    gate: AnyGate
    purpose: Purpose
    functions: tuple[str, ...]
    items: tuple[str, ...]

    @property
    def reads(self) -> bool:
        """Whether it returns rows (otherwise it submits)."""
        return isinstance(self.gate, Gate)

    @property
    def reveals(self) -> bool:
        """Whether it shows masked items in clear."""
        return isinstance(self.gate, Gate) and self.gate.reveals

    @property
    def params(self) -> str:
        """Its parameters; optional ones in brackets."""
        if not isinstance(self.gate, Gate):
            return "payload, idempotency_key"
        return ", ".join(one.name if one.default is None else f"[{one.name}]" for one in self.gate.params)


def inventory() -> list[Entry]:
    """Every gate for every purpose."""
    entries = []
    for gate in GATES:
        for code in gate.purposes:
            purpose = PURPOSE[gate.audience, code]
            own = f"gate.{purpose.audience}_{purpose.code}_{gate.name}"
            names = tuple(
                piece.name
                for piece in compile_gate(gate)
                if piece.name == own or piece.name.startswith(f"{own}_by_")
            )
            entries.append(Entry(gate, purpose, names, items_of(gate, purpose)))
    return entries


class GateFilter(forms.Form):
    """The inventory's filters."""

    audience = OneOf(Text("区分", "Audience"), _AUDIENCES)
    item = OneOf(Text("情報項目", "Item"), _ITEMS)
    name = WordField(Text("名前の一部", "Part of the name"), required=False)


def _chosen(form: GateFilter) -> list[Entry]:
    if not form.is_valid():
        return []
    audience, item, name = (form.cleaned_data[field] for field in ("audience", "item", "name"))
    return [
        entry
        for entry in inventory()
        if audience in ("", entry.purpose.audience)
        and (not item or item in {code.partition(":")[0] for code in entry.items})
        and (not name or name.lower() in f"{entry.gate.name} {entry.gate.ja} {entry.gate.en}".lower())
    ]


def _kind(entry: Entry) -> object:
    if entry.reveals:
        return badge(Text("表示", "reveals"), tone="warn")
    return badge(Text("照会", "reads")) if entry.reads else badge(Text("申請", "submits"), tone="good")


COLUMNS: tuple[Column[Entry], ...] = (
    Column(Text("画面・処理", "Gate"), lambda entry: Text(entry.gate.ja, entry.gate.en), row_header=True),
    Column(
        Text("区分", "Audience"),
        lambda entry: Text(AUDIENCE[entry.purpose.audience].ja, AUDIENCE[entry.purpose.audience].en),
    ),
    Column(Text("利用目的", "Purpose"), lambda entry: Text(entry.purpose.ja, entry.purpose.en)),
    Column(Text("種類", "Kind"), _kind),
    Column(Text("情報項目", "Items"), lambda entry: item_words(list(entry.items)) or None, nowrap=False),
    Column(Text("引数", "Parameters"), lambda entry: entry.params or None, nowrap=False),
    Column(Text("関数", "Functions"), lambda entry: entry.functions[0], nowrap=False),
    Column(Text("関数の数", "Count"), lambda entry: len(entry.functions), numeric=True),
    Column(Text("閲覧", "Passages"), lambda entry: link(_passages_url(entry), Text("記録", "records"))),
)
FILE_COLUMNS: tuple[FileColumn[Entry], ...] = (
    FileColumn("gate", Text("ゲート", "Gate"), lambda entry: entry.gate.name),
    FileColumn("ja", Text("名称", "Japanese name"), lambda entry: entry.gate.ja),
    FileColumn("en", Text("英語名", "English name"), lambda entry: entry.gate.en),
    FileColumn("audience", Text("区分", "Audience"), lambda entry: entry.purpose.audience),
    FileColumn("purpose", Text("利用目的", "Purpose"), lambda entry: entry.purpose.code),
    FileColumn(
        "kind",
        Text("種類", "Kind"),
        lambda entry: "reveal" if entry.reveals else "read" if entry.reads else "submit",
    ),
    FileColumn("items", Text("情報項目", "Items"), lambda entry: " ".join(entry.items)),
    FileColumn("parameters", Text("引数", "Parameters"), lambda entry: entry.params),
    FileColumn("functions", Text("関数", "Functions"), lambda entry: " ".join(entry.functions)),
)


def _passages_url(entry: Entry) -> str:
    return f"{reverse('passages')}?gate={entry.gate.name}&reader={entry.purpose.audience}&purpose={entry.purpose.code}"


@require_safe
def gates(request: HttpRequest) -> HttpResponse:
    """The inventory, with how many gates and functions there are in all."""
    form = GateFilter(request.GET)
    chosen, everything = _chosen(form), inventory()
    return show(
        request,
        "oversight/gates.html",
        title=Text("画面・処理の台帳", "Inventory of gates"),
        crumbs=[HOME],
        form=form,
        table=table(
            Text("ゲート", "Gates"),
            COLUMNS,
            chosen,
            empty=Text("この条件のゲートはありません。条件を減らしてください。", "None. Use fewer filters."),
        ),
        total=len(everything),
        functions=sum(len(entry.functions) for entry in everything),
        download_title=Text("この台帳をファイルにする", "This inventory as a file"),
        download_url=f"{reverse('gates_file')}?{request.GET.urlencode()}",
        download_forms=FORMS,
        status=200 if form.is_valid() else 422,
    )


@require_safe
def gates_file(request: HttpRequest) -> HttpResponse:
    """The same as a file."""
    return csv_answer(request, "gates", FILE_COLUMNS, _chosen(GateFilter(request.GET)))
