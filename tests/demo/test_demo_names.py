"""Names and their writings."""

import pytest

from sekisho.demo.companies import CompanyName, corporate_check_digit
from sekisho.demo.dice import Dice, Urn, stream
from sekisho.demo.names import NameBook, bank_style, halfwidth, plain


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("髙橋　太郎", "高橋　太郎"),
        ("渡邊　花子", "渡辺　花子"),
        ("𠮷田　茂", "吉田　茂"),
        ("辻\U000e0100　誠", "辻　誠"),
        ("濵田", "浜田"),
    ],
)
def test_plain(written: str, wanted: str) -> None:
    assert plain(written) == wanted
    plain(written).encode("cp932")


@pytest.mark.parametrize(
    ("kana", "half", "bank"),
    [
        ("ショウジ　リョウ", "ｼｮｳｼﾞ ﾘｮｳ", "ｼﾖｳｼﾞ ﾘﾖｳ"),
        ("ハットリ　カッペイ", "ﾊｯﾄﾘ ｶｯﾍﾟｲ", "ﾊﾂﾄﾘ ｶﾂﾍﾟｲ"),
    ],
)
def test_kana(kana: str, half: str, bank: str) -> None:
    assert halfwidth(kana) == half
    assert bank_style(kana) == bank


def test_company_writings() -> None:
    name = CompanyName("株式会社", "カブシキガイシャ", "カ", "三雲坂製作所", "ミクモザカセイサクショ")
    assert [name.written(style) for style in ("full", "short", "mark", "kana", "bank")] == [
        "株式会社三雲坂製作所",
        "(株)三雲坂製作所",
        "㈱三雲坂製作所",
        "カブシキガイシャ ミクモザカセイサクショ",
        "カ)ﾐｸﾓｻﾞｶｾｲｻｸｼﾖ",
    ]


def test_check_digit_of_a_published_number() -> None:
    # The National Tax Agency's own number, 7000012050002.
    assert corporate_check_digit("000012050002") == "7"


def test_surnames_follow_the_population() -> None:
    book = NameBook(Dice(stream(seed=1, name="test")))
    drawn = [book.family()[0] for _ in range(20_000)]
    share = sum(name == "佐藤" for name in drawn) / len(drawn)
    assert 0.015 < share < 0.023


def test_given_names_follow_the_year_of_birth() -> None:
    book = NameBook(Dice(stream(seed=1, name="test")))
    old = [book.given(male=False, born=1930)[0] for _ in range(300)]
    young = [book.given(male=False, born=2003)[0] for _ in range(300)]
    assert sum(name.endswith("子") for name in old) > 2 * sum(name.endswith("子") for name in young)


def test_streams_do_not_disturb_each_other() -> None:
    alone = stream(seed=1, name="b").random(5).tolist()
    stream(seed=1, name="a").random(1_000)
    assert stream(seed=1, name="b").random(5).tolist() == alone
    assert stream(seed=2, name="b").random(5).tolist() != alone


def test_urn_follows_weights() -> None:
    dice = Dice(stream(seed=1, name="urn"))
    urn = Urn([("often", 9.0), ("never", 0.0), ("rarely", 1.0)])
    drawn = [dice.draw(urn) for _ in range(5_000)]
    assert drawn.count("never") == 0
    assert 0.08 < drawn.count("rarely") / 5_000 < 0.12
