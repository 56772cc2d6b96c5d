# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# A private Prosody in $DIR/prosody, on loopback only: the XMPP domain, its
# rooms, and Rollcall's place as a component.

XMPP_HOME="$DIR/prosody"
XMPP_CONF="$XMPP_HOME/prosody.cfg.lua"
XMPP_PID="$XMPP_HOME/prosody.pid"
XMPP_USER=$(first_user prosody nobody)

xmpp_is_running () { is_running "$XMPP_PID" "$XMPP_CONF"; }

# The secret that Rollcall's component shows, made once.
xmpp_make_secret ()
{
  [ -s "$DIR/xmpp-secret" ] ||
    (umask 077 && openssl rand -hex 24 > "$DIR/xmpp-secret")
}

xmpp_write_conf ()
(
  umask 077
  cat > "$XMPP_CONF" << END
-- Written by contrib/quickstart at each start.
data_path = "$XMPP_HOME/data"
certificates = "$XMPP_HOME"
log = { info = "$XMPP_HOME/prosody.log" }
modules_enabled = {
  "roster"; "saslauth"; "disco"; "posix"; "ping"; "private"; "blocklist";
  "carbons"; "smacks"; "pep"; "vcard4"; "vcard_legacy"; "register";
}
modules_disabled = { "s2s"; "tls" }
interfaces = { "127.0.0.1" }
c2s_ports = { $XMPP_PORT }
component_ports = { $COMPONENT_PORT }
component_interfaces = { "127.0.0.1" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_hashed"
-- On loopback only: whoever reaches this port may make an account.
allow_registration = true

VirtualHost "xmpp.$DOMAIN"

Component "rooms.xmpp.$DOMAIN" "muc"
  restrict_room_creation = false
  muc_room_locking = false -- not every client opens what it has made
  muc_room_default_public = true

Component "$DOMAIN"
  component_secret = "$(cat "$DIR/xmpp-secret")"
END
  [ "$(id -u)" -ne 0 ] || chown -R "$XMPP_USER:" "$XMPP_HOME"
)

# xmpp_account USER: made once.
xmpp_account ()
{
  local data="$XMPP_HOME/data/xmpp%2e${DOMAIN//./%2e}/accounts/$1.dat"
  [ -e "$data" ] ||
    as_user "$XMPP_USER" env HOME="$XMPP_HOME" prosodyctl \
      --config "$XMPP_CONF" register "$1" "xmpp.$DOMAIN" secret
}

xmpp_make_accounts () { xmpp_account xavier && xmpp_account yvonne; }

xmpp_answers ()
{
  (exec 3<> "/dev/tcp/127.0.0.1/$XMPP_PORT") 2> /dev/null ||
    ! kill -0 "$(cat "$XMPP_PID")" 2> /dev/null
}

xmpp_start ()
{
  mkdir -p "$XMPP_HOME/data"
  xmpp_write_conf
  xmpp_make_accounts >> "$XMPP_HOME/start.log" 2>&1 || return 1
  launch "$XMPP_USER" "$XMPP_HOME/start.log" "$XMPP_PID" \
    env HOME="$XMPP_HOME" prosody --config "$XMPP_CONF" -F
  wait_for 30 xmpp_answers
}

xmpp_stop () { stop_process "$XMPP_PID" "$XMPP_CONF" TERM 10; }
