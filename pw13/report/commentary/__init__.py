"""Comments of the report: a sentence or two each, computed from metrics, whatever their values.

Pure functions of plain numbers. None stands for a metric that a run lacks; a sentence that needs it is left out (empty
text). A difference is reported in either direction, and as none if it is within tolerance.
"""
