"""Settings of every experiment: records, range checks and TOML presets."""

from pw13.config.settings import KINDS, SHARED, CharRNN, ConvDAE, DenseAE, Generate, Schedule, SvmEval, kind_of

__all__ = ["KINDS", "SHARED", "CharRNN", "ConvDAE", "DenseAE", "Generate", "Schedule", "SvmEval", "kind_of"]
