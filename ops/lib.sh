# shellcheck shell=sh
# Shared by the scripts beside it: sourced, not run. POSIX sh.
#
# A cluster on this machine is a folder, DATA_DIR: cluster.env says what it is (written at its first start, never
# changed), node-1 … node-N hold the nodes' data, each with `pid` and `log`.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
program=$(basename -- "$0")
tool=$root/ops/cluster-tool.mjs
stop_limit_seconds=15
ready_limit_seconds=60

say() { printf '%s\n' "$*"; }

# One line, and out.
die() {
  printf '%s: %s\n' "$program" "$*" >&2
  exit 1
}

usage() {
  printf 'usage: %s\n' "$*" >&2
  exit 1
}

# Up to five digits, without leading zeros: what a port or a count may be.
is_whole_number() {
  case $1 in
    '' | *[!0-9]* | 0?* | ??????*) return 1 ;;
  esac
}

# is_between LOW HIGH VALUE
is_between() { is_whole_number "$3" && [ "$3" -ge "$1" ] && [ "$3" -le "$2" ]; }

pause() { sleep 0.1 2>/dev/null || sleep 1; }

# --- Node itself -------------------------------------------------------------------------------------------------

# The one place that says which Node is wanted is package.json, engines.
check_node() {
  wanted=$(sed -n 's/.*"node": *">=\([0-9.]*\)".*/\1/p' "$root/package.json")
  command -v node >/dev/null 2>&1 || die "Node is not installed: version $wanted or newer is needed (https://nodejs.org)"
  found=$(node --version)
  found=${found#v}
  found_minor=${found#*.}
  wanted_minor=${wanted#*.}
  if [ "${found%%.*}" -lt "${wanted%%.*}" ] ||
    { [ "${found%%.*}" -eq "${wanted%%.*}" ] && [ "${found_minor%%.*}" -lt "${wanted_minor%%.*}" ]; }; then
    die "Node $found is too old: version $wanted or newer is needed (https://nodejs.org)"
  fi
}

# --- The cluster in DATA_DIR ---------------------------------------------------------------------------------------

# An absolute path for a file or folder that need not exist yet.
absolute() {
  case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "$(pwd -P)" "${1#./}" ;;
  esac
}

remembered() { sed -n "s/^$1=//p" "$DATA_DIR/cluster.env"; }

# Sets DATA_DIR. Gives 1 when there is no cluster in it yet.
find_cluster() {
  DATA_DIR=$(absolute "${DATA_DIR:-data}")
  DATA_DIR=${DATA_DIR%/}
  [ ! -e "$DATA_DIR" ] || [ -d "$DATA_DIR" ] || die "$DATA_DIR is not a folder"
  [ ! -d "$DATA_DIR" ] || DATA_DIR=$(CDPATH='' cd -- "$DATA_DIR" && pwd -P)
  [ -f "$DATA_DIR/cluster.env" ]
}

# Sets DATA_DIR, NODES, BASE_PORT, DIRECTORY and REPLICAS to those of the cluster there.
load_cluster() {
  find_cluster || die "there is no cluster in $DATA_DIR (set DATA_DIR to where one was started)"
  NODES=$(remembered NODES)
  BASE_PORT=$(remembered BASE_PORT)
  REPLICAS=$(remembered REPLICAS)
  DIRECTORY=$(remembered DIRECTORY)
  DIRECTORY=${DIRECTORY:-$(default_directory)}
}

# Not written to cluster.env, so that DATA_DIR may be moved.
default_directory() { printf 'lmdb:%s/directory\n' "$DATA_DIR"; }

memcache_port() { echo $((BASE_PORT + $1 - 1)); }
admin_port() { echo $((BASE_PORT + 1000 + $1 - 1)); }
peer_port() { echo $((BASE_PORT + 2000 + $1 - 1)); }
text_port() { echo $((BASE_PORT + 3000 + $1 - 1)); }
thrift_port() { echo $((BASE_PORT + 4000 + $1 - 1)); }
node_folder() { printf '%s/node-%s\n' "$DATA_DIR" "$1"; }

# Ends the script unless its argument is the number of one of the nodes.
check_node_number() {
  is_between 1 "$NODES" "$1" || die "there is no node '$1': the cluster in $DATA_DIR has nodes 1 to $NODES"
}

# Only one script at a time may start nodes in a DATA_DIR. The caller's EXIT trap has to call unlock_cluster.
lock_cluster() {
  lock=$DATA_DIR/.lock
  if ! mkdir "$lock" 2>/dev/null; then
    holder=$(cat "$lock/pid" 2>/dev/null || echo none)
    if [ "$holder" != none ] && kill -0 "$holder" 2>/dev/null; then
      die "another script (pid $holder) is starting nodes in $DATA_DIR"
    fi
    rm -rf "$lock"
    mkdir "$lock" || die "cannot make $lock"
  fi
  echo $$ >"$lock/pid"
  locked=yes
}

unlock_cluster() {
  [ "${locked:-no}" = no ] || rm -rf "$DATA_DIR/.lock"
  locked=no
}

# --- One node ------------------------------------------------------------------------------------------------------

command_line_of() {
  if [ -d /proc/self ]; then
    tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" || true
  else
    ps -p "$1" -o args= 2>/dev/null || true
  fi
}

# Prints the pid of a node that is running. A stale pid file, whose number now belongs to another program, or to a
# process that has ended and was not collected yet, counts as none.
running_pid() {
  pid=$(cat "$(node_folder "$1")/pid" 2>/dev/null) || return 1
  is_pid "$pid" && kill -0 "$pid" 2>/dev/null || return 1
  case "$(command_line_of "$pid") " in
    *" node --data $(node_folder "$1") "*) echo "$pid" ;;
    *) return 1 ;;
  esac
}

is_pid() {
  case $1 in
    '' | *[!0-9]*) return 1 ;;
  esac
}

