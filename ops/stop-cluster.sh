#!/bin/sh
# Stops the nodes in DATA_DIR (default ./data) one after another, so that each hands its queues to those still running.
set -eu
# shellcheck source=ops/lib.sh
. "$(dirname -- "$0")/lib.sh"

[ $# -eq 0 ] || usage "[DATA_DIR=…] $0"
load_cluster

stopped=0
killed=0
i=1
while [ "$i" -le "$NODES" ]; do
  if is_running "$i"; then
    stopped=$((stopped + 1))
    stop_node "$i" || killed=$((killed + 1))
  fi
  i=$((i + 1))
done
if [ "$stopped" -eq 0 ]; then
  say "no node of $DATA_DIR is running"
else
  say "stopped: $stopped of $NODES nodes; the data stays in $DATA_DIR"
fi
[ "$killed" -eq 0 ] || exit 1
