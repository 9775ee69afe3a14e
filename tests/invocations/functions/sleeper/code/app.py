import os
import time

began = []


def handler(event, context):
    began.append(time.time())
    time.sleep(event.get("seconds", 0))
    return {
        "echo": event.get("echo"), "count": len(began), "environment": os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        "began": began[-1], "ended": time.time(),
    }
