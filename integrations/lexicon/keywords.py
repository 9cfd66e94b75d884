"""What a sentence is about beyond industries, places and numbers: its content words, in phrases."""

import re
from pathlib import Path

from integrations.lexicon.words import CJK, fold, singular

# Words that say nothing of a trade, in all languages together.
_STOP = frozenset((Path(__file__).with_name("data") / "stopwords.txt").read_text(encoding="utf-8").split())
_STOP_ZH = re.compile(
    r"公司|企业|厂商|厂家|供应商|制造商|客户|寻找|查找|想要|需要|我们|位于|在|的|和|与|或|从事|做|以上|以下|员工|人|家|是|有|提供|专注|及|找|请|中小型?|一些|名|"
    r"也要|也包括|也|只要|还要|还有|加上|另外|联系人?|成立|创业|融资|只看|仅限?"
)
_EMPTY_ZH = frozenset({"制造", "加工", "生产", "组织", "机构", "行业", "领域", "地区", "工厂"})
_PIECES = re.compile(r"[.,;:!?()\[\]|/\"“”«»—–\n，。；：！？（）、…]+|\s-\s")
_LONGEST = 4


def keywords_in(text: str, language: str = "en") -> tuple[str, ...]:
    """Return the phrases of content words in `text`, in its order."""
    found: list[str] = []
    for piece in _PIECES.split(text):
        found += _chinese(piece) if language == "zh" and re.search(f"[{CJK}]", piece) else _phrases(piece)
    return tuple(dict.fromkeys(found))


def _chinese(piece: str) -> list[str]:
    parts = (part.strip() for part in _STOP_ZH.split(piece))
    return [part for part in parts if len(part) >= 2 and part not in _EMPTY_ZH]


def _phrases(piece: str) -> list[str]:
    phrases: list[list[str]] = [[]]
    for word in re.findall(r"[^\W_][\w'+.-]*", piece):
        bare = re.sub(r"^[dl]['’]|['’]s$", "", word, flags=re.I).strip("'.-")
        if _is_stop(bare) or len(phrases[-1]) >= _LONGEST:
            phrases.append([])
        if not _is_stop(bare):
            phrases[-1].append(bare)
    return [" ".join(phrase) for phrase in phrases if phrase]


def _is_stop(word: str) -> bool:
    folded = fold(word)
    return len(folded) < 2 or folded in _STOP or singular(folded) in _STOP or folded.isdigit()
