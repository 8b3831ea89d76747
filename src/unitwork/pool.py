"""Pools under the reference's path: classes for ``create_engine(poolclass=…)``."""

from unitwork.engine.pool import NullPool, Pool, QueuePool, StaticPool

__all__ = ["NullPool", "Pool", "QueuePool", "StaticPool"]
