"""Init: its order, its limits, its failures, and the same init inside an invocation."""

import pytest

from lambdasim.core import actions, inputs
from lambdasim.core.errors import IllegalTransition, SpecError
from lambdasim.core.limits import MAX_EXTENSIONS
from lambdasim.core.phases import Phase
from lambdasim.core.values import RUNTIME_PARTY, FunctionSpec, InitializationType
from tests.core.fake_host import FakeHost

INIT_ERROR = inputs.RuntimeInitError(
    payload=b'{"errorType":"Runtime.ImportModuleError"}', content_type="application/json",
    error_type="Runtime.ImportModuleError",
)


def _spawned(host: FakeHost) -> list[str]:
    return [action.party for action in host.performed if isinstance(action, actions.Spawn)]


def test_a_cold_start_records_its_steps_in_the_order_of_aws() -> None:
    host = FakeHost().cold_start(["a", "b"]).serve("r1", ["a", "b"])
    assert host.types("platform.") == [
        "platform.initStart", "platform.initRuntimeDone", "platform.extension", "platform.extension",
        "platform.initReport", "platform.start", "platform.runtimeDone", "platform.report",
    ]


def test_the_runtime_is_not_started_before_every_external_extension_has_registered() -> None:
    host = FakeHost().start(["a", "b"])
    assert _spawned(host) == ["a", "b"]
    host.register("a")
    assert (_spawned(host), host.phase) == (["a", "b"], Phase.INIT_REGISTER)
    host.register("b")
    assert (_spawned(host), host.phase) == (["a", "b", RUNTIME_PARTY], Phase.INIT_RUNTIME)


def test_without_extensions_the_runtime_is_started_at_once() -> None:
    host = FakeHost().start()
    assert (_spawned(host), host.phase) == ([RUNTIME_PARTY], Phase.INIT_RUNTIME)


def test_init_waits_for_an_extension_that_subscribed_to_nothing() -> None:
    host = FakeHost().start(["e"]).register("e", [])
    host.next(RUNTIME_PARTY)
    assert host.phase is Phase.INIT_EXTENSIONS
    host.next("e")
    assert host.phase is Phase.IDLE


def test_init_waits_for_an_internal_extension() -> None:
    host = FakeHost().start().register("internal", ["INVOKE"])
    host.next(RUNTIME_PARTY)
    assert host.phase is Phase.INIT_EXTENSIONS
    host.next("internal")
    assert host.phase is Phase.IDLE
    assert host.record("platform.extension") == {"name": "internal", "state": "Ready", "events": ["INVOKE"]}


def test_init_duration_counts_from_the_first_process_to_the_last_next() -> None:
    host = FakeHost(holds_starts=True).start(["e"])
    host.advance(7)
    host.run().initialise(["e"])
    assert host.record("platform.initReport")["metrics"] == {"durationMs": 65.0}
    host.serve("r1", ["e"]).serve("r2", ["e"])
    assert [record["metrics"].get("initDurationMs") for record in host.all_records("platform.report")] == [65.0, None]


def test_the_init_limit_is_armed_for_the_init_phase_and_disarmed_after_it() -> None:
    host = FakeHost().start(["e"])
    assert host.timers == {"init": host.now_ns + 10_000_000_000}
    host.initialise(["e"])
    assert host.timers == {}


def test_provisioned_concurrency_has_130_seconds_for_init() -> None:
    spec = FunctionSpec(function_name="f", initialization_type=InitializationType.PROVISIONED_CONCURRENCY)
    host = FakeHost(spec=spec).start()
    assert host.timers == {"init": host.now_ns + 130_000_000_000}
    host.initialise().serve("r1")
    assert host.record("sim.invoke")["coldStart"] is False
    assert host.record("platform.initStart")["initializationType"] == "provisioned-concurrency"


def test_init_begins_once() -> None:
    host = FakeHost().start()
    with pytest.raises(IllegalTransition, match="from INIT_RUNTIME to INIT_REGISTER failed for environment"):
        host.start()


