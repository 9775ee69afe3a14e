"""One execution environment with real processes: what is answered, recorded and measured agrees with a stopwatch."""

import asyncio
import json
import time

import pytest

from tests.host.life import extension, life, write_code

ECHO = """
    import json
    def handler(event, context):
        print("working on", json.dumps(event))
        return {"echo": event, "request_id": context.aws_request_id}
"""

pytestmark = pytest.mark.asyncio


async def test_it_answers_with_what_the_handler_returned(tmp_path):
    async with life(tmp_path, ECHO) as env:
        answer = await env.invoke(b'{"a": 1}')
    assert answer.error_type is None
    assert json.loads(answer.payload)["echo"] == {"a": 1}


async def test_events_are_gapless_and_never_run_backwards_but_for_marks(tmp_path):
    async with life(tmp_path, ECHO, {"quiet": extension()}) as env:
        await env.invoke()
        await env.host.wait_free()
        await env.invoke()
    events = env.recording.events
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    times = [event.at_ns for event in events if event.type != "sim.mark"]
    assert times == sorted(times)
    assert (events[0].type, events[-1].type) == ("sim.environment", "sim.end")


async def test_an_extensions_tail_is_measured_and_does_not_delay_the_answer(tmp_path):
    slow = extension(on_invoke="time.sleep(0.08)")
    async with life(tmp_path, ECHO, {"slow": slow, "quick": extension()}) as env:
        await env.invoke()
        await env.host.wait_free()
        started = time.perf_counter()
        await env.invoke()
        answered_ms = (time.perf_counter() - started) * 1000
        await env.host.wait_free()
        free_ms = (time.perf_counter() - started) * 1000
    warm = env.recording.invocations()[1]
    tails = {e.name: e for e in warm.extensions}
    assert answered_ms < 40
    assert free_ms >= 80
    assert 70 <= tails["slow"].tail_ms <= 90
    assert tails["slow"].critical and not tails["quick"].critical
    assert warm.post_runtime_extensions_duration_ms == pytest.approx(tails["slow"].tail_ms, abs=0.01)
    assert warm.answered_after_ms == pytest.approx(answered_ms, abs=5)


async def test_the_next_invocation_waits_for_the_slowest_extension(tmp_path):
    async with life(tmp_path, ECHO, {"slow": extension(on_invoke="time.sleep(0.08)")}) as env:
        await env.invoke()
        started = time.perf_counter()
        await env.invoke()
        assert (time.perf_counter() - started) * 1000 >= 70


async def test_a_short_peak_of_100_mb_is_seen_and_not_carried_over(tmp_path):
    code = """
        import time
        def handler(event, context):
            if event.get("peak"):
                block = bytearray(100 * 1024 * 1024)
                for at in range(0, len(block), 4096):
                    block[at] = 1
                time.sleep(0.01)
            return "done"
    """
    async with life(tmp_path, code) as env:
        for payload in (b"{}", b"{}", b'{"peak": true}', b"{}"):
            await env.invoke(payload)
            await env.host.wait_free()
    _, before, peak, after = (i.max_memory_used_mb for i in env.recording.invocations())
    assert 90 <= peak - before <= 110
    assert after < before + 10


async def test_a_process_that_spins_in_the_background_uses_no_cpu_while_frozen(tmp_path):
    code = """
        import threading
        def spin():
            while True:
                pass
        def handler(event, context):
            if not any(t.name == "spinner" for t in threading.enumerate()):
                threading.Thread(target=spin, name="spinner", daemon=True).start()
            return "done"
    """
    async with life(tmp_path, code) as env:
        await env.invoke()
        await env.host.wait_free()
        while not env.recording.of("sim.freeze") or env.recording.of("sim.thaw"):
            await asyncio.sleep(0)
        await asyncio.sleep(0.5)  # the frozen half second itself, not a wait for something
        await env.invoke()
        await env.host.wait_free()
    warm = env.recording.invocations()[1]
    frozen_ms = env.recording.of("sim.thaw")[-1].record["frozenMs"]
    assert frozen_ms >= 400
    assert warm.runtime.cpu_ms < 100


