"""Who is compared with whom, beside the plain question asked of every two personas of a small town."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.matching import candidates, names
from sekisho.matching.lexicon import Lexicon

CROWD = 3
NAMES = (
    *("鵻 太郎", "彁田一郎", "石井広耕", "田中 太郎", "田中", "鈴木", "王 麗"),
    *("ﾀﾅｶ ﾀﾛｳ", "ﾓﾘﾀ ｲﾁﾛｳ", "ﾎｾ ﾚｲｴｽ", "ﾚｲｴｽ ﾎｾ", "ﾎｾﾚｲｴｽ", "ｽﾐｽ ｼﾞﾖﾝ ﾛｲ", "ﾛｲ ｼﾞﾖﾝ ｽﾐｽ"),
    *("SMITH JOHN", "REYES JOSE"),
    *("田中(旧姓佐藤) 花子", "佐藤 花子", "佐藤花子", "佐藤(旧姓田中) 花子", "田中花子", "田中(旧姓鈴木)"),
    *("街路灯 第12号", "公衆街路灯第12号", "街路灯", "信号機 12", "信号機"),
    *("株式会社青葉工業", "ｶ)ｱｵﾊﾞ"),
)


class Spot(NamedTuple):
    """Where somebody is: a point (without rooms), or a house."""

    place: int
    room: str | None = None
    is_point: bool = False


Row = dict[str, Any]
Resident = tuple[str, list[Spot]]
Asked = Callable[[Row, Row], bool]


@pytest.fixture(scope="module")
def parsed(words: Lexicon) -> pl.DataFrame:
    columns = pl.DataFrame({"name": NAMES}).with_columns(kana=pl.lit(None, dtype=pl.String))
    return names.parse(columns, words).insert_column(0, columns["name"])


def town(parsed: pl.DataFrame, residents: list[Resident]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Personas (numbered from 1) and their places."""
    called = pl.DataFrame({"name": [name for name, _ in residents]}, schema={"name": pl.String})
    personas = called.join(parsed, on="name", maintain_order="left").with_row_index("persona", 1)
    rows = [
        (number, *spot) for number, (_, spots) in enumerate(residents, 1) for spot in dict.fromkeys(spots)
    ]
    schema = {"persona": pl.UInt32, "place": pl.UInt64, "room": pl.String, "is_point": pl.Boolean}
    return personas.drop("name"), pl.DataFrame(rows, schema=schema, orient="row")


def plainly(
    personas: pl.DataFrame, places: pl.DataFrame, asked: Asked, *, crowded: frozenset[int] = frozenset()
) -> set[tuple[int, int]]:
    """Every two personas at one place, but for a crowded one, in rooms that agree, of whom one way round is true."""
    homes: dict[int, list[Spot]] = {}
    for persona, *spot in places.iter_rows():
        homes.setdefault(persona, []).append(Spot(*spot))
    return {
        (one["persona"], other["persona"])
        for one, other in combinations(personas.iter_rows(named=True), 2)
        if any(
            here.place == there.place
            and here.place not in crowded
            and (here.room is None or there.room is None or here.room == there.room)
            for here in homes.get(one["persona"], ())
            for there in homes.get(other["persona"], ())
        )
        and (asked(one, other) or asked(other, one))
    }


def is_person(row: Row, written: str) -> bool:
    return bool(row["kind"] == "person" and row["written"] == written)


def was_called(one: Row, other: Row) -> bool:
    return (
        is_person(one, "kanji")
        and is_person(other, "kanji")
        and bool(one["former"] and one["given"])
        and f"{one['former']}{one['given']}" == other["key"]
    )


def has_the_words_of(one: Row, other: Row) -> bool:
    return (
        is_person(one, "kana")
        and is_person(other, "kana")
        and " " in one["words"]
        and one["words"] == other["words"]
        and one["full"] != other["full"]
    )


