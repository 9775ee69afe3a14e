"""Every sample is whole: described, with its code, its layers and its executable bits; the tour leads to real ones."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lambdasim.host.packages import find_extensions
from lambdasim.host.variables import check_environment
from lambdasim.runtimes.paths import SANDBOX
from lambdasim.runtimes.registry import Code, find
from lambdasim.samples.tour import TOUR
from tests.samples.catalogue import LAYERS, ROOT, SampleVersion, documents, versions

REQUIRED = {"name", "description", "runtime", "handler", "memory_size_mb", "timeout_ms", "code", "versions"}
OPTIONAL = {"environment"}
OVERRIDES = {"description", "layers", "memory_size_mb", "timeout_ms", "handler", "environment"}


def test_every_folder_but_the_layers_is_a_sample() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name not in ("layers", "__pycache__")}
    assert folders == set(documents())


@pytest.mark.parametrize(("folder", "document"), documents().items())
def test_a_sample_says_in_two_lines_what_it_shows(folder: str, document: dict[str, Any]) -> None:
    assert document["name"] == folder
    lines = document["description"].strip().splitlines()
    assert len(lines) == 2
    assert all(line and len(line) <= 120 for line in lines)
    assert REQUIRED <= document.keys() <= REQUIRED | OPTIONAL
    for version in document["versions"]:
        assert {"description", "layers"} <= version.keys() <= OVERRIDES


@pytest.mark.parametrize("sample", versions(), ids=str)
def test_a_version_has_its_code_its_layers_and_a_runtime(sample: SampleVersion, tmp_path: Path) -> None:
    check_environment(sample.environment)
    runtime = find(sample.runtime, cache_dir=tmp_path)
    if runtime.managed:
        module = sample.handler.rsplit(".", 1)[0]
        assert (sample.code / f"{module}.py").is_file()
    else:
        assert runtime.start(Code(task_dir=sample.code), SANDBOX) == ["/var/task/bootstrap"]
        assert os.access(sample.code / "bootstrap", os.X_OK)
    for layer in sample.layers:
        assert find_extensions(layer) == (layer.name,)


@pytest.mark.parametrize("layer", sorted(LAYERS.iterdir()), ids=lambda path: path.name)
def test_a_layer_is_one_executable_extension_that_some_version_uses(layer: Path) -> None:
    extension = layer / "extensions" / layer.name
    assert os.access(extension, os.X_OK)
    assert extension.read_bytes().startswith(b"#!/")
    assert any(layer in sample.layers for sample in versions())


def test_the_tour_leads_to_every_sample_by_versions_that_exist() -> None:
    existing = {(sample.function, str(sample.number)) for sample in versions()}
    assert {(step.function, step.version) for step in TOUR} <= existing
    assert {step.function for step in TOUR} == set(documents())
    for step in TOUR:
        json.loads(step.event)
        assert step.times >= 1
        assert step.says.endswith(".")

