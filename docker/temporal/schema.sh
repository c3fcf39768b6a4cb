#!/bin/sh
# Makes or upgrades the two databases of the Temporal server. Every step may be repeated: an existing database is kept,
# and a schema is only ever moved forward.
set -eu

SQL_PASSWORD=$(cat "$SQL_PASSWORD_FILE")
export SQL_PASSWORD

sql() {
  temporal-sql-tool --plugin postgres12 --endpoint "$SQL_HOST" --port 5432 --user "$SQL_USER" "$@"
}

for database in temporal temporal_visibility; do
  case $database in
    temporal) schema=temporal ;;
    temporal_visibility) schema=visibility ;;
  esac
  sql --database "$database" create-database
  sql --database "$database" setup-schema --version 0.0
  sql --database "$database" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
