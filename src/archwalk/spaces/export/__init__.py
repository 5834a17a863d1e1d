"""Architectures for other programs: as PyTorch code, as ONNX models, as Graphviz graphs.

`to_pytorch` and `to_onnx` import PyTorch, so each has a module of its own to be imported from.
"""
