"""The benchmark: pw13 and its peers train the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import processes, table, tasks
from bench.turns import Result

ROOT = Path(__file__).parent.parent


def test_flops_of_the_handouts_models():
    assert tasks.flops(tasks.called("dense"), 0) == 2 * (2 + 3) * 784 * 32
    assert tasks.flops(tasks.called("simple"), 150) == 2 * 3 * (10 * 64**2 + 64 * 150)
    assert tasks.flops(tasks.called("many"), 150) == 2 * 3 * 32 * (4 * 256**2 + 256 * 150)
    assert tasks.flops(tasks.called("conv"), 0) == 2 * (3 * 29_578_752 - 28 * 28 * 9 * 32)


def result(peer: str, turns: list[float], loss: float, examples: int = 100) -> Result:
    return Result(peer, {"examples": examples}, {"loss": loss, "seconds": 3.0}, turns, 500.0)


def test_a_row_counts_only_with_the_same_loss_and_examples():
    ours = result("pw13", [1.0, 2.0, 1.0], 0.5)
    assert table.ratio(ours, ours) == ""
    assert table.ratio(result("keras", [3.0, 4.0, 2.5], 0.5049), ours) == "2.5x"
    assert table.ratio(result("keras", [3.0, 4.0, 2.5], 0.506), ours).startswith("does not count")
    assert table.ratio(result("keras", [3.0, 4.0, 2.5], 0.5, examples=96), ours).startswith("does not count")


def test_compile_time_is_what_the_first_epoch_took_longer():
    assert result("keras", [1.0, 1.0, 2.0], 0.5).compile == 2.0
    assert result("pw13", [1.0], 0.5)._replace(facts={"compile": 0.25}).compile == 0.25


def test_whole_processes_in_turn():
    quick, slow = processes.in_turns(
        {"a": [sys.executable, "-c", "print(1)"], "b": [sys.executable, "-c", "print(2)"]}, 2
    )
    assert (quick.output, slow.output) == ("1\n", "2\n") and len(quick.seconds) == 2
    assert [row[0] for row in processes.rows([quick, slow])] == ["a", "b"]
    with pytest.raises(RuntimeError, match="ended with 3"):
        processes.run([sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.slow
def test_all_peers_train_the_same(real_data, tmp_path):
    out = tmp_path / "results.md"
    command = [sys.executable, "-m", "bench", "--tiny", "--only", "dense,lstm", "--out", out]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=600)
    text = out.read_text("utf-8")
    assert "does not count:" not in text
    assert text.count("Keras `fit`, oneDNN on") == 2