def test_an_extension_that_has_the_name_of_the_runtimes_lane_is_refused_by_name() -> None:
    host = FakeHost()
    with pytest.raises(SpecError, match=r"extensions: .*rename the file"):
        host.start(["runtime"])
    assert host.phase is Phase.PREPARED


# --- failures ------------------------------------------------------------------------------------


def test_an_extension_that_cannot_be_executed_fails_init_at_once() -> None:
    host = FakeHost(cannot_start={"e": ("PermissionDenied", "fork/exec /opt/extensions/e: permission denied")})
    host.start(["e", "other"])
    assert host.record("platform.extension") == {"name": "other", "state": "Started", "events": []}
    assert host.all_records("platform.extension")[0] == {
        "name": "e", "state": "LaunchError", "events": [], "errorType": "PermissionDenied",
    }
    assert host.record("platform.initReport")["errorType"] == "Extension.LaunchError"
    assert RUNTIME_PARTY not in _spawned(host)
    assert host.phase is Phase.NEW


def test_a_runtime_that_cannot_be_executed_has_an_invalid_entrypoint() -> None:
    reason = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    host = FakeHost(cannot_start={RUNTIME_PARTY: ("UnknownError", reason)}).start()
    assert host.record("platform.initReport")["errorType"] == "Runtime.InvalidEntrypoint"
    host.arrive()
    host.run()
    assert host.answers["r1"].payload == (
        b'{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: r1 Error: ' + reason.encode() + b'"}'
    )


def test_more_than_ten_extensions_fail_init_and_none_is_started() -> None:
    host = FakeHost().start([f"e{number:02}" for number in range(MAX_EXTENSIONS + 1)])
    assert _spawned(host) == []
    assert host.record("platform.extension") == {
        "name": "e10", "state": "LaunchError", "events": [], "errorType": "TooManyExtensions",
    }
    assert host.record("platform.initReport")["errorType"] == "Extension.LaunchError"


def test_an_extension_that_exits_before_it_registered_has_crashed() -> None:
    host = FakeHost().start(["e"]).exit("e", 0)
    assert host.record("platform.initRuntimeDone") == {
        "initializationType": "on-demand", "phase": "init", "status": "error", "errorType": "Extension.Crash",
    }
    assert host.record("platform.extension")["errorType"] == "Extension.Crash"
    assert host.record("platform.initReport")["status"] == "error"


def test_an_init_error_of_an_extension_counts_when_its_process_exits() -> None:
    host = FakeHost().start(["e"]).register("e")
    host.feed(inputs.ExtensionInitError(identifier=host.identifiers["e"], error_type="Extension.NoLicence"))
    assert host.phase is Phase.INIT_RUNTIME
    host.exit("e", 1)
    assert host.record("platform.initReport")["errorType"] == "Extension.InitError"
    assert host.record("platform.extension") == {
        "name": "e", "state": "InitError", "events": ["INVOKE", "SHUTDOWN"], "errorType": "Extension.NoLicence",
    }


def test_an_init_error_of_the_runtime_counts_when_its_process_exits() -> None:
    host = FakeHost().start()
    host.feed(INIT_ERROR)
    assert host.phase is Phase.INIT_RUNTIME
    host.exit(RUNTIME_PARTY)
    assert host.record("platform.initReport")["errorType"] == "Runtime.ImportModuleError"
    assert host.phase is Phase.NEW


def test_the_first_fatal_error_names_the_failure() -> None:
    host = FakeHost().start(["e"]).register("e")
    host.feed(inputs.ExtensionInitError(identifier=host.identifiers["e"], error_type="Extension.First"))
    host.exit(RUNTIME_PARTY)
    assert host.record("platform.initReport")["errorType"] == "Extension.InitError"


def test_an_extension_that_never_registers_runs_into_the_init_limit() -> None:
    host = FakeHost().start(["e"])
    host.advance(9_999)
    assert host.phase is Phase.INIT_REGISTER
    host.advance(1)
    report = host.record("platform.initReport")
    assert (report["status"], report.get("errorType")) == ("timeout", None)
    assert report["metrics"] == {"durationMs": 10_000.0}
    assert host.record("sim.shutdown") == {"reason": "timeout", "budgetMs": 2_000}
    assert host.phase is Phase.NEW


