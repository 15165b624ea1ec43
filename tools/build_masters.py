"""Make pw13/data/letters.xz: small pictures of the letters A-J in many open typefaces.

    python tools/build_masters.py pw13/data/letters.xz

Runs in an environment made from tools/fonts.txt. The file depends on the versions of Pillow and FreeType, so it is
committed and not made anew by users. It is LZMA of one line of JSON and the bits of the pictures; a line of the JSON
list is [family, "upper" or "lower", italic, aspects, rooms, strengths], each of the last three a list of ten.
"""

import itertools
import json
import lzma
import re
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

SIZE = 64  # rows and columns of a master
POINTS = 160  # size that a letter is drawn at before it is reduced to a master
FACES = 3  # at most this many faces of a family
LIMIT = 12  # the largest room or strength that is told apart
LETTERS = 10
SPECK, TIP = 4, 30  # pixels of a part that does not count, and of a tip of a stroke that may be lost
HAIRLINE = 1  # pixels, of those that a letter is drawn at, that hairlines gain at most to either side

# Files of matplotlib's own fonts, by family.
MATPLOTLIB = {
    "DejaVu Sans": "DejaVuSans DejaVuSans-Bold DejaVuSans-Oblique DejaVuSans-BoldOblique DejaVuSansMono "
    "DejaVuSansMono-Bold",
    "DejaVu Serif": "DejaVuSerif DejaVuSerif-Bold DejaVuSerif-Italic DejaVuSerif-BoldItalic",
    "STIX General": "STIXGeneral STIXGeneralBol STIXGeneralItalic STIXGeneralBolIta",
    "Computer Modern Roman": "cmr10 cmb10 cmti10 cmmi10",
    "Computer Modern Sans": "cmss10",
    "Computer Modern Typewriter": "cmtt10",
    "Computer Modern Calligraphic": "cmsy10",
}

# Alphabets of mathematics in STIXGeneral.ttf: where each begins, and the letters (0 = A) that Unicode has elsewhere.
MATHEMATICS: dict[str, list[tuple[int, dict[int, int]]]] = {
    "STIX Math Sans": [(0x1D5A0, {}), (0x1D5D4, {}), (0x1D608, {}), (0x1D63C, {})],
    "STIX Math Mono": [(0x1D670, {})],
    "STIX Math Script": [(0x1D49C, {1: 0x212C, 4: 0x2130, 5: 0x2131, 7: 0x210B, 8: 0x2110}), (0x1D4D0, {})],
    "STIX Math Fraktur": [(0x1D504, {2: 0x212D, 7: 0x210C, 8: 0x2111}), (0x1D56C, {})],
    "STIX Math Double-struck": [(0x1D538, {2: 0x2102, 7: 0x210D})],
}

# Families whose small letters are taken too.
WITH_LOWER_CASE = {
    "DejaVu Sans", "DejaVu Serif", "STIX General", "Computer Modern Roman", "Lato", "Roboto", "Source Serif Pro",
    "Caladea", "EB Garamond", "Inter", "Zilla Slab", "Playfair Display",
}  # fmt: skip

ITALIC = re.compile("ital|obliq|cmmi|cmti|cmsy", re.IGNORECASE)


class Face(NamedTuple):
    """One font file: code points of the ten letters (None where it lacks them), variation axes, italic or upright."""

    path: Path
    upper: list[int] | None
    lower: list[int] | None
    axes: list[tuple[str, float, float, float]]
    italic: bool


def read_face(path: Path) -> tuple[str, Face]:
    """The family's name and the face that the font file `path` holds."""
    font = TTFont(path, lazy=True)
    names, known = font["name"], font.getBestCmap() or {}
    family = names.getDebugName(16) or names.getDebugName(1)
    style = names.getDebugName(17) or names.getDebugName(2) or ""
    axes = [(a.axisTag, a.minValue, a.defaultValue, a.maxValue) for a in font["fvar"].axes] if "fvar" in font else []
    upper, lower = (ten_from(start, known) for start in (ord("A"), ord("a")))
    if path.stem == "cmsy10":  # its calligraphic capitals stand at A-J, though its map does not list them
        upper, lower = list(range(65, 75)), None
    return family, Face(path, upper, lower, axes, bool(ITALIC.search(style + path.name)))


def ten_from(start: int, known: dict[int, str]) -> list[int] | None:
    codes = list(range(start, start + LETTERS))
    return codes if all(code in known for code in codes) else None


def matplotlib_families() -> dict[str, list[Face]]:
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    families = {
        family: [read_face(folder / f"{name}.ttf")[1] for name in files.split()] for family, files in MATPLOTLIB.items()
    }
    stix = read_face(folder / "STIXGeneral.ttf")[1]
    for family, blocks in MATHEMATICS.items():
        codes = [[elsewhere.get(i, start + i) for i in range(LETTERS)] for start, elsewhere in blocks]
        families[family] = [stix._replace(upper=ten, lower=None, italic=family.endswith("Script")) for ten in codes]
    return families


def package_families(folder: Path) -> dict[str, list[Face]]:
    """Families of the font packages installed in `folder`; an OTF beside a TTF of the same name is passed over."""
    families: dict[str, list[Face]] = {}
    packages = sorted(path for path in folder.iterdir() if path.name.startswith(("font_", "fontpkg_")))
    for path in itertools.chain.from_iterable(sorted(package.rglob("*.[to]tf")) for package in packages):
        twice = path.suffix == ".otf" and path.with_suffix(".ttf").exists()
        if twice or "VariableFont" in path.name:
            continue
        family, face = read_face(path)
        if face.upper:
            families.setdefault(family, []).append(face)
    return families


