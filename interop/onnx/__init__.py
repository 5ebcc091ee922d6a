"""A compiled model in, an ONNX model out, which onnxruntime then compares with the program."""
