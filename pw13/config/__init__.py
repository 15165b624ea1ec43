"""Settings of every experiment: records, range checks and TOML presets."""

from pw13.config.settings import (
    DEFAULT_RUNS_DIR,
    KINDS,
    SHARED,
    CharRNN,
    ConvDAE,
    DenseAE,
    Generate,
    Schedule,
    SvmEval,
    kind_of,
)

__all__ = [
    "DEFAULT_RUNS_DIR",
    "KINDS",
    "SHARED",
    "CharRNN",
    "ConvDAE",
    "DenseAE",
    "Generate",
    "Schedule",
    "SvmEval",
    "kind_of",
]
