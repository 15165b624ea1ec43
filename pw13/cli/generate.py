"""`pw13 generate`: names from a trained character RNN."""

from typing import Annotated

import typer

from pw13 import config, console
from pw13.cli.options import JsonOption, QuietOption, RunOption, RunsDirOption
from pw13.config import DEFAULT_RUNS_DIR, fields
from pw13.errors import UserError

DEFAULT = config.Generate()


def generate(
    temp: Annotated[
        float, typer.Option(help="sampling temperature (1 = as trained, lower = more conservative, 0 = greedy)")
    ] = DEFAULT.temp,
    n: Annotated[int, typer.Option("-n", "--n", help="number of names")] = DEFAULT.n,
    prefix: Annotated[str, typer.Option(help="beginning of every name")] = DEFAULT.prefix,
    top_k: Annotated[int, typer.Option(help="sample from the k most likely characters (0 = all)")] = DEFAULT.top_k,
    top_p: Annotated[float, typer.Option(help="nucleus sampling threshold")] = DEFAULT.top_p,
    max_length: Annotated[int, typer.Option(help="maximum characters per name")] = DEFAULT.max_length,
    only_new: Annotated[
        bool, typer.Option("--only-new", help="skip names in the corpus and duplicates")
    ] = DEFAULT.only_new,
    run: RunOption = None,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    seed: Annotated[
        int | None, typer.Option(min=0, max=fields.MAX_INT, help="random seed", show_default="random")
    ] = None,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Generate names with a trained character RNN (exercise 2g)."""
    from pw13.inference import generate, sampling

    console.start(quiet=bool(quiet))
    request = config.Generate(temp, n, prefix, top_k, top_p, max_length, only_new)
    generated = generate.generate_names(request, run=run, runs_dir=runs_dir, seed=seed, details=bool(json))
    if json:
        console.json_document(
            {"run": str(generated.run), "seed": generated.seed, **fields.as_dict(request), "names": generated.names}
        )
    else:
        for name in generated.names:
            console.print_result(name["name"])
    if seed is None:
        console.message(f"seed {generated.seed}")
    count = len(generated.names)
    if truncated := sum(not name["whole"] for name in generated.names):
        console.message(f"note: {truncated} of {count} name{'s' * (count != 1)} truncated at --max-length {max_length}")
    if count < n:
        raise UserError(f"generated only {count} of {n} names in {sampling.DRAWS * n:,} attempts")
