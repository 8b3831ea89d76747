"""Words that cannot stand as a bare name, as the servers list them (PostgreSQL 15, MariaDB 10.11, SQLite 3.40)."""

from __future__ import annotations

#: Reserved in standard SQL, PostgreSQL or SQLite.
RESERVED_WORDS: frozenset[str] = frozenset(
    """
    add all alter analyse analyze and any array as asc asymmetric authorization between binary both case cast check
    collate collation column commit concurrently constraint create cross current_catalog current_date current_role
    current_schema current_time current_timestamp current_user default deferrable delete desc distinct do drop else end
    escape except exists false fetch for foreign freeze from full grant group having if ilike in index initially inner
    insert intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull
    null offset on only or order outer overlaps placing primary raise references returning right select session_user set
    similar some symmetric table tablesample then to trailing transaction true union unique update user using values
    variadic verbose when where window with
    """.split()
)

#: Reserved in MariaDB or MySQL besides.
RESERVED_WORDS_MYSQL: frozenset[str] = RESERVED_WORDS | frozenset(
    """
    accessible asensitive before bigint blob by call cascade change char character condition continue convert cube
    cume_dist cursor databases day_hour day_microsecond day_minute day_second dec decimal declare delayed
    delete_domain_id dense_rank describe deterministic distinctrow div do_domain_ids double dual each elseif empty
    enclosed escaped exit explain first_value float float4 float8 force fulltext function generated get grouping groups
    high_priority hour_microsecond hour_minute hour_second ignore ignore_domain_ids infile inout insensitive int int1
    int2 int3 int4 int8 integer interval iterate json_table key keys kill lag last_value lead leave linear lines load
    lock long longblob longtext loop low_priority manual master_bind master_demote_to_replica master_demote_to_slave
    master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext middleint minute_microsecond
    minute_second mod modifies no_write_to_binlog nth_value ntile numeric of optimize optimizer_costs option optionally
    out outfile over page_checksum parallel parse_vcol_expr partition percent_rank portion precision procedure purge
    qualify range rank read read_write reads real recursive ref_system_id regexp release rename repeat replace require
    resignal restrict return revoke rlike row row_number rows schema schemas second_microsecond sensitive separator show
    signal smallint spatial specific sql sql_big_result sql_calc_found_rows sql_small_result sqlexception sqlstate
    sqlwarning ssl starting stats_auto_recalc stats_persistent stats_sample_pages stored straight_join system terminated
    tinyblob tinyint tinytext trigger undo unlock unsigned usage use utc_date utc_time utc_timestamp varbinary varchar
    varcharacter varying virtual while write xor year_month zerofill
    """.split()
)
