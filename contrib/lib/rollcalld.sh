# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# The daemon of a quickstart: configuration, certificate, start and stop.

ROLLCALL_CONF="$DIR/rollcall.conf"
ROLLCALLD_PID="$DIR/rollcalld.pid"
ROLLCALLD_LOG="$DIR/rollcalld.log"

rollcalld_is_running () { is_running "$ROLLCALLD_PID" "$ROLLCALL_CONF"; }

# conf_endpoint ADDR PORT: as rollcall.conf has it.
conf_endpoint ()
{
  case $1 in
    *:*) echo "[$1]:$2" ;;
    *) echo "$1:$2" ;;
  esac
}

# write_conf FILE DATABASE
write_conf ()
(
  umask 077
  cat > "$1" << END
# Written by contrib/quickstart at each start; see rollcall.conf(5).
[server]
domains = $DOMAIN
control_socket = $PG_SOCKET/control

[database]
dsn = $(pg_dsn "$2")

[sip]
listen = $(conf_endpoint "$LISTEN" "$SIP_PORT")
tls_listen = $(conf_endpoint "$LISTEN" "$TLS_PORT")
tls_certificate = $DIR/tls/cert.pem
tls_key = $DIR/tls/key.pem
trusted_peers = $TRUST

[http]
listen = $(conf_endpoint "$LISTEN" "$HTTP_PORT")
END
  [ -z "$HAS_XMPP" ] || cat >> "$1" << END

[xmpp]
server = 127.0.0.1:$COMPONENT_PORT
secret_file = $DIR/xmpp-secret
domains = xmpp.$DOMAIN
rooms = rooms.xmpp.$DOMAIN
reconnect = 5s
END
)

# A certificate of our own for the domain and the address; made once for each
# address.
make_certificate ()
(
  set -e
  umask 077
  mkdir -p "$DIR/tls"
  host=$LISTEN
  [ "$host" != 0.0.0.0 ] || host=127.0.0.1
  [ "$host" != :: ] || host=::1
  names="DNS:$DOMAIN,DNS:*.$DOMAIN,DNS:localhost,IP:$host,IP:127.0.0.1,IP:::1"
  if [ -s "$DIR/tls/cert.pem" ] &&
     [ "$(cat "$DIR/tls/names" 2> /dev/null)" = "$names" ]; then
    return 0
  fi
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -days 3650 -subj "/CN=$DOMAIN" -addext "subjectAltName=$names" \
    -keyout "$DIR/tls/key.pem" -out "$DIR/tls/cert.pem"
  echo "$names" > "$DIR/tls/names"
)

# rollcalld_start: returns when the daemon says that it is ready (sd_notify) or
# has ended.  Perl is the one tool of a bare machine that has such a socket.
rollcalld_start ()
{
  local socket="$PG_SOCKET/notify" listener
  rm -f "$socket"
  : > "$DIR/start.log"
  # shellcheck disable=SC2016
  perl -e 'use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0)
      && bind(S, sockaddr_un($ARGV[0])) or die "$!\n";
    alarm 30; while (1) { recv(S, $m, 4096, 0); exit 0 if $m =~ /^READY=1/m }
    ' "$socket" 2>> "$DIR/start.log" &
  listener=$!
  wait_for 5 test -S "$socket" || return 1
  touch "$ROLLCALLD_LOG"
  ROLLCALLD_LINES=$(wc -l < "$ROLLCALLD_LOG")
  NOTIFY_SOCKET="$socket" launch root "$ROLLCALLD_LOG" "$ROLLCALLD_PID" \
    "$BIN/rollcalld" -f -c "$ROLLCALL_CONF"
  wait_for 30 eval "! kill -0 $listener || ! kill -0 \$(cat '$ROLLCALLD_PID')" \
    2> /dev/null
  kill "$listener" 2> /dev/null
  wait "$listener" 2> /dev/null
  local status=$?
  rm -f "$socket"
  [ "$status" -eq 0 ]
}

# What the daemon said last, for a sentence about why it did not start.
rollcalld_complaint ()
{
  tail -n "+$((ROLLCALLD_LINES + 1))" "$ROLLCALLD_LOG" | grep . | tail -n 1
}

rollcalld_stop () { stop_process "$ROLLCALLD_PID" "$ROLLCALL_CONF" TERM 15; }
