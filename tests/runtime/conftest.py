"""No log while an engine is tested."""

from quiet_log import quiet_log

__all__ = ["quiet_log"]
