"""All reading of functions and versions: models in, values and paths out.

The wording of FunctionNotFound is AWS's (Invoke, ResourceNotFoundException).
"""

from pathlib import Path

from lambdasim.core.errors import LambdasimError
from lambdasim.core.values import FunctionSpec
from lambdasim.functions import store
from lambdasim.functions.models import LATEST, Function, FunctionVersion


class FunctionNotFound(LambdasimError):
    def __init__(self, name: str, qualifier: str | None = None) -> None:
        arn = FunctionSpec(function_name=name).function_arn
        super().__init__(f"Function not found: {arn}{f':{qualifier}' if qualifier else ''}")
        self.name, self.qualifier = name, qualifier


def list_functions() -> list[Function]:
    """Every function by name, its versions ($LATEST first, then by number) and their layers already fetched."""
    return list(Function.objects.prefetch_related("versions__attached_layers__layer_version__layer"))


def find_version(name: str, qualifier: str | None = None) -> FunctionVersion:
    """The version a qualifier means: a number or $LATEST, which is also meant without one."""
    found = (
        FunctionVersion.objects.select_related("function")
        .prefetch_related("attached_layers__layer_version__layer")
        .filter(function__name=name, version=qualifier or LATEST)
        .first()
    )
    if found is None:
        raise FunctionNotFound(name, qualifier)
    return found


def published_versions(name: str) -> list[FunctionVersion]:
    """The numbered versions of a function, oldest first."""
    return list(
        FunctionVersion.objects.select_related("function")
        .prefetch_related("attached_layers__layer_version__layer")
        .filter(function__name=name)
        .exclude(version=LATEST)
        .order_by("id")
    )


def spec_of(version: FunctionVersion) -> FunctionSpec:
    """What an execution environment has to know of this version."""
    return FunctionSpec(
        function_name=version.function.name,
        version=version.version,
        handler=version.handler,
        runtime=version.runtime,
        memory_size_mb=version.memory_size_mb,
        timeout_ms=version.timeout_ms,
        ephemeral_storage_mb=version.ephemeral_storage_mb,
        environment=dict(version.environment),
    )


def code_of(version: FunctionVersion) -> tuple[Path, Path | None]:
    """The directories to mount at /var/task and /opt (None without layers); merges the layers if nobody has yet."""
    layers = [attached.layer_version.sha256 for attached in version.attached_layers.all()]
    return store.directory_of(version.code_sha256), store.opt_directory(layers)


def extensions_of(version: FunctionVersion) -> list[str]:
    """File names of the external extensions that the version's layers bring, sorted by bytes."""
    layers = [attached.layer_version for attached in version.attached_layers.all()]
    return sorted({name for layer in layers for name in layer.extensions}, key=str.encode)
