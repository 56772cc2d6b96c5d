# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# What quickstart and check share: telling, failing, waiting, processes with
# pid files.  Sourced by bash.

BOLD='' PLAIN=''
if [ -t 1 ]; then
  BOLD=$'\e[1m' PLAIN=$'\e[0m'
fi

say () { printf '%s\n' "$*"; }

# One sentence on stderr, exit status 1.  What is to be undone is in the
# script's EXIT trap.
die ()
{
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# show_progress PID LOG LABEL: on a terminal a spinner with the seconds and the
# last line of the log, until the process ends.
show_progress ()
{
  local pid=$1 log=$2 label=$3 start=$SECONDS i=0 line width
  local faces='|/-\'
  width=$(tput cols 2>/dev/null || echo 80)
  while kill -0 "$pid" 2>/dev/null; do
    line=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | tr -c '[:print:]' ' ')
    line="${faces:i++ % 4:1} $label ($((SECONDS - start)) s)  $line"
    printf '\r\e[K%s' "${line:0:width - 1}"
    sleep 0.2
  done
  printf '\r\e[K'
}

# stage LABEL LOG COMMAND…: runs it with its output in the log (appended), and
# shows that something goes on.  Gives the command's status.
stage ()
{
  local label=$1 log=$2 start=$SECONDS status
  shift 2
  [ -t 1 ] || say "$label ..."
  # Bash lets what runs in the background ignore Ctrl-C; it shall not.
  (trap - INT; "$@") >> "$log" 2>&1 < /dev/null &
  STAGE_PID=$!
  [ ! -t 1 ] || show_progress "$STAGE_PID" "$log" "$label"
  wait "$STAGE_PID"
  status=$?
  STAGE_PID=''
  if [ "$status" -eq 0 ]; then
    say "$label: done ($((SECONDS - start)) s)"
  fi
  return "$status"
}

# wait_for SECONDS COMMAND…: runs it until it succeeds.
wait_for ()
{
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

# is_running PIDFILE WORD: the process in the file lives, and its command line
# has the word (a number in an old file may be somebody else's by now).
is_running ()
{
  local pid
  [ -s "$1" ] && read -r pid < "$1" && [ -r "/proc/$pid/cmdline" ] &&
    tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline" | grep -qF -- "$2"
}

# stop_process PIDFILE WORD SIGNAL SECONDS: asks, waits, and then insists.
stop_process ()
{
  local pid
  if is_running "$1" "$2"; then
    read -r pid < "$1"
    kill "-$3" "$pid" 2>/dev/null
    wait_for "$4" eval "! is_running '$1' '$2'" || kill -KILL "$pid"
  fi
  rm -f "$1"
}

# as_user USER COMMAND…: as that user when we are root, else as ourselves.
as_user ()
{
  local user=$1
  shift
  if [ "$(id -u)" -eq 0 ]; then
    setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"
  else
    "$@"
  fi
}

# The first of these users that exists.
first_user ()
{
  local user
  for user; do
    if getent passwd "$user" > /dev/null; then
      echo "$user"
      return
    fi
  done
  id -un
}

# launch USER LOG PIDFILE COMMAND…: in a session of its own, so that Ctrl-C in
# our terminal does not reach it.
launch ()
{
  local user=$1 log=$2 pid_file=$3
  local -a become=()
  shift 3
  if [ "$(id -u)" -eq 0 ] && [ "$user" != root ]; then
    become=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups)
  fi
  # LOCK_FD stays ours alone, or the next start would wait for this process.
  (
    cd / || exit
    exec {LOCK_FD}>&-
    exec "${become[@]}" setsid "$@" >> "$log" 2>&1 < /dev/null
  ) &
  echo "$!" > "$pid_file"
  disown
}
