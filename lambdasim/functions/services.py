"""All writing of functions, versions and layers. Refuses a wrong configuration with the field's name (SpecError).

$LATEST is overwritten, what is published stays. AWS Lambda: configuration-versions; PublishVersion: "Lambda doesn't
publish a version if the function's configuration and code haven't changed since the last version."
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction

from lambdasim.functions import limits, queries, store
from lambdasim.functions.models import LATEST, AttachedLayer, Function, FunctionVersion, Layer, LayerVersion

CONFIGURATION = (
    "runtime", "handler", "memory_size_mb", "timeout_ms", "ephemeral_storage_mb", "environment", "code_sha256",
)
"""What makes a version another one; its description is not part of that."""


def put_layer(name: str, directory: Path) -> LayerVersion:
    """The newest version of the layer, with this directory's content as /opt; a new one only if that changed."""
    limits.check_name("layer", name, limits.LAYER_NAME)
    digest = store.add(directory)
    with transaction.atomic():
        layer, _ = Layer.objects.select_for_update().get_or_create(name=name)
        newest = layer.versions.order_by("number").last()
        if newest is not None and newest.sha256 == digest:
            return newest
        return LayerVersion.objects.create(
            layer=layer,
            number=newest.number + 1 if newest else 1,
            sha256=digest,
            extensions=store.extensions_in(store.directory_of(digest)),
        )


def put_function(
    name: str,
    *,
    code_dir: Path,
    runtime: str,
    handler: str = "",
    description: str = "",
    version_description: str = "",
    memory_size_mb: int = 128,
    timeout_ms: int = 3_000,
    ephemeral_storage_mb: int = 512,
    environment: Mapping[str, str] | None = None,
    layers: Sequence[LayerVersion] = (),
) -> FunctionVersion:
    """Creates the function or replaces its $LATEST, which is returned."""
    limits.check_name("name", name, limits.FUNCTION_NAME)
    configuration: dict[str, Any] = {
        "runtime": runtime, "handler": handler, "memory_size_mb": memory_size_mb, "timeout_ms": timeout_ms,
        "ephemeral_storage_mb": ephemeral_storage_mb, "environment": dict(environment or {}),
    }
    for field in limits.RANGES:
        limits.check_range(field, configuration[field])
    limits.check_environment(configuration["environment"])
    limits.check_layer_count(len(layers))
    configuration["code_sha256"] = store.add(code_dir)
    with transaction.atomic():
        function, _ = Function.objects.update_or_create(name=name, defaults={"description": description})
        latest, _ = FunctionVersion.objects.update_or_create(
            function=function, version=LATEST, defaults={**configuration, "description": version_description}
        )
        _attach(latest, layers)
    return queries.find_version(name)


def publish_version(name: str) -> FunctionVersion:
    """A numbered copy of $LATEST; the last published version where nothing changed since."""
    with transaction.atomic():
        # The row lock keeps two publishers from the same number (SQLite: the transaction itself does)
        function = Function.objects.select_for_update().filter(name=name).first()
        if function is None:
            raise queries.FunctionNotFound(name)
        latest = queries.find_version(name)
        published = queries.published_versions(name)
        if published and fingerprint(published[-1]) == fingerprint(latest):
            return published[-1]
        number = int(published[-1].version) + 1 if published else 1
        copy = FunctionVersion.objects.create(
            function=function,
            version=str(number),
            description=latest.description,
            **{field: getattr(latest, field) for field in CONFIGURATION},
        )
        _attach(copy, [attached.layer_version for attached in latest.attached_layers.all()])
    return queries.find_version(name, str(number))


def fingerprint(version: FunctionVersion) -> tuple[object, ...]:
    """Equal for two versions exactly when they would run alike."""
    layers = tuple(attached.layer_version.sha256 for attached in version.attached_layers.all())
    return (*(getattr(version, field) for field in CONFIGURATION), layers)


def _attach(version: FunctionVersion, layers: Sequence[LayerVersion]) -> None:
    version.attached_layers.all().delete()
    AttachedLayer.objects.bulk_create(
        AttachedLayer(function_version=version, layer_version=layer, position=position)
        for position, layer in enumerate(layers)
    )
