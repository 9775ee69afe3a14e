"""The Celery application: `environments` carries one task a life of an environment, `control` everything short.

Tasks are found in the `tasks` module of each installed app. Beat runs in the control worker.
"""

import os

from celery import Celery
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lambdasim.settings")

ENVIRONMENTS, CONTROL = "environments", "control"

app = Celery("lambdasim")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = tuple(Queue(name, routing_key=name) for name in (ENVIRONMENTS, CONTROL))
app.conf.task_default_queue = app.conf.task_default_routing_key = CONTROL
app.autodiscover_tasks()
