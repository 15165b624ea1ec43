"""Functions that draw arrays and metrics as matplotlib figures."""
