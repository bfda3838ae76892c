"""What changed in the words of a policy: front matter and articles, by characters and figures.

    headings ──match──> pairs ──> same, changed (with the stretches that differ), added, removed

Articles are matched by their titles, not by their numbers: 附件 2 之二 研发投入 and 附件 1 之三 研发投入 are one. Tables and blocks
are no words: `rules` has them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from zhida.policy.document import Heading, PolicyDocument, Prose, Quote
from zhida.policy.front_values import FrontValue
from zhida.policy.pack import Policy
from zhida.policy.tangle import CAVEAT

NUMBERING = re.compile(
    r"^(?:第[〇零一二三四五六七八九十百千0-9]+[条章节款](?:之[一二三四五六七八九十]+)?|附件\s*[0-9一二三四五六七八九十]*(?:\s*之[一二三四五六七八九十]+)?"
    r"|举措[一二三四五六七八九十百]+|[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|Article\s+\d+[a-z]?|\d+[.、])\s*"
)
"""What a heading begins with that numbers it."""

SAME = 1000
"""How much alike equal texts are, in thousandths."""

LIKE = 500
"""How much alike two headings with their words must be to be the same article, in thousandths."""

REWRITTEN = 450
"""Words that are less alike, in thousandths, are not told stretch by stretch: both are shown whole."""

SHORT = 2
"""Characters that two stretches have in common between them at most, to be told as one."""

LAST_LEVEL = 6

TOKEN = re.compile(r"[0-9][0-9,.]*(?:\s*[%‰])?|[A-Za-z]+|\s+|.", re.DOTALL)
"""What a text is compared by: figures and Latin words whole, every other character by itself."""

CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of two texts: the same in both where `old == new`."""

    old: str
    """The old words."""
    new: str
    """The new words."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the front matter that changed."""

    name: str
    """The key."""
    old: str
    """Its old value; empty where it had none."""
    new: str
    """Its new value; empty where it has none."""


@dataclass(frozen=True, slots=True)
class Section:
    """The words under a heading."""

    heading: str
    """The heading."""
    title: str
    """The heading without its number."""
    text: str
    """The words, one paragraph a line, without reservations."""


@dataclass(frozen=True, slots=True)
class SectionChange:
    """A section that is in both versions and reads differently, or in one of them only."""

    old: Section | None
    """In the old version; None where it is new."""
    new: Section | None
    """In the new version; None where it is gone."""
    stretches: tuple[Stretch, ...] = ()
    """Of one in both: the words, stretch by stretch; none where it was rewritten."""


@dataclass(frozen=True, slots=True)
class Law:
    """What changed in the words."""

    changed: tuple[SectionChange, ...]
    """Sections in both, in the order of the new version."""
    added: tuple[SectionChange, ...]
    """Sections of the new version only."""
    removed: tuple[SectionChange, ...]
    """Sections of the old version only."""
    unchanged: int
    """How many sections read the same."""
    caveats_added: tuple[str, ...] = ()
    """Reservations that the old version has not."""
    caveats_removed: tuple[str, ...] = ()
    """Reservations that the new version has no longer."""


# --- front matter ------------------------------------------------------------------------------------------------------


def front_changes(old: Policy, new: Policy) -> tuple[Key, ...]:
    """Return the keys of the front matter that changed, in the order of the new version."""
    keys = dict.fromkeys((*new.document.front, *old.document.front))
    told = ((key, _written(old.document.front.get(key)), _written(new.document.front.get(key))) for key in keys)
    return tuple(Key(name, *values) for name, *values in told if values[0] != values[1])


def _written(value: FrontValue | None) -> str:
    """Return a value of the front matter on one line."""
    if value is None:
        return ""
    if isinstance(value.value, str):
        return value.value
    if isinstance(value.value, tuple):
        return "、".join(map(_written, value.value))
    return "；".join(f"{key}：{_written(entry)}" for key, entry in value.value.items())


# --- law ---------------------------------------------------------------------------------------------------------------


