"""No log while feeds are tested."""

from quiet_log import quiet_log

__all__ = ["quiet_log"]
