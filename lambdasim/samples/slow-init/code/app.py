"""Loads something for INIT_MS milliseconds at import, outside the handler."""

import os
import time

time.sleep(int(os.environ.get("INIT_MS", "0")) / 1000)  # stands for heavy imports and clients


def handler(event, context):
    return {"init_ms": os.environ.get("INIT_MS", "0")}
