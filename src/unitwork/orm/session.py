"""Session and its makers, under the reference's path."""

from unitwork.session.core import object_session
from unitwork.session.factory import close_all_sessions, make_transient, sessionmaker
from unitwork.session.scopes import SessionTransactionOrigin
from unitwork.session.session import Session
from unitwork.session.transaction import SessionTransaction

__all__ = [
    "Session",
    "SessionTransaction",
    "SessionTransactionOrigin",
    "close_all_sessions",
    "make_transient",
    "object_session",
    "sessionmaker",
]
