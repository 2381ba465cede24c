"""Models run by ONNX Runtime on the CPU. The only folder that imports it, onnx and tokenizers."""
