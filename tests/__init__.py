"""What holds before a test, a library or a child is loaded: what a machine's settings would make slow is undone.

A threaded BLAS takes many times the processor time of one thread for matrices as small as those of the drawn media,
and more so where tests run beside one another. And without stored bytecode (images of containers like to leave it
out), each worker rewrites all tests, and each command and decoding child compiles the product anew.
"""

import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