def pick(faces: list[Face]) -> list[tuple[Face, float | None]]:
    """At most `FACES` faces, spread evenly; a variable face counts three times: light, medium and heavy."""
    choices: list[tuple[Face, float | None]] = []
    for face in faces:
        weight = next((axis for axis in face.axes if axis[0] == "wght"), None)
        if weight:
            _, light, medium, heavy = weight
            medium = medium if light < medium < heavy else (light + heavy) / 2
            choices += [(face, light), (face, medium), (face, heavy)]
        else:
            choices.append((face, None))
    if len(choices) <= FACES:
        return choices
    return [choices[int(i)] for i in np.linspace(0, len(choices) - 1, FACES)]


def load_font(face: Face, weight: float | None) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(face.path), POINTS, layout_engine=ImageFont.Layout.BASIC)
    if face.axes:
        font.set_variation_by_axes([weight if axis[0] == "wght" else axis[2] for axis in face.axes])
    return font


def draw(font: ImageFont.FreeTypeFont, code: int) -> tuple[np.ndarray, int] | None:
    """A letter cropped to its ink as `(SIZE, SIZE)` bool and its width in 64ths of its height; None for a speck.

    Hairlines would break up in 28 x 28 pixels: where there are any, the letter is drawn a little bolder.
    """
    for bolder in range(HAIRLINE + 1):
        drawn = draw_at(font, code, bolder)
        if drawn is None or strength(drawn[0]):
            break
    return drawn


def draw_at(font: ImageFont.FreeTypeFont, code: int, bolder: int) -> tuple[np.ndarray, int] | None:
    left, top, right, bottom = font.getbbox(chr(code), stroke_width=bolder)
    image = Image.new("L", (int(max(right - left, 1)) + 20, int(max(bottom - top, 1)) + 20))
    ImageDraw.Draw(image).text((10 - left, 10 - top), chr(code), 255, font=font, stroke_width=bolder)
    box = image.point(lambda value: 255 if value > 127 else 0).getbbox()
    if box is None or min(box[2] - box[0], box[3] - box[1]) < 3:
        return None
    aspect = round(64 * (box[2] - box[0]) / (box[3] - box[1]))
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX, box)) > 127, aspect


def parts(picture: np.ndarray, above: int = SPECK) -> int:
    """How many connected parts of more than `above` pixels the true pixels form."""
    labels, count = ndimage.label(picture)
    return int((np.bincount(labels.ravel(), minlength=count + 1)[1:] > above).sum())


def square(reach: int) -> np.ndarray:
    return np.ones((2 * reach + 1, 2 * reach + 1), bool)


def room(master: np.ndarray) -> int:
    """By how many pixels all strokes may swell before a counter or an opening closes, at most `LIMIT`."""
    wide = np.pad(master, LIMIT + 1)
    for reach in range(1, LIMIT + 1):
        swollen = ndimage.binary_dilation(wide, square(reach))
        inside = swollen[LIMIT + 1 - reach : reach - LIMIT - 1, LIMIT + 1 - reach : reach - LIMIT - 1]
        if parts(~swollen) != parts(~wide) or (~inside).mean() < 0.4 * (~master).mean():
            return reach - 1
    return LIMIT


def strength(master: np.ndarray) -> int:
    """By how many pixels all strokes may shrink before one is lost, at most `LIMIT`.

    A stroke that is lost, such as a bar of an E, does not come back when what is left swells again.
    """
    wide = np.pad(master, 1)
    for reach in range(1, LIMIT + 1):
        shrunk = ndimage.binary_erosion(wide, square(reach))
        lost = wide & ~ndimage.binary_dilation(shrunk, square(reach))
        changed = parts(shrunk) != parts(wide) or parts(~shrunk) != parts(~wide)
        if changed or parts(lost, TIP):
            return reach - 1
    return LIMIT


def build(families: dict[str, list[Face]]) -> tuple[list[list], np.ndarray]:
    """The lines of the JSON list and the masters `(lines, 10, SIZE, SIZE)` bool."""
    lines, pictures = [], []
    for family, faces in families.items():
        for number, (face, weight) in enumerate(pick(faces)):
            font = load_font(face, weight)
            cases = {"upper": face.upper, "lower": face.lower if number == 0 and family in WITH_LOWER_CASE else None}
            for case, codes in cases.items():
                drawn = [draw(font, code) for code in codes or ()]
                if drawn and None not in drawn:
                    masters, aspects = zip(*drawn, strict=True)
                    limits = [[int(limit(master)) for master in masters] for limit in (room, strength)]
                    lines.append([family, case, face.italic, list(aspects), *limits])
                    pictures.append(np.stack(masters))
    return lines, np.stack(pictures)


def main(target: Path) -> None:
    families = matplotlib_families()
    for family, faces in package_families(Path(sysconfig.get_paths()["purelib"])).items():
        families.setdefault(family, []).extend(faces)
    lines, pictures = build(families)
    content = json.dumps(lines, separators=(",", ":")).encode() + b"\n" + np.packbits(pictures).tobytes()
    target.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(families)} families, {len(lines)} rows of ten letters, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
