"""Comments of the report: each a sentence or two computed from numbers, whichever way they turn out.

Pure functions of plain numbers; None stands for a figure that a run lacks, and a sentence that needs it is left out (an
empty text). A difference is called what it is: better, worse or none.
"""
