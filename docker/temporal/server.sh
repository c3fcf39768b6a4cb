#!/bin/sh
# Starts the Temporal server with the password of its store, which stands in a file. Replaces the image's own entry point
# (docker-builds of Temporal 1.29: /etc/temporal/entrypoint.sh), and then becomes it.
set -eu

POSTGRES_PWD=$(cat "$POSTGRES_PWD_FILE")
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh "$@"