def law_changes(old: Policy, new: Policy) -> Law:
    """Return what changed in the words under each heading."""
    before, after = sections_of(old.document), sections_of(new.document)
    pairs = match([_key(each) for each in before], [_key(each) for each in after])
    changed, unchanged = [], 0
    for place, section in enumerate(after):
        partner = next((left for left, right in pairs if right == place), None)
        if partner is None:
            continue
        if before[partner].text == section.text:
            unchanged += 1
        else:
            changed.append(SectionChange(before[partner], section, stretches(before[partner].text, section.text)))
    lefts, rights = {left for left, _ in pairs}, {right for _, right in pairs}
    added = tuple(SectionChange(None, each) for place, each in enumerate(after) if place not in rights)
    removed = tuple(SectionChange(each, None) for place, each in enumerate(before) if place not in lefts)
    caveats = [[" ".join(caveat.text.split()) for caveat in policy.tangled.caveats] for policy in (old, new)]
    gone, come = ([text for text in caveats[side] if text not in caveats[1 - side]] for side in (0, 1))
    return Law(tuple(changed), added, removed, unchanged, tuple(come), tuple(gone))


def sections_of(document: PolicyDocument) -> list[Section]:
    """Return the words under each heading; headings without any are left out, and what is no law: the examples, translations."""
    found: list[tuple[str, list[str]]] = []
    skipped = LAST_LEVEL + 1
    for block in document.blocks:
        if isinstance(block, Heading):
            skipped = LAST_LEVEL + 1 if block.level <= skipped else skipped
            if block.text.strip() in {"例", "Examples", "Example"}:
                skipped = block.level
            if skipped > LAST_LEVEL:
                found.append((block.text, []))
        elif (isinstance(block, Prose) or (isinstance(block, Quote) and CAVEAT not in block.text)) and skipped > LAST_LEVEL and found:
            found[-1][1].extend(_paragraphs(block.text))
    return [Section(heading, NUMBERING.sub("", heading), "\n".join(words)) for heading, words in found if words]


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a block on one line each; those without a Chinese character translate the others."""
    lines: list[str] = []
    for line in text.split("\n"):
        stripped = line.strip()
        is_item = re.match(r"(?:[-*+]|\d+[.)])\s|\*\*", stripped)
        if lines and not is_item:
            glue = "" if CHINESE.match(stripped) and not lines[-1][-1:].isascii() else " "
            lines[-1] += glue + stripped
        elif stripped:
            lines.append(stripped)
    yield from (line for line in lines if CHINESE.search(line))


def _key(section: Section) -> tuple[str, str]:
    return section.title, section.text


def match(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
    """Return which of some titled things are the same, the most alike first; each has one partner at most.

    Args:
        old: Title and text of each old thing.
        new: Title and text of each new one.

    >>> match([("研发投入", "甲"), ("年限", "乙")], [("称号和年限", "乙丙"), ("研发投入", "丁")])
    [(0, 1), (1, 0)]
    """
    scored = []
    for left, (title, text) in enumerate(old):
        for right, (other_title, other_text) in enumerate(new):
            alike = _alike(title, other_title, text, other_text)
            if alike >= LIKE:
                scored.append((-alike, abs(left - right), left, right))
    pairs: list[tuple[int, int]] = []
    for _, _, left, right in sorted(scored):
        if all(left != known and right != other for known, other in pairs):
            pairs.append((left, right))
    return sorted(pairs)


def _alike(title: str, other_title: str, text: str, other_text: str) -> int:
    if title == other_title:
        return 2 * SAME
    titles, texts = likeness(title, other_title), likeness(text, other_text)
    return max(titles, (titles + texts) // 2, texts - LIKE // 2)


def likeness(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how much two texts, or lists of words, have in common, in thousandths.

    >>> likeness("甲乙丙", "甲丙"), likeness("", "")
    (800, 1000)
    """
    total = len(old) + len(new)
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return 2 * SAME * sum(block.size for block in blocks) // total if total else SAME


def stretches(old: str, new: str) -> tuple[Stretch, ...]:
    """Return two texts stretch by stretch; nothing where they have too little in common.

    >>> stretches("营收 1000 万元以上", "营收 1500 万元以上")
    (Stretch(old='营收 ', new='营收 '), Stretch(old='1000', new='1500'), Stretch(old=' 万元以上', new=' 万元以上'))
    """
    left, right = TOKEN.findall(old), TOKEN.findall(new)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if likeness(left, right) < REWRITTEN:
        return ()
    found: list[Stretch] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        stretch = Stretch("".join(left[i:j]), "".join(right[k:m]))
        is_short = tag == "equal" and len(stretch.old.strip()) <= SHORT and "\n" not in stretch.old
        follows = bool(found) and found[-1].old != found[-1].new
        if (tag != "equal" and follows) or (is_short and follows and m < len(right)):
            found[-1] = Stretch(found[-1].old + stretch.old, found[-1].new + stretch.new)
        else:
            found.append(stretch)
    return tuple(found)
