"""The formatting rules of dashboard/units.py as template filters, and the words and signs of a state."""

from collections.abc import Mapping
from typing import Any

from django import template

from dashboard import units
from dashboard.states import state_class, state_words

register = template.Library()
for made in (units.figure, units.duration, units.coarse, units.clock, units.short_id, state_class, state_words):
    register.filter(made.__name__, made)


@register.filter
def item(mapping: Mapping[str, Any] | None, key: str) -> Any:
    """`{{ summary|item:function.name }}`: a value by a key that is itself a value; None where there is none."""
    return None if mapping is None else mapping.get(key)