async def test_log_tail_holds_start_the_functions_lines_and_the_report(tmp_path):
    async with life(tmp_path, ECHO) as env:
        tail = (await env.invoke(b'{"a": 1}', log_tail=True)).log_tail.decode()
    assert [line.split()[0] for line in tail.splitlines() if line] == ["START", "working", "END", "REPORT"]


async def test_a_raising_handler_is_an_answer_and_the_environment_stays_warm(tmp_path):
    code = """
        def handler(event, context):
            raise ValueError("no such thing")
    """
    async with life(tmp_path, code) as env:
        first, second = await env.invoke(), await env.invoke()
    assert json.loads(first.payload)["errorType"] == "ValueError"
    assert first.error_type is not None and second.error_type is not None
    assert len(env.recording.of("sim.processStart")) == 1


async def test_a_handler_that_does_not_exist_is_the_runtimes_own_error(tmp_path):
    async with life(tmp_path, ECHO, handler="app.missing") as env:
        answer = await env.invoke()
    assert json.loads(answer.payload)["errorType"] == "Runtime.HandlerNotFound"


async def test_a_timeout_covers_extensions_and_the_environment_recovers_with_tmp_kept(tmp_path):
    code = """
        import os
        def handler(event, context):
            seen = os.path.exists("/tmp/kept")
            open("/tmp/kept", "w").close()
            return seen
    """
    once = "not os.path.exists('/tmp/stuck') and not open('/tmp/stuck', 'w').close()"
    stuck = extension(on_invoke=f"time.sleep(3600 if {once} else 0)")
    async with life(tmp_path, code, {"stuck": stuck}, timeout_ms=1000) as env:
        first = await env.invoke()
        await env.host.wait_free()
        second = await env.invoke()
        await env.host.wait_free()
    assert (first.payload, second.payload) == (b"false", b"true")
    assert [i.status for i in env.recording.invocations()] == ["timeout", "success"]


async def test_an_extension_without_shebang_is_a_launch_error_in_awss_words(tmp_path):
    async with life(tmp_path, ECHO, {"broken": "no shebang here"}) as env:
        answer = await env.invoke()
    body = json.loads(answer.payload)
    assert body["errorType"] == "Extension.LaunchError"
    assert "fork/exec /opt/extensions/broken: exec format error" in body["errorMessage"]


async def test_shutdown_reaches_the_extensions(tmp_path):
    loud = extension(on_shutdown="print('bye', event['shutdownReason'], flush=True)")
    async with life(tmp_path, ECHO, {"loud": loud}) as env:
        await env.invoke()
    assert "bye spindown" in env.recording.lines("loud")
    exits = {event.party: event.record["code"] for event in env.recording.of("sim.processExit")}
    assert exits["loud"] == 0


async def test_a_bootstrap_of_its_own_runs_with_provided(tmp_path):
    bootstrap = """\
        #!/usr/bin/python3
        import http.client, os
        api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        while True:
            api.request("GET", "/2018-06-01/runtime/invocation/next")
            event = api.getresponse()
            body, request_id = event.read(), event.headers["Lambda-Runtime-Aws-Request-Id"]
            api.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", body=body.upper())
            api.getresponse().read()
    """
    async with life(tmp_path, bootstrap, runtime="provided.al2023") as env:
        answer = await env.invoke(b'"abc"')
    assert answer.payload == b'"ABC"'


async def test_no_bootstrap_is_said_in_awss_words(tmp_path):
    write_code(tmp_path / "task", "", "python")  # an app.py, but no bootstrap
    async with life(tmp_path, None, runtime="provided") as env:
        body = json.loads((await env.invoke()).payload)
    assert body["errorType"] == "Runtime.InvalidEntrypoint"
    assert "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" in body["errorMessage"]
