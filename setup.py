"""The native kernel, if there is a compiler; everything else is in pyproject.toml.

The library has no Python in it: the package finds it as if it were a module, and ctypes opens it.
An install without a compiler succeeds, and layers then run as torch operations.
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "fenas_lang.engine._kernel",
            sources=["fenas_lang/engine/kernel.c"],
            depends=["fenas_lang/engine/kernel_types.h", "fenas_lang/engine/kernel_tiles.h"],
            extra_compile_args=[
                "-std=gnu11",
                "-O3",
                "-ffp-contract=fast",
                "-fno-math-errno",
                "-fno-trapping-math",
                "-Wno-psabi",
            ],
            libraries=["m", "pthread"],
            optional=True,
        )
    ]
)
