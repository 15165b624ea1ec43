"""Make pw13/data/names.txt.gz: 12,000 names of real companies, cleaned into the manner of a list of startups.

    python tools/build_names.py WHEELS pw13/data/names.txt.gz

WHEELS is a folder with the two wheels of tools/names.txt. The names are facts: of the company list of the U.S.
Securities and Exchange Commission (in edgartools) and of the public OUI listing of the IEEE (in netaddr).
"""

import gzip
import hashlib
import html
import io
import re
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet

COUNT = 12_000
KEPT = 8  # one name in so many keeps its legal form; the course's list has one in 9 % of its names

# Patterns of legal forms, parted by spaces; an underscore stands for a space.
LEGAL_FORMS = (
    "inc incorporated corp corporation co company ltd limited llc l\\.l\\.c lp l\\.p plc p\\.l\\.c s\\.?a s\\.?a\\.?s "
    "s\\.?a\\.?r\\.?l ag nv n\\.v b\\.?v se ab as asa oyj? a/s aps s\\.?p\\.?a s\\.?r\\.?l gmbh gmbh_&_co\\.?_?kg kg "
    "e\\.?k kk k\\.k bhd sdn pty pte pvt de_cv s\\.?a\\.?b s\\.?a\\.?_de_c\\.?v pjsc tbk sab d\\.?o\\.?o "
    "sp\\.?_?z_?o\\.?_?o spol\\._s_r\\.o s\\.r\\.o a\\.s kft jsc ltda l\\.t\\.d"
)
LEGAL_END = re.compile(rf"[\s,]+(?:&\s+)?(?:{'|'.join(LEGAL_FORMS.split()).replace('_', ' ')})\.?$", re.IGNORECASE)
GROUP_END = re.compile(r"\s+(?:holdings?|group)$", re.IGNORECASE)

# Words that title case leaves small, and words that it leaves in capitals.
SMALL = {"of", "and", "the", "for", "in", "on", "at", "de", "du", "la", "el", "del", "da", "do", "y"}
CAPITALS = {"llc", "plc", "lp", "nv", "ag", "sa", "se", "usa", "us", "uk", "ai", "ip", "it", "tv"}
SHORT_FORMS = {"inc", "corp", "ltd", "co"}
ROMAN = re.compile(r"(?:I{1,3}|IV|VI{0,3}|IX|XI{0,3})$")

# No company that sells something under its name: shells, funds, listed papers.
SHELL = re.compile(
    r"\b(acquisitions?|spac|etf|etn|trust|funds?|bdc|reit|securities|notes?|mortgage|capital corp [ivx]+)\b",
    re.IGNORECASE,
)
# The OUI listing is full of contract factories whose names are mostly a place.
FACTORY = re.compile(
    r"shen ?zhen|guang|zhejiang|jiangsu|shanghai|beijing|hangzhou|dongguan|suzhou|fujian|xiamen|nanjing|chengdu|wuhan|"
    r"hong ?kong|hk\b|china|sichuan|shandong|hunan|hubei|hui ?zhou|zhuhai|tianjin|ningbo|wuxi|anhui|taiwan|private|"
    r"\bmfg|\bdivision|\bdept",
    re.IGNORECASE,
)
ODD = re.compile(r"[,.][,.]|[,.]Ltd|[;:?*#%]")


def edgar_names(wheel: Path) -> list[str]:
    """Distinct names of the SEC's company list."""
    with zipfile.ZipFile(wheel) as archive:
        table = archive.read("edgar/reference/data/company_tickers.parquet")
    return sorted(set(pyarrow.parquet.read_table(io.BytesIO(table))["name"].to_pylist()) - {None})


def oui_names(wheel: Path) -> list[str]:
    """Distinct names of the IEEE's OUI listing, contract factories left out."""
    with zipfile.ZipFile(wheel) as archive:
        listing = archive.read("netaddr/eui/oui.txt").decode("utf-8", "replace")
    found = {name.strip() for name in re.findall(r"\(hex\)\t\t(.*?)\r?$", listing, re.MULTILINE)}
    return sorted(name for name in found if not FACTORY.search(name))