def may_be_foreign(one: Row, other: Row) -> bool:
    if one["kind"] != "person" or other["kind"] != "person" or None in (one["words"], other["words"]):
        return False
    return one["written"] == "latin" or len(one["words"].split()) > 2


def is_in_no_book(row: Row, words: Lexicon) -> bool:
    """Whether no surname that any book has begins the name (at its space, where it has one)."""
    if not is_person(row, "kanji") or not row["given"]:
        return False
    cuts = range(1, min(5, len(row["key"]))) if row["guessed"] else ()
    return not any(
        name in words.surname_readings for name in (row["surname"], *(row["key"][:cut] for cut in cuts))
    )


def crowds(personas: pl.DataFrame, places: pl.DataFrame) -> frozenset[int]:
    spoken = {row["persona"] for row in personas.iter_rows(named=True) if is_person(row, "kana")}
    heard = places.filter(pl.col("persona").is_in(spoken))["place"].to_list()
    return frozenset(place for place in heard if heard.count(place) > CROWD)


def devices_alike(personas: pl.DataFrame, places: pl.DataFrame) -> set[tuple[int, int]]:
    """At one point, whatever they are; in one house, of one class and number, where the point of one is unknown."""
    spots: dict[tuple[int, bool], set[int]] = {}
    for persona, place, _, is_point in places.iter_rows():
        spots.setdefault((persona, is_point), set()).add(place)
    things = [row for row in personas.iter_rows(named=True) if row["kind"] == "device"]

    def alike(one: Row, other: Row) -> bool:
        points, houses = (
            [spots.get((row["persona"], is_point), set()) for row in (one, other)]
            for is_point in (True, False)
        )
        if points[0] & points[1]:
            return True
        numbered = one["key"] == other["key"] and one["key"][-1].isdigit()
        return bool(numbered and houses[0] & houses[1] and not all(points))

    return {(one["persona"], other["persona"]) for one, other in combinations(things, 2) if alike(one, other)}


BY_NAMES = {"by_former": candidates.by_former, "turned": candidates.turned, "foreign": candidates.foreign}
HOUSES = st.builds(Spot, st.integers(1, 2), st.sampled_from([None, None, "101", "102"]))
POINTS = st.builds(Spot, st.integers(11, 12), is_point=st.just(True))
RESIDENTS = st.tuples(st.sampled_from(NAMES), st.lists(HOUSES | POINTS, min_size=1, max_size=2))


@settings(max_examples=40, deadline=None)
@given(residents=st.lists(RESIDENTS, min_size=2, max_size=16))
def test_who_is_compared_is_what_asking_every_two_finds(
    residents: list[Resident], parsed: pl.DataFrame, words: Lexicon
) -> None:
    personas, places = town(parsed, residents)

    def unread(one: Row, other: Row) -> bool:
        return is_in_no_book(one, words) and is_person(other, "kana")

    found = {way: paired(personas, places) for way, paired in BY_NAMES.items()} | {
        "unread": candidates.unread(personas, places, words, largest=CROWD),
        "devices": candidates.devices(personas, places),
    }
    plain = {
        "by_former": plainly(personas, places, was_called),
        "turned": plainly(personas, places, has_the_words_of),
        "foreign": plainly(personas, places, may_be_foreign),
        "unread": plainly(personas, places, unread, crowded=crowds(personas, places)),
        "devices": devices_alike(personas, places),
    }
    assert {way: set(pairs.iter_rows()) for way, pairs in found.items()} == plain
    assert not any(pairs.is_duplicated().any() for pairs in found.values())


