"""The page in a browser: every view, its state in the address, hostile content, no request to anywhere."""

import json
import re
import shutil
import time
from datetime import UTC, datetime

import numpy as np
import pytest

from pw13.config.settings import ConvDAE, DenseAE, Generate
from pw13.data.names import vocabulary
from pw13.explore import page as pages
from pw13.explore import runs as rows_of
from pw13.explore.contents import choose, contents
from pw13.explore.packing import pack
from pw13.inference.score import score_names
from pw13.system import machine
from tests.helpers.explore_runs import write_run
from tests.helpers.report_runs import png

pytestmark = pytest.mark.browser
VIEWS = ("codes", "noise", "names", "runs", "svm")


@pytest.fixture(scope="module")
def file(runs, tmp_path_factory):
    """Write the one-file page."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    pages.write_page(path, choose([], runs.folder), runs.folder)
    return path


class Tab:
    """A tab with what went wrong in it."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.errors, self.requests = [], []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console", lambda message: message.type in ("error", "warning") and self.errors.append(message.text)
        )
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, address, state="", *, again=False):
        """Show a state of the page; `again`: load it anew."""
        if again or self.page.url.split("#")[0] != address:
            self.page.goto("about:blank")
            self.page.goto(f"{address}#{state}")
            self.page.wait_for_selector("html[data-ready]")
        else:
            self.page.evaluate("(state) => { location.hash = state; }", state)
        view = state.removeprefix("view=").split("&")[0]
        self.page.wait_for_selector(f".view.{view} > *" if view in VIEWS else ".view > *")
        return self.page