is_running() { running_pid "$1" >/dev/null; }

# Starts a node and comes back at once; it outlives this script and its terminal.
launch_node() {
  folder=$(node_folder "$1")
  mkdir -p "$folder"
  node "$tool" launch "$folder/log" "$folder/pid" "$root/dist/node/main.js" node \
    --data "$folder" \
    --listen "127.0.0.1:$(memcache_port "$1")" \
    --text "127.0.0.1:$(text_port "$1")" \
    --thrift "127.0.0.1:$(thrift_port "$1")" \
    --admin "127.0.0.1:$(admin_port "$1")" \
    --peer "127.0.0.1:$(peer_port "$1")" \
    --directory "$DIRECTORY" --expect "$NODES" --replicas "$REPLICAS"
}

# Waits for the given nodes to find every partition led and in sync. Gives 1 when one of them ends, or time runs out.
wait_until_ready() {
  set -- "$@" --
  while [ "$1" != -- ]; do
    set -- "$@" "$1=127.0.0.1:$(admin_port "$1")=$(cat "$(node_folder "$1")/pid")"
    shift
  done
  shift
  node "$tool" wait-ready "$ready_limit_seconds" "$@"
}

# Waits until a node's process is gone, at most so many seconds; sets `tenths` to the time it took.
wait_until_gone() {
  tenths=0
  while is_running "$1"; do
    [ "$tenths" -lt $(($2 * 10)) ] || return 1
    pause
    tenths=$((tenths + 1))
  done
}

# Lets a node hand over and end; kills it when it takes too long. Says what it did; gives 1 when it had to kill.
stop_node() {
  if ! pid=$(running_pid "$1"); then
    say "node $1 is not running"
    return 0
  fi
  kill -TERM "$pid"
  if wait_until_gone "$1" "$stop_limit_seconds"; then
    rm -f "$(node_folder "$1")/pid"
    say "node $1 (pid $pid) handed over and stopped in $((tenths / 10)).$((tenths % 10)) s"
    return 0
  fi
  kill -KILL "$pid" 2>/dev/null || true
  wait_until_gone "$1" 5 || true
  rm -f "$(node_folder "$1")/pid"
  say "node $1 (pid $pid) did not stop within $stop_limit_seconds s: killed (see $(node_folder "$1")/log)"
  return 1
}

# The end of a node's log, for whoever has to find out why it is not there.
show_log() {
  log=$(node_folder "$1")/log
  [ -s "$log" ] || return 0
  say "the last lines of $log:" >&2
  tail -n 5 "$log" | sed 's/^/  /' >&2
}

# --- Installing and building ---------------------------------------------------------------------------------------

in_root() { (cd "$root" && "$@"); }

# Runs a command quietly, from the root of the checkout, with the seconds shown on a terminal; what it prints is shown
# only when it fails.   step 'what is being done' command argument…
step() {
  title=$1
  shift
  began=$(date +%s)
  output=$(mktemp "${TMPDIR:-/tmp}/windhover.XXXXXX")
  if [ -t 1 ]; then
    show_seconds &
    ticker=$!
  else
    say "$title …"
  fi
  status=0
  in_root "$@" >"$output" 2>&1 </dev/null || status=$?
  stop_ticker
  [ "$status" -eq 0 ] || sed -n 1,30p "$output" >&2
  rm -f "$output"
  [ "$status" -eq 0 ] || die "$title failed; the lines above say why"
  say "$title: done in $(($(date +%s) - began)) s"
}

show_seconds() {
  while :; do
    printf '\r%s … %s s ' "$title" $(($(date +%s) - began))
    sleep 1
  done
}

stop_ticker() {
  [ -n "${ticker:-}" ] || return 0
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  ticker=
  printf '\r\033[K'
}

# Packages as package-lock.json wants them, and dist/ as the sources are.
install_and_build() {
  if [ ! -f "$root/node_modules/.package-lock.json" ] || [ -n "$(newer_than node_modules/.package-lock.json package-lock.json)" ]; then
    command -v npm >/dev/null 2>&1 || die "npm is not installed; it comes with Node (https://nodejs.org)"
    step 'installing packages (npm ci)' npm ci --include=dev --no-audit --no-fund --loglevel=error
    touch "$root/node_modules/.package-lock.json"
  fi
  if [ ! -f "$root/dist/.built" ] || [ -n "$(newer_than dist/.built journal cluster node loadtest proto package-lock.json tsconfig.json tsconfig.build.json)" ]; then
    step 'building (npm run build)' npm run --silent build
  fi
}

# newer_than FILE PATH…: the sources under the paths that are newer than the file.
newer_than() {
  reference=$1
  shift
  in_root find "$@" -type f ! -name '*.test.ts' -newer "$reference"
}
