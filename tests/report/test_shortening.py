"""The report on a few pages."""

import re

import pytest

from pw13.report.document import Figure, Missing, Sources, Table, Text, Verbatim, table
from pw13.report.name_selection import Candidate, NameSelection
from pw13.report.renderers import pdf
from pw13.report.sections.answers import prepared_answers
from pw13.report.shortening import MAX_ROWS, shorten
from tests.helpers.report_runs import add_figure, build, items, png


def test_a_short_report_keeps_every_item_with_one_table_and_its_figure(runs):
    for folder in runs.iterdir():
        add_figure(folder, "worst")
    long = build(runs, answers=prepared_answers())
    short = shorten(long)
    assert items(short).keys() == items(long).keys()
    assert not any(isinstance(block, Verbatim | Sources) for block in short.blocks)
    assert {figure.name for figure in short.figures} == {
        "1e-reconstructions.png", "1f-rate_distortion.png", "1g-confusion.png", "conv-e-denoising.png"
    } & {figure.name for figure in long.figures}  # fmt: skip
    for item in items(short).values():
        assert sum(isinstance(block, Table) for block in item.blocks) <= 1
        assert sum(isinstance(block, Text) and block.role == "answer" for block in item.blocks) <= 1
    assert not any(chapter.title.startswith("Appendix") for chapter in short.chapters)


def test_what_is_missing_and_the_chosen_names_stay(runs):
    document = build(runs)
    chapter = next(chapter for chapter in document.chapters if "startup" in chapter.title)
    item = next(item for item in chapter.items if item.key == "2g")
    names = table("names", ("name", "x"), [(str(n), "1") for n in range(16)])
    blocks = (table("a", ("x",), [("1",)]), names, Missing("No run.", "pw13 all"), Figure("2g-x.png", png(), "c", "a"))
    chapters = [chapter._replace(items=(item._replace(blocks=blocks),))]
    (short,) = items(shorten(document._replace(chapters=tuple(chapters)))).values()
    assert [block.kind for block in short.blocks] == ["table", "table", "missing"]
    assert short.blocks[1].rows == names.rows and len(names.rows) > MAX_ROWS


def test_a_table_that_is_cut_says_so_and_comparisons_with_baselines_are_whole(runs):
    document = build(runs)
    blocks = [table("Of all.", ("x",), [(str(n),) for n in range(count)]) for count in (MAX_ROWS, MAX_ROWS + 3)]

    def shortened(key, block):
        item = items(document)[key]._replace(blocks=(block,))
        chapter = document.chapters[1]._replace(items=(item,))
        return items(shorten(document._replace(chapters=(chapter,))))[key].blocks[0]

    assert shortened("1f", blocks[0]) == blocks[0]
    cut = shortened("1f", blocks[1])
    assert cut.rows == blocks[1].rows[:6] and cut.caption == "Of all. First 6 of 9 rows."
    assert [shortened(key, blocks[1]) for key in ("1g", "conv-e")] == [blocks[1]] * 2


@pytest.mark.parametrize("file", [None, "chosen.txt"])
def test_all_selected_names_stay_and_the_caption_says_which(runs, file):
    names = tuple(Candidate(f"Name {letter}", 1.0, -1.0) for letter in "ABCDEFGH")
    others = () if file else tuple(Candidate(f"Other {letter}", 1.0, -1.0) for letter in "ABCDEFGH")
    selected = NameSelection(names, "run", False, file, runners_up=others)
    long, short = (
        next(block for block in items(document)["2g"].blocks if isinstance(block, Table) and block.columns[0] == "name")
        for document in (build(runs, selected=selected), shorten(build(runs, selected=selected)))
    )
    assert [row[0] for row in short.rows] == [name.text for name in names]
    assert short.caption == "Selected names."
    assert len(long.rows) == len(names) + len(others)


def test_a_short_report_has_fewer_pages(runs):
    long = build(runs, answers=prepared_answers())
    pages = [len(re.findall(rb"/Type ?/Page\b", pdf.pdf(document))) for document in (long, shorten(long))]
    assert pages[1] <= 6 < pages[0]
