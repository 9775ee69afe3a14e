"""`{% machine as here %}`: what the workers' machine offers, for the header of every page."""

from django import template

from dashboard import machine

register = template.Library()
register.simple_tag(machine.machine, name="machine")