MET = {
    "by_former": [
        ("田中(旧姓佐藤) 花子", "佐藤 花子", True),
        ("佐藤花子", "田中(旧姓佐藤) 花子", True),
        ("田中(旧姓佐藤) 花子", "佐藤(旧姓田中) 花子", True),
        ("田中(旧姓佐藤) 花子", "田中花子", False),
        ("田中(旧姓鈴木)", "田中", False),
        ("田中(旧姓鈴木)", "鈴木", False),
    ],
    "turned": [
        ("ﾎｾ ﾚｲｴｽ", "ﾚｲｴｽ ﾎｾ", True),
        ("ﾛｲ ｼﾞﾖﾝ ｽﾐｽ", "ｽﾐｽ ｼﾞﾖﾝ ﾛｲ", True),
        ("ﾎｾ ﾚｲｴｽ", "ﾎｾ ﾚｲｴｽ", False),
        ("ﾎｾﾚｲｴｽ", "ﾚｲｴｽ ﾎｾ", False),
        ("SMITH JOHN", "ﾎｾ ﾚｲｴｽ", False),
    ],
    "foreign": [
        ("SMITH JOHN", "ﾀﾅｶ ﾀﾛｳ", True),
        ("ｽﾐｽ ｼﾞﾖﾝ ﾛｲ", "ﾎｾﾚｲｴｽ", True),
        ("SMITH JOHN", "REYES JOSE", True),
        ("ﾎｾ ﾚｲｴｽ", "ﾀﾅｶ ﾀﾛｳ", False),
        ("SMITH JOHN", "田中 太郎", False),
        ("SMITH JOHN", "ｶ)ｱｵﾊﾞ", False),
    ],
    "unread": [
        ("鵻 太郎", "ﾀﾅｶ ﾀﾛｳ", True),
        ("彁田一郎", "ﾓﾘﾀ ｲﾁﾛｳ", True),
        ("鵻 太郎", "SMITH JOHN", False),
        ("石井広耕", "ﾀﾅｶ ﾀﾛｳ", False),
        ("田中 太郎", "ﾀﾅｶ ﾀﾛｳ", False),
    ],
}
SCENES = [(way, *scene) for way, scenes in MET.items() for scene in scenes]


def at(parsed: pl.DataFrame, way: str, words: Lexicon, *residents: Resident) -> set[tuple[int, int]]:
    personas, places = town(parsed, list(residents))
    if way == "unread":
        return set(candidates.unread(personas, places, words, largest=CROWD).iter_rows())
    return set(BY_NAMES[way](personas, places).iter_rows())


@pytest.mark.parametrize(("way", "one", "other", "met"), SCENES)
def test_whom_each_way_of_meeting_means(
    way: str, one: str, other: str, met: bool, parsed: pl.DataFrame, words: Lexicon
) -> None:
    assert at(parsed, way, words, (one, [Spot(1)]), (other, [Spot(1)])) == ({(1, 2)} if met else set())


@pytest.mark.parametrize(("way", "one", "other"), [scene[:3] for scene in SCENES if scene[3]])
@pytest.mark.parametrize(
    ("here", "there", "met"),
    [
        (Spot(1), Spot(2), False),
        (Spot(1, "101"), Spot(1, "102"), False),
        (Spot(1, "101"), Spot(1, "101"), True),
        (Spot(1, "101"), Spot(1), True),
        (Spot(11, is_point=True), Spot(11, is_point=True), True),
    ],
)
def test_they_meet_in_one_room_of_one_place(
    way: str, one: str, other: str, here: Spot, there: Spot, met: bool, parsed: pl.DataFrame, words: Lexicon
) -> None:
    assert at(parsed, way, words, (one, [here]), (other, [there])) == ({(1, 2)} if met else set())


@pytest.mark.parametrize("way", MET)
def test_nobody_meets_himself(way: str, parsed: pl.DataFrame, words: Lexicon) -> None:
    everywhere = [Spot(1), Spot(1, "101"), Spot(11, is_point=True)]
    assert not any(at(parsed, way, words, (name, everywhere)) for name in NAMES)


