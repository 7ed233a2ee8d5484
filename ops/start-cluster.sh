#!/bin/sh
# Starts a cluster of N nodes on this machine, or those of its nodes that are down. See README.md, "Running it".
#
#   DATA_DIR    where its data is              ./data
#   BASE_PORT   node i: memcache BASE_PORT+i-1, admin +1000, peers +2000, text +3000, Thrift +4000      22133
#   DIRECTORY   where leases and the map are   lmdb:DATA_DIR/directory
#   REPLICAS    copies of every queue          2 (1 where N is 1)
set -eu
# shellcheck source=ops/lib.sh
. "$(dirname -- "$0")/lib.sh"

# What this call started is stopped again unless it succeeds.
started=
clean_up() {
  status=$?
  trap '' INT TERM HUP
  stop_ticker
  for i in $started; do
    if is_running "$i"; then stop_node "$i" || true; fi
  done
  unlock_cluster
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

[ $# -eq 1 ] || usage "[DATA_DIR=…] [BASE_PORT=…] [DIRECTORY=…] [REPLICAS=…] $0 N    (N nodes, from 1)"
wanted_nodes=$1
is_between 1 999 "$wanted_nodes" || die "the number of nodes has to be between 1 and 999, not '$wanted_nodes'"
check_node

# The settings: those given, or the cluster's own where it exists, or the defaults.
must_be_same() {
  [ -z "$2" ] || [ "$2" = "$3" ] ||
    die "$DATA_DIR holds another cluster: its $1 is $3, not $2 (set DATA_DIR to start a new one)"
}
case ${DIRECTORY:-} in
  lmdb:*) DIRECTORY=lmdb:$(absolute "${DIRECTORY#lmdb:}") ;;
esac
given_base_port=${BASE_PORT:-}
given_directory=${DIRECTORY:-}
given_replicas=${REPLICAS:-}
if find_cluster; then
  load_cluster
  must_be_same 'number of nodes' "$wanted_nodes" "$NODES"
  must_be_same BASE_PORT "$given_base_port" "$BASE_PORT"
  must_be_same DIRECTORY "$given_directory" "$DIRECTORY"
  must_be_same REPLICAS "$given_replicas" "$REPLICAS"
else
  NODES=$wanted_nodes
  BASE_PORT=${given_base_port:-22133}
  REPLICAS=${given_replicas:-$((NODES > 1 ? 2 : 1))}
fi
is_between 1 $((65535 - 4000 - NODES + 1)) "$BASE_PORT" ||
  die "BASE_PORT has to be between 1 and $((65535 - 4000 - NODES + 1)), so that its ports end at 65535, not '$BASE_PORT'"
is_between 1 $((NODES < 5 ? NODES : 5)) "$REPLICAS" ||
  die "REPLICAS has to be between 1 and 5, and at most the number of nodes, $NODES; not '$REPLICAS'"

all=
i=1
while [ "$i" -le "$NODES" ]; do
  all="$all $i"
  i=$((i + 1))
done

find_down() {
  down=
  for i in $all; do is_running "$i" || down="$down $i"; done
}

check_ports() {
  set --
  for i in $down; do
    set -- "$@" "$(memcache_port "$i")=memcache of node $i" "$(admin_port "$i")=admin of node $i" \
      "$(peer_port "$i")=peers of node $i" "$(text_port "$i")=text of node $i" \
      "$(thrift_port "$i")=Thrift of node $i"
  done
  taken=$(node "$tool" check-ports "$@") || die "$taken (set BASE_PORT to use others)"
}

write_cluster_env() {
  printf 'NODES=%s\nBASE_PORT=%s\nREPLICAS=%s\nDIRECTORY=%s\n' "$NODES" "$BASE_PORT" "$REPLICAS" "$given_directory" \
    >"$DATA_DIR/cluster.env.new"
  mv "$DATA_DIR/cluster.env.new" "$DATA_DIR/cluster.env"
}

find_down
if [ -z "$down" ]; then
  say "all nodes are running already"
else
  check_ports
  install_and_build
  mkdir -p "$DATA_DIR" || die "cannot make the folder $DATA_DIR"
  lock_cluster
  find_cluster || write_cluster_env
  load_cluster
  find_down
  for i in $all; do
    case "$down " in
      *" $i "*)
        started="$started $i"
        launch_node "$i"
        say "node $i started (pid $(cat "$(node_folder "$i")/pid"), log $(node_folder "$i")/log)"
        ;;
      *) say "node $i is running already (pid $(running_pid "$i"))" ;;
    esac
  done
fi

# shellcheck disable=SC2086 # a list of numbers
if ! wait_until_ready $all; then
  for i in $started; do show_log "$i"; done
  die "the cluster did not become ready${started:+; what this call started is stopped again}"
fi
started=

row() { printf '%-5s %-17s %-17s %-8s %s\n' "$@"; }
row node memcache admin pid data
for i in $all; do
  row "$i" "127.0.0.1:$(memcache_port "$i")" "127.0.0.1:$(admin_port "$i")" "$(running_pid "$i")" "$(node_folder "$i")"
done
# The data folder of a cluster in the default place need not be named.
[ "$DATA_DIR" = "$(pwd -P)/data" ] && prefix= || prefix="DATA_DIR=$DATA_DIR "
ops=$(dirname -- "$0")
cat <<EOF

Try it:
  printf 'set foo 0 0 3\\r\\naaa\\r\\nget foo\\r\\nquit\\r\\n' | nc 127.0.0.1 $(memcache_port "$NODES")
  $prefix$ops/kill-node.sh 1        # kill -9: its queues go on at their followers
  $prefix$ops/start-cluster.sh $NODES    # starts again what is down
  $prefix$ops/stop-cluster.sh
EOF
