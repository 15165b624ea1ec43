"""The written hand-in, and `pw13 report`."""

import json
import signal
import zipfile
from unittest.mock import Mock

import pytest

from pw13.config.settings import DenseAE
from pw13.errors import OptionError, UserError
from pw13.models import dense_ae_numpy
from pw13.report import hand_in
from pw13.report.name_selection import NameSelection
from pw13.report.run_selection import RunSelection
from pw13.runs.record import read_run
from pw13.system.signals import Interrupted
from tests.helpers.data import make_names
from tests.helpers.explore_runs import charrnn, write_model
from tests.helpers.fonts import only_fonts
from tests.helpers.report_runs import make_run


def test_a_hand_in_is_complete_and_reproducible(runs, tmp_path):
    options = hand_in.HandInOptions(authors=("Ada",), execute=False)
    written = hand_in.write_hand_in(options, runs_dir=runs, out=tmp_path / "one")
    hand_in.write_hand_in(options, runs_dir=runs, out=tmp_path / "two")
    for file in written.files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    with zipfile.ZipFile(tmp_path / "one" / "hand-in.zip") as archive:
        names = archive.namelist()
    assert {"report.pdf", "report.html", "notebook.ipynb", "manifest.sha256"} <= set(names)
    assert sum(name.endswith("metrics.json") for name in names) == 4
    assert sum(name.endswith("config.json") for name in names) == 4
    assert len(hand_in.check(tmp_path / "one" / "hand-in.zip")) == len(names) - 1


