"""What is to happen when a library is imported, be that now, later or never.

Gymnasium takes a tenth of a second to import, PyTorch one to two seconds: nobody should wait for them who does not use
them, and nobody who does should have to say so first.
"""

import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def when_imported(name: str, call: Callable[[Any], None]) -> None:
    """Call `call(module)` as soon as the module `name` has been imported: at once, if it has been already."""
    if name in sys.modules:
        call(sys.modules[name])
    else:
        sys.meta_path.insert(0, _Watch(name, call))


def use_one_thread() -> None:
    """One thread of arithmetic in this process: two processes beat two threads, and results do not depend on cores."""
    when_imported("torch", lambda torch: torch.set_num_threads(1))


def ask_for_one_blas_thread() -> None:
    """The same of OpenBLAS, which reads it when NumPy is imported: on some hundred rows two threads are no quicker, and
    where the machine is busy they wait for each other, at five times the work. What the user has set stays.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class _Watch(MetaPathFinder):
    """Finds one module by asking all other finders, and has `call` follow its execution; then its work is done."""

    def __init__(self, name: str, call: Callable[[Any], None]) -> None:
        self.name, self.call, self.asking = name, call, False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        if fullname != self.name or self.asking:
            return None
        self.asking = True
        try:
            spec = find_spec(fullname)
        finally:
            self.asking = False
        if spec and spec.loader:
            self._follow(spec.loader)
        return spec

    def _follow(self, loader: Loader) -> None:
        execute = loader.exec_module

        def execute_and_call(module: ModuleType) -> None:
            execute(module)
            sys.meta_path.remove(self)
            self.call(module)

        loader.exec_module = execute_and_call  # type: ignore[method-assign]
