"""What training needs beside `model.fit`: a fast loop, checkpoints, schedules, new beginnings, several devices.

`training.sharding` and `training.distributed` are for JAX, and are imported by those who use them.
"""

from bigmodel_lib.training import checkpoint, posttraining
from bigmodel_lib.training.loop import NonFiniteLoss, TrainingState, train
from bigmodel_lib.training.restart import restart
from bigmodel_lib.training.schedules import warmup_cosine

__all__ = ["NonFiniteLoss", "TrainingState", "checkpoint", "posttraining", "restart", "train", "warmup_cosine"]
