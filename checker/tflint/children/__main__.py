"""Start a program of this folder: `python FOLDER PROGRAM ARGUMENT...`.

The package gets a name that no module of a user's has, and its folder is not searched for modules. Runs on CPython 3.6.
"""

import ctypes
import signal
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

NAME = "tflint_children"
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(program: str, *arguments: str) -> None:
    """Run the program's `main`."""
    if sys.platform == "linux":  # who is killed cannot end us, and we may be at something that never ends
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    here = Path(__file__).absolute().parent
    del sys.path[0]
    spec = spec_from_file_location(NAME, str(here / "__init__.py"), submodule_search_locations=[str(here)])
    assert spec is not None  # noqa: S101 - it is a file
    sys.modules[NAME] = module_from_spec(spec)
    import_module(NAME + "." + program).main(*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
