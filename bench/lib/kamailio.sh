# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# Kamailio to be measured against: Debian's packages, a folder and a PostgreSQL
# of its own, loopback only.  Registrar, presence and msilo as their manuals show
# them, with memory and hash tables for a million users.  Sourced by bench/run,
# which has set DIR, WORK, TOP and the libraries of contrib/lib.
#
# Two modes.  durable: what is answered is in PostgreSQL (usrloc db_mode 1,
# presence subs_db_mode 1, publications in the database).  fast: in memory, and
# written back by timers (db_mode 2, subs_db_mode 2; publications in memory only,
# publ_cache 2, since there is no write-back for them).  msilo always stores in
# the database.

KAMAILIO_PACKAGES='kamailio kamailio-postgres-modules kamailio-presence-modules'
KAMAILIO_TABLES='standard usrloc registrar auth_db presence msilo rls'
KAMAILIO_SHARED=4096 # MB
KAMAILIO_PRIVATE=128 # MB, of each process

kamailio_modes ()
{
  case $1 in
    durable) USRLOC_MODE=1 SUBS_MODE=1 PUBL_CACHE=1 ;;
    fast) USRLOC_MODE=2 SUBS_MODE=2 PUBL_CACHE=2 ;;
  esac
}

# kamailio_rls PORT: the list server, which watches each member by a SUBSCRIBE to
# the same Kamailio; only where lists are measured.  Its db_mode 0 does not work
# with PostgreSQL ("transaction not in progress"), so it is 2 in both modes.  It
# gathers changes for waitn_time, of which 1 s is the least.
kamailio_rls ()
{
  [ -n "${HAS_LISTS:-}" ] || return 0
  cat << END
loadmodule "pua.so"
loadmodule "rls.so"
modparam("pua|rls", "db_url", "postgres://rollcall@/kamailio")
modparam("pua|rls", "hash_size", 17)
modparam("pua|rls", "outbound_proxy", "sip:127.0.0.1:$1")
modparam("pua", "db_mode", 2)
modparam("rls", "server_address", "sip:rls@127.0.0.1:$1")
modparam("rls", "integrated_xcap_server", 1)
modparam("rls", "db_mode", 2)
modparam("rls", "to_presence_code", 10)
modparam("rls", "waitn_time", 1)
modparam("rls", "max_expires", 7200)
modparam("rls", "max_notify_body_length", 0)
END
}

# What the route does with a SUBSCRIBE and with the NOTIFYs of members.
kamailio_rls_route ()
{
  if [ -n "${HAS_LISTS:-}" ]; then
    cat << END
  if (is_method("NOTIFY")) {
    rls_handle_notify();
    t_release();
    exit;
  }
  if (is_method("SUBSCRIBE")) {
    \$var(code) = rls_handle_subscribe();
    if (\$var(code) == 10) handle_subscribe();
    t_release();
    exit;
  }
END
  fi
}

