"""Devices: street lamps, signals and other things that hold a contract but are nobody.

Seed 000 counts 1.46 million of them inside the companies' figure. A device stands at its supply point, so the point is
its identity and the name only says what it is.
"""

from __future__ import annotations

from sekisho.matching import kana

LAMPS = "街路灯 街灯 外灯 防犯灯 道路灯 照明灯 保安灯 標識灯 水銀灯 門灯 ガイロトウ コウシュウガイトウ ボウハントウ ドウロトウ ショウメイトウ ホアントウ スイギントウ"
SIGNALS = "信号機 信号灯 交通信号 シンゴウキ シンゴウトウ コウツウシンゴウ"
OTHERS = (
    "自動販売機 自販機 公衆電話 電話ボックス 基地局 中継局 防犯カメラ 監視カメラ 踏切 広告灯 広告塔 看板灯 電飾 融雪 消雪 時計塔 気象観測 水位計 雨量計 "
    "道路情報板 電光掲示 バス停 充電器 充電スタンド 増幅器 電源供給器 無線局 アンテナ 排水ポンプ 揚水ポンプ 噴水 "
    "ジドウハンバイキ ジハンキ コウシュウデンワ デンワボックス キチキョク チュウケイキョク ボウハンカメラ カンシカメラ フミキリ コウコクトウ コウコクカンバン "
    "ユウセツ ショウセツ トケイトウ ジュウデンキ バステイ"
)


def _pattern(words: str) -> str:
    return "|".join(words.split())


def _sound_pattern(words: str) -> str:
    return "|".join(kana.sounds_of([word for word in words.split() if word[0] >= "ァ" and word[0] <= "ー"]))


LAMP = f"{_pattern(LAMPS)}|{_sound_pattern(LAMPS)}|^ガイトオ$"
SIGNAL = f"{_pattern(SIGNALS)}|{_sound_pattern(SIGNALS)}|信号$|^シンゴオ$"
DEVICE = f"{LAMP}|{SIGNAL}|{_pattern(OTHERS)}|{_sound_pattern(OTHERS)}"
