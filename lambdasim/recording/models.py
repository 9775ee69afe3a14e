"""What was recorded: environments, their events in compressed batches, and one row an invocation to find them by.

Events are the truth; the columns and JSON of Environment.state and Invocation.metrics are derived from them by
lambdasim.metrics and could be derived again. Thin: constraints and indexes.
"""

from django.db import models


class Environment(models.Model):
    id = models.UUIDField(primary_key=True)
    function_name = models.CharField(max_length=64)
    version = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=200, blank=True)
    last_seq = models.PositiveBigIntegerField(default=0)
    """Sequence number of the newest event; events are numbered without a gap from 1."""
    updated_at_us = models.PositiveBigIntegerField(default=0)
    """When the newest batch was written: readers that missed an announcement find it by this."""
    state = models.JSONField(default=dict)

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=("-created_at",), name="environment_newest"),
            models.Index(fields=("function_name", "-created_at"), name="environment_of_function"),
            models.Index(fields=("updated_at_us",), name="environment_updated"),
            models.Index(fields=("ended_at",), name="environment_ended"),
        )

    def __str__(self) -> str:
        return f"{self.function_name}:{self.version} {self.id}"


class EventBatch(models.Model):
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="batches")
    first_seq = models.PositiveBigIntegerField()
    last_seq = models.PositiveBigIntegerField()
    data = models.BinaryField()
    """Events as NDJSON, compressed with zlib."""

    class Meta:
        ordering = ("environment", "first_seq")
        constraints = (models.UniqueConstraint(fields=("environment", "first_seq"), name="one_batch_a_seq"),)

    def __str__(self) -> str:
        return f"{self.environment_id} {self.first_seq}–{self.last_seq}"


class Invocation(models.Model):
    request_id = models.CharField(max_length=64, primary_key=True)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="invocations")
    function_name = models.CharField(max_length=64)
    version = models.CharField(max_length=20)
    started_at_us = models.PositiveBigIntegerField()
    cold_start = models.BooleanField()
    status = models.CharField(max_length=10)
    duration_ms = models.FloatField(null=True)
    post_runtime_ms = models.FloatField(null=True)
    """PostRuntimeExtensionsDuration; null where no extension was invoked."""
    first_seq = models.PositiveBigIntegerField()
    last_seq = models.PositiveBigIntegerField()
    metrics = models.JSONField()

    class Meta:
        ordering = ("-started_at_us",)
        indexes = (
            models.Index(fields=("-started_at_us",), name="invocation_newest"),
            models.Index(fields=("function_name", "-started_at_us"), name="invocation_of_function"),
            models.Index(fields=("function_name", "version", "-started_at_us"), name="invocation_of_version"),
        )

    def __str__(self) -> str:
        return f"{self.function_name}:{self.version} {self.request_id}"