def until(page, expression, seconds=20):
    """Wait for JavaScript to be true; Playwright's own way is forbidden by the page's policy."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(20)


@pytest.fixture
def tab(browser):
    opened = []

    def make(**options):
        opened.append(Tab(browser, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.context.close()
        assert each.errors == []


def test_the_file_works_alone_and_asks_for_nothing(tab, file):
    one = tab()
    for view in VIEWS:
        page = one.open(file.as_uri(), f"view={view}")
        assert page.title().endswith("pw13 explore")
        assert page.locator("nav a[aria-current=page]").count() == 1
        assert page.locator(".view section").count() >= 1
    assert {re.sub("#.*", "", url) for url in one.requests if not url.startswith("data:")} <= {
        file.as_uri(),
        "about:blank",
    }


def test_the_file_has_no_link_no_path_and_a_strict_policy(runs, file):
    text = file.read_text("utf-8")
    assert not re.search("https?://", text)
    assert str(runs.folder.parent) not in text and "/tmp" not in text
    policy = re.search('Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "connect-src" not in policy
    assert "innerHTML" not in text and "outerHTML" not in text and "insertAdjacentHTML" not in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_view_fits_the_screen(tab, file, width, scheme):
    one = tab(viewport={"width": width, "height": 740}, color_scheme=scheme)
    for view in VIEWS:
        page = one.open(file.as_uri(), f"view={view}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        page.evaluate("getComputedStyle(document.body).backgroundColor")
        == {
            "light": "rgb(247, 246, 243)",
            "dark": "rgb(18, 20, 23)",
        }[scheme]
    )


def test_everything_has_a_name_for_those_who_cannot_see_it(tab, file):
    one = tab()
    for view in VIEWS:
        page = one.open(file.as_uri(), f"view={view}")
        unnamed = page.evaluate(
            """[...document.querySelectorAll("button, input, select, canvas[role=img], svg[role=img]")].filter((node) =>
            !(node.getAttribute("aria-label") || node.textContent.trim() || node.closest("label")?.textContent.trim()))
            .map((node) => node.outerHTML.slice(0, 80))"""
        )
        assert unnamed == []
    page = one.open(file.as_uri(), "view=runs")
    for chart in page.locator("figure.chart").all():
        assert chart.locator("figcaption").inner_text().strip()


def test_codes_follow_the_sliders_and_live_in_the_address(tab, file):
    one = tab()
    page = one.open(file.as_uri(), "view=codes&show=letter:3")
    assert page.locator(".map").get_attribute("aria-label").startswith("60 test letters. Letter 4 is")
    pixels = "document.querySelectorAll('.trio canvas')[1].toDataURL()"
    before = page.evaluate(pixels)
    page.locator(".unit input").nth(2).focus()
    page.keyboard.press("End")
    until(page, f"{pixels} !== {json.dumps(before)}")
    until(page, "location.hash.includes('code=2%3A')")
    after, address = page.evaluate(pixels), page.url
    page = one.open(file.as_uri(), address.split("#")[1], again=True)
    assert page.evaluate(pixels) == after
    page.get_by_role("button", name="Random code").click()
    until(page, "location.hash.includes('random')")
    page.get_by_role("button", name="Mean code of a class 3").click()
    until(page, "location.hash.includes('mean%3A3')")
    assert "decoded" in page.locator(".trio").inner_text()
    page.get_by_label("Letter", exact=True).fill("8")
    until(page, "location.hash.includes('letter%3A7')")
    page.get_by_role("button", name="Morph").click()
    until(page, "location.hash.includes('with')")
    page.get_by_label("Other letter", exact=True).fill("5")
    until(page, "location.hash.includes('with=4')")


def test_codes_say_what_a_change_costs_and_undo_it(tab, file):
    page = tab().open(file.as_uri(), "view=codes&show=letter:3")
    undo = page.get_by_role("button", name="Undo changes")
    assert undo.is_disabled()
    page.locator(".unit input").nth(2).focus()
    page.keyboard.press("End")
    until(page, "/MSE 0.\\d+, before 0.\\d+/.test(document.querySelector('.trio').textContent)")
    undo.click()
    until(page, "!location.hash.includes('code=')")
    page.get_by_role("button", name="Random code").click()
    until(page, "document.querySelectorAll('.trio figure:not([hidden])').length === 1")
    undo.click()
    until(page, "location.hash.includes('letter%3A3')")
    page.get_by_label("Projection").select_option("pca")
    until(page, "location.hash.includes('map=pca')")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.get_by_label("Projection").input_value() == "pca"


def test_clicks_are_steps_back_and_a_last_change_is_kept(tab, file):
    page = tab().open(file.as_uri(), "view=codes&show=letter:3")
    page.get_by_role("button", name="Mean code of a class 3").click()
    until(page, "location.hash.includes('mean%3A3')")
    page.get_by_role("button", name="Mean code of a class 4").click()
    until(page, "location.hash.includes('mean%3A4')")
    page.locator(".unit input").nth(2).fill("0")
    page.evaluate("new Promise(requestAnimationFrame)")
    page.locator("nav a", has_text="SVM").click()
    page.wait_for_selector(".view.svm > *")
    for expected in ("mean%3A4&code=2", "mean%3A3", "letter%3A3"):
        page.go_back()
        until(page, f"location.hash.includes('{expected}')")


def test_a_name_and_a_matrix_are_one_tab_stop_with_arrows(tab, file):
    one = tab()
    page = one.open(file.as_uri(), "view=names&seed=3&n=4")
    page.wait_for_selector(".sentence")
    assert page.locator("ol.names button:not([tabindex='-1'])").count() == 4
    page.locator("ol.names .name").nth(1).locator("button").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement === document.querySelectorAll('ol.names .name')[1].children[1]")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement === document.querySelectorAll('ol.names .name')[2].children[1]")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement === document.querySelectorAll('ol.names .name')[1].children[1]")
    page = one.open(file.as_uri(), "view=svm")
    page.locator("table.matrix").first.locator("button").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    until(page, "location.hash.includes('cell=0%3A')")
    assert page.evaluate("document.activeElement.closest('td.chosen') !== null")
    page = one.open(file.as_uri(), "view=runs")
    page.get_by_role("button", name="sort by status").click()
    assert page.evaluate("document.activeElement.ariaLabel") == "sort by status"
    assert page.locator("body > button").first.inner_text() == "Skip to the view"


def test_the_map_is_walked_with_arrows(tab, file):
    page = tab().open(file.as_uri(), "view=codes&show=letter:4")
    page.locator("canvas.map").focus()
    seen = set()
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
        seen.add(page.locator("canvas.map").get_attribute("aria-label"))  # names the letter that is chosen
    assert len(seen) > 1 and page.evaluate("document.activeElement.matches('canvas.map')")


def test_a_letter_is_drawn_with_the_keyboard(tab, file):
    page = tab().open(file.as_uri(), "view=codes")
    page.locator(".pad").focus()
    read = (
        "pad.getContext('2d').getImageData(0, 0, pad.width, pad.height).data.filter((v, i) => i % 4 === 1 && v === 255)"
    )
    bright = f"(() => {{ const pad = document.querySelector('.pad'); return {read}.length; }})()"
    page.keyboard.press("Shift+ArrowLeft")  # the pen only
    page.wait_for_timeout(200)
    assert "drawing" not in page.evaluate("location.hash")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    assert page.evaluate(bright) >= 9  # a line of nine pixels, at least one wide
    until(page, "location.hash.includes('show=drawing')")


def test_a_drawn_letter_is_coded(tab, file):
    page = tab().open(file.as_uri(), "view=codes")
    page.locator(".pad").scroll_into_view_if_needed()
    box = page.locator(".pad").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 150, steps=5)
    page.mouse.up()
    until(page, "location.hash.includes('drawing')")
    lit = "new Set(document.querySelector('.trio canvas').getContext('2d').getImageData(0, 0, 28, 28).data).size"
    until(page, f"{lit} > 2")
    assert "MSE" in page.locator(".trio").inner_text()


def test_noise_shows_each_method_with_its_psnr_where_it_is_known(tab, file):
    page = tab().open(file.as_uri(), "view=noise")
    shown = lambda: page.locator(".pictures figure:visible b").all_inner_texts()  # noqa: E731
    assert shown() == ["clean", "noisy", "network", "median filter", "Gaussian filter", "linear map"]
    values = lambda: re.findall(r"[\d.]+ dB", page.locator(".pictures.large").inner_text())  # noqa: E731
    assert len(values()) == 5 and page.locator(".pictures.large").inner_text().count("best") == 1
    assert (
        "PSNR over 60 test images at noise 0.5: network 17.0 dB, noisy 9.0 dB."
        in page.locator(".hint").first.inner_text()
    )
    page.get_by_label("Noise", exact=True).fill("0.3")
    until(page, "location.hash.includes('level=0.3')")
    assert len(shown()) == 6 and len(values()) == 3
    assert page.get_by_text("set for noise 0.1, 0.5, 0.9 only").count() == 2
    page.get_by_label("Noise", exact=True).fill("0")
    until(page, "location.hash.includes('level=0&')")
    assert "identical, best" in page.locator(".pictures.large").inner_text()
    sentence = page.locator(".sentence").inner_text()
    assert sentence.startswith("Noise 0.0: doing nothing is best on this picture")
    assert sentence.endswith("than the noisy picture (identical). It only knows Gaussian noise 0.5.")


def test_the_noise_that_is_named_is_the_noise_that_is_shown(tab, runs, tmp_path):
    folder = shutil.copytree(runs.folder, tmp_path / "runs")
    for name, changed in (
        ("config", {"noise": 0.25}),
        ("metrics", {"noisy_psnr_db": 12.0, "denoised_psnr_db": 18.0, "test_sample": 2000}),
    ):
        path = folder / runs.names["conv"] / f"{name}.json"
        path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changed}), "utf-8")
    path = tmp_path / "page.html"
    pages.write_page(path, choose([], folder), folder)
    page = tab().open(path.as_uri(), "view=noise")
    slider = page.get_by_label("Noise", exact=True)
    assert slider.input_value() == "0.25" and slider.get_attribute("aria-valuetext") == "0.25"
    assert page.locator(".sentence").inner_text().startswith("Noise 0.25: ")
    said = lambda: page.locator(".hint").first.inner_text()  # noqa: E731
    assert "PSNR over 2,000 test images at noise 0.25: network 18.0 dB, noisy 12.0 dB." in said()
    slider.press("ArrowRight")
    until(page, "location.hash.includes('level=0.3&')")
    assert page.locator(".sentence").inner_text().startswith("Noise 0.3: ")
    slider.press("ArrowLeft")
    until(page, "document.querySelector('.sentence').textContent.startsWith('Noise 0.25: ')")
    slider.fill("0.5")
    until(page, "location.hash.includes('level=0.5&')")
    assert "PSNR over 1,000 test images at noise 0.5: network 17.0 dB, noisy 9.0 dB." in said()
    slider.fill("0.1")
    until(page, "location.hash.includes('level=0.1&')")
    assert said().startswith("One picture proves little, and this run has no PSNR over test images for this noise.")
    page = tab().open(path.as_uri(), "view=noise&level=0.125")
    assert page.locator(".sentence").inner_text().startswith("Noise 0.125: ")


def test_a_denoiser_trained_at_much_noise_is_shown_at_it(tab, runs, tmp_path):
    folder = shutil.copytree(runs.folder, tmp_path / "runs")
    config = folder / runs.names["conv"] / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text("utf-8")), "noise": 1.5}), "utf-8")
    path = tmp_path / "page.html"
    pages.write_page(path, choose([], folder), folder)
    page = tab().open(path.as_uri(), "view=noise")
    slider = page.get_by_label("Noise", exact=True)
    assert (slider.input_value(), slider.get_attribute("max")) == ("1.5", "1.5")
    assert page.locator(".sentence").inner_text().startswith("Noise 1.5: ")
    assert "at noise 1.5: network 17.0 dB" in page.locator(".hint").first.inner_text()
    page.get_by_label("Kind of noise").select_option("masking")  # of no more than all pixels
    until(page, "location.hash.includes('level=1&kind=masking')")
    assert (slider.input_value(), slider.get_attribute("max")) == ("1", "1")
    page = tab().open(path.as_uri(), "view=noise&level=1.5&kind=masking")
    assert page.locator(".sentence").inner_text().startswith("Noise 1.0: ")


def test_names_ladder_choosing_and_scoring(tab, file):
    one = tab()
    page = one.open(file.as_uri(), "view=names&seed=3&n=4")
    page.wait_for_selector(".sentence")
    names = page.locator(".names li .name").all_inner_texts()
    assert len(names) == 4
    assert page.locator(".bars li").count() in (10, 11)
    assert page.locator(".sentence").inner_text().startswith("4 names, all new")
    page.get_by_label("Likeliest only (top-k)").fill("1")
    until(page, "document.querySelector('.bars .chosen')?.textContent.endsWith('%100 %')")
    page.get_by_label("Likeliest only (top-k)").fill("0")
    page.get_by_label("Names", exact=True).fill("-3")
    page.get_by_label("Names", exact=True).blur()
    assert page.get_by_label("Names", exact=True).input_value() == "4"
    assert page.locator("code").inner_text().endswith("--seed 3 -n 4 --temp 0.8 --runs-dir DIR")
    page.get_by_role("button", name="Ladder").click()
    until(page, "document.querySelectorAll('.ladder tbody tr').length === 4")
    page.get_by_role("button", name="Choose by hand").click()
    page.locator(".bars button").first.focus()
    page.keyboard.press("Enter")
    until(page, "location.hash.includes('prefix=')")
    assert page.evaluate("document.activeElement.closest('.bars') !== null")
    page.get_by_role("button", name="Score").click()
    page.get_by_label("Name", exact=True).fill("Bato")
    assert "nats" in page.locator(".results").inner_text()
    page.get_by_label("Name", exact=True).fill("Bat☃o")
    assert "☃" in page.locator(".results .hint").nth(2).inner_text()


def test_a_name_is_scored_as_pw13_score_does(tab, runs, tmp_path):
    name, path = runs.names["gru many-to-one 1"], tmp_path / "page.html"
    pages.write_page(path, choose([name], runs.folder), runs.folder)
    page = tab().open(path.as_uri(), "view=names&task=score&text=Bato&seed=9")
    nats = score_names(["Bato"], None, run=name, runs_dir=runs.folder).nats
    assert page.locator(".results .sentence").inner_text().startswith(f"{nats:.2f} nats ")


def test_choosing_by_hand_keeps_the_keyboard_and_says_how_it_ended(tab, file, runs):
    page = tab().open(file.as_uri(), "view=names&task=choose&prefix=Bato")
    for name, prefix in (("Back one", "Bat"), ("Start again", "")):
        page.get_by_role("button", name=name).focus()
        page.keyboard.press("Enter")
        assert page.get_by_label("Begin with").input_value() == prefix
        assert page.evaluate("document.activeElement.textContent") == name
    limit = Generate().max_length
    page = tab().open(file.as_uri(), f"view=names&task=choose&prefix={'a' * (limit - 1)}")
    page.get_by_label("Begin with").focus()
    page.locator(".bars button", has_not_text="end").first.click()
    assert page.get_by_label("Begin with").input_value()[: limit - 1] == "a" * (limit - 1)
    assert page.locator(".results .bars button").count() == 0  # no longer name than `pw13 generate` writes
    assert (
        page.locator(".view > [role=status]").inner_text() == "The name has reached its maximum length, 100 characters."
    )
    assert page.evaluate("document.activeElement.textContent") == "Back one"


def test_the_end_of_a_name_chosen_by_hand_is_announced(tab, runs, tmp_path):
    content = contents(choose([], runs.folder), [], served=False)
    network = content["names"][0]["network"]
    characters = content["names"][0]["characters"]
    bias = np.where(np.array(characters) == "\n", 9, 0).astype(np.float32)  # a network that ends every name
    network["bias"] = pack(bias)
    path = tmp_path / "page.html"
    path.write_text(pages.render(content), "utf-8")
    page = tab().open(path.as_uri(), "view=names&task=choose&prefix=Bato")
    said = page.locator(".results [role=status]")
    assert said.inner_text() == ""
    page.locator(".bars button", has_text="end").click()
    assert said.inner_text() == "The name is complete. “Bato”: new."


def test_runs_sort_filter_and_open(tab, file, runs):
    page = tab().open(file.as_uri(), "view=runs")
    assert page.locator(".run-list tbody tr").count() == len(runs.names)
    page.locator("select").select_option("charrnn")
    assert page.locator(".run-list tbody tr").count() == 12
    page.get_by_role("button", name="sort by cell").click()
    until(page, "location.hash.includes('sort=settings.cell')")
    page.get_by_label("Find").fill("lstm layers=2")
    assert page.locator(".run-list tbody tr").count() == 2
    page.locator(".run-list button.link").first.click()
    assert re.search(r"held_out_nats\s+2.5", page.locator(".detail").inner_text())
    page.locator(".run-list input[type=checkbox]").first.check()
    assert "lowest at epoch 2: 0.3" in page.locator("figure.chart figcaption").first.inner_text()
    page = tab().open(file.as_uri(), f"view=runs&show={','.join(runs.names.values())}")
    assert page.locator(".plot .label").all_text_contents() == ["epoch", "nats per character", "epoch", "MSE"]


def test_a_metric_is_better_lower_higher_or_neither(tab, runs, tmp_path):
    """Of what no setting changes no direction is the better one."""
    folder, path = shutil.copytree(runs.folder, tmp_path / "runs"), tmp_path / "page.html"
    conv, dense = {"denoised_psnr_db": 17.0, "noisy_psnr_db": 9.0}, {"test_mse": 0.02, "pca_test_mse": 0.03}
    for name, metrics in (("conv", conv), ("dense", dense)):
        (folder / runs.names[name] / "metrics.json").write_text(json.dumps(metrics), "utf-8")
    pages.write_page(path, choose([], folder), folder)
    said = {}
    for kind in ("conv-dae", "dense-ae"):
        page = tab().open(path.as_uri(), f"view=runs&kind={kind}")
        said[kind] = page.locator(".hint", has_text=re.compile("(MSE|PSNR) of")).first.inner_text()
    assert "PSNR of denoised test images, dB, higher is better." in said["conv-dae"]
    assert "noisy_psnr_db: PSNR of noisy test images, dB." in said["conv-dae"]
    assert "test_mse: MSE of test images, lower is better." in said["dense-ae"]
    assert "pca_test_mse: MSE of PCA with as many numbers." in said["dense-ae"]


def write_sweeps(runs, axis="batch_size"):
    """Write two sweeps whose settings are best on other data than validation data."""
    for second, (kind, settings) in enumerate((("conv-dae", ConvDAE), ("dense-ae", DenseAE))):
        sweep = runs / f"2026-11-24_11-00-{second:02d}_sweep-{kind}"
        for number, size, loss, test_mse in ((1, 32, 0.02, 0.2), (2, 64, 0.03, 0.1)):
            metrics = {"test_mse": test_mse, "denoised_psnr_db": 1 / test_mse}
            settings_of_point = settings(**{axis: size})
            point = write_run(sweep, number, settings_of_point, data={"path": "x"}, metrics=metrics, losses=(0.5, loss))
            point.rename(sweep / f"{number}_{axis}={size}")
        grid = {axis: [32, 64]}
        (sweep / "config.json").write_text(json.dumps({"kind": f"sweep-{kind}", "grid": grid}), "utf-8")
        facts = {"status": "completed", "started": "2026-11-24T11:00:00+00:00", "machine": {}}
        (sweep / "run.json").write_text(json.dumps(facts), "utf-8")
        (sweep / "metrics.json").write_text("{}", "utf-8")


def test_a_sweep_is_ranked_on_validation_data_as_pw13_sweep_ranks_it(tab, tmp_path):
    """The settings that are best on test images are not called the best."""
    runs, path = tmp_path / "runs", tmp_path / "page.html"
    write_sweeps(runs)
    pages.write_page(path, choose([], runs), runs)
    for sweep in runs.iterdir():
        page = tab().open(path.as_uri(), f"view=runs&sweep={sweep.name}")
        best = page.locator("figcaption", has_text="Best: ").first.inner_text()
        assert best.startswith("Best: batch_size=32 with 0.02 (lower is better)")
        assert page.get_by_role("heading", name="Settings ranked by lowest loss on validation data").count() == 1


def test_a_sweep_over_splits_of_the_data_has_no_best_point(tab, tmp_path):
    runs, path = tmp_path / "runs", tmp_path / "page.html"
    write_sweeps(runs, axis="split_seed")
    pages.write_page(path, choose([], runs), runs)
    page = tab().open(path.as_uri(), f"view=runs&sweep={min(runs.iterdir()).name}")
    captions = page.locator("figcaption").all_inner_texts()
    assert captions[0].startswith("Points with different tasks") and not [text for text in captions if "Best" in text]


@pytest.mark.parametrize("grid", [{}, {"seed": [0, 1]}])
def test_of_a_sweep_over_seeds_alone_no_seed_is_the_best(tab, tmp_path, grid):
    runs, path = tmp_path / "runs", tmp_path / "page.html"
    write_sweeps(runs)
    for sweep in runs.iterdir():
        (sweep / "config.json").write_text(json.dumps({"kind": sweep.name.split("_", 2)[2], "grid": grid}), "utf-8")
        for seed, point in enumerate(sorted(path.parent for path in sweep.glob("*/config.json"))):
            config = json.loads((point / "config.json").read_text("utf-8"))
            (point / "config.json").write_text(json.dumps({**config, "batch_size": 64, "seed": seed}), "utf-8")
    pages.write_page(path, choose([], runs), runs)
    for sweep in runs.iterdir():
        page = tab().open(path.as_uri(), f"view=runs&sweep={sweep.name}")
        chart = page.locator("figure.chart", has_text="by seed")
        assert chart.locator("h3").inner_text() == "lowest loss on validation data by seed"
        assert chart.locator("figcaption").inner_text().startswith("Mean 0.025 over 2 seeds. A dot is one seed")
        assert chart.locator("tbody tr").all_text_contents() == ["all seeds0.0250.020.032"]
        assert "Best" not in page.locator("main").inner_text()


def test_a_menu_keeps_the_keyboard(tab, runs, tmp_path):
    folder, path = shutil.copytree(runs.folder, tmp_path / "runs"), tmp_path / "page.html"
    write_sweeps(folder)
    named = [runs.names["lstm many-to-one 1"], runs.names["gru many-to-one 1"]]
    pages.write_page(path, choose(named, folder), folder)
    for state, label in (("view=names", "Run"), ("view=runs", "Sweep")):
        page = tab().open(path.as_uri(), state)
        menu = page.locator("label.field", has_text=re.compile(f"^{label}")).locator("select")
        other = menu.locator("option").nth(1).get_attribute("value")
        menu.focus()
        menu.select_option(other)
        until(page, f"location.hash.includes({json.dumps(other)})")
        until(page, f"document.activeElement.matches('select') && document.activeElement.value === {json.dumps(other)}")


def test_pictures_keep_their_proportions(tab, file):
    page = tab().open(file.as_uri(), "view=noise")
    for place in (".picture canvas", ".pad"):
        box = page.evaluate(
            """(place) => { const canvas = document.querySelector(place);
            [canvas.width, canvas.height] = [20, 40]; return canvas.getBoundingClientRect().toJSON(); }""",
            place,
        )
        assert box["height"] == pytest.approx(2 * box["width"], rel=0.02)
    small = "document.querySelector('.thumbnail canvas')"
    page.evaluate(f"[{small}.width, {small}.height] = [20, 40]")
    assert page.evaluate(f"{small}.offsetHeight <= {small}.parentNode.clientHeight")
    assert page.evaluate(f"getComputedStyle({small}).objectFit") == "contain"


def test_a_class_without_test_letters_has_no_mean_code(tab, runs, tmp_path):
    content = contents(choose([], runs.folder), [], served=False)
    pictures, path = content["codes"][0]["pictures"], tmp_path / "page.html"
    pictures["labels"] = [4 if label in (0, 3) else label for label in pictures["labels"]]
    path.write_text(pages.render(content), "utf-8")
    page = tab().open(path.as_uri(), "view=codes&show=mean:3")
    until(page, "location.hash.includes('letter%3A0')")
    missing = page.get_by_role("button", name="No test letters of 3, so no mean code")
    assert missing.is_disabled() and missing.inner_text() == "3"
    page.get_by_role("button", name="Mean code of a class 2").focus()  # the Tab key reaches the others, arrows pass it
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "4"
    page = tab().open(path.as_uri(), "view=codes")
    assert page.locator("[role=group] button[tabindex='0']").inner_text() == "1"


def test_a_matrix_stays_where_it_was_scrolled(tab, file):
    page = tab().open(file.as_uri(), "view=svm")
    table = page.locator("table.matrix").first
    table.evaluate("(node) => { node.dataset.before = '1'; }")
    for number in (0, 1):
        table.locator("button").nth(number).click()
        assert page.locator("td.chosen").count() == 1
    assert table.get_attribute("data-before") == "1"
    assert page.locator(".cell-images h3").count() == 1


def test_confusion_matrices_open_their_cells(tab, file):
    page = tab().open(file.as_uri(), "view=svm")
    assert page.locator("table.matrix").count() == 3
    page.locator("table.matrix").nth(1).locator("button").nth(1).click()
    assert page.locator(".cell-images canvas").count() >= 1
    until(page, "location.hash.includes('cell=1%3A')")
    page.locator("table.matrix").nth(2).locator("button").nth(1).click()
    assert page.locator(".cell-images h3").count() == 2
    caption = page.locator("figcaption").nth(2).inner_text()
    assert caption.startswith(
        "The second is right on 9 fewer of 60 letters: more than chance explains (McNemar's test, p = 0.0039, not "
        "corrected)."
    )


SPOILT = (
    "view=nothing",
    "view=codes&show=letter:999&code=9:9,x&with=-3&mix=zz",
    "view=codes&show=drawing:%",
    "view=noise&letter=-1&level=no&kind=x&seed=1e99",
    "view=names&task=x&temp=9&n=0&seed=-1&prefix=%E2%98%83",
    "view=runs&show=none&sort=x&open=y",
    "view=svm&left=x&cell=0:99,99",
    "view=noise&kind=constructor",
    "=&&&",
)


def test_a_spoilt_address_shows_the_page_all_the_same(tab, file):
    one = tab()
    for state in SPOILT:
        assert one.open(file.as_uri(), state).locator(".view").count() == 1


HOSTILE = ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "‮Evil‬", "a" * 4000, "<!--", "{{7*7}}"]


def test_hostile_names_and_settings_are_text(tab, runs, tmp_path):
    """A page of a run whose every text is an attack shows it as text and runs nothing."""
    folder = shutil.copytree(runs.folder, tmp_path / "runs")
    for name in runs.names.values():
        run = folder / name
        config = json.loads((run / "config.json").read_text("utf-8"))
        facts = json.loads((run / "run.json").read_text("utf-8"))
        facts["status"], facts["data"]["name"] = HOSTILE[0], HOSTILE[1]
        (run / "samples.txt").write_text("\n".join(HOSTILE), "utf-8")
        (run / "config.json").write_text(
            json.dumps({**config, HOSTILE[0]: HOSTILE[1], HOSTILE[3]: HOSTILE[2]}), "utf-8"
        )
        (run / "run.json").write_text(json.dumps(facts), "utf-8")
        (run / "metrics.json").write_text(json.dumps({"seconds": 1, HOSTILE[1]: 1.0, "x": {HOSTILE[0]: 2.0}}), "utf-8")
    sweep = folder / "2026-11-24_11-00-00_sweep-charrnn"
    sweep.mkdir()
    facts = {"status": "completed", "started": "2026", "machine": {}}
    (sweep / "config.json").write_text(
        json.dumps({"kind": "sweep-charrnn", "grid": {HOSTILE[0]: [HOSTILE[1]]}}), "utf-8"
    )
    (sweep / "run.json").write_text(json.dumps(facts), "utf-8")
    shutil.copytree(folder / runs.names["lstm many-to-one 1"], sweep / "01_<img src=x onerror=alert(1)>")
    content = contents(choose([], runs.folder), rows_of.rows(folder), served=False)
    name = content["names"][0]
    characters = sorted({*"".join(HOSTILE[:3]), *name["characters"]})
    assert "\n" in vocabulary.build_vocabulary("".join(characters)).characters
    content["names"][0]["characters"] = [HOSTILE[i % 6] if c != "\n" else c for i, c in enumerate(name["characters"])]
    content["codes"][0]["pictures"]["classes"] = (HOSTILE * 2)[:10]
    content["svm"][0]["pictures"]["classes"] = (HOSTILE * 2)[:10]
    content["runs"] += [{**row, "result": HOSTILE[1], "kind": HOSTILE[0]} for row in content["runs"][:2]]
    path = tmp_path / "page.html"
    path.write_text(pages.render(content), "utf-8")
    one = tab()
    one.page.on("dialog", lambda dialog: one.errors.append("a script ran"))
    for view in (
        *VIEWS,
        "runs&kind=charrnn",
        f"runs&open={runs.names['dense']}",
        "names&task=choose",
        "names&task=ladder",
    ):
        page = one.open(path.as_uri(), f"view={view}")
        page.wait_for_timeout(100)
        assert page.locator("main img, main script, main iframe").count() == 0
        assert page.evaluate("document.scripts.length") == 2
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_served_page_follows_a_training_and_shows_figures(tab, served, runs):
    server, folder = served
    run = folder / runs.names["dense"]
    facts = json.loads((run / "run.json").read_text("utf-8"))
    (run / "run.json").write_text(json.dumps({**facts, "status": "running", **machine.process()}), "utf-8")
    (run / "figures").mkdir()
    (run / "figures" / "loss.png").write_bytes(png())
    one = tab()
    one.page.goto(f"{server.address}#view=runs&show={run.name}&open={run.name}")
    page = one.page
    page.wait_for_selector("html[data-ready]")
    until(page, "document.querySelector('.figures img')?.naturalWidth === 60")
    assert "Following running trainings." in page.locator("p[role=status]").inner_text()
    page.locator("table.run-list button.link").nth(1).focus()
    focused = page.evaluate("document.activeElement.textContent")
    (run / "history.csv").write_text("epoch,loss,val_loss\n1,1,0.5\n2,1,0.25\n3,1,0.125\n", "utf-8")
    until(page, "document.querySelector('figure.chart figcaption').textContent.includes('lowest at epoch 3: 0.125')")
    assert page.evaluate("document.activeElement.textContent") == focused  # the table was drawn anew
    page = one.open(server.address, "view=names&model=ngram&task=ladder")
    assert page.locator(".view > [role=status]").inner_text().startswith("This part uses the network")
    assert {url.split("/")[2] for url in one.requests if url.startswith("http")} == {server.address.split("/")[2]}


def test_names_are_asked_for_once_the_slider_rests_and_a_refusal_is_shown(tab, served, runs):
    server, folder = served
    one = tab()
    page = one.open(server.address, "view=names&model=ngram&seed=3&n=4")
    until(page, "document.querySelectorAll('.names li').length === 4")
    asked = lambda: sum("names.json" in url for url in one.requests)  # noqa: E731
    assert asked() == 1
    page.get_by_label("Temperature").focus()
    page.evaluate(
        "for (let i = 0; i < 20; i++) { const slider = document.activeElement; slider.stepUp(); "
        "slider.dispatchEvent(new Event('input')); }"
    )
    until(page, "document.querySelectorAll('.names li').length === 4")
    assert asked() == 2 and "temp=1.8&" in one.requests[-1]
    shutil.rmtree(folder / page.evaluate("JSON.parse(document.getElementById('contents').textContent).names[0].run"))
    page.get_by_role("button", name="New seed").click()
    until(page, "document.querySelector('.view > [role=status]').textContent.includes('cannot')")
    said = page.locator(".view > [role=status]").inner_text()
    assert said.startswith("pw13 explore cannot draw these names: ") and "No such file" in said
    one.errors[:] = [error for error in one.errors if "404" not in error]


QUICK = "(() => { const real = setTimeout; window.setTimeout = (run, ms) => real(run, Math.min(ms, 200)); })()"


def test_following_a_training_leaves_open_what_is_open(tab, served, runs):
    server, folder = served
    run = folder / runs.names["dense"]
    facts = json.loads((run / "run.json").read_text("utf-8"))
    facts |= {"status": "running", "started": datetime.now(UTC).isoformat(), **machine.process()}
    (run / "run.json").write_text(json.dumps(facts), "utf-8")
    (run / "metrics.json").unlink()  # as while it runs: its seconds are those until now
    one = tab()
    one.page.add_init_script(QUICK)
    page = one.open(server.address, f"view=runs&show={run.name}")
    row = f"document.querySelector('tr[data-key=\"{run.name}\"]')"
    page.locator("figure.chart summary").click()
    page.evaluate(f"{row}.querySelector('.link').before = true")
    chart = "document.querySelector('figure.chart')"
    page.evaluate(f"{chart}.before = true")
    seconds = page.evaluate(f"{row}.lastChild.textContent")
    until(page, f"{row}.lastChild.textContent !== '{seconds}'")
    assert page.evaluate(f"{row}.querySelector('.link').before && {chart}.before")  # neither was drawn anew
    (run / "history.csv").write_text("epoch,loss,val_loss\n1,1,0.5\n2,1,0.25\n3,1,0.125\n", "utf-8")
    until(page, f"{chart}.textContent.includes('lowest at epoch 3: 0.125.')")
    assert page.evaluate(f"{chart}.querySelector('details').open && {row}.querySelector('.link').before")


def test_the_page_says_when_it_hears_from_pw13_again(tab, served):
    one = tab()
    one.page.add_init_script(QUICK)
    page = one.open(served[0].address, "view=runs")
    said = "document.querySelector('p[role=status]').textContent"
    page.evaluate("() => { window.kept = fetch; window.fetch = () => Promise.reject(new Error('gone')); }")
    until(page, f"{said}.startsWith('pw13 explore has stopped')")
    page.get_by_label("Find").fill("lstm")
    assert page.evaluate(said).startswith("pw13 explore has stopped")
    page.evaluate("() => { window.fetch = kept; }")
    until(page, f"{said} === '4 of 15 runs.'")


def test_an_empty_folder_says_what_to_train(tab, tmp_path):
    (tmp_path / "none").mkdir()
    path = tmp_path / "page.html"
    pages.write_page(path, choose([], tmp_path / "none"), tmp_path / "none")
    one = tab()
    for view in VIEWS:
        command = one.open(path.as_uri(), f"view={view}").locator(".view code").inner_text()
        assert re.fullmatch(r"pw13 [a-z-]+( --config quick)? --runs-dir none", command)


def test_an_evaluation_without_predictions_says_so(tab, runs, tmp_path):
    content = contents(choose([], runs.folder), [], served=False)
    content["svm"] = [{"run": "old", "problem": "predictions"}, *content["svm"]]
    path = tmp_path / "page.html"
    path.write_text(pages.render(content), "utf-8")
    page = tab().open(path.as_uri(), "view=svm")
    assert "old kept no predictions" in page.locator(".view .lead").inner_text()
    page.get_by_label("Run").select_option(runs.names["svm"])
    until(page, "document.querySelectorAll('table.matrix').length === 3")
