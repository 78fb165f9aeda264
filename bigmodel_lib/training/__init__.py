"""What training needs beside `model.fit`."""

from bigmodel_lib.training.restart import restart

__all__ = ["restart"]
