"""Pools under the reference's path: classes for ``create_engine(poolclass=…)`` and ``create_engine(pool=…)``."""

from unitwork.engine.pool import Pool, PoolResetState
from unitwork.engine.proxied import PoolProxiedConnection
from unitwork.engine.queue_pool import QueuePool
from unitwork.engine.simple_pools import AssertionPool, NullPool, SingletonThreadPool, StaticPool

__all__ = [
    "AssertionPool",
    "NullPool",
    "Pool",
    "PoolProxiedConnection",
    "PoolResetState",
    "QueuePool",
    "SingletonThreadPool",
    "StaticPool",
]
