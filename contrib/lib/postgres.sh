# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# A private PostgreSQL cluster in $DIR/postgres, on a Unix socket only.  The
# socket's folder lets in the two users who need it: ours and PostgreSQL's.

PG_DATA="$DIR/postgres/data"
PG_PID="$DIR/postgres/pid"
PG_LOG="$DIR/postgres/log"
PG_USER=$(first_user postgres nobody)
DATABASE=rollcall

pg_bin () { find /usr/lib/postgresql/*/bin -maxdepth 0 | sort -V | tail -n 1; }

pg_is_running () { is_running "$PG_PID" "$PG_DATA"; }

# The socket's path may have 107 bytes: a long DIR gets a short folder in /tmp.
pg_choose_socket ()
{
  if [ -s "$DIR/postgres/socket" ]; then
    read -r PG_SOCKET < "$DIR/postgres/socket"
  fi
  if [ -z "${PG_SOCKET:-}" ] || [ ! -d "$PG_SOCKET" ]; then
    PG_SOCKET="$DIR/postgres/run"
    if [ "${#PG_SOCKET}" -gt 80 ]; then
      PG_SOCKET=$(mktemp -d /tmp/rollcall.XXXXXX)
    else
      mkdir -p "$PG_SOCKET"
    fi
    echo "$PG_SOCKET" > "$DIR/postgres/socket"
  fi
  pg_give "$PG_SOCKET"
}

# pg_give PATH: to the user that PostgreSQL runs as.
pg_give ()
{
  chmod 700 "$1"
  [ "$(id -u)" -ne 0 ] || chown "$PG_USER:" "$1"
}

# percent TEXT: as it may stand in a URI's query.
percent ()
{
  local i char
  for ((i = 0; i < ${#1}; i++)); do
    char=${1:i:1}
    case $char in
      [A-Za-z0-9/._~-]) printf '%s' "$char" ;;
      *) printf '%s' "$char" | od -An -v -tx1 | tr -d '\n' |
           sed 's/ /%/g' | tr a-f A-F ;;
    esac
  done
}

pg_dsn ()
{
  echo "postgresql://rollcall@/$1?host=$(percent "$PG_SOCKET")"
}

pg_sql ()
{
  psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$(pg_dsn "$1")" -c "$2"
}

# Made beside its place and moved there, so that half a cluster is never taken
# for one.
pg_make_cluster ()
(
  set -e
  local bin
  bin=$(pg_bin)
  rm -rf "$PG_DATA.new"
  mkdir "$PG_DATA.new"
  pg_give "$PG_DATA.new"
  cd /
  as_user "$PG_USER" "$bin/initdb" -D "$PG_DATA.new" -U rollcall -A trust \
    -E UTF8 --locale=C.UTF-8
  mv "$PG_DATA.new" "$PG_DATA"
)

# PG_SETTINGS: words NAME=VALUE beside those.
pg_start ()
{
  local bin setting settings=()
  bin=$(pg_bin)
  for setting in ${PG_SETTINGS:-}; do
    settings+=(-c "$setting")
  done
  touch "$PG_LOG"
  pg_give "$PG_LOG"
  launch "$PG_USER" "$PG_LOG" "$PG_PID" "$bin/postgres" -D "$PG_DATA" \
    -c listen_addresses= -c unix_socket_directories="$PG_SOCKET" \
    -c max_connections=50 -c logging_collector=off "${settings[@]}"
  wait_for 60 pg_is_ready "$bin"
}

# Ready, or gone: then there is nothing to wait for.
pg_is_ready ()
{
  "$1/pg_isready" -q -h "$PG_SOCKET" -U rollcall -d postgres ||
    ! kill -0 "$(cat "$PG_PID")" 2> /dev/null
}

pg_stop ()
{
  stop_process "$PG_PID" "$PG_DATA" INT 30
  case ${PG_SOCKET:=$(cat "$DIR/postgres/socket" 2> /dev/null)} in
    /tmp/rollcall.*) rm -rf "$PG_SOCKET" "$DIR/postgres/socket" ;;
  esac
}

# pg_has_database NAME
pg_has_database ()
{
  [ "$(pg_sql postgres "SELECT 1 FROM pg_database WHERE datname = '$1'")" = 1 ]
}

# Schema, users and settings, under a name of its own until all is there.
pg_make_database ()
(
  set -e
  local new=rollcall_new user
  pg_sql postgres "DROP DATABASE IF EXISTS $new"
  pg_sql postgres "CREATE DATABASE $new"
  write_conf "$DIR/rollcall.conf.new" "$new"
  trap 'rm -f "$DIR/rollcall.conf.new"' EXIT
  ctl () { "$BIN/rollcallctl" -c "$DIR/rollcall.conf.new" "$@"; }
  ctl db init
  for user in alice bob carol; do
    echo secret | ctl user add "$user@$DOMAIN"
  done
  pg_sql "$new" 'UPDATE rollcall.settings
    SET adhoc_enabled = true, adhoc_ttl = NULL'
  pg_sql postgres "ALTER DATABASE $new RENAME TO $DATABASE"
)
