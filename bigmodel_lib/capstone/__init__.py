"""The capstone's scorer: a compressed language model, judged from its file alone; and the table of a class.

``write``, ``read``       a language model as one file, and back; what a tensor may be stored as: `values`
``points``                the score of a file, from three ratios
``score``                 bytes, perplexity and tokens a second of files, measured in a fresh process
``calibration_rows``      tokens that a method may look at; the judge's text is not among them
``collect``, ``table``    the results of a class in one table, as Markdown or CSV
``references``            what the course's own files reach

On the command line: ``python -m bigmodel_lib.capstone score FILE…`` and ``python -m bigmodel_lib.capstone table FOLDER``.
"""

from bigmodel_lib.capstone.files import read, sizes, tensor_names, values, write
from bigmodel_lib.capstone.scoring import Judge, calibration_rows, held_out_rows, judge, measure, points, score
from bigmodel_lib.capstone.table import collect, references, table

__all__ = [
    "Judge", "calibration_rows", "collect", "held_out_rows", "judge", "measure", "points", "read", "references", "score", "sizes",
    "table", "tensor_names", "values", "write",
]  # fmt: skip
