"""What a fuzzing process runs: one of the modules beside it, with its netboot instrumented for coverage.

Started by run.py, which has put atheris on the path; the arguments behind the name are libFuzzer's.
"""

import importlib
import sys

import atheris


def main() -> None:
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["netboot"]):
        module = importlib.import_module(f"tests.fuzz.{name}")
    atheris.Setup(sys.argv, module.play)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
