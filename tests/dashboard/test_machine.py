import json

from dashboard.machine import STALE_AFTER_S, Machine, machine, read_workers

NOW_S = 1_000_000.0


def worker(isolation: str, *, age_s: float = 0.0) -> bytes:
    return json.dumps({
        "at": NOW_S - age_s, "slots": 4, "capabilities": {"isolation": isolation},
        "lines": [f"Isolation: {isolation}."],
    }).encode()


def test_the_isolation_of_the_workers_machine_is_named() -> None:
    found = read_workers({b"one": worker("namespaces"), b"two": worker("namespaces")}, now_s=NOW_S)
    assert found == Machine(state="present", workers=2, isolation="namespaces", lines=("Isolation: namespaces.",))


def test_machines_that_differ_are_both_named() -> None:
    found = read_workers({b"one": worker("namespaces"), b"two": worker("landlock")}, now_s=NOW_S)
    assert found.isolation == "landlock, namespaces"


def test_a_worker_that_fell_silent_does_not_count() -> None:
    assert read_workers({b"one": worker("namespaces", age_s=STALE_AFTER_S + 1)}, now_s=NOW_S).state == "absent"


def test_without_redis_a_page_says_so_instead_of_failing(settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert machine() == Machine(state="away")
