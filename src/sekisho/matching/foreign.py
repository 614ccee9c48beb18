"""Chinese and Korean surnames as their bearers say them, which dictionaries of Japanese readings do not list.

Only the everyday surnames; readings after common kana transcriptions of Mandarin and Korean.
"""

from __future__ import annotations

from sekisho.matching import kana

_NATIVE = """
王 ワン ウォン / 李 リー イー イ / 張 チャン ジャン / 劉 リュウ リウ ユ / 陳 チェン チン / 楊 ヤン / 黄 ホアン ファン ファン / 趙 ジャオ チャオ チョ / 呉 ウー オ
周 ジョウ チョウ チュ / 徐 シュー ソ / 孫 スン ソン / 馬 マー マ / 朱 ジュー チュー チュ / 胡 フー ホ / 郭 グオ クオ クァク / 何 ホー ハー / 高 ガオ カオ コ / 林 リン イム
羅 ルオ ナ / 鄭 ジョン チェン チョン / 梁 リャン ヤン / 謝 シエ / 宋 ソン / 唐 タン / 許 シュー ホ / 韓 ハン / 馮 フォン / 鄧 ドン / 曹 ツァオ チョ / 彭 ポン / 曽 ズン ツォン
肖 シャオ / 蕭 シャオ / 田 ティエン チョン / 董 ドン / 袁 ユエン / 潘 パン / 于 ユー / 蒋 ジアン / 蔡 ツァイ チェ / 余 ユー / 杜 ドゥー / 葉 イエ / 程 チョン / 蘇 スー ソ
魏 ウェイ / 呂 リュー ヨ / 丁 ディン チョン / 任 レン イム / 沈 シェン シム / 姚 ヤオ / 盧 ルー ノ / 姜 ジアン カン / 崔 ツイ チェ / 鐘 ジョン / 譚 タン / 陸 ルー / 汪 ワン
范 ファン / 金 ジン キム / 石 シー ソク / 廖 リャオ / 賈 ジア / 夏 シア / 付 フー / 方 ファン パン / 白 バイ ペク / 鄒 ゾウ / 孟 モン / 熊 ション / 秦 チン / 邱 チウ
朴 パク / 尹 ユン / 申 シン / 権 クォン / 安 アン / 全 チョン / 洪 ホン / 柳 リュウ ユ / 南 ナム / 文 ムン / 裴 ペ / 白 ペク / 車 チャ / 成 ソン / 河 ハ / 具 ク / 玄 ヒョン / 禹 ウ / 廉 ヨム
"""


def native_surnames() -> dict[str, tuple[str, ...]]:
    """Surname → sounds."""
    table: dict[str, tuple[str, ...]] = {}
    for entry in _NATIVE.replace("\n", " / ").split(" / "):
        surname, *readings = entry.split() or [""]
        if surname:
            table[surname] = (*table.get(surname, ()), *kana.sounds_of(readings))
    return table
