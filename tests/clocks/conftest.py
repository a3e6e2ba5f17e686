"""Properties are checked without a stopwatch: a busy machine is no reason for a red test."""

from hypothesis import settings

settings.register_profile("without a stopwatch", deadline=None)
settings.load_profile("without a stopwatch")
