"""Settings of every experiment: records, range checks and TOML presets."""

from pw13.config.settings import KINDS, CharRNN, ConvDAE, DenseAE, Generate, SvmEval

__all__ = ["KINDS", "CharRNN", "ConvDAE", "DenseAE", "Generate", "SvmEval"]
