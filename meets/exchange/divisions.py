"""What a division's name means, and how a federation's divisions are spelled in OpenPowerlifting's files.

Meet systems let people name divisions freely: "Women's Raw Master I", "FR-M1", "M-M1", "MEN'S CLASSIC MASTERS I". What
they share is a group, mostly of age. The styles stand in ``opl_spellings.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from meets.competition.ages import AgeGroup
from meets.exchange.spellings import spellings_load

_ROMAN: Final = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6"}
_NUMERAL: Final = r"(\d|iv|vi?|i{1,3})"
# Tried in this order: "Raw Open M1" is a division of masters.
_GROUPS: Final[tuple[tuple[str, str], ...]] = (
    (rf"\bmasters?\W*{_NUMERAL}([ab])?(?!\w)", "M"),
    (r"\bm([1-9])([ab])?\b", "M"),
    (rf"\bteen(?:age)?\W*{_NUMERAL}(?!\w|-)", "T"),
    (r"\bt([1-3])\b", "T"),
    (rf"\byouth\W*{_NUMERAL}(?!\w)", "Y"),
    (r"\by([1-3])\b", "Y"),
    (r"special olymp", "SO"),
    (r"sub\W?j(unio)?rs?|\bsjr?\b|\bu18\b", "Sj"),
    (r"junior|\bj(r|nr)?\b|\bu23\b", "Jr"),
    (r"universit|collegiate|\bcollege\b", "University"),
    (r"high school|\bhs\b", "HS"),
    (r"prime ?time|\bpt\b", "Prime Time"),
    (r"guest|\bg\b", "G"),
    (r"novice|rookie|first.?time", "N"),
    (r"\bmasters?\b", "M"),
    (r"\bteen", "T"),
    (r"\byouth\b", "Y"),
    (r"\bopen\b|\bo\b|\bsenior\b", "O"),
)
_WORDS_OF_NONE: Final = re.compile(
    r"\b(wo)?m[ae]n'?s?\b|\b(fe)?male\b|\braw\b|\bclassic\b|\bequipped\b|\bbench( ?press)?( only)?\b|[^a-z]",
    re.IGNORECASE,
)
_CODED: Final = re.compile(r"[MF]R-\w+")
_IPF: Final = {"O": "Open", "Jr": "Juniors", "Sj": "Sub-Juniors", "G": "Open", "SO": "Special Olympics", "N": "Novice"}
_YOUNG: Final = {"Jr": AgeGroup.JUNIOR, "Sj": AgeGroup.SUB_JUNIOR, "T": AgeGroup.JUNIOR, "Y": AgeGroup.SUB_JUNIOR}


@dataclass(frozen=True, slots=True)
class Division:
    """What a division's name says. group: "O", "Jr", "Sj", "M1" and so on; empty when it says nothing that is known.
    is_award: a list for the best lifters across classes or divisions, whose rows stand elsewhere too."""

    group: str
    is_award: bool = False

    @property
    def age_group(self) -> AgeGroup:
        """For which classes it is: juniors and sub-juniors have lighter ones."""
        return _YOUNG.get(self.group.rstrip("0123456789ab"), AgeGroup.OPEN)


@lru_cache(maxsize=4096)
def division_of(text: str) -> Division:
    """What a name says. Never raises."""
    plain = " ".join(text.replace("’", "'").casefold().replace("_", " ").split())
    is_award = bool(re.search(r"\bbest\b.*\blifter|\bbest lifter|\boverall\b|champion of champions", plain))
    for pattern, group in _GROUPS:
        if match := re.search(pattern, plain):
            return Division(_numbered(group, match), is_award)
    return Division("" if _WORDS_OF_NONE.sub("", plain) else "O", is_award)


def _numbered(group: str, match: re.Match[str]) -> str:
    if len(group) > 1 or not match.re.groups or match[1] is None:
        return group
    half = (match[2] or "") if match.re.groups > 1 else ""
    return f"{group}{_ROMAN.get(match[1], match[1])}{half}"


def division_spell(text: str, *, federation: str, sex: str, equipment: str) -> str:
    """The name as the federation's divisions are spelled; as it was where that is not known, or its meaning is not."""
    styles: Mapping[str, str] = spellings_load().division_styles
    style, group = styles.get(federation), division_of(text).group
    # What is spelled by one federation's codes says that the meet was another's than it states.
    if style is None or not group or _CODED.fullmatch(text) or (style != "ipf" and sex not in ("M", "F")):
        return text
    if style == "ipf":
        return f"Masters {group[1:]}" if re.fullmatch(r"M\d", group) else _IPF.get(group, group)
    if style == "irish":
        return f"{sex}-{group.upper()}"
    if not re.fullmatch(r"O|Jr|Sj|G|SO|HS|[MTY]\d[ab]?", group):
        return text
    raw = "R" if equipment in ("Raw", "Bare", "Sleeves") else ""
    return f"{sex}{raw}-{group}"
