# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# Settings of two phones in $DIR/phones, to be tried at once: bob's baresip,
# alice's linphonec.  Each knows the other.

PHONES="$DIR/phones"

# phone_linphonec USER OTHER SIP: without a route it would ask the DNS for the
# domain; without a database of its own it may end at the first message.
phone_linphonec ()
{
  cat << END
[sip]
default_proxy=0
sip_port=-1
sip_tcp_port=-1
sip_tls_port=-1
use_ipv6=0

[storage]
backend=sqlite3
uri=$PHONES/linphone.db

[auth_info_0]
username=$1
passwd=secret
realm=$DOMAIN
domain=$DOMAIN

[proxy_0]
reg_proxy=<sip:$3>
reg_route=<sip:$3;lr>
reg_identity=<sip:$1@$DOMAIN>
reg_expires=600
reg_sendregister=1
publish=1
publish_expires=600

[friend_0]
url="$2" <sip:$2@$DOMAIN>
pol=accept
subscribe=1
END
}

# Presence is not among its modules by default; without audio nothing is missed.
phone_baresip ()
{
  cat << END
poll_method     epoll
audio_player    none
audio_source    none
audio_alert     none
module_path     /usr/lib/baresip/modules
module          stdio.so
module          g711.so
module_tmp      uuid.so
module_tmp      account.so
module_app      contact.so
module_app      menu.so
module_app      presence.so
END
}

# phones_write SIP: anew at each start, for the ports may be others.
phones_write ()
{
  mkdir -p "$PHONES/baresip"
  phone_linphonec alice bob "$1" > "$PHONES/linphonerc"
  phone_baresip > "$PHONES/baresip/config"
  printf '<sip:%s>;auth_pass=secret;pubint=600;outbound="sip:%s";mediaenc=\n' \
    "bob@$DOMAIN" "$1" > "$PHONES/baresip/accounts"
  printf '"alice" <sip:alice@%s>;presence=p2p\n' "$DOMAIN" \
    > "$PHONES/baresip/contacts"
}
