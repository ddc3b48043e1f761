"""Fine-tunes an ONNX backbone with PyTorch and hands back weights of the same names."""
