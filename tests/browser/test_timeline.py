"""The timeline element by itself, fed with a recording: what is drawn, what keys and pointer do, what words say."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page


@pytest.fixture
def page(browser: Browser, files_url: str) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1440, "height": 700})
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto(f"{files_url}/harness?live")
    settled(opened)
    yield opened
    opened.close()
    assert problems == []


def settled(page: Page) -> None:
    page.wait_for_selector("html[data-ready]")
    page.wait_for_function("timeline.drawn.bars.length > 0")


def view(page: Page) -> dict[str, Any]:
    return page.evaluate("""() => new Promise(done => {
        requestAnimationFrame(() => requestAnimationFrame(() => done({...timeline.view})));
    })""")


def words(page: Page) -> list[str]:
    return page.evaluate("timeline.drawn.bars.filter(bar => bar.text).map(bar => bar.text)")


def press(page: Page, key: str) -> dict[str, Any]:
    page.locator("canvas").focus()
    page.keyboard.press(key)
    return view(page)


def test_it_follows_the_newest_until_the_reader_moves(page: Page) -> None:
    assert view(page)["follow"] is True
    assert press(page, "a")["follow"] is False
    assert press(page, "0")["follow"] is True


@pytest.mark.parametrize(("key", "grows"), [("w", True), ("ArrowUp", True), ("s", False), ("ArrowDown", False)])
def test_keys_zoom(page: Page, key: str, grows: bool) -> None:
    before = view(page)["pxPerMs"]
    assert (press(page, key)["pxPerMs"] > before) is grows


@pytest.mark.parametrize(("key", "later"), [("d", True), ("ArrowRight", True), ("a", False), ("ArrowLeft", False)])
def test_keys_pan(page: Page, key: str, later: bool) -> None:
    press(page, "w")
    before = view(page)["scrollPx"]
    assert (press(page, key)["scrollPx"] > before) is later


def test_fit_shows_init_and_the_long_freeze_as_a_short_break(page: Page) -> None:
    press(page, "f")
    kinds = page.evaluate("timeline.drawn.bars.map(bar => bar.span.kind)")
    assert {"init", "extension-init", "invoke", "tail", "slack", "frozen", "shutdown"} <= set(kinds)
    widths = page.evaluate("timeline.drawn.bars.filter(bar => bar.span.kind === 'frozen').map(bar => bar.width)")
    assert max(widths) < 1_440
    assert any("frozen 3.2 s" in text for text in words(page))


def test_every_invocation_has_both_markers_and_the_critical_extension_is_named(page: Page) -> None:
    press(page, "f")
    marks = page.evaluate("timeline.drawn.markers.map(one => one.marker.kind)")
    assert marks.count("answered") == marks.count("busy-until") == 6
    assert any("◄ critical" in text for text in words(page))


def test_steps_go_from_invocation_to_invocation(page: Page) -> None:
    press(page, ",")
    last = page.title()
    press(page, ",")
    assert page.title() not in (last, "none")
    press(page, ".")
    assert page.title() == last
    press(page, "Escape")
    assert page.title() == "none"


def test_a_click_chooses_an_invocation_and_a_double_click_zooms_to_it(page: Page) -> None:
    bar = page.evaluate("timeline.drawn.bars.find(bar => bar.span.kind === 'invoke' && bar.x > 0)")
    canvas = page.locator("canvas").bounding_box()
    assert canvas is not None
    at = (canvas["x"] + 148 + bar["x"] + bar["width"] / 2, canvas["y"] + bar["y"] + 5)
    page.mouse.click(*at)
    assert page.title() == bar["span"]["request_id"]
    before = view(page)["pxPerMs"]
    page.mouse.dblclick(*at)
    assert view(page)["pxPerMs"] > before


def test_pointing_says_what_it_is_how_long_and_what_that_means(page: Page) -> None:
    bar = page.evaluate("timeline.drawn.bars.find(b => b.span.kind === 'tail' && b.x > 0)")
    canvas = page.locator("canvas").bounding_box()
    assert canvas is not None
    page.mouse.move(canvas["x"] + 148 + bar["x"] + 3, canvas["y"] + bar["y"] + 8)
    tip = page.locator(".timeline-tip")
    tip.wait_for(state="visible")
    assert "tail" in tip.inner_text()
    assert "The runtime's next → this extension's own next" in tip.inner_text()


def test_the_wheel_scrolls_the_page_and_zooms_only_with_control(page: Page) -> None:
    page.locator("canvas").hover()
    before = view(page)["pxPerMs"]
    page.mouse.wheel(0, 50)
    assert view(page)["pxPerMs"] == before
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    assert view(page)["pxPerMs"] > before


def test_the_same_is_there_as_a_table_and_as_a_sentence(page: Page) -> None:
    assert "2 execution environments, 6 invocations" in (page.locator("canvas").get_attribute("aria-label") or "")
    page.locator("life-timeline summary").click()
    rows = page.locator(".timeline-table tbody tr")
    rows.first.wait_for()
    lengths = page.evaluate("store.groups().map(group => group.spans.length + group.markers.length)")
    assert rows.count() == sum(lengths)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_the_page_in_both_themes(browser: Browser, files_url: str, width: int, theme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 700})
    page.goto(f"{files_url}/harness?live&theme={theme}")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("[...document.querySelector('canvas').getContext('2d').getImageData(4, 46, 1, 1).data]")
    assert (sum(ground[:3]) > 600) is (theme == "light")
    page.close()


def test_ten_thousand_spans_are_drawn_within_a_few_frames(page: Page) -> None:
    """A generous bound: a slow shared machine must pass, drawing all instead of what the width can show must not."""
    took_ms = page.evaluate("""async () => {
        const spans = Array.from({length: 10_000}, (_, n) => ({
            id: `s${n}`, lane: n % 3 ? 'runtime' : 'platform', kind: n % 3 ? 'handler' : 'invoke',
            start_us: 1e15 + n * 2_000, end_us: 1e15 + n * 2_000 + 1_500, request_id: `r${n}`,
        }));
        const groups = [{id: 'e', title: 'many', note: '', lanes: ['platform', 'runtime'], spans, markers: []}];
        timeline.groups = groups;
        document.querySelector('.timeline-fit').click();
        const frame = () => new Promise(done => requestAnimationFrame(done));
        await frame(); await frame();
        const began = performance.now();
        timeline.groups = groups;
        await frame(); await frame();
        return performance.now() - began;
    }""")
    assert took_ms < 500
