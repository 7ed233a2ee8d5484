#!/bin/sh
# Restarts node I of the cluster in DATA_DIR (default ./data): it hands over, stops, starts, and catches up.
set -eu
# shellcheck source=ops/lib.sh
. "$(dirname -- "$0")/lib.sh"

[ $# -eq 1 ] || usage "[DATA_DIR=…] $0 I    (the number of a node)"
clean_up() {
  status=$?
  stop_ticker
  unlock_cluster
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

load_cluster
check_node_number "$1"
check_node
install_and_build
lock_cluster
stop_node "$1" || true
launch_node "$1"
say "node $1 started (pid $(cat "$(node_folder "$1")/pid"), log $(node_folder "$1")/log)"
if ! wait_until_ready "$1"; then
  show_log "$1"
  die "node $1 did not become ready"
fi
