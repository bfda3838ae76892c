"""The one thing that pyproject.toml cannot say: how the native kernel is built, and that zhida works without it.

Everything else about the package stands in pyproject.toml.
"""

import os

from setuptools import Extension, setup

FOLDER = "src/zhida/columnar/kernel"

setup(
    ext_modules=[
        Extension(
            "zhida.columnar.kernel._native",
            [f"{FOLDER}/native.c"],
            depends=[f"{FOLDER}/{name}.h" for name in ("shapes", "arguments", "cuts", "sources", "loops", "packing", "avx2", "avx512")],
            extra_compile_args=[] if os.name == "nt" else ["-O3", "-std=c11", "-g0"],
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
            optional=True,  # where there is no compiler, numpy does the same
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
