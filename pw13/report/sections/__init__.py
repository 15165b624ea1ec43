"""The items of the handout, one file per exercise, as blocks of the document."""
