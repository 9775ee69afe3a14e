from pathlib import Path

import pytest

from lambdasim.runtimes.registry import Runtime, find


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runtimes")


@pytest.fixture(scope="session")
def python_runtime(cache_dir: Path) -> Runtime:
    return find("python", cache_dir=cache_dir)