@pytest.mark.parametrize(("speakers", "met"), [(CROWD, CROWD), (CROWD + 1, 0)])
def test_in_a_crowd_no_unread_name_is_heard(
    speakers: int, met: int, parsed: pl.DataFrame, words: Lexicon
) -> None:
    residents = [("鵻 太郎", [Spot(1)]), *[("ﾀﾅｶ ﾀﾛｳ", [Spot(1)])] * speakers, ("田中 太郎", [Spot(1)])]
    assert len(at(parsed, "unread", words, *residents)) == met


def test_only_the_same_words_in_another_order_are_turned(parsed: pl.DataFrame, words: Lexicon) -> None:
    names = ("ﾎｾ ﾚｲｴｽ", "ﾎｾ ﾚｲｴｽ", "ﾚｲｴｽ ﾎｾ", "ﾛｲ ｼﾞﾖﾝ ｽﾐｽ", "ｽﾐｽ ｼﾞﾖﾝ ﾛｲ")
    assert at(parsed, "turned", words, *((name, [Spot(1)]) for name in names)) == {(1, 3), (2, 3), (4, 5)}


@pytest.mark.parametrize(("guessed", "met"), [(True, set()), (False, {(1, 2)})])
def test_a_name_that_some_listed_surname_begins_is_read_unless_it_is_cut_elsewhere(
    guessed: bool, met: set[tuple[int, int]], parsed: pl.DataFrame, words: Lexicon
) -> None:
    personas, places = town(parsed, [("石井広耕", [Spot(1)]), ("ﾀﾅｶ ﾀﾛｳ", [Spot(1)])])
    assert "石井広" not in words.surname_readings
    cut = {"surname": pl.lit("石井広"), "given": pl.lit("耕"), "guessed": pl.lit(guessed)}
    other = personas.with_columns(
        **{name: pl.when(pl.col("persona") == 1).then(value).otherwise(name) for name, value in cut.items()}
    )
    assert set(candidates.unread(other, places, words, largest=CROWD).iter_rows()) == met


def test_who_has_no_given_name_is_not_unread(parsed: pl.DataFrame, words: Lexicon) -> None:
    personas, places = town(parsed, [("鵻 太郎", [Spot(1)]), ("ﾀﾅｶ ﾀﾛｳ", [Spot(1)])])
    nameless = personas.with_columns(given=pl.lit(""))
    assert candidates.unread(nameless, places, words, largest=CROWD).is_empty()


LAMP, SAME_LAMP, ANY_LAMP, SIGNAL = "街路灯 第12号", "公衆街路灯第12号", "街路灯", "信号機 12"
POINT, OTHER_POINT, HOUSE = Spot(11, is_point=True), Spot(12, is_point=True), Spot(1)


@pytest.mark.parametrize(
    ("one", "here", "other", "there", "met"),
    [
        (LAMP, [POINT], SAME_LAMP, [POINT], True),
        (LAMP, [POINT], SIGNAL, [POINT], True),
        (LAMP, [POINT], SAME_LAMP, [OTHER_POINT], False),
        (LAMP, [POINT, HOUSE], SAME_LAMP, [OTHER_POINT, HOUSE], False),
        (LAMP, [POINT, HOUSE], SAME_LAMP, [HOUSE], True),
        (LAMP, [HOUSE], SAME_LAMP, [HOUSE], True),
        (LAMP, [HOUSE], SIGNAL, [HOUSE], False),
        (ANY_LAMP, [HOUSE], ANY_LAMP, [HOUSE], False),
        (LAMP, [HOUSE], SAME_LAMP, [Spot(2)], False),
        (LAMP, [POINT], "田中 太郎", [POINT], False),
    ],
)
def test_devices_meet_at_their_point_or_by_their_number(
    one: str, here: list[Spot], other: str, there: list[Spot], met: bool, parsed: pl.DataFrame
) -> None:
    for residents in ([(one, here), (other, there)], [(other, there), (one, here)]):
        pairs = candidates.devices(*town(parsed, residents))
        assert set(pairs.iter_rows()) == ({(1, 2)} if met else set())