def clean(raw: str) -> str:
    """One name as a list of startups would have it; a legal form stays on one name in `KEPT`."""
    name = from_capitals(tidy(raw))
    if one_in(KEPT, name.lower()):
        return without_shouting(name)
    name = without_legal_form(name)
    return without_shouting(name if one_in(2, name) else GROUP_END.sub("", name))


def one_in(count: int, text: str) -> bool:
    """True for one text in `count`, the same ones each time."""
    return int(hashlib.sha1(text.encode()).hexdigest(), 16) % count == 0


def tidy(raw: str) -> str:
    """A name without HTML entities, tails such as "/DE/" or "/ADR" and words in brackets, evenly spaced."""
    name = html.unescape(raw).strip()
    name = re.sub(r"\s*[/\\]\s*(?:[A-Z]{2,5}|new)\s*[/\\]?\s*$", "", name, flags=re.IGNORECASE)
    name = re.sub(r"\s*\([^()]*\)", "", name)
    name = re.sub(r"(?<=\w)([,.])(?=[A-Z][a-z])", r"\1 ", name)  # "Co.,Ltd"
    return re.sub(r"\s+", " ", name).strip(" ,")


def from_capitals(name: str) -> str:
    """Title case for a name that is written in capitals; a lone short word may be an abbreviation and stays."""
    forms = SHORT_FORMS | {"llc", "plc"}
    words = [word for word in re.findall(r"[A-Za-z]{2,}", name) if word.lower() not in forms]
    if all(word.isupper() for word in words) and (len(words) > 1 or len("".join(words)) > 4):
        return " ".join(title_case(word, number == 0) for number, word in enumerate(name.split(" ")))
    return name


def title_case(word: str, first: bool) -> str:
    core = word.strip(".,()")
    lower = core.lower()
    if not core.isupper() or any(letter.isdigit() for letter in core):
        return word
    if lower in SMALL and not first:
        return word.lower()
    if lower in SHORT_FORMS:
        return word.capitalize()
    abbreviated = lower in CAPITALS or ROMAN.match(core) or "." in core.strip(".")
    if abbreviated or (len(core) <= 4 and not re.search("[AEIOUY]", core)):  # NVR, CSX, KLX
        return word
    return re.sub(r"[A-Za-z]+(?:['’][A-Z]{1,2}\b)?", lambda part: part.group().capitalize(), word)


def without_legal_form(name: str) -> str:
    """A name without "Inc", "GmbH & Co. KG" and the like at its end, however many."""
    while True:
        shorter = re.sub(r"\s+(?:&|and)$", "", LEGAL_END.sub("", name)).strip(" ,")
        if shorter == name or len(shorter) < 2:
            return name
        name = shorter


def without_shouting(name: str) -> str:
    return re.sub(r"\b(INC|CORP|LTD|CO)\b", lambda form: form.group().capitalize(), name)


def choose(raw: Iterable[str]) -> list[str]:
    """Distinct cleaned names (case does not count), in an order that is fixed and as good as random."""
    names: dict[str, str] = {}
    for name in (clean(text).rstrip("/ ") for text in raw if not SHELL.search(text)):
        plain = name.isascii() and 2 <= len(name) <= 40 and re.search("[A-Za-z]", name)
        if plain and not ODD.search(name):
            names.setdefault(name.lower(), name)
    return sorted(names.values(), key=lambda name: hashlib.sha256(name.encode()).digest())


def main(wheels: Path, target: Path) -> None:
    (edgar,), (oui,) = wheels.glob("edgartools-*.whl"), wheels.glob("netaddr-*.whl")
    names = choose(edgar_names(edgar) + oui_names(oui))[:COUNT]
    text = ("\n".join(names) + "\n").encode()
    target.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{len(names):,} names, {target.stat().st_size:,} bytes, text sha256 {hashlib.sha256(text).hexdigest()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
