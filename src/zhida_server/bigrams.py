"""Search in Chinese without an extension of the database: a text is kept with its pairs of neighbouring characters.

    "杭州智算" ──▶ searched "杭州智算", bigrams ["州智", "智算", "杭州"]

What is searched for is found by its pairs through an index, then compared as it stands, so that 州杭 does not find 杭州.
"""

import unicodedata
from collections.abc import Iterable


def searched(parts: Iterable[str]) -> str:
    """Return texts as they are compared: one form of each character, small letters, no blanks; parts stay apart.

    >>> searched(["杭州 ＡＩ", "算力"])
    '杭州ai|算力'
    """
    return "|".join("".join(unicodedata.normalize("NFKC", part).lower().split()) for part in parts)


def bigrams(text: str) -> list[str]:
    """Return the pairs of characters of a text that `searched` gave, each once, sorted.

    >>> bigrams("杭州ai|算力")
    ['ai', 'i|', '|算', '州a', '杭州', '算力']
    """
    return sorted({text[place : place + 2] for place in range(len(text) - 1)})


def words_of(query: str) -> list[str]:
    """Return what is searched for, word by word; each must be found.

    >>> words_of(" 杭州　算力券 ")
    ['杭州', '算力券']
    """
    return [word for word in unicodedata.normalize("NFKC", query).lower().split() if "|" not in word]
