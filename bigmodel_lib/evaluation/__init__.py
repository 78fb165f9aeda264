"""How good an answer is, where comparing it with a label is not enough.

``intervals``  how sure a share of right answers is, and the difference of two
``spans``      named entities: tags and names, span F1, kinds of errors
``boxes``      overlap, non-maximum suppression, average precision
``masks``      intersection over union of classes, boundaries
``calibration``  whether a model is right as often as it says; a temperature; when not to answer
"""

from bigmodel_lib.evaluation import boxes, calibration, intervals, masks, spans

__all__ = ["boxes", "calibration", "intervals", "masks", "spans"]
