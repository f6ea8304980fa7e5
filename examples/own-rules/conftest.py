"""A few examples of each law here; in your own project take Hypothesis' hundred, and more in the night."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "example",
    max_examples=10,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("example")