# kamailio_conf PORT
kamailio_conf ()
{
  cat << END
#!KAMAILIO
debug=-1
log_stderror=yes
fork=yes
children=4
tcp_children=4
listen=udp:127.0.0.1:$1
listen=tcp:127.0.0.1:$1
auto_aliases=no
alias="example.com"
dns=no
rev_dns=no
tcp_max_connections=20000
tcp_connection_lifetime=7200
tcp_accept_no_cl=yes
server_signature=no
loadmodule "db_postgres.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "auth_db.so"
loadmodule "presence.so"
loadmodule "presence_xml.so"
loadmodule "msilo.so"
modparam("usrloc|auth_db|presence|presence_xml|msilo", "db_url",
  "postgres://rollcall@/kamailio")
modparam("usrloc", "db_mode", $USRLOC_MODE)
modparam("usrloc", "hash_size", 17)
modparam("usrloc", "timer_interval", 60)
modparam("registrar", "max_expires", 7200)
modparam("registrar", "max_contacts", 10)
modparam("auth", "nonce_count", 0)
modparam("auth_db", "password_column", "ha1")
modparam("auth_db", "calculate_ha1", 0)
modparam("auth_db", "use_domain", 1)
modparam("presence", "server_address", "sip:127.0.0.1:$1")
modparam("presence", "subs_db_mode", $SUBS_MODE)
modparam("presence", "publ_cache", $PUBL_CACHE)
modparam("presence", "subs_htable_size", 17)
modparam("presence", "pres_htable_size", 17)
modparam("presence", "max_expires", 7200)
modparam("presence", "fetch_rows", 10000)
modparam("presence", "notifier_processes", 0)
modparam("presence_xml", "force_active", 1)
modparam("presence_xml", "integrated_xcap_server", 1)
modparam("msilo", "outbound_proxy", "sip:127.0.0.1:$1")
modparam("msilo", "use_contact", 0)
modparam("msilo", "add_date", 0)
modparam("msilo", "check_time", 30)
$(kamailio_rls "$1")
request_route {
  if (!mf_process_maxfwd_header("10")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
  if (is_method("OPTIONS")) {
    sl_send_reply("200", "OK");
    exit;
  }
  if (src_ip != 127.0.0.1) {
    if (!auth_check("\$fd", "subscriber", "1")) {
      auth_challenge("\$fd", "1");
      exit;
    }
    consume_credentials();
  }
  if (is_method("REGISTER")) {
    \$var(rc) = save("location");
    if (\$rc == 1) m_dump();
    exit;
  }
  if (!t_newtran()) {
    sl_reply_error();
    exit;
  }
  if (is_method("PUBLISH")) {
    handle_publish();
    t_release();
    exit;
  }
$(kamailio_rls_route)
  if (is_method("SUBSCRIBE")) {
    handle_subscribe();
    t_release();
    exit;
  }
  if (is_method("MESSAGE")) {
    if (lookup("location")) {
      t_on_failure("STORE");
      t_relay();
      exit;
    }
    if (m_store("\$ru"))
      t_reply("202", "Accepted");
    else
      t_reply("503", "Service Unavailable");
    exit;
  }
  t_reply("405", "Method Not Allowed");
}
failure_route[STORE] {
  if (t_check_status("408|5..") && m_store("\$ou"))
    t_reply("202", "Accepted");
}
END
}

kamailio_database ()
{
  local table
  pg_sql postgres 'CREATE DATABASE kamailio'
  for table in $KAMAILIO_TABLES; do
    psql -X -q -v ON_ERROR_STOP=1 -d "$(pg_dsn kamailio)" \
      -f "/usr/share/kamailio/postgres/$table-create.sql"
  done
}

# kamailio_start durable|fast
kamailio_start ()
{
  local port
  port=$(free_port)
  kamailio_modes "$1"
  mkdir -p "$DIR/postgres"
  chmod 755 "$DIR"
  # shellcheck disable=SC1091
  . "$TOP/contrib/lib/postgres.sh"
  pg_choose_socket
  { pg_make_cluster && pg_start && kamailio_database; } > "$WORK/start.log" 2>&1 || {
    tail -n 5 "$WORK/start.log" >&2
    die 'no database for Kamailio could be made'
  }
  kamailio_conf "$port" > "$DIR/kamailio.cfg"
  cat > "$WORK/restart" << END
#!/bin/bash
ulimit -n "\$(ulimit -H -n)"
cd /
export PGHOST='$PG_SOCKET' PGUSER=rollcall
setsid kamailio -DD -E -f '$DIR/kamailio.cfg' -Y '$DIR' \
  -m $KAMAILIO_SHARED -M $KAMAILIO_PRIVATE -b 8388608 >> '$DIR/kamailio.log' 2>&1 < /dev/null &
echo \$! > '$DIR/kamailio.pid'
END
  chmod +x "$WORK/restart"
  SERVER=127.0.0.1:$port PID_FILE="$DIR/kamailio.pid"
  DB_PID=$(head -n 1 "$PG_DATA/postmaster.pid")
}

# kamailio_users PREFIX N [PASSWORD]: only who logs in by digest has a row.
kamailio_users ()
{
  [ $# -gt 2 ] || return 0
  psql -X -q -d "$(pg_dsn kamailio)" << END
INSERT INTO subscriber (username, domain, ha1)
  SELECT '$1' || i, 'example.com', md5('$1' || i || ':example.com:$3')
  FROM generate_series(0, $2 - 1) AS i ON CONFLICT DO NOTHING;
END
}

# kamailio_lists PREFIX WATCHERS MEMBERS: each watcher has an rls-services
# document with a service at his own address, whose list has all members.
kamailio_lists ()
{
  psql -X -q -d "$(pg_dsn kamailio)" << END
INSERT INTO xcap (username, domain, doc, doc_type, etag, source, doc_uri, port)
  SELECT '$1' || i, 'example.com', convert_to(
    '<?xml version="1.0" encoding="UTF-8"?><rls-services xmlns="'
    'urn:ietf:params:xml:ns:rls-services" xmlns:rl="'
    'urn:ietf:params:xml:ns:resource-lists"><service uri="sip:$1' || i ||
    '@example.com"><list>' || (SELECT string_agg('<rl:entry uri="sip:$1' || j ||
      '@example.com"/>', '') FROM generate_series(0, $3 - 1) AS j) ||
    '</list><packages><package>presence</package></packages></service>'
    '</rls-services>', 'UTF8'), 8, 'e' || i, 0,
    'rls-services/users/sip:$1' || i || '@example.com/index', 0
  FROM generate_series($3, $3 + $2 - 1) AS i;
END
}

kamailio_run ()
{
  "$WORK/restart"
  timeout 60 "$LOAD" --server "$SERVER" --prefix ready wait ||
    die "Kamailio does not get ready: $(grep -m 1 -E 'ERROR|CRITICAL' \
      "$DIR/kamailio.log")"
}

# What it would still write is thrown away.
kamailio_stop ()
{
  local pid
  if [ -s "$DIR/kamailio.pid" ]; then
    read -r pid < "$DIR/kamailio.pid"
    kill -KILL -- "-$pid" 2> /dev/null
    wait_for 10 eval "! kill -0 $pid 2> /dev/null"
  fi
  if [ -e "$DIR/postgres" ]; then
    kill -QUIT "$DB_PID" 2> /dev/null
    # shellcheck disable=SC1091
    . "$TOP/contrib/lib/postgres.sh"
    pg_stop
  fi
  rm -rf "$DIR"
}
