# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# Rollcall to be measured: a quickstart of its own in $DIR, loopback trusted
# (127.0.0.2 is not: digest), no limit of rates.  Sourced by bench/run.

rollcall_start ()
{
  local build=()
  [ -z "${ROLLCALL_BIN:-}" ] || build=(--no-build)
  "$TOP/contrib/quickstart" --dir "$DIR" --detach --no-xmpp "${build[@]}" \
    --trust 127.0.0.1/32 --port "$(free_port)" --tls-port "$(free_port)" \
    --http-port "$(free_port)" > "$WORK/start.log" 2>&1 || {
    tail -n 5 "$WORK/start.log" >&2
    die 'Rollcall does not start'
  }
  # shellcheck disable=SC1091
  . "$DIR/env"
  rollcall_stop_daemon
  cat >> "$ROLLCALL_CONF" << END
[sip]
rate_per_source = 0
rate_per_user = 0
[xcap]
rate_per_source = 0
rate_per_user = 0
END
  psql -X -q "$ROLLCALL_DSN" -c "UPDATE rollcall.settings SET
    max_watchers = NULL, max_contacts = NULL, offline_max_per_user = 1000000"
  cat > "$WORK/restart" << END
#!/bin/bash
ulimit -n "\$(ulimit -H -n)"
cd /
setsid "$ROLLCALL_BIN/rollcalld" -f -c "$ROLLCALL_CONF" \
  >> "$DIR/rollcalld.log" 2>&1 < /dev/null &
echo \$! > "$DIR/rollcalld.pid"
END
  chmod +x "$WORK/restart"
  SERVER=$ROLLCALL_SIP PID_FILE="$DIR/rollcalld.pid"
  DB_PID=$(head -n 1 "$DIR/postgres/data/postmaster.pid")
}

rollcall_stop_daemon ()
{
  local pid
  read -r pid < "$DIR/rollcalld.pid"
  kill "$pid" 2> /dev/null
  wait_for 20 eval "! kill -0 $pid 2> /dev/null" || kill -9 "$pid"
}

# Users are added while the daemon is down, so that no time goes to that.
# rollcall_users PREFIX N [PASSWORD]
rollcall_users ()
{
  psql -X -q "$ROLLCALL_DSN" << END
INSERT INTO rollcall.users (aor${3:+, ha1_md5})
  SELECT '$1' || i || '@example.com'
    ${3:+, md5('$1' || i || ':example.com:$3')}
  FROM generate_series(0, $2 - 1) AS i ON CONFLICT DO NOTHING;
END
}

# rollcall_lists PREFIX WATCHERS MEMBERS
rollcall_lists ()
{
  psql -X -q "$ROLLCALL_DSN" << END
SET rollcall.bypass_limits = on;
INSERT INTO rollcall.contacts (owner, uri, position)
  SELECT '$1' || i || '@example.com', 'sip:$1' || j || '@example.com', j
  FROM generate_series($3, $3 + $2 - 1) AS i, generate_series(0, $3 - 1) AS j;
END
}

rollcall_run ()
{
  "$WORK/restart"
  wait_for 120 rollcall_is_ready || die "Rollcall does not get ready: $(
    tail -n 1 "$DIR/rollcalld.log")"
}

rollcall_is_ready () { curl -fsS "http://$ROLLCALL_HTTP/readyz" > /dev/null 2>&1; }

# What it would still write is thrown away.
rollcall_stop ()
{
  local pid
  if [ -e "$DIR/rollcalld.pid" ]; then
    read -r pid < "$DIR/rollcalld.pid"
    kill -KILL "$pid" 2> /dev/null
    [ -z "${DB_PID:-}" ] || kill -QUIT "$DB_PID" 2> /dev/null
    "$TOP/contrib/quickstart" --dir "$DIR" --stop > /dev/null 2>&1
  fi
  rm -rf "$DIR"
}
