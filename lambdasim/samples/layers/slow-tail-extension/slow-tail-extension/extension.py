"""Works for 80 ms after every INVOKE; if the function is faster, the rest shows as this extension's tail."""

import http.client
import json
import os
import sys
import time

NAME = os.path.basename(os.path.dirname(os.path.abspath(__file__)))
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])  # no timeout: next waits as long as it takes


def call(method, path, headers, body=None):
    api.request(method, f"/2020-01-01/extension/{path}", body, headers)
    answer = api.getresponse()
    document = json.loads(answer.read())
    if answer.status != 200:
        sys.exit(f"{NAME}: {path} answered {answer.status}: {document}")
    return answer.headers, document


headers, _ = call("POST", "register", {"Lambda-Extension-Name": NAME}, json.dumps({"events": ["INVOKE", "SHUTDOWN"]}))
identity = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
while (event := call("GET", "event/next", identity)[1])["eventType"] == "INVOKE":
    time.sleep(0.080)  # stands for a request to a collector
