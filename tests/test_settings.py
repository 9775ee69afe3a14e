"""The settings as a process of its own reads them from its environment."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SHOW = """
import json
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in %r}, default=str))
"""


def read(home: Path, *names: str, **variables: str) -> dict:
    found = run(home, *names, **variables)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def run(home: Path, *names: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "lambdasim.settings",
                   "LAMBDASIM_HOME": str(home), **variables}
    return subprocess.run([sys.executable, "-c", SHOW % (names,)], env=environment, capture_output=True, text=True)


def test_everything_lies_in_the_data_directory_unless_said_otherwise(tmp_path):
    found = read(tmp_path, "DATABASES", "REDIS_URL", "CELERY_BROKER_URL", "REDIS_IS_EMBEDDED")
    assert found["DATABASES"]["default"]["NAME"] == str(tmp_path / "lambdasim.sqlite3")
    assert found["DATABASES"]["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert found["REDIS_URL"].startswith("unix:///")
    assert found["CELERY_BROKER_URL"] == found["REDIS_URL"].replace("unix:", "redis+socket:")
    assert found["REDIS_IS_EMBEDDED"] is True


def test_a_redis_of_ones_own_is_the_broker_too(tmp_path):
    found = read(tmp_path, "REDIS_URL", "CELERY_BROKER_URL", "REDIS_IS_EMBEDDED", REDIS_URL="redis://db.example:6379/2")
    assert found["CELERY_BROKER_URL"] == found["REDIS_URL"] == "redis://db.example:6379/2"
    assert found["REDIS_IS_EMBEDDED"] is False


def test_a_data_directory_with_odd_characters_is_found(tmp_path):
    odd = tmp_path / "with space % and é"
    assert read(odd, "DATABASES")["DATABASES"]["default"]["NAME"] == str(odd / "lambdasim.sqlite3")


def test_only_our_own_names_are_answered(tmp_path):
    assert read(tmp_path, "ALLOWED_HOSTS")["ALLOWED_HOSTS"] == ["127.0.0.1", "[::1]", "localhost"]
    found = read(tmp_path, "ALLOWED_HOSTS", LAMBDASIM_HOST="0.0.0.0")
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "[::1]", "localhost"]
    assert "box.lan" in read(tmp_path, "ALLOWED_HOSTS", LAMBDASIM_HOST="box.lan")["ALLOWED_HOSTS"]


@pytest.mark.parametrize(("variable", "value", "message"), [
    ("LAMBDASIM_PORT", "eighty", "LAMBDASIM_PORT: 'eighty' is not a whole number of at least 1"),
    ("LAMBDASIM_ENVIRONMENTS", "0", "LAMBDASIM_ENVIRONMENTS: '0' is not a whole number of at least 1"),
    ("LAMBDASIM_DEBUG", "maybe", "LAMBDASIM_DEBUG: 'maybe' is neither true nor false"),
    ("REDIS_URL", "localhost:6379", "REDIS_URL: 'localhost:6379' does not begin with"),
])
def test_a_value_that_makes_no_sense_is_named(tmp_path, variable, value, message):
    found = run(tmp_path, "DEBUG", **{variable: value})
    assert found.returncode != 0
    assert message in found.stderr


def test_a_data_directory_of_another_version_stops_everything(tmp_path):
    (tmp_path / "format").write_text("2\n")
    found = run(tmp_path, "DEBUG")
    assert "holds data format 2" in found.stderr
