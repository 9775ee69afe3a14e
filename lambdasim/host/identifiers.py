"""Fresh identifiers in the shapes that AWS gives them."""

import os
import time
import uuid


def new_request_id() -> str:
    """Version-4 UUID, as AWS makes them."""
    return str(uuid.uuid4())


def new_environment_id() -> str:
    return str(uuid.uuid4())


def new_trace_id() -> str:
    """X-Ray tracing header, not sampled: `Root=1-<epoch>-<96 bits>;Parent=<64 bits>;Sampled=0`
    (AWS: X-Ray developer guide, "Tracing header")."""
    return f"Root=1-{int(time.time()):08x}-{os.urandom(12).hex()};Parent={os.urandom(8).hex()};Sampled=0"


def new_log_stream(version: str) -> str:
    """`YYYY/MM/DD/[<version>]<32 hex>` (AWS: monitoring-cloudwatchlogs)."""
    return f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{version}]{uuid.uuid4().hex}"
