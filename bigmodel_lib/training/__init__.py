"""What training needs beside `model.fit`."""

from bigmodel_lib.training import checkpoint
from bigmodel_lib.training.loop import NonFiniteLoss, train
from bigmodel_lib.training.restart import restart

__all__ = ["NonFiniteLoss", "checkpoint", "restart", "train"]
