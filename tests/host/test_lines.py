"""Lines out of real pipes: whole, in order, cut at the limit, and the rest at the end."""

import asyncio
import os

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdasim.host.lines import BYTES_PER_WAKEUP, MAX_LINE_BYTES, LinePipe
from tests.host.builders import run_async


def read_all(written: list[bytes]) -> list[bytes]:
    async def run() -> list[bytes]:
        lines: list[bytes] = []
        pipe = LinePipe(asyncio.get_running_loop(), lines.append)
        for data in written:
            os.write(pipe.write_fd, data)
            pipe.read_now()
        pipe.started()
        pipe.close()
        return lines

    return asyncio.run(run())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=100), max_size=10))
def test_lines_are_those_of_the_whole_text_however_it_was_cut(written: list[bytes]) -> None:
    expected = b"".join(written).split(b"\n")
    assert read_all(written) == (expected if expected[-1] else expected[:-1])


def test_a_line_beyond_the_limit_is_cut_and_nothing_is_lost() -> None:
    block = b"x" * 40_000
    lines = read_all([block] * 20 + [b"\nend"])
    assert [len(line) for line in lines[:-1]] == [MAX_LINE_BYTES] * 3 + [800_000 - 3 * MAX_LINE_BYTES]
    assert lines[-1] == b"end"


@run_async
async def test_a_wake_up_reads_no_more_than_its_share() -> None:
    lines: list[bytes] = []
    pipe = LinePipe(asyncio.get_running_loop(), lines.append)
    os.write(pipe.write_fd, b"\n" * (3 * BYTES_PER_WAKEUP))
    seen = []
    while not seen or seen[-1] < 3 * BYTES_PER_WAKEUP:
        await asyncio.sleep(0)
        seen.append(len(lines))
    assert max(b - a for a, b in zip([0, *seen], seen, strict=False)) == BYTES_PER_WAKEUP
    pipe.started()
    pipe.close()
