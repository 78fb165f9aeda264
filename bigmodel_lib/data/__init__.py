"""Data sets as NumPy arrays and plain lists, with documented shapes, splits, licence and source."""
