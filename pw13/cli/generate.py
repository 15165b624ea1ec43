"""`pw13 generate`: names from a trained character RNN."""

from pw13 import console
from pw13.cli.options import JsonOption, QuietOption, RunOption, RunsDirOption, with_settings
from pw13.config import DEFAULT_RUNS_DIR, Generate, fields
from pw13.errors import UserError

GREEDY = {  # target: what --temp 0 means
    "many-to-one": "--temp 0 always takes the likeliest character; the names differ because each follows the end of "
    "another training name, drawn at random",
    "many-to-many": "--temp 0 always takes the likeliest character; every name is the same because each starts from "
    "the same state",
}


@with_settings(Generate)
def generate(
    settings: Generate,
    run: RunOption = None,
    runs_dir: RunsDirOption = DEFAULT_RUNS_DIR,
    json: JsonOption = None,
    quiet: QuietOption = None,
) -> None:
    """Invent names with a trained character RNN (exercise 2g)."""
    from pw13.inference import generate, sampling

    console.start(quiet=bool(quiet))
    generated = generate.generate_names(settings, run=run, runs_dir=runs_dir, seed=settings.seed, details=bool(json))
    if json:
        options = {**fields.as_dict(settings), "seed": generated.seed}
        console.json_document({"run": str(generated.run), **options, "names": generated.names})
    else:
        for name in generated.names:
            console.print_result(name["name"])
    if settings.temp == 0:
        console.message(f"note: {GREEDY[generated.target]}")
    if settings.seed is None:
        console.message(f"seed {generated.seed}")
    count = len(generated.names)
    if truncated := sum(not name["whole"] for name in generated.names):
        names = f"{count} name{'s' * (count != 1)}"
        console.message(f"note: {truncated} of {names} truncated at --max-length {settings.max_length}")
    if count < settings.n:
        raise UserError(f"generated only {count} of {settings.n} names in {sampling.DRAWS * settings.n:,} attempts")
