"""Build pw13/data/builtin/names.txt.gz: 12,000 names of real companies, cleaned to resemble a list of startups.

    python tools/build_names.py WHEELS pw13/data/builtin/names.txt.gz

WHEELS is a folder with the two wheels of tools/names.txt. The names are facts from the company list of the U.S.
Securities and Exchange Commission (in edgartools) and the public OUI listing of the IEEE (in netaddr).
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
LEGAL_FORM_PERIOD = 8  # one name in 8 keeps its legal form; in the course's list 9 % of the names have one

# Patterns of legal forms, separated by spaces; an underscore represents a space.
LEGAL_FORMS = (
    "inc incorporated corp corporation co company ltd limited llc l\\.l\\.c lp l\\.p plc p\\.l\\.c s\\.?a s\\.?a\\.?s "
    "s\\.?a\\.?r\\.?l ag nv n\\.v b\\.?v se ab as asa oyj? a/s aps s\\.?p\\.?a s\\.?r\\.?l gmbh gmbh_&_co\\.?_?kg kg "
    "e\\.?k kk k\\.k bhd sdn pty pte pvt de_cv s\\.?a\\.?b s\\.?a\\.?_de_c\\.?v pjsc tbk sab d\\.?o\\.?o "
    "sp\\.?_?z_?o\\.?_?o spol\\._s_r\\.o s\\.r\\.o a\\.s kft jsc ltda l\\.t\\.d"
)
LEGAL_END = re.compile(rf"[\s,]+(?:&\s+)?(?:{'|'.join(LEGAL_FORMS.split()).replace('_', ' ')})\.?$", re.IGNORECASE)
GROUP_END = re.compile(r"\s+(?:holdings?|group)$", re.IGNORECASE)

# Words that stay lower case in title case, and words that stay upper case.
LOWER_CASE = {"of", "and", "the", "for", "in", "on", "at", "de", "du", "la", "el", "del", "da", "do", "y"}
UPPER_CASE = {"llc", "plc", "lp", "nv", "ag", "sa", "se", "usa", "us", "uk", "ai", "ip", "it", "tv"}
SHORT_FORMS = {"inc", "corp", "ltd", "co"}
ROMAN = re.compile(r"(?:I{1,3}|IV|VI{0,3}|IX|XI{0,3})$")

# Not operating companies: shells, funds, listed securities.
SHELL = re.compile(
    r"\b(acquisitions?|spac|etf|etn|trust|funds?|bdc|reit|securities|notes?|mortgage|capital corp [ivx]+)\b",
    re.IGNORECASE,
)
# The OUI listing has many contract manufacturers named after a place.
FACTORY = re.compile(
    r"shen ?zhen|guang|zhejiang|jiangsu|shanghai|beijing|hangzhou|dongguan|suzhou|fujian|xiamen|nanjing|chengdu|wuhan|"
    r"hong ?kong|hk\b|china|sichuan|shandong|hunan|hubei|hui ?zhou|zhuhai|tianjin|ningbo|wuxi|anhui|taiwan|private|"
    r"\bmfg|\bdivision|\bdept",
    re.IGNORECASE,
)
ODD = re.compile(r"[,.][,.]|[,.]Ltd|[;:?*#%]")


def edgar_names(wheel: Path) -> list[str]:
    """Read the distinct names of the SEC's company list."""
    with zipfile.ZipFile(wheel) as archive:
        table = archive.read("edgar/reference/data/company_tickers.parquet")
    return sorted(set(pyarrow.parquet.read_table(io.BytesIO(table))["name"].to_pylist()) - {None})


def oui_names(wheel: Path) -> list[str]:
    """Read the distinct names of the IEEE's OUI listing, without contract manufacturers."""
    with zipfile.ZipFile(wheel) as archive:
        listing = archive.read("netaddr/eui/oui.txt").decode("utf-8", "replace")
    names = {name.strip() for name in re.findall(r"\(hex\)\t\t(.*?)\r?$", listing, re.MULTILINE)}
    return sorted(name for name in names if not FACTORY.search(name))


def clean(raw: str) -> str:
    """Clean a name as in a list of startups; one name in `LEGAL_FORM_PERIOD` keeps its legal form."""
    name = from_capitals(tidy(raw))
    if one_in(LEGAL_FORM_PERIOD, name.lower()):
        return without_capital_forms(name)
    name = without_legal_form(name)
    return without_capital_forms(name if one_in(2, name) else GROUP_END.sub("", name))


def one_in(count: int, text: str) -> bool:
    """Return True for one text in `count`, always the same ones."""
    return int(hashlib.sha1(text.encode()).hexdigest(), 16) % count == 0


def tidy(raw: str) -> str:
    """Remove HTML entities, suffixes such as "/DE/" or "/ADR", words in parentheses and extra spaces."""
    name = html.unescape(raw).strip()
    name = re.sub(r"\s*[/\\]\s*(?:[A-Z]{2,5}|new)\s*[/\\]?\s*$", "", name, flags=re.IGNORECASE)
    name = re.sub(r"\s*\([^()]*\)", "", name)
    name = re.sub(r"(?<=\w)([,.])(?=[A-Z][a-z])", r"\1 ", name)  # "Co.,Ltd"
    return re.sub(r"\s+", " ", name).strip(" ,")


def from_capitals(name: str) -> str:
    """Convert a name in capitals to title case, except for a single short word, which may be an abbreviation."""
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
    if lower in LOWER_CASE and not first:
        return word.lower()
    if lower in SHORT_FORMS:
        return word.capitalize()
    abbreviated = lower in UPPER_CASE or ROMAN.match(core) or "." in core.strip(".")
    if abbreviated or (len(core) <= 4 and not re.search("[AEIOUY]", core)):  # NVR, CSX, KLX
        return word
    return re.sub(r"[A-Za-z]+(?:['’][A-Z]{1,2}\b)?", lambda part: part.group().capitalize(), word)


def without_legal_form(name: str) -> str:
    """Remove "Inc", "GmbH & Co. KG" and the like from the end of a name, repeatedly."""
    while True:
        shorter = re.sub(r"\s+(?:&|and)$", "", LEGAL_END.sub("", name)).strip(" ,")
        if shorter == name or len(shorter) < 2:
            return name
        name = shorter


def without_capital_forms(name: str) -> str:
    return re.sub(r"\b(INC|CORP|LTD|CO)\b", lambda form: form.group().capitalize(), name)


def choose(raw: Iterable[str]) -> list[str]:
    """Return the distinct cleaned names (ignoring case), in a fixed pseudo-random order."""
    names: dict[str, str] = {}
    for name in (clean(text).rstrip("/ ") for text in raw if not SHELL.search(text)):
        valid = name.isascii() and 2 <= len(name) <= 40 and re.search("[A-Za-z]", name)
        if valid and not ODD.search(name):
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