def test_without_a_kernel_the_other_parts_are_written(runs, tmp_path, monkeypatch):
    lost = UserError("the notebook could not be executed: no kernel")
    monkeypatch.setattr(hand_in.notebook_execution, "execute", Mock(side_effect=lost))
    written = r"no kernel; report\.pdf and report\.html are written; the rest: --no-execute"
    with pytest.raises(UserError, match=f"{written}$"):
        hand_in.write_hand_in(hand_in.HandInOptions(), runs_dir=runs, out=tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.html", "report.pdf"]
    (tmp_path / "out" / "hand-in.zip").write_bytes(b"of before")
    with pytest.raises(UserError, match=rf"{written} \(hand-in\.zip there is of an earlier report\)$"):
        hand_in.write_hand_in(hand_in.HandInOptions(), runs_dir=runs, out=tmp_path / "out")


def test_an_authors_name_is_text_in_any_script(runs, tmp_path, monkeypatch, capsys):
    only_fonts(monkeypatch)
    options = hand_in.HandInOptions(authors=("山田",), execute=False)
    hand_in.write_hand_in(options, runs_dir=runs, out=tmp_path / "out")
    assert "note: no font here has 山 田; report.pdf shows escapes" in capsys.readouterr().err
    assert "山田" in (tmp_path / "out/report.html").read_text("utf-8")
    for refuse in (hand_in.check_options, hand_in.write_hand_in):
        with pytest.raises(OptionError, match=r"--author: expected text in UTF-8, received 'Ren\\udce9'"):
            places = {"out": tmp_path} if refuse is hand_in.check_options else {"out": tmp_path, "runs_dir": runs}
            refuse(options._replace(authors=("Ren\udce9",)), **places)


def test_a_run_whose_name_is_not_utf8_is_reported(tmp_path, runs):
    odd = runs.rename(runs.with_name("ru\udce9ns"))
    hand_in.write_hand_in(hand_in.HandInOptions(execute=False), runs_dir=odd, out=tmp_path / "o\udceft")
    assert hand_in.check(tmp_path / "o\udceft" / "hand-in.zip")


def test_the_page_to_play_with_is_part_of_a_hand_in_unless_it_is_left_out(pw13, tmp_path):
    folder = make_run(tmp_path / "runs", "dense-ae")
    (folder / "checkpoints").mkdir()
    write_model(folder, dense_ae_numpy.weight_specs(784, DenseAE()), 0.1)
    code, out, err = pw13("report", "--no-execute", "--runs-dir", tmp_path / "runs", "--out", tmp_path / "one")
    assert code == 0, err
    assert str(tmp_path / "one" / "explore.html") in out
    page = (tmp_path / "one" / "explore.html").read_text("utf-8")
    assert folder.name in page and str(tmp_path) not in page
    with zipfile.ZipFile(tmp_path / "one" / "hand-in.zip") as archive:
        assert archive.read("explore.html").decode() == page
    pw13("report", "--no-execute", "--explore", "none", "--runs-dir", tmp_path / "runs", "--out", tmp_path / "two")
    assert not (tmp_path / "two" / "explore.html").exists()
    pw13("report", "--no-execute", "--explore", "none", "--runs-dir", tmp_path / "runs", "--out", tmp_path / "one")
    assert not (tmp_path / "one" / "explore.html").exists()  # it showed other runs


def test_the_page_shows_the_runs_that_the_report_is_about(tmp_path):
    runs, corpus = tmp_path / "runs", tmp_path / "names.txt"
    corpus.write_text("".join(name + "\n" for name in make_names(100)), "utf-8")
    dense = [make_run(runs, "dense-ae", second, code_size=size) for second, size in enumerate((32, 16, 32))]
    sweep = runs / "2026-11-24_11-00-00_sweep-dense-ae"
    sweep.mkdir()
    dense[2] = dense[2].rename(sweep / "1_seed=1")  # the newest
    for folder in dense:
        (folder / "checkpoints").mkdir()
        size = json.loads((folder / "config.json").read_text("utf-8"))["code_size"]
        write_model(folder, dense_ae_numpy.weight_specs(784, DenseAE(code_size=size)), 0.1)
    better, worse = (
        runs / charrnn(runs, second, corpus, cell="simple", target="many-to-one", layers=1) for second in (5, 6)
    )

    def shown():
        """Return the runs on the page: of the codes, and of the names."""
        selection = RunSelection(tuple(map(read_run, (*dense, better, worse))), "a test")
        page = hand_in.explore_page(selection, NameSelection((), better.name, True)).decode()
        content = json.loads(page.split('id="contents">')[1].split("</script>")[0])
        return [[view["run"] for view in content[name]] for name in ("codes", "names")]

    assert shown() == [[dense[0].name], [better.name]]
    for folder in (dense[0], better):  # as after pw13 runs prune --keep-best
        (folder / "checkpoints" / "best.keras").unlink()
    assert shown() == [[dense[1].name], [worse.name]]
    (dense[1] / "checkpoints" / "best.keras").unlink()
    assert shown()[0] == [f"{sweep.name}/1_seed=1"]


def test_a_run_without_a_needed_value_is_refused_in_one_line(tmp_path):
    folder = make_run(tmp_path, "svm-eval")
    for file, key, message in (
        ("metrics", "n_test", rf"lacks a value that the report needs \('n_test'\); runs: {folder.name}"),
        ("config", "folds", r"config\.json: no 'folds'"),
    ):
        content = json.loads((folder / f"{file}.json").read_text("utf-8"))
        del content[key]
        (folder / f"{file}.json").write_text(json.dumps(content), "utf-8")
        options = hand_in.HandInOptions((folder.name,), execute=False)
        with pytest.raises(UserError, match=message):
            hand_in.write_hand_in(options, runs_dir=tmp_path, out=tmp_path / "out")


def test_an_evaluation_without_pixels_is_refused_in_one_line(pw13, tmp_path):
    folder = make_run(tmp_path / "runs", "svm-eval")
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    metrics["results"] = [result for result in metrics["results"] if result["features"] != "pixels"]
    (folder / "metrics.json").write_text(json.dumps(metrics), "utf-8")
    code, out, err = pw13("report", "--no-execute", "--quiet")
    assert (code, out) == (1, "")
    assert err == (f"pw13: a run lacks a value that the report needs (result on pixels, rbf); runs: {folder.name}\n")


def test_the_command_writes_a_hand_in_and_checks_it(pw13, runs, tmp_path):
    code, out, err = pw13(
        "report", "--runs-dir", runs, "--out", tmp_path / "out", "--no-execute", "--author", "A", "--author", "B"
    )
    assert code == 0
    assert out.split() == [
        str(tmp_path / "out" / name) for name in ("report.pdf", "report.html", "notebook.ipynb", "hand-in.zip")
    ]
    assert "reporting on the newest completed run of each kind: 2026-11-24_10-00-00_dense-ae, " in err
    assert "missing: No GRU run with the settings of the SimpleRNN. pw13 train-charrnn --cell gru" in err
    assert "A, B" in (tmp_path / "out" / "report.html").read_text("utf-8")
    code, out, _ = pw13("report", "--check", tmp_path / "out" / "hand-in.zip")
    assert (code, out) == (0, f"{tmp_path / 'out' / 'hand-in.zip'}: 20 files ok\n")


def test_a_limit_is_shown_even_with_quiet(pw13, tmp_path):
    make_run(tmp_path / "runs", "dense-ae", limit=100)
    _, _, err = pw13("report", "--no-execute", "--quiet")
    assert "trained on at most 100 images (--limit)" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--runs-dir", "nothing"], 1, "nothing: no completed run to report on"),
        (["--run", "nosuch"], 1, "nosuch"),
        (["--answers", "some"], 2, "'some' is not one of 'full', 'none'"),
        (["--check", "none.zip"], 1, "none.zip: cannot be read: No such file"),
        (["--comments", "own.toml"], 2, "own.toml: unknown item '9z'; items: 1a, 1b"),
        (["--names", "empty.txt"], 1, "--names empty.txt: contains no names"),
        (["--out", "taken"], 1, "--out taken: cannot be written"),
        (["--author", " "], 2, "--author: expected a name, received ' '"),
        (["--rerun"], 2, "--rerun: requires --check ZIP"),
        (["--check", "x.zip", "--data", "d"], 2, "--data: requires --check ZIP --rerun"),
        (["--check", "x.zip", "--handout"], 2, "--handout cannot be combined with --check"),
        (["--check", "x.zip", "--author", "A"], 2, "--author cannot be combined with --check"),
        (["--handout", "--template", "x.toml"], 2, "--handout cannot be combined with --template"),
        (["--handout", "--out", "x"], 2, "--out cannot be combined with --handout"),
    ],
)
def test_the_command_refuses_with_a_message_that_names_the_fault(pw13, runs, arguments, code, message):
    for name, content in (("own.toml", '9z = "x"'), ("empty.txt", "\n"), ("taken", "a file")):
        (runs.parent / name).write_text(content, "utf-8")
    received, out, err = pw13("report", *arguments)
    assert (received, out) == (code, "")
    assert message in err.strip().split("\n")[-1]


def test_a_signal_ends_the_command_with_one_line_and_its_exit_code(pw13, runs, monkeypatch):
    stopped = Mock(side_effect=Interrupted(signal.SIGTERM))
    monkeypatch.setattr(hand_in.notebook_execution, "execute", stopped)
    code, out, err = pw13("report", "--explore", "none", "--quiet")
    assert (code, out) == (143, "") and err.splitlines()[-1] == "note: interrupted; nothing was written"
    assert not (runs.parent / "report").exists()
