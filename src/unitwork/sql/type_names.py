"""Types by their SQL names, as the reference has them in upper case.

Each is the type in mixed case of the same meaning, spelled as the database spells it: a CLOB is TEXT on PostgreSQL, a
TIMESTAMP is DATETIME(6) on MariaDB (whose own TIMESTAMP ends in 2038 and depends on the zone of the session).

Spec: LB-19.
"""

from __future__ import annotations

from unitwork.sql.types import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Text,
    Time,
    Uuid,
)


class INTEGER(Integer):
    """INTEGER."""


INT = INTEGER


class SMALLINT(SmallInteger):
    """SMALLINT."""


class BIGINT(BigInteger):
    """BIGINT."""


class VARCHAR(String):
    """VARCHAR."""


class NVARCHAR(String):
    """VARCHAR: all text is Unicode."""


class CHAR(String):
    """CHAR: text of a fixed length, filled up with blanks by some databases; they are taken off when it is read.

    A text that ends with a blank is refused, as nobody could tell it from one that was filled up.
    """

    visit = "char"


class NCHAR(CHAR):
    """CHAR: all text is Unicode."""


class TEXT(Text):
    """TEXT."""


class CLOB(Text):
    """TEXT of any length."""


class FLOAT(Float):
    """FLOAT."""


class REAL(Float):
    """REAL: single precision on PostgreSQL, where other numbers are refused; double precision elsewhere."""

    visit = "real"


class DOUBLE(Double):
    """DOUBLE PRECISION."""


class DOUBLE_PRECISION(Double):
    """DOUBLE PRECISION."""


class NUMERIC(Numeric):
    """NUMERIC."""


class DECIMAL(Numeric):
    """NUMERIC."""


class BOOLEAN(Boolean):
    """BOOLEAN."""


class DATE(Date):
    """DATE."""


class TIME(Time):
    """TIME."""


class DATETIME(DateTime):
    """DATETIME, or TIMESTAMP where that is its name."""


class TIMESTAMP(DateTime):
    """TIMESTAMP, or DATETIME where that keeps more."""


class BLOB(LargeBinary):
    """BLOB."""


class BINARY(LargeBinary):
    """BINARY: a fixed number of bytes; values of another length are refused."""

    visit = "binary"


class VARBINARY(LargeBinary):
    """VARBINARY."""

    visit = "varbinary"


class UUID(Uuid):
    """UUID, or 32 hexadecimal digits where the database has no such type."""
