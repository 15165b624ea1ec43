"""`pw13 score`: how likely names are under a trained character RNN."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pw13 import console
from pw13.cli.options import EncodingOption, JsonOption, QuietOption, RunOption, RunsDirOption, user_path
from pw13.config import DEFAULT_RUNS_DIR
from pw13.errors import OptionError

if TYPE_CHECKING:
    from pw13.inference.score import NameScore, Scores

NEWLINE_SIGN = "↵"
SURPRISES = (1.0, 2.5, 4.5)  # nats: between the styles of a character, from likely to surprising
STYLES = ("green", "", "yellow", "bold red")


def score(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="names to score")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", parser=user_path, help="list of names, one per line")
    ] = None,
    encoding: EncodingOption = "utf-8",
    run: RunOption = None,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Score names by their likelihood under a character RNN. Per name and per character."""
    from pw13.inference import score

    console.start(quiet=bool(quiet))
    if not names and file is None:
        raise OptionError("NAME: expected names, or a list of names with --file; received neither")
    if file is None and encoding != "utf-8":
        raise OptionError("--encoding: requires --file")
    scores = score.score_names(names or (), file, encoding=encoding, run=run, runs_dir=runs_dir)
    if scores.names[0].percentile is None:
        console.note("no percentiles: the run, of pw13 0.1.0, stores no training names; train it again")
    if json:
        return console.json_document(score.as_json(scores))
    _show(scores)


def _show(scores: "Scores") -> None:
    """Print a row per name, then the mean of several, or the characters of a single one."""
    rows = [
        (_colored(name), -float(name.log_probabilities.mean()), float(name.log_probabilities.sum()), name.percentile)
        for name in scores.names
    ]
    console.table(scores.run.name, ("name", "nats per character", "ln p", "percentile"), rows)
    if len(rows) == 1:
        (name,) = scores.names
        characters = zip(name.text + NEWLINE_SIGN, name.log_probabilities.tolist(), strict=True)
        console.table("characters", ("character", "nats"), [(character, -value) for character, value in characters])
    else:
        count = f"{len(rows):,} names, {scores.characters:,} characters"
        console.print_result(f"{count}: {scores.nats:.4f} nats per character ({scores.bits:.4f} bits)")


def _colored(name: "NameScore") -> console.Styled:
    """Color each character by how surprising it is."""
    styles = [STYLES[sum(-value > limit for limit in SURPRISES)] for value in name.log_probabilities.tolist()]
    return console.Styled(tuple(zip(name.text + NEWLINE_SIGN, styles, strict=True)))
