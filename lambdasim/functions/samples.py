"""Loads sample functions from a directory: `<function>/sample.toml` beside `layers/<name>/`, the content of /opt.

A sample says its function once and lists its versions, each with its layers and what it overrides; they are
published in that order. What is loaded already is left alone, so loading twice publishes nothing.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction

from lambdasim.core.errors import SpecError
from lambdasim.functions import queries, services, store
from lambdasim.functions.models import FunctionVersion, LayerVersion
from lambdasim.runtimes import registry

REQUIRED_KEYS = ("name", "runtime", "code", "versions")
FUNCTION_KEYS = frozenset({"name", "description", "code", "versions"})
CONFIGURATION_KEYS = frozenset({"runtime", "handler", "memory_size_mb", "timeout_ms", "ephemeral_storage_mb"})
VERSION_KEYS = CONFIGURATION_KEYS | {"description", "layers", "environment"}


def load(directory: Path) -> list[str]:
    """Puts every sample of the directory in place; returns the `function:version` names that were published."""
    published: list[str] = []
    for path in sorted(directory.glob("*/sample.toml")):
        with path.open("rb") as file:
            sample = tomllib.load(file)
        published += _load_function(sample, path=path, layers_dir=directory / "layers")
    return published


@transaction.atomic
def _load_function(sample: Mapping[str, Any], *, path: Path, layers_dir: Path) -> list[str]:
    _check_keys(sample, allowed=FUNCTION_KEYS | CONFIGURATION_KEYS | {"environment"}, where=str(path))
    for key in REQUIRED_KEYS:
        if not sample.get(key):
            raise SpecError(f"{path}: {key}", "is missing")
    code_dir = path.parent / sample["code"]
    plans = [_plan(sample, version, path=path, layers_dir=layers_dir) for version in sample["versions"]]
    existing = queries.published_versions(sample["name"])
    if [services.fingerprint(version) for version in existing[-len(plans):]] == [
        _fingerprint(plan, store.tree_sha256(code_dir)) for plan in plans
    ]:
        return []
    known = {version.version for version in existing}
    done: list[FunctionVersion] = []
    for plan in plans:
        services.put_function(sample["name"], code_dir=code_dir, description=sample.get("description", ""), **plan)
        done.append(services.publish_version(sample["name"]))
    return [str(version) for version in done if version.version not in known]


def _plan(
    sample: Mapping[str, Any], version: Mapping[str, Any], *, path: Path, layers_dir: Path
) -> dict[str, Any]:
    """Arguments of put_function for one version: the function's configuration with the version's over it."""
    _check_keys(version, allowed=VERSION_KEYS, where=f"{path}: versions")
    plan = {key: value for key, value in {**sample, **version}.items() if key in CONFIGURATION_KEYS}
    plan["runtime"] = registry.canonical(plan["runtime"])
    plan["environment"] = {**sample.get("environment", {}), **version.get("environment", {})}
    plan["version_description"] = version.get("description", "")
    plan["layers"] = [_layer(name, path=path, layers_dir=layers_dir) for name in version.get("layers", [])]
    return plan


def _layer(name: str, *, path: Path, layers_dir: Path) -> LayerVersion:
    if not (layers_dir / name).is_dir():
        raise SpecError(f"{path}: layers", f"{name!r} is no directory of {layers_dir}")
    return services.put_layer(name, layers_dir / name)


def _fingerprint(plan: Mapping[str, Any], code_sha256: str) -> tuple[object, ...]:
    configuration = {"handler": "", "memory_size_mb": 128, "timeout_ms": 3_000, "ephemeral_storage_mb": 512}
    configuration |= {**plan, "code_sha256": code_sha256}
    layers = tuple(layer.sha256 for layer in plan["layers"])
    return (*(configuration[field] for field in services.CONFIGURATION), layers)


def _check_keys(table: Mapping[str, Any], *, allowed: frozenset[str], where: str) -> None:
    unknown = sorted(set(table) - allowed)
    if unknown:
        raise SpecError(where, f"unknown key {unknown[0]!r}; known are {', '.join(sorted(allowed))}")
