#!/bin/sh
# Makes the files that docker-compose.yml takes its secrets from: random passwords for the two databases and a random
# APP_SECRET, and empty files for what is used by those who have it. May be repeated: what exists is left alone.
#
#   sh docker/secrets.sh [folder]      ./secrets without one; another one needs SECRETS_DIR in .env as well
set -eu

folder=${1:-${SECRETS_DIR:-./secrets}}
RANDOM_ONES='postgres_password temporal_postgres_password app_secret'
OWN_ONES='api_keys tushare_token baostock_api_key notify_url notify_secret otlp_headers'

mkdir -p "$folder"
# Only their owner gets to the files; within a container they are read by whatever user its program runs as.
chmod 700 "$folder"

for name in $RANDOM_ONES; do
  [ -s "$folder/$name" ] && continue
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$folder/$name"
  echo "$folder/$name: a random one"
done
for name in $OWN_ONES; do
  [ -e "$folder/$name" ] && continue
  : >"$folder/$name"
  echo "$folder/$name: empty; put yours there if you have one"
done
for name in $RANDOM_ONES $OWN_ONES; do
  chmod 644 "$folder/$name"
done
