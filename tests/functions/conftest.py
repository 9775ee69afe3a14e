"""A data directory of its own, and sources to deploy from."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

MakeTree = Callable[[str, Mapping[str, str]], Path]


@pytest.fixture(autouse=True)
def home(settings, tmp_path: Path) -> Path:
    settings.LAMBDASIM_HOME = tmp_path / "home"
    return settings.LAMBDASIM_HOME


@pytest.fixture
def make_tree(tmp_path: Path) -> MakeTree:
    """Makes a directory; a text that begins with #! becomes an executable file."""

    def make(name: str, files: Mapping[str, str]) -> Path:
        for path, text in files.items():
            file = tmp_path / "sources" / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            if text.startswith("#!"):
                file.chmod(0o755)
        return tmp_path / "sources" / name

    return make
