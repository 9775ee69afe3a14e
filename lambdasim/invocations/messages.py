"""What web processes and environments say to each other over Redis: invoke, stop, reply. Bytes ↔ values.

One message is a line of JSON, then the payload as it is: six megabytes of it are never quoted or copied into JSON.
"""

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any

from lambdasim.core.values import Answer, Invocation, ShutdownReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke:
    invocation: Invocation
    reply_to: str
    """The Redis list of the web process that waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    reason: ShutdownReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Either the function's answer or, in `failure`, why the service has none."""

    request_id: str
    answer: Answer | None = None
    failure: str = ""


Message = Invoke | Stop


def encode(message: Message) -> bytes:
    if isinstance(message, Stop):
        return _join({"stop": message.reason})
    head = asdict(message.invocation)
    payload = head.pop("payload")
    return _join({"invoke": head, "reply_to": message.reply_to}, payload)


def decode(data: bytes) -> Message:
    head, payload = _split(data)
    if "stop" in head:
        return Stop(reason=ShutdownReason(head["stop"]))
    return Invoke(invocation=Invocation(payload=payload, **head["invoke"]), reply_to=head["reply_to"])


def encode_reply(reply: Reply) -> bytes:
    head: dict[str, Any] = {"request_id": reply.request_id}
    if reply.answer is None:
        return _join({**head, "failure": reply.failure})
    answer = reply.answer
    head |= {"content_type": answer.content_type, "error_type": answer.error_type}
    if answer.log_tail:
        head["log_tail"] = base64.b64encode(answer.log_tail).decode()
    return _join(head, answer.payload)


def decode_reply(data: bytes) -> Reply:
    head, payload = _split(data)
    if "failure" in head:
        return Reply(request_id=head["request_id"], failure=head["failure"])
    answer = Answer(
        request_id=head["request_id"], payload=payload, content_type=head["content_type"],
        error_type=head["error_type"], log_tail=base64.b64decode(head.get("log_tail", "")),
    )
    return Reply(request_id=answer.request_id, answer=answer)


def _join(head: dict[str, Any], payload: bytes = b"") -> bytes:
    return b"%b\n%b" % (json.dumps(head, separators=(",", ":")).encode(), payload)


def _split(data: bytes) -> tuple[dict[str, Any], bytes]:
    head, _, payload = data.partition(b"\n")
    return json.loads(head), payload
