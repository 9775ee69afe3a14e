"""Settings for tests: a data directory of their own, gone afterwards, and a database that threads can share."""

import atexit
import os
import shutil
import tempfile

HOME = tempfile.mkdtemp(prefix="lambdasim-tests-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ["LAMBDASIM_HOME"] = HOME
for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"):
    os.environ.pop(name, None)

from lambdasim.settings import *  # noqa: E402, F403
from lambdasim.settings import DATABASES  # noqa: E402

# A file, since SQLite in memory has other rules for locking than the database of the product
DATABASES["default"]["TEST"] = {"NAME": f"{HOME}/test.sqlite3"}
