import pytest

from lambdasim.core.errors import SpecError
from lambdasim.functions import queries, services, store

pytestmark = pytest.mark.django_db


@pytest.fixture
def code(make_tree):
    return make_tree("code", {"app.py": "def handler(event, context): return 1"})


@pytest.fixture
def layer(make_tree):
    return services.put_layer("quick", make_tree("quick", {"extensions/quick-extension": "#!/bin/sh"}))


def put(code, **changes):
    configuration = {"code_dir": code, "runtime": "python3.11", "handler": "app.handler"}
    return services.put_function("hello", **(configuration | changes))


def test_a_function_is_found_with_everything_an_environment_needs(code, layer):
    put(code, memory_size_mb=256, timeout_ms=1500, environment={"GREETING": "hi"}, layers=[layer])
    version = queries.find_version("hello")
    spec = queries.spec_of(version)
    assert (spec.function_name, spec.version, spec.handler, spec.runtime) == (
        "hello", "$LATEST", "app.handler", "python3.11")
    assert (spec.memory_size_mb, spec.timeout_ms, spec.ephemeral_storage_mb) == (256, 1500, 512)
    assert spec.environment == {"GREETING": "hi"}
    task_dir, opt_dir = queries.code_of(version)
    assert (task_dir / "app.py").read_text().startswith("def handler")
    assert store.extensions_in(opt_dir) == queries.extensions_of(version) == ["quick-extension"]


def test_without_layers_there_is_nothing_for_opt(code):
    assert queries.code_of(put(code))[1] is None


def test_a_published_version_stays_as_it_was(code, layer):
    put(code, layers=[layer])
    assert services.publish_version("hello").version == "1"
    put(code, memory_size_mb=512)
    assert services.publish_version("hello").version == "2"
    first, second = queries.find_version("hello", "1"), queries.find_version("hello", "2")
    assert (first.memory_size_mb, second.memory_size_mb) == (128, 512)
    assert (queries.extensions_of(first), queries.extensions_of(second)) == (["quick-extension"], [])
    assert queries.find_version("hello").memory_size_mb == 512
    assert [version.version for version in queries.list_functions()[0].versions.all()] == ["$LATEST", "1", "2"]


def test_nothing_is_published_if_nothing_changed(code):
    put(code)
    services.publish_version("hello")
    put(code, version_description="other words")
    assert services.publish_version("hello").version == "1"
    assert len(queries.published_versions("hello")) == 1


def test_a_layer_gets_a_new_version_only_with_new_content(make_tree, layer):
    again = services.put_layer("quick", make_tree("quick", {"extensions/quick-extension": "#!/bin/sh"}))
    assert again == layer
    changed = services.put_layer("quick", make_tree("quick", {"lib/more": ""}))
    assert (str(layer), str(changed)) == ("quick:1", "quick:2")


def test_layers_keep_their_order(code, make_tree):
    layers = [services.put_layer(name, make_tree(name, {name: ""})) for name in ("z", "a", "m")]
    put(code, layers=layers)
    attached = queries.find_version("hello").attached_layers.all()
    assert [str(one.layer_version) for one in attached] == ["z:1", "a:1", "m:1"]


@pytest.mark.parametrize(("name", "qualifier", "message"), [
    ("ghost", None, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:ghost"),
    ("hello", "7", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:hello:7"),
])
def test_what_does_not_exist_is_refused_in_the_words_of_aws(code, name, qualifier, message):
    put(code)
    with pytest.raises(queries.FunctionNotFound) as refused:
        queries.find_version(name, qualifier)
    assert str(refused.value) == message
    with pytest.raises(queries.FunctionNotFound):
        services.publish_version("ghost")


@pytest.mark.parametrize(("change", "field"), [
    ({"memory_size_mb": 127}, "memory_size_mb"),
    ({"memory_size_mb": 10_241}, "memory_size_mb"),
    ({"memory_size_mb": True}, "memory_size_mb"),
    ({"timeout_ms": 0}, "timeout_ms"),
    ({"timeout_ms": 900_001}, "timeout_ms"),
    ({"ephemeral_storage_mb": 511}, "ephemeral_storage_mb"),
    ({"environment": {"1X": "v"}}, "environment"),
    ({"environment": {"PORT": 80}}, "environment"),
    ({"environment": {"BIG": "x" * 4_094}}, "environment"),
])
def test_a_wrong_configuration_is_refused_with_the_name_of_the_field(code, change, field):
    with pytest.raises(SpecError) as refused:
        put(code, **change)
    assert refused.value.field == field
    assert queries.list_functions() == []


def test_more_than_five_layers_are_refused(code, layer):
    with pytest.raises(SpecError, match="6 layers, at most 5"):
        put(code, layers=[layer] * 6)


@pytest.mark.parametrize("name", ["", "with space", "a" * 65, "../up"])
def test_a_name_that_aws_refuses_is_refused(code, name):
    with pytest.raises(SpecError, match="does not match"):
        services.put_function(name, code_dir=code, runtime="python3.11")
