"""Where the parts of an execution environment are, as its processes see them.

In full isolation these are Lambda's own paths. Without mount namespaces nothing can appear at /var/task, so the same
parts stay at their host paths and only variables and commands name them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    task_root: str = "/var/task"
    opt: str = "/opt"
    runtime_dir: str = "/var/runtime"
    lang: str = "/var/lang"

    def locate(self, path: str) -> str:
        """Where a path that was written for Lambda (`/opt/wrapper`) is found here."""
        for inside, here in (("/opt/", self.opt), ("/var/task/", self.task_root)):
            if path.startswith(inside):
                return f"{here}/{path.removeprefix(inside)}"
        return path


SANDBOX = Paths()
"""Lambda's own paths."""
