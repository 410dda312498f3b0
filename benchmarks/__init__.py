"""Speed and memory, side by side with what people would use instead."""

import sys

# PyTorch's compiler for GPUs, whose LLVM and TensorFlow's do not go into one
# process.
sys.modules.setdefault("triton", None)
