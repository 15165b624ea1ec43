"""Build pw13/data/builtin/letters.xz: bitmaps of the letters A-J in many open typefaces.

    python tools/build_masters.py pw13/data/builtin/letters.xz

Run it in an environment with tools/fonts.txt installed. The file depends on the versions of Pillow and FreeType, so it
is committed rather than built by users. It is LZMA of one line of JSON and the bits of the bitmaps; a row of the JSON
list is [family, "upper" or "lower", italic, aspects, grow limits, shrink limits], the last three lists of ten.
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
FONT_SIZE = 160  # at which a letter is drawn before it is reduced to a master
MAX_FACES = 3  # per family
MAX_LIMIT = 12  # largest growth or shrinkage tried, in pixels
LETTERS = 10
MAX_SPECK, MAX_TIP = 4, 30  # pixels of a component that is ignored, and of a stroke's tip that may disappear
MAX_STROKE_WIDTH = 1  # pixels, at FONT_SIZE, by which hairlines are thickened on both sides

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

# Mathematical alphabets in STIXGeneral.ttf: the first code point, and the letters (0 = A) that Unicode has elsewhere.
MATH_ALPHABETS: dict[str, list[tuple[int, dict[int, int]]]] = {
    "STIX Math Sans": [(0x1D5A0, {}), (0x1D5D4, {}), (0x1D608, {}), (0x1D63C, {})],
    "STIX Math Mono": [(0x1D670, {})],
    "STIX Math Script": [(0x1D49C, {1: 0x212C, 4: 0x2130, 5: 0x2131, 7: 0x210B, 8: 0x2110}), (0x1D4D0, {})],
    "STIX Math Fraktur": [(0x1D504, {2: 0x212D, 7: 0x210C, 8: 0x2111}), (0x1D56C, {})],
    "STIX Math Double-struck": [(0x1D538, {2: 0x2102, 7: 0x210D})],
}

# Families whose lower case is included.
WITH_LOWER_CASE = {
    "DejaVu Sans", "DejaVu Serif", "STIX General", "Computer Modern Roman", "Lato", "Roboto", "Source Serif Pro",
    "Caladea", "EB Garamond", "Inter", "Zilla Slab", "Playfair Display",
}  # fmt: skip

ITALIC = re.compile("ital|obliq|cmmi|cmti|cmsy", re.IGNORECASE)


class Face(NamedTuple):
    """A font file.

    Attributes:
        path: the file.
        upper: code points of the ten capitals, None if it lacks some.
        lower: code points of the ten lower-case letters, None if it lacks some.
        axes: variation axes as (tag, minimum, default, maximum).
        italic: italic or upright.
    """

    path: Path
    upper: list[int] | None
    lower: list[int] | None
    axes: list[tuple[str, float, float, float]]
    italic: bool


def read_face(path: Path) -> tuple[str, Face]:
    """Read the font file `path` as `(family, face)`."""
    font = TTFont(path, lazy=True)
    names, known = font["name"], font.getBestCmap() or {}
    family = names.getDebugName(16) or names.getDebugName(1)
    style = names.getDebugName(17) or names.getDebugName(2) or ""
    axes = [(a.axisTag, a.minValue, a.defaultValue, a.maxValue) for a in font["fvar"].axes] if "fvar" in font else []
    upper, lower = (code_points_from(start, known) for start in (ord("A"), ord("a")))
    if path.stem == "cmsy10":  # has calligraphic capitals at A-J, although its map does not list them
        upper, lower = list(range(65, 75)), None
    return family, Face(path, upper, lower, axes, bool(ITALIC.search(style + path.name)))


def code_points_from(start: int, known: dict[int, str]) -> list[int] | None:
    codes = list(range(start, start + LETTERS))
    return codes if all(code in known for code in codes) else None


def matplotlib_families() -> dict[str, list[Face]]:
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    families = {
        family: [read_face(folder / f"{name}.ttf")[1] for name in files.split()] for family, files in MATPLOTLIB.items()
    }
    stix = read_face(folder / "STIXGeneral.ttf")[1]
    for family, alphabets in MATH_ALPHABETS.items():
        italic = family.endswith("Script")
        for start, exceptions in alphabets:
            upper = [exceptions.get(i, start + i) for i in range(LETTERS)]
            families.setdefault(family, []).append(stix._replace(upper=upper, lower=None, italic=italic))
    return families


def package_families(folder: Path) -> dict[str, list[Face]]:
    """Read the families of the font packages installed in `folder`, skipping an OTF with a TTF of the same name."""
    families: dict[str, list[Face]] = {}
    packages = sorted(path for path in folder.iterdir() if path.name.startswith(("font_", "fontpkg_")))
    for path in itertools.chain.from_iterable(sorted(package.rglob("*.[to]tf")) for package in packages):
        duplicate = path.suffix == ".otf" and path.with_suffix(".ttf").exists()
        if duplicate or "VariableFont" in path.name:
            continue
        family, face = read_face(path)
        if face.upper:
            families.setdefault(family, []).append(face)
    return families


def pick(faces: list[Face]) -> list[tuple[Face, float | None]]:
    """Pick at most `MAX_FACES` faces, evenly spaced; a variable face counts as three: light, medium and heavy."""
    choices: list[tuple[Face, float | None]] = []
    for face in faces:
        weight = next((axis for axis in face.axes if axis[0] == "wght"), None)
        if weight:
            _, light, medium, heavy = weight
            medium = medium if light < medium < heavy else (light + heavy) / 2
            choices += [(face, light), (face, medium), (face, heavy)]
        else:
            choices.append((face, None))
    if len(choices) <= MAX_FACES:
        return choices
    return [choices[int(i)] for i in np.linspace(0, len(choices) - 1, MAX_FACES)]


def load_font(face: Face, weight: float | None) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(face.path), FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)
    if face.axes:
        settings = [default if weight is None or tag != "wght" else weight for tag, _, default, _ in face.axes]
        font.set_variation_by_axes(settings)
    return font


def draw(font: ImageFont.FreeTypeFont, code: int) -> tuple[np.ndarray, int] | None:
    """Draw a letter as `(bitmap, aspect)`, or return None for a speck.

    Hairlines would break up in 28 x 28 pixels, so a letter that has them is drawn slightly bolder.

    Returns:
        The letter cropped to its ink, `(SIZE, SIZE)` bool, and its width in 64ths of its height.
    """
    for stroke_width in range(MAX_STROKE_WIDTH + 1):
        drawn = draw_with_stroke(font, code, stroke_width)
        if drawn is None or shrink_limit(drawn[0]):
            break
    return drawn


def draw_with_stroke(font: ImageFont.FreeTypeFont, code: int, stroke_width: int) -> tuple[np.ndarray, int] | None:
    left, top, right, bottom = font.getbbox(chr(code), stroke_width=stroke_width)
    image = Image.new("L", (int(max(right - left, 1)) + 20, int(max(bottom - top, 1)) + 20))
    ImageDraw.Draw(image).text((10 - left, 10 - top), chr(code), 255, font=font, stroke_width=stroke_width)
    box = image.point(lambda value: 255 if value > 127 else 0).getbbox()
    if box is None or min(box[2] - box[0], box[3] - box[1]) < 3:
        return None
    aspect = round(64 * (box[2] - box[0]) / (box[3] - box[1]))
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX, box)) > 127, aspect


def count_components(bitmap: np.ndarray, max_ignored: int = MAX_SPECK) -> int:
    """Count the connected components of more than `max_ignored` pixels."""
    labels, count = ndimage.label(bitmap)
    return int((np.bincount(labels.ravel(), minlength=count + 1)[1:] > max_ignored).sum())


def square(reach: int) -> np.ndarray:
    return np.ones((2 * reach + 1, 2 * reach + 1), bool)


def grow_limit(master: np.ndarray) -> int:
    """Return by how many pixels strokes may grow before a counter or an opening closes, at most `MAX_LIMIT`."""
    padded = np.pad(master, MAX_LIMIT + 1)
    for reach in range(1, MAX_LIMIT + 1):
        grown = ndimage.binary_dilation(padded, square(reach))
        margin = MAX_LIMIT + 1 - reach
        inside = grown[margin:-margin, margin:-margin]
        if count_components(~grown) != count_components(~padded) or (~inside).mean() < 0.4 * (~master).mean():
            return reach - 1
    return MAX_LIMIT


def shrink_limit(master: np.ndarray) -> int:
    """Return by how many pixels strokes may shrink before one disappears, at most `MAX_LIMIT`.

    A stroke that disappears, such as a bar of an E, does not come back when the rest grows again.
    """
    padded = np.pad(master, 1)
    for reach in range(1, MAX_LIMIT + 1):
        shrunk = ndimage.binary_erosion(padded, square(reach))
        lost = padded & ~ndimage.binary_dilation(shrunk, square(reach))
        changed = count_components(shrunk) != count_components(padded)
        changed |= count_components(~shrunk) != count_components(~padded)
        if changed or count_components(lost, MAX_TIP):
            return reach - 1
    return MAX_LIMIT


def build(families: dict[str, list[Face]]) -> tuple[list[list[object]], np.ndarray]:
    """Draw all masters as `(rows, bitmaps)`: the rows of the JSON list and `(rows, 10, SIZE, SIZE)` bool."""
    rows: list[list[object]] = []
    bitmaps = []
    for family, faces in families.items():
        for number, (face, weight) in enumerate(pick(faces)):
            font = load_font(face, weight)
            cases = {"upper": face.upper, "lower": face.lower if number == 0 and family in WITH_LOWER_CASE else None}
            for case, codes in cases.items():
                drawn = [draw(font, code) for code in codes or ()]
                if drawn and None not in drawn:
                    masters, aspects = zip(*drawn, strict=True)
                    limits = [[limit(master) for master in masters] for limit in (grow_limit, shrink_limit)]
                    rows.append([family, case, face.italic, list(aspects), *limits])
                    bitmaps.append(np.stack(masters))
    return rows, np.stack(bitmaps)


def main(target: Path) -> None:
    families = matplotlib_families()
    for family, faces in package_families(Path(sysconfig.get_paths()["purelib"])).items():
        families.setdefault(family, []).extend(faces)
    rows, bitmaps = build(families)
    content = json.dumps(rows, separators=(",", ":")).encode() + b"\n" + np.packbits(bitmaps).tobytes()
    target.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(families)} families, {len(rows)} rows of ten letters, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
