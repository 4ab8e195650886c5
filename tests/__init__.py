"""The tests. They share the processors: threads of numerical libraries would spin while they wait for each other."""

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")  # read once, when the libraries are loaded
