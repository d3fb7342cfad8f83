"""Schedules and the embedded system, as data and as processes."""
