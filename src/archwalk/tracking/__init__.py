"""Following searches and trainings elsewhere: TensorBoard, MLflow, functions of your own.

    from archwalk.tracking import MLflow, TensorBoard

    archwalk.search("graph-gp", "nas-bench-graph:cora", budget=150, callbacks=[TensorBoard("board"), print])

A callback is a function that takes a `Step`, or a `Tracker`. `track` makes one of the words of `--track`.
"""

from archwalk.tracking.mlflow import MLflow
from archwalk.tracking.step import Run, Step, Tracker
from archwalk.tracking.tensorboard import TensorBoard
from archwalk.tracking.words import track

__all__ = ["MLflow", "Run", "Step", "TensorBoard", "Tracker", "track"]
