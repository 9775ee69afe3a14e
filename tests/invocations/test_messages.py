from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.core.values import Answer, Invocation, ShutdownReason
from lambdasim.invocations.messages import Invoke, Reply, Stop, decode, decode_reply, encode, encode_reply

INVOCATION = Invocation(
    request_id="r", payload=b"{}", accepted_at_ns=1, function_arn="arn:aws:lambda:us-east-1:0:function:f:1",
    trace_id="Root=1", client_context='{"a":"ü"}', log_tail=True,
)


@given(payload=st.binary())
def test_any_payload_arrives_as_it_was_sent(payload):
    message = Invoke(invocation=replace(INVOCATION, payload=payload), reply_to="list")
    assert decode(encode(message)) == message


@pytest.mark.parametrize("reason", list(ShutdownReason))
def test_a_stop_keeps_its_reason(reason):
    assert decode(encode(Stop(reason=reason))) == Stop(reason=reason)


@given(payload=st.binary(), log_tail=st.binary(), error_type=st.none() | st.text(min_size=1))
def test_any_answer_arrives_as_it_was_sent(payload, log_tail, error_type):
    answer = Answer(request_id="r", payload=payload, error_type=error_type, log_tail=log_tail)
    assert decode_reply(encode_reply(Reply(request_id="r", answer=answer))).answer == answer


def test_a_failure_carries_its_sentence():
    reply = Reply(request_id="r", failure="it ended")
    assert decode_reply(encode_reply(reply)) == reply
