#!/bin/sh
# Makes the namespace and registers the search attributes of our workflows (SEARCH_ATTRIBUTES in
# workflows/contract/ids.ts). May be repeated: what exists is left alone.
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE come from the environment, which the CLI reads by itself.
set -eu

# How long ended runs stay visible in the Temporal Web UI; the database keeps them for 400 days.
RETENTION=30d
ATTRIBUTES='SyncJob SyncRunId SyncSource SyncState'

attempt=0
until temporal operator cluster health >/dev/null 2>&1; do
  attempt=$((attempt + 1))
  [ "$attempt" -lt 60 ] || { echo "no Temporal server at $TEMPORAL_ADDRESS" >&2; exit 1; }
  sleep 1
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"

# A namespace that was made a moment ago is not known to every part of the server yet.
registered() {
  temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" 2>/dev/null | grep -qw "$1"
}

for name in $ATTRIBUTES; do
  attempt=0
  until registered "$name"; do
    attempt=$((attempt + 1))
    [ "$attempt" -lt 30 ] || { echo "search attribute $name could not be registered" >&2; exit 1; }
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword || true
    sleep 1
  done
done
echo "namespace $TEMPORAL_NAMESPACE has $ATTRIBUTES"
