#!/bin/sh
# Kills node I of the cluster in DATA_DIR (default ./data) with SIGKILL, to try a takeover.
set -eu
# shellcheck source=ops/lib.sh
. "$(dirname -- "$0")/lib.sh"

[ $# -eq 1 ] || usage "[DATA_DIR=…] $0 I    (the number of a node)"
load_cluster
check_node_number "$1"
pid=$(running_pid "$1") || die "node $1 is not running"
kill -KILL "$pid"
wait_until_gone "$1" 5 || die "node $1 (pid $pid) is still there 5 s after SIGKILL"
rm -f "$(node_folder "$1")/pid"
say "node $1 (pid $pid) killed; $(dirname -- "$0")/restart-node.sh $1 brings it back"
