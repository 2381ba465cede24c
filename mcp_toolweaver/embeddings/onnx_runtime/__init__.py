"""Models run by ONNX Runtime on the CPU. The only folder that imports it, onnx and tokenizers."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # it reports to its makers as soon as it is imported
