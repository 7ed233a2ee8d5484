#!/bin/sh
# A real cluster of three on this machine, through the scripts and nc, as README.md tells a newcomer to try it: nodes
# restarted, killed one by one and all at once, and nothing lost. Needs nc (netcat-openbsd).
#
#   ops/smoke.sh        the last line is `N passed, N failed`
# shellcheck disable=SC2317 # functions that `expect` calls
set -u

ops=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
work=$(mktemp -d "${TMPDIR:-/tmp}/windhover-smoke.XXXXXX")
DATA_DIR=$work/data
BASE_PORT=${SMOKE_BASE_PORT:-20133}
export DATA_DIR BASE_PORT
unset DIRECTORY REPLICAS
passed=0
failed=0

clean_up() {
  status=$?
  trap '' INT TERM HUP
  [ ! -f "$DATA_DIR/cluster.env" ] || "$ops/stop-cluster.sh" >/dev/null 2>&1
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# expect 'what' 'extended regular expression' command…: the command ends with 0 and prints a line that matches. Gives 1
# when it does not.
expect() {
  what=$1 pattern=$2
  shift 2
  if "$@" >"$work/output" 2>&1 && grep -qE -- "$pattern" "$work/output"; then
    passed=$((passed + 1))
    echo "ok   $what"
  else
    failed=$((failed + 1))
    echo "FAIL $what (wanted: $pattern)"
    sed 's/^/  | /' "$work/output"
    tail -n 5 "$DATA_DIR"/node-*/log 2>/dev/null | sed 's/^/  log | /'
    return 1
  fi
}

finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}

# ask NODE 'lines with \r\n': sends them to a node and prints its answers on one line, without line ends.
ask() {
  printf '%bquit\r\n' "$2" | nc -w 5 127.0.0.1 $((BASE_PORT + $1 - 1)) | tr -d '\r' | tr '\n' ' '
}

# The same, but the client ends its side instead of saying quit.
ask_and_hang_up() {
  printf '%b' "$2" | nc -N -w 5 127.0.0.1 $((BASE_PORT + $1 - 1)) | tr -d '\r' | tr '\n' ' '
}

# Items in twenty queues, so that every node leads some of them.
fill() {
  q=1
  while [ "$q" -le 20 ]; do
    ask "$1" "set $2-$q 7 0 6\r\nitem$((q + 10))\r\n" | grep -q STORED || return 1
    q=$((q + 1))
  done
  echo filled
}

# Takes them out again through another node; a queue that is being taken over may refuse for a moment.
drain() {
  q=1
  while [ "$q" -le 20 ]; do
    tries=0
    until ask "$1" "get $2-$q\r\n" >"$work/answer" && grep -q "^VALUE $2-$q 7 6 item$((q + 10)) END" "$work/answer"; do
      tries=$((tries + 1))
      if [ "$tries" -eq 50 ] || ! grep -q '^SERVER_ERROR' "$work/answer"; then
        echo "queue $2-$q answered: $(cat "$work/answer")"
        return 1
      fi
      sleep 0.1
    done
    q=$((q + 1))
  done
  echo drained
}

# README.md's commands under "Sixty seconds with it", as they stand, on this run's ports.
# shellcheck disable=SC2016 # the back quotes are Markdown's
newcomer() {
  sed -n '/^## Sixty seconds/,/^## From/{/^```sh/,/^```/{/^```/!p;};}' "$ops/../README.md" |
    sed "s/ 22133/ $BASE_PORT/; s/ 22134/ $((BASE_PORT + 1))/; s/ 22135/ $((BASE_PORT + 2))/" >"$work/newcomer.sh"
  (cd "$ops/.." && sh -e "$work/newcomer.sh") >"$work/newcomer" || {
    cat "$work/newcomer"
    return 1
  }
  tr -d '\r' <"$work/newcomer" | grep -A 1 '^VALUE work' | grep -v -e '^VALUE' -e '^--' | tr '\n' ' '
}

kill_all() { "$ops/kill-node.sh" 1 && "$ops/kill-node.sh" 2 && "$ops/kill-node.sh" 3; }

# A port is taken as long as the node's process lives.
none_left() {
  node "$ops/cluster-tool.mjs" check-ports "$BASE_PORT=node 1" "$((BASE_PORT + 1))=node 2" "$((BASE_PORT + 2))=node 3" &&
    echo none
}

refused() { ! "$@"; }

expect "README's sixty seconds" '^hello again again safe $' newcomer
expect 'a cluster of three starts' '^3 nodes ready' "$ops/start-cluster.sh" 3 || finish
for node in 1 2 3; do
  expect "set and get through node $node" '^STORED VALUE foo 0 3 aaa END ?$' \
    ask_and_hang_up "$node" 'set foo 0 0 3\r\naaa\r\nget foo\r\n'
done
expect 'set through node 1' '^STORED ?$' ask 1 'set passed-on 5 0 2\r\nhi\r\n'
expect 'get of it through node 3' '^VALUE passed-on 5 2 hi END ?$' ask 3 'get passed-on\r\n'
expect 'a reliable read is given back with its connection' '^STORED VALUE kept 0 2 hi END ?$' \
  ask 2 'set kept 0 0 2\r\nhi\r\nget kept/open\r\n'
expect 'and closed for good on another' '^VALUE kept 0 2 hi END END ?$' ask 1 'get kept/t=2000/open\r\nget kept/close\r\n'

expect 'twenty queues are filled through node 2' '^filled$' fill 2 crash
expect 'node 1 is killed' '^node 1 .* killed' "$ops/kill-node.sh" 1
expect 'their items come out through node 3' '^drained$' drain 3 crash
expect 'started again, only node 1 is started' '^node 1 started' "$ops/start-cluster.sh" 3

expect 'twenty queues are filled through node 1' '^filled$' fill 1 restart
expect 'node 2 is restarted' '^node 2 ready' "$ops/restart-node.sh" 2
expect 'their items come out through node 2' '^drained$' drain 2 restart

expect 'twenty queues are filled through node 3' '^filled$' fill 3 outage
expect 'all three are killed' '^node 3 .* killed' kill_all
expect 'the cluster starts again' '^3 nodes ready' "$ops/start-cluster.sh" 3
expect 'their items come out through node 1' '^drained$' drain 1 outage

expect 'another cluster in the same folder is refused' 'holds another cluster' refused "$ops/start-cluster.sh" 2
expect 'ports in use are refused' 'is in use' refused env "DATA_DIR=$work/other" "$ops/start-cluster.sh" 1
expect 'the cluster stops' '^stopped: 3 of 3' "$ops/stop-cluster.sh"
expect 'and no process is left' '^none$' none_left

finish
