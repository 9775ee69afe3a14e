"""Functions, versions and layers as AWS has them: published versions and layer versions never change.

Thin: constraints and names. Files live in the content-addressed store (store.py) under the sha256 named here.
AWS Lambda: configuration-versions, adding-layers.
"""

from django.db import models

LATEST = "$LATEST"


class Function(models.Model):
    name = models.CharField(max_length=64, unique=True)
    description = models.CharField(max_length=256, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Layer(models.Model):
    name = models.CharField(max_length=140, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class LayerVersion(models.Model):
    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    extensions = models.JSONField(default=list)
    """File names in the layer's extensions/ directory: each is started as an external extension."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("layer__name", "number")
        constraints = (models.UniqueConstraint(fields=("layer", "number"), name="one_number_a_layer"),)

    def __str__(self) -> str:
        return f"{self.layer.name}:{self.number}"


class FunctionVersion(models.Model):
    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="versions")
    version = models.CharField(max_length=20)
    """A number, immutable, or $LATEST."""
    description = models.CharField(max_length=256, blank=True)
    runtime = models.CharField(max_length=40)
    handler = models.CharField(max_length=128, blank=True)
    memory_size_mb = models.PositiveIntegerField()
    timeout_ms = models.PositiveIntegerField()
    ephemeral_storage_mb = models.PositiveIntegerField()
    environment = models.JSONField(default=dict)
    code_sha256 = models.CharField(max_length=64)
    layers = models.ManyToManyField(LayerVersion, through="AttachedLayer", related_name="function_versions")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("function__name", "id")
        constraints = (models.UniqueConstraint(fields=("function", "version"), name="one_version_a_function"),)

    def __str__(self) -> str:
        return f"{self.function.name}:{self.version}"


class AttachedLayer(models.Model):
    """A layer of a version at its place: later layers overwrite equal paths of earlier ones in /opt."""

    function_version = models.ForeignKey(FunctionVersion, on_delete=models.CASCADE, related_name="attached_layers")
    layer_version = models.ForeignKey(LayerVersion, on_delete=models.PROTECT)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("function_version", "position"), name="one_layer_a_position"),)

    def __str__(self) -> str:
        return f"{self.function_version} ← {self.layer_version}"
