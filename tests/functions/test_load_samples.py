import shutil
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from lambdasim.functions import queries
from lambdasim.functions.management.commands.load_samples import SAMPLES_DIR

pytestmark = pytest.mark.django_db

SAMPLE = """
name = "hello"
description = "Says hello."
runtime = "python"
handler = "app.handler"
timeout_ms = 2000
code = "code"

[environment]
GREETING = "hi"

[[versions]]
description = "no extension"
layers = []

[[versions]]
description = "one extension"
layers = ["quick"]
memory_size_mb = 256

[versions.environment]
MORE = "yes"
"""


@pytest.fixture
def samples(make_tree):
    return make_tree("samples", {
        "hello/sample.toml": SAMPLE, "hello/code/app.py": "x = 1",
        "layers/quick/extensions/quick-extension": "#!/bin/sh",
    })


def load(directory) -> str:
    said = StringIO()
    call_command("load_samples", directory, stdout=said)
    return said.getvalue().strip()


def test_versions_are_published_in_their_order_with_what_they_override(samples):
    assert load(samples) == "published hello:1, hello:2"
    first, second = queries.published_versions("hello")
    assert (first.description, first.memory_size_mb, first.environment) == ("no extension", 128, {"GREETING": "hi"})
    assert (second.description, second.memory_size_mb) == ("one extension", 256)
    assert second.environment == {"GREETING": "hi", "MORE": "yes"}
    assert {first.timeout_ms, second.timeout_ms} == {2000}
    assert queries.extensions_of(second) == ["quick-extension"]
    assert queries.list_functions()[0].description == "Says hello."


def test_python_means_the_one_that_lambdasim_runs_on(samples):
    load(samples)
    assert queries.find_version("hello").runtime == f"python3.{sys.version_info.minor}"


def test_loading_again_publishes_nothing(samples):
    load(samples)
    assert load(samples) == "samples are up to date"
    assert len(queries.published_versions("hello")) == 2


@pytest.mark.parametrize("path", ["hello/code/app.py", "layers/quick/extensions/quick-extension"])
def test_a_change_of_code_or_layer_publishes_anew_and_keeps_what_was(samples, path):
    load(samples)
    (samples / path).write_text("#!changed")
    assert "published" in load(samples)
    assert len(queries.published_versions("hello")) == 4
    assert load(samples) == "samples are up to date"


@pytest.mark.parametrize(("found", "put", "message"), [
    ('layers = ["quick"]', 'layers = ["ghost"]', "'ghost' is no directory"),
    ("timeout_ms = 2000", "timeout = 2", "unknown key 'timeout'"),
    ("timeout_ms = 2000", "timeout_ms = 0", "timeout_ms: 0 is not"),
    ('code = "code"', "", "code: is missing"),
    ('code = "code"', 'code = "nowhere"', "nowhere is not a directory"),
])
def test_a_mistake_is_named_and_nothing_of_the_function_is_loaded(samples, found, put, message):
    path = samples / "hello/sample.toml"
    path.write_text(SAMPLE.replace(found, put))
    with pytest.raises(CommandError, match=message):
        load(samples)
    assert queries.list_functions() == []


def test_the_samples_that_come_with_lambdasim_load_twice_and_publish_once(tmp_path):
    copy = shutil.copytree(SAMPLES_DIR, tmp_path / "copy")
    assert "hello:2" in load(copy)
    assert load(copy) == "samples are up to date"
    assert {"hello", "never-next"} <= {function.name for function in queries.list_functions()}
