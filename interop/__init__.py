"""Taking models elsewhere: TransformerLens, ONNX, Hugging Face."""
