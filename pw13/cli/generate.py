"""`pw13 generate`: names from a trained character RNN."""

from typing import Annotated

import typer

from pw13 import config, console
from pw13.cli.options import DEFAULT_RUNS_DIR, JsonOption, QuietOption, RunOption, RunsDirOption
from pw13.config import fields
from pw13.errors import UserError

DEFAULT = config.Generate()


def generate(
    temp: Annotated[float, typer.Option(help="temperature: 1 as learnt, lower is safer, 0 greedy")] = DEFAULT.temp,
    n: Annotated[int, typer.Option("-n", "--n", help="how many names")] = DEFAULT.n,
    prefix: Annotated[str, typer.Option(help="how every name begins")] = DEFAULT.prefix,
    top_k: Annotated[int, typer.Option(help="choose among this many likeliest characters; 0: all")] = DEFAULT.top_k,
    top_p: Annotated[float, typer.Option(help="choose among the likeliest that reach this share")] = DEFAULT.top_p,
    max_length: Annotated[int, typer.Option(help="cut names at this many characters")] = DEFAULT.max_length,
    only_new: Annotated[bool, typer.Option("--only-new", help="no name of the corpus, none twice")] = DEFAULT.only_new,
    run: RunOption = None,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    seed: Annotated[int | None, typer.Option(min=0, max=fields.BIG, help="seed", show_default="drawn")] = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Invent names with a trained character RNN (exercise 2g)."""
    from pw13.inference import generate

    console.start(quiet=bool(quiet))
    request = config.Generate(temp, n, prefix, top_k, top_p, max_length, only_new)
    drawn = generate.generate_names(request, run=run, runs_dir=runs_dir, seed=seed, details=bool(json))
    if json:
        console.json_document(
            {"run": str(drawn.run), "seed": drawn.seed, **fields.as_dict(request), "names": drawn.names}
        )
    else:
        for name in drawn.names:
            console.print_result(name["name"])
    if seed is None:
        console.message(f"seed {drawn.seed}")
    if cut := sum(not name["whole"] for name in drawn.names):
        of = f"{len(drawn.names)} name{'s' * (len(drawn.names) != 1)} {'was' if cut == 1 else 'were'}"
        console.message(f"note: {cut} of {of} cut at --max-length {max_length}")
    if len(drawn.names) < n:
        raise UserError(f"only {len(drawn.names)} of {n} names came out of {generate.sampling.DRAWS * n} draws")
