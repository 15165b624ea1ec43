"""`pw13 generate`: names from a trained character RNN."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from pw13 import console
from pw13.cli import choosing
from pw13.cli.options import JsonOption, QuietOption, RunOption, RunsDirOption, refuse_besides, with_settings
from pw13.config import DEFAULT_RUNS_DIR, Generate, fields
from pw13.errors import UserError

if TYPE_CHECKING:
    from pw13.inference.generate import NamesAtTemperature, Sampler

GREEDY = {  # target: what --temp 0 means
    "many-to-one": "--temp 0 always takes the likeliest character; the names differ because each follows the end of "
    "another training name, drawn at random",
    "many-to-many": "--temp 0 always takes the likeliest character; every name is the same because each starts from "
    "the same state",
}
BESIDES_CHOOSE = ("run", "runs_dir", "json", "quiet", "prefix", "max_length", "mix", "seed")


@with_settings(Generate)
def generate(
    settings: Generate,
    context: typer.Context,
    run: RunOption = None,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Invent names with a trained character RNN (exercise 2g)."""
    from pw13.inference import generate

    console.start(quiet=bool(quiet))
    if settings.choose:
        refuse_besides(context, "--choose", BESIDES_CHOOSE)
        choosing.require_terminal()
    sampler = generate.open_sampler(settings, run=run, runs_dir=runs_dir)
    if settings.choose:
        return choosing.choose_name(sampler, settings, json=bool(json))
    rows = generate.generate_names(sampler, settings, details=bool(json))
    if json:
        console.json_document(_as_json(sampler, settings, rows))
    elif settings.ladder:
        columns = [f"temperature {row.temperature:g}" for row in rows]
        names = [[name["name"] for name in row.names] for row in rows]
        console.table("the same draws at five temperatures", columns, list(itertools.zip_longest(*names, fillvalue="")))
    else:
        for name in rows[0].names:
            console.print_result(name["name"])
    _explain(sampler, settings, [name for row in rows for name in row.names], settings.n * len(rows))


def _as_json(sampler: "Sampler", settings: Generate, rows: Sequence["NamesAtTemperature"]) -> dict[str, Any]:
    """Return the document of `--json`: names, or with --ladder names by temperature."""
    head = {"run": str(sampler.run), **fields.as_dict(settings), "seed": sampler.seed}
    return {**head, **({"ladder": [row._asdict() for row in rows]} if settings.ladder else {"names": rows[0].names})}


def _explain(sampler: "Sampler", settings: Generate, names: Sequence[dict[str, Any]], expected: int) -> None:
    """Say on standard error what is not obvious: greedy names, the seed, names cut or with spaces at their edges.

    Raises:
        UserError: there are fewer names than expected.
    """
    from pw13.inference import sampling

    if settings.temp == 0:
        console.note(GREEDY[sampler.target])
    if settings.seed is None:
        console.message(f"seed {sampler.seed}")
    count = len(names)
    total = f"{count} name{'s' * (count != 1)}"
    if truncated := sum(not name["complete"] for name in names):
        console.note(f"{truncated} of {total} truncated at --max-length {settings.max_length}")
    if spaced := sum(name["complete"] and not name["whole"] for name in names):
        console.note(f"{spaced} of {total} with a space at an edge")
    if count < expected:
        raise UserError(f"generated only {count} of {expected} names in {sampling.DRAWS * expected:,} attempts")