@pytest.mark.parametrize("fault", ["exit", "timeout", "launch"])
def test_a_failed_init_records_each_of_its_events_once(fault: str) -> None:
    host = FakeHost(cannot_start={RUNTIME_PARTY: ("UnknownError", "no")} if fault == "launch" else {})
    host.start(["e"])
    host.register("e")
    if fault == "exit":
        host.exit(RUNTIME_PARTY)
    host.advance(20_000)
    assert host.types("platform.") == [
        "platform.initStart", "platform.initRuntimeDone", "platform.extension", "platform.initReport",
    ]


# --- the same init inside an invocation ----------------------------------------------------------


def _broken_init() -> FakeHost:
    return FakeHost().start(["e"]).exit("e").clear()


def test_the_invocation_after_a_failed_init_initialises_again_before_it_starts() -> None:
    host = _broken_init()
    host.arrive()
    host.run().initialise(["e"])
    assert host.types("platform.") == [
        "platform.initStart", "platform.initRuntimeDone", "platform.extension", "platform.initReport",
        "platform.start",
    ]
    assert {host.record(f"platform.init{step}")["phase"] for step in ("Start", "RuntimeDone", "Report")} == {"invoke"}
    assert host.phase is Phase.INVOKE_RUNTIME


def test_a_suppressed_init_is_part_of_duration_and_no_init_duration_is_reported() -> None:
    host = _broken_init()
    host.arrive()
    host.run().initialise(["e"])
    host.advance(20)
    host.respond()
    host.next(RUNTIME_PARTY)
    host.next("e")
    assert host.record("platform.runtimeDone")["metrics"]["durationMs"] == 21.0
    assert host.record("platform.report")["metrics"] == {
        "durationMs": 86.0, "billedDurationMs": 86, "memorySizeMB": 128, "maxMemoryUsedMB": 41,
    }
    assert host.record("sim.invoke")["coldStart"] is True


def test_a_suppressed_init_runs_under_the_functions_timeout_alone() -> None:
    host = _broken_init()
    host.arrive()
    assert host.timers == {"invoke": host.now_ns + 3_000_000_000}
    host.run().advance(3_000)
    assert host.answers["r1"].error_type == "Sandbox.Timedout"
    assert host.record("platform.initReport")["status"] == "timeout"
    assert host.types("platform.")[-3:] == ["platform.start", "platform.runtimeDone", "platform.report"]
    assert host.record("platform.report")["metrics"]["durationMs"] == 3_000.0


def test_the_payload_of_an_init_error_is_relayed_to_the_invocation_that_waits_for_the_init() -> None:
    host = FakeHost().start()
    host.feed(INIT_ERROR)
    host.exit(RUNTIME_PARTY)
    host.arrive()
    host.run().feed(INIT_ERROR)
    assert host.answers["r1"].payload == INIT_ERROR.payload
    assert host.answers["r1"].error_type == "Runtime.ImportModuleError"
    assert host.completed == []
    host.exit(RUNTIME_PARTY)
    assert host.completed == ["r1"]
    assert host.record("platform.report")["errorType"] == "Runtime.ImportModuleError"


def test_a_process_that_exits_in_a_suppressed_init_answers_with_its_exit() -> None:
    host = FakeHost().start().exit(RUNTIME_PARTY, 0)
    host.arrive()
    host.run().exit(RUNTIME_PARTY, 127)
    assert host.answers["r1"].payload == (
        b'{"errorType":"Runtime.ExitError",'
        b'"errorMessage":"RequestId: r1 Error: Runtime exited with error: exit status 127"}'
    )


def test_an_invocation_that_waited_while_init_failed_initialises_again_by_itself() -> None:
    host = FakeHost().start(["e"])
    host.arrive()
    host.exit("e")
    assert (host.phase, host.environment.current is not None) == (Phase.INIT_REGISTER, True)
    assert host.answers == {}
    host.initialise(["e"])
    host.respond()
    assert host.answers["r1"].payload == b'"ok"'
