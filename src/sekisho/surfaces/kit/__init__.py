"""The kit: what the web surfaces share, so that each of them is only its pages.

Why it exists: a surface has to show things and to ask gates, nothing else. Signing in, the band, the table, the paging token, the
refusal page and the file format must be the same everywhere and be right once.

**A surface** is a Django app `sekisho.surfaces.<surface>` with `urls.py` (`urlpatterns`, and `NAVIGATION: tuple[pages.Link, ...]`),
views, `templates/<surface>/…` and no models. It runs as its own process: `SEKISHO_SURFACE=<surface> gunicorn
sekisho.settings.wsgi:application` (see `sekisho.settings.django` for the environment). Sign-in, second factor, session lifetime,
the purpose and the permit are demanded of *every* view before it runs; `pages.everybody` opens a view to the world and
`pages.without_purpose` to people who have not chosen a purpose yet. Nothing else needs a decorator.

**Asking** (`asking`): `read(request, gate, **params)` → rows; `page(request, gate, Page(...), **params)`; `submit(request, gate,
payload, idempotency_key=…)`; `outcome(request, command_gate, command_no)` waits up to three seconds for the worker and returns None
while it works; `caller(request)` is the ticket's content, `gateway(request)` the door itself. Let `UnableToRead` rise: it becomes
the 503 page. Views raise `Http404` when a gate returns nothing for an identifier: unknown and foreign are then the same page,
byte for byte – so never put the identifier into it, and ask the same gates in both cases.

**Lists** (`listing`, `tables`): `page = listed(request, GATE, sort="point", filters={gate params})` reads sort, order, size and the
sealed paging token from the address; `tables.listed_table(caption, COLUMNS, page, empty=…)` makes the table and
`{% table the_table %}` shows it. `tables.table(...)` is the unpaged kind. A `Column` has `title=Text(…)`, `cell=lambda row: …`,
`sort="point"`, `numeric=True`, `unit="kWh"`, `row_header=True`. Cells may be None (hatched), dates, numbers, `tables.link(url, text)`,
`tables.badge(text, tone="warn")`. Tokens are bound to person, company, purpose, gate, order and filters.

**Pages** (`pages`): `show(request, "operator_web/card.html", title=Text("お客さまカード", "Customer card"), crumbs=[Crumb(text, url)],
**context)`. Templates extend `kit/base.html` and fill `{% block content %}`; the base has band, navigation, breadcrumbs, h1, messages.
Blocks: `head` (more `<link>`/`<script src>`), `lead` (one sentence below the h1), `content`. No inline style, script or `style=`
attribute anywhere: the CSP forbids them. `{% asset "kit/kit.css" %}` gives a static file's address with its digest.

**Texts** (`speech`): `Text("契約", "Contracts")` in Python, `{% t "契約" "Contracts" %}` in templates, `say(ja, en)` for a str now;
`day_text`, `moment_text`, and in templates `{{ value|shown }}`, `|day`, `|moment`, `|point_number`. Template tags are built in.

**Forms** (`forms`, `fields`): Django forms with `Text` labels, from `DayField`, `PointField`, `WordField`, `OneOf`; `{% problems form %}` for the focused summary, `{% field form.name %}` for each
field (`required` shows ※必須); or a list of `forms.Problem(input_id, Text)` where there is no Django form. Answer 422 when refused.

**Files** (`downloads`): `csv_answer(request, name, COLUMNS, rows)` in the three written forms (`?format=excel|sjis|machine`), with
formula injection neutralised and a list instead of `?` where CP932 cannot write a character; `{% include "kit/downloads.html" %}`.

**Shown alike everywhere**: `wording` (words for codes, gates, purposes, items), `charts` (SVG made by the server: curve, heatmap, bars),
`halfhours` (usage as table and file), `matrix` with `{% include "kit/matrix.html" %}`, `errands` (入力→確認→完了).

**Refusals** (`faults`), **log lines** (`logs`: JSON, never paths or messages), **measurements** (`metrics`), **limits** (`throttle`) need
nothing from a surface.
"""
