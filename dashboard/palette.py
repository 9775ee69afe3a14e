"""The one palette: every colour the dashboard draws with, for the light and the dark theme.

`static/css/tokens.css` carries the same values as custom properties and a test holds the two together. Every
token that is drawn or written on the page reaches a contrast of 4.5 : 1 against it (WCAG 2.2, 1.4.3), and no
phase or status is told by colour alone: `cue` names the pattern that goes with it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    light: str
    dark: str
    cue: str = ""


PAGE = Colour(light="#ffffff", dark="#0f141b")

SURFACES: dict[str, Colour] = {
    "page": PAGE,
    "surface": Colour(light="#f8fafc", dark="#161d27"),
    "surface-raised": Colour(light="#ffffff", dark="#1c2530"),
    "border": Colour(light="#d5dce4", dark="#2b3644"),
    "border-strong": Colour(light="#8593a3", dark="#66758a"),
    "selection": Colour(light="#e7effc", dark="#1a2b45"),
}

PHASES: dict[str, Colour] = {
    "phase-extension-init": Colour(light="#b45309", dark="#f59e0b", cue="diagonal hatch, rising"),
    "phase-runtime-init": Colour(light="#a16207", dark="#facc15", cue="diagonal hatch, falling"),
    "phase-function-init": Colour(light="#4d7c0f", dark="#a3e635", cue="dots"),
    "phase-invoke": Colour(light="#1d4ed8", dark="#60a5fa", cue="solid"),
    "phase-tail": Colour(light="#a21caf", dark="#e879f9", cue="solid with a left notch"),
    "phase-frozen": Colour(light="#64748b", dark="#8796ab", cue="wide hatch, no border"),
    "phase-shutdown": Colour(light="#475569", dark="#94a3b8", cue="vertical lines"),
}

STATUSES: dict[str, Colour] = {
    "status-error": Colour(light="#b91c1c", dark="#f87171", cue="✕ and a word"),
    "status-warning": Colour(light="#9a5b00", dark="#fbbf24", cue="! and a word"),
    "status-success": Colour(light="#15703c", dark="#4ade80", cue="✓ and a word"),
}

TEXT: dict[str, Colour] = {
    "text": Colour(light="#17202b", dark="#e6ebf2"),
    "text-muted": Colour(light="#566372", dark="#9aa8b9"),
    "link": Colour(light="#0b5cad", dark="#7ab8ff"),
    "marker": Colour(light="#17202b", dark="#e6ebf2", cue="▲ filled: answered; △ outlined: busy until"),
}

SERIES: dict[str, Colour] = {
    "series-1": Colour(light="#0f766e", dark="#2dd4bf", cue="solid"),
    "series-2": Colour(light="#9f1239", dark="#fb7185", cue="diagonal hatch, rising"),
    "series-3": Colour(light="#3730a3", dark="#a5b4fc", cue="diagonal hatch, falling"),
    "series-4": Colour(light="#7c2d12", dark="#fdba74", cue="dots"),
    "series-5": Colour(light="#155e75", dark="#67e8f9", cue="cross hatch"),
}
"""Processes in charts. Never a phase's colour: a reader must not take one for the other."""

READABLE: dict[str, Colour] = {**PHASES, **STATUSES, **TEXT, **SERIES}
TOKENS: dict[str, Colour] = {**SURFACES, **READABLE}

KIND_TOKENS: dict[str, str] = {
    "init": "phase-runtime-init",
    "extension-init": "phase-extension-init",
    "runtime-init": "phase-runtime-init",
    "function-init": "phase-function-init",
    "invoke": "phase-invoke",
    "handler": "phase-invoke",
    "working": "phase-invoke",
    "tail": "phase-tail",
    "slack": "phase-frozen",
    "frozen": "phase-frozen",
    "shutdown": "phase-shutdown",
    "reset": "status-error",
}
"""Which colour a kind of span is drawn in; `static/js/timeline/kinds.js` adds the pattern."""


def relative_luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance of `#rrggbb`, 0 for black to 1 for white."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((relative_luminance(one), relative_luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
