/*
 * Statements that are too long for a line of C, as they are in their files, each with a NUL behind it.
 * The makefile knows that this object needs them.  As files they can be read, formatted and tried in
 * psql; as C strings with quotes they could not.  They are inside of the program, so that no file can
 * be missing or of another version.
 */

#include "relay/history/parts.h"

#define SQL_FILE(name, file)                                                                                 \
	__asm__(".pushsection .rodata\n.globl " name "\n" name ":\n.incbin \"" file                          \
		"\"\n.byte 0\n.popsection\n")

SQL_FILE("history_sql_write", "relay/history/write.sql");
SQL_FILE("history_sql_old_events", "relay/history/old_events.sql");
SQL_FILE("history_sql_old_incidents", "relay/history/old_incidents.sql");
SQL_FILE("history_sql_list", "relay/history/list.sql");
SQL_FILE("history_sql_incident", "relay/history/incident.sql");
SQL_FILE("history_sql_stats", "relay/history/stats.sql");
SQL_FILE("history_sql_table", "relay/history/table.sql");
SQL_FILE("history_sql_reader", "relay/history/reader.sql");
SQL_FILE("history_sql_1", "sql/history/001_incidents.sql");

extern const char history_sql_1[];

const char *const history_migrations[] = { history_sql_1, NULL };
