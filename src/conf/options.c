/* SPDX-License-Identifier: ISC
 *
 * The option table, in the order of the man page.  A new option is a row here,
 * an entry in man/rollcall.conf.5, and `make update-sample`. */
#include "conf/conf.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KIB 1024
#define MIB (1024 * KIB)
#define TEXT_MAX 1024

static const ConfOption options[] = {
  { "server", "domains", CONF_DOMAINS, NULL, 1, 1000, NULL, FALSE,
    "The SIP domains of this server's users; the first is the default one." },
  { "server", "user", CONF_STRING, "", 0, 64, NULL, FALSE,
    "The system user to become when started as root; empty: stay." },
  { "server", "pid_file", CONF_STRING, "", 0, TEXT_MAX, NULL, FALSE,
    "Where to write the process id; empty: nowhere." },
  { "server", "control_socket", CONF_STRING, "/run/rollcall/control", 1, 107,
    NULL, FALSE, "The Unix socket on which rollcallctl finds the server." },
  { "server", "log_level", CONF_ENUM, "notice", 0, 0,
    "error|warning|notice|info|debug", TRUE,
    "The least severe lines that are logged." },
  { "server", "max_open_files", CONF_INT, "65536", 0, 10000000, NULL, FALSE,
    "File descriptors to ask the system for, one for each TCP or TLS"
    " connection; 0: leave its limit." },

  { "database", "dsn", CONF_STRING, "dbname=rollcall", 0, TEXT_MAX, NULL, FALSE,
    "How to reach PostgreSQL: a connection string or URI of libpq." },
  { "database", "connections", CONF_INT, "2", 1, 16, NULL, FALSE,
    "Connections to PostgreSQL that write; of several, one is for messages." },
  { "database", "hung_after", CONF_DURATION, "2s", 1, 5 * MINUTE, NULL, FALSE,
    "PostgreSQL counts as away when it has not answered for so long." },

  { "sip", "listen", CONF_ENDPOINTS, "0.0.0.0:5060;[::]:5060", 0, 16, NULL,
    FALSE, "Addresses and ports for SIP over UDP and TCP." },
  { "sip", "tls_listen", CONF_ENDPOINTS, "", 0, 16, NULL, FALSE,
    "Addresses and ports for SIP over TLS; empty: no TLS." },
  { "sip", "tls_certificate", CONF_STRING, "", 0, TEXT_MAX, NULL, TRUE,
    "File with the certificate and its chain (PEM); read again at a reload." },
  { "sip", "tls_key", CONF_STRING, "", 0, TEXT_MAX, NULL, TRUE,
    "File with the certificate's private key (PEM); empty: it is in the"
    " certificate's file." },
  { "sip", "tls_ca", CONF_STRING, "", 0, TEXT_MAX, NULL, TRUE,
    "File with the authorities to trust in other servers (PEM); empty: the"
    " system's." },
  { "sip", "contact", CONF_STRING, "", 0, 255, NULL, FALSE,
    "The host, or HOST:PORT, by which others reach this server, when it is not"
    " an address of listen (behind NAT); empty: the address itself." },
  { "sip", "trusted_peers", CONF_CIDRS, "", 0, 1000, NULL, TRUE,
    "Addresses whose requests need no digest: proxies that have checked the"
    " sender, named by P-Asserted-Identity or From." },
  { "sip", "max_body", CONF_SIZE, "64k", KIB, MIB, NULL, TRUE,
    "The largest body of a request; a larger one is answered 413." },
  { "sip", "max_headers", CONF_INT, "128", 16, 1000, NULL, TRUE,
    "The most header lines of a request." },
  { "sip", "max_connections", CONF_INT, "50000", 1, 1000000, NULL, TRUE,
    "The most TCP and TLS connections at one time." },
  { "sip", "tcp_idle", CONF_DURATION, "3h", 1, 7 * DAY, NULL, FALSE,
    "A TCP or TLS connection without any message for so long is closed; keep"
    " it above registrar.max_expires." },
  { "sip", "udp_buffer", CONF_SIZE, "8M", 64 * KIB, 256 * MIB, NULL, FALSE,
    "Socket buffers for UDP, as far as the system grants them." },
  { "sip", "udp_mtu", CONF_SIZE, "65535", 512, 65535, NULL, FALSE,
    "A request larger than this goes by TCP where UDP would be the way." },
  { "sip", "rate_per_source", CONF_INT, "500", 0, 1000000, NULL, TRUE,
    "Requests a second from one address that is no trusted peer; 0: no"
    " limit." },
  { "sip", "rate_per_user", CONF_INT, "50", 0, 1000000, NULL, TRUE,
    "Requests a second from one authenticated user, and messages a second of one"
    " XMPP user; 0: no limit." },
  { "sip", "rate_burst", CONF_INT, "10", 1, 3600, NULL, TRUE,
    "How many seconds' worth of these two rates may come at once." },

  { "auth", "algorithms", CONF_WORDS, "md5", 1, 2, "md5|sha256", TRUE,
    "Digest algorithms to offer, one challenge for each, in this order; most"
    " phones fail when sha256 is first or comes beside md5." },
  { "auth", "nonce_lifetime", CONF_DURATION, "300s", 1, DAY, NULL, TRUE,
    "How long a challenge can be answered." },
  { "auth", "nonces", CONF_INT, "100000", 16, 10000000, NULL, FALSE,
    "How many answered challenges are watched for replays at most." },

  { "registrar", "min_expires", CONF_DURATION, "60", 1, 7 * DAY, NULL, TRUE,
    "The shortest registration; a shorter wish is answered 423." },
  { "registrar", "max_expires", CONF_DURATION, "2h", 1, 30 * DAY, NULL, TRUE,
    "The longest registration that is granted." },
  { "registrar", "default_expires", CONF_DURATION, "1h", 1, 30 * DAY, NULL,
    TRUE, "What is granted when the device names no time." },
  { "registrar", "max_bindings", CONF_INT, "10", 1, 1000, NULL, TRUE,
    "The most devices of one user that are registered at one time." },

  { "presence", "min_expires", CONF_DURATION, "60", 1, 7 * DAY, NULL, TRUE,
    "The shortest publication; a shorter wish is answered 423." },
  { "presence", "max_expires", CONF_DURATION, "2h", 1, 30 * DAY, NULL, TRUE,
    "The longest publication that is granted." },
  { "presence", "default_expires", CONF_DURATION, "1h", 1, 30 * DAY, NULL, TRUE,
    "What is granted when the publisher names no time." },
  { "presence", "max_publications", CONF_INT, "20", 1, 1000, NULL, TRUE,
    "The most publications of one user at one time." },
  { "presence", "device_grace", CONF_DURATION, "60s", 0, DAY, NULL, TRUE,
    "How long what a device published outlives its registration, or the"
    " connection that it registered by; 0: until it expires." },

  { "subscriptions", "min_expires", CONF_DURATION, "60", 1, HOUR, NULL, TRUE,
    "The shortest subscription; a shorter wish is answered 423." },
  { "subscriptions", "max_expires", CONF_DURATION, "2h", 1, 30 * DAY, NULL,
    TRUE, "The longest subscription that is granted." },
  { "subscriptions", "default_expires", CONF_DURATION, "1h", 1, 30 * DAY, NULL,
    TRUE, "What is granted when the watcher names no time." },
  { "subscriptions", "retry", CONF_DURATION, "60s", 1, HOUR, NULL, TRUE,
    "How long to wait before a watcher that did not answer is tried again." },
  { "subscriptions", "wake_rate", CONF_INT, "1000", 1, 100000, NULL, TRUE,
    "NOTIFYs a second to the watchers of before after a start, and to "
    "everybody "
    "after a change of the settings." },
  { "subscriptions", "udp_max", CONF_SIZE, "1300", 512, 65535, NULL, TRUE,
    "A NOTIFY larger than this goes by TCP where UDP would be the way, and by"
    " UDP (up to sip.udp_mtu) where no TCP connection can be opened." },
  { "subscriptions", "max_pending", CONF_INT, "200", 0, 1000000, NULL, TRUE,
    "The most watchers that wait for one user's approval." },
  { "subscriptions", "max_rate_interval", CONF_DURATION, "1h", 0, DAY, NULL,
    TRUE, "The longest time between two NOTIFYs that a watcher may ask for"
    " (max-rate); a longer one is cut; 0: any." },
  { "subscriptions", "min_rate_interval", CONF_DURATION, "5s", 0, HOUR, NULL,
    TRUE, "The shortest time between NOTIFYs without news that a watcher may ask"
    " for (min-rate, adaptive-min-rate); a shorter one is lengthened; 0: any." },
  { "subscriptions", "list_max", CONF_INT, "10", 0, 10000, NULL, TRUE,
    "The most subscriptions of one user to lists at one time." },
  { "subscriptions", "list_members", CONF_INT, "1000", 1, 100000, NULL, TRUE,
    "The most members of a list that one of them watches." },
  { "subscriptions", "list_delay", CONF_INT, "100", 0, MINUTE * 1000, NULL,
    TRUE,
    "For how many milliseconds changes of the members of a list are gathered,"
    " to be told in one NOTIFY." },
  { "subscriptions", "xcap_max", CONF_INT, "20", 0, 10000, NULL, TRUE,
    "The most subscriptions of one user to changes of documents (xcap-diff)." },
  { "subscriptions", "xcap_uris", CONF_INT, "100", 1, 1000, NULL, TRUE,
    "The most documents, elements and attributes that one of them names." },
  { "subscriptions", "xcap_interval", CONF_DURATION, "5s", 0, HOUR, NULL, TRUE,
    "How often changes of documents are told to one of them in the long run;"
    " the first few are told at once." },

  { "subscriptions", "backend_max", CONF_INT, "20000", 0, 10000000, NULL, TRUE,
    "The most subscriptions of this server to other domains, for members of"
    " lists there." },
  { "subscriptions", "backend_per_user", CONF_INT, "200", 0, 100000, NULL, TRUE,
    "The most of them on behalf of one user." },
  { "subscriptions", "backend_expires", CONF_DURATION, "1h", 60, DAY, NULL,
    TRUE,
    "For how long such a subscription is asked for; it is refreshed before." },
  { "subscriptions", "backend_body", CONF_SIZE, "32k", KIB, MIB, NULL, TRUE,
    "The largest document that is taken from another domain; a larger one is"
    " answered 413." },

  { "message", "timeout", CONF_DURATION, "10s", 1, MINUTE, NULL, TRUE,
    "How long the devices of the recipient may take to answer a message; then"
    " it is stored." },
  { "message", "locked_timeout", CONF_DURATION, "4s", 1, MINUTE, NULL, TRUE,
    "How long the device that a conversation is on may take; then the message"
    " goes to the others too." },
  { "message", "lock_idle", CONF_DURATION, "10m", 10, DAY, NULL, FALSE,
    "A conversation without a message for so long is on no device any more." },
  { "message", "locks", CONF_INT, "200000", 100, 100000000, NULL, FALSE,
    "The most conversations that are on a device at one time; above it the one"
    " used longest ago is forgotten." },
  { "message", "retry", CONF_DURATION, "30s", 1, HOUR, NULL, TRUE,
    "After how long a device that did not answer is tried again with stored"
    " messages; when it registers that is at once." },
  { "message", "max_recipients", CONF_INT, "200", 1, 100000, NULL, TRUE,
    "The most recipients of one message to many." },
  { "message", "imdn_window", CONF_DURATION, "0", 0, 10, NULL, TRUE,
    "How long notifications about one message to many (delivered, displayed)"
    " wait for each other, to go to its sender in one; 0: each goes alone." },
  { "message", "broadcast_rate", CONF_INT, "1000", 10, 1000000, NULL, TRUE,
    "How many copies of messages to many are delivered in a second." },
  { "message", "ledger_keep", CONF_DURATION, "30d", HOUR, 3650 * DAY, NULL, TRUE,
    "How long what became of a message is kept in the table deliveries." },
  { "message", "udp_max", CONF_SIZE, "1300", 512, 65535, NULL, TRUE,
    "A MESSAGE larger than this goes by TCP where UDP would be the way, and by"
    " UDP (up to sip.udp_mtu) where no TCP connection can be opened." },

  { "xmpp", "server", CONF_SERVERS, "", 0, 1, NULL, FALSE,
    "The XMPP server, and its port for components (XEP-0114); empty: no XMPP." },
  { "xmpp", "component", CONF_DOMAINS, "", 0, 1, NULL, FALSE,
    "The domain of server.domains that the XMPP server knows as its component;"
    " empty: the first one." },
  { "xmpp", "secret", CONF_STRING, "", 0, TEXT_MAX, NULL, FALSE,
    "What the XMPP server knows the component by." },
  { "xmpp", "secret_file", CONF_STRING, "", 0, TEXT_MAX, NULL, FALSE,
    "File with the secret in its first line, in place of secret." },
  { "xmpp", "domains", CONF_DOMAINS, "", 0, 1000, NULL, FALSE,
    "The domains of XMPP users who are reached this way." },
  { "xmpp", "rooms", CONF_DOMAINS, "", 0, 1000, NULL, FALSE,
    "The domains of its services for text conferences (XEP-0045)." },
  { "xmpp", "max_stanza", CONF_SIZE, "256k", 10 * KIB, 8 * MIB, NULL, TRUE,
    "The largest stanza that is taken; a larger one is dropped." },
  { "xmpp", "max_queue", CONF_SIZE, "4M", 64 * KIB, 1024 * MIB, NULL, TRUE,
    "How many bytes may wait for the XMPP server to take them." },
  { "xmpp", "keepalive", CONF_DURATION, "30s", 1, HOUR, NULL, TRUE,
    "After so long without a word of the XMPP server it is asked for one." },
  { "xmpp", "timeout", CONF_DURATION, "10s", 1, 5 * MINUTE, NULL, TRUE,
    "How long it may take to answer; then the link is down." },
  { "xmpp", "reconnect", CONF_DURATION, "60s", 1, HOUR, NULL, TRUE,
    "The longest time between two attempts to connect; the first comes after a"
    " second." },
  { "xmpp", "thread", CONF_ENUM, "call-id", 0, 0, "call-id|none", TRUE,
    "Whether the thread of an XMPP message is the Call-ID of the MESSAGE and the"
    " other way round (RFC 7572), or they know nothing of each other." },
  { "xmpp", "message_type", CONF_ENUM, "chat", 0, 0, "chat|normal", TRUE,
    "The type that text has for XMPP clients: one line of a conversation, or a"
    " message of its own as RFC 7572 has it." },

  { "rooms", "max_rooms", CONF_INT, "20", 1, 1000, NULL, TRUE,
    "The most text conferences that one user is in at one time." },
  { "rooms", "history", CONF_INT, "20", 0, 500, NULL, TRUE,
    "How many messages said before somebody goes into a text conference are"
    " told to him, as far as the room has them." },
  { "rooms", "max_roster", CONF_INT, "2000", 10, 100000, NULL, TRUE,
    "The most occupants of a text conference that are shown." },
  { "rooms", "roster_delay", CONF_INT, "200", 0, 10000, NULL, TRUE,
    "For how many milliseconds changes of who is in a text conference are"
    " gathered, to be told in one NOTIFY." },
  { "rooms", "grace", CONF_DURATION, "30s", 1, DAY, NULL, TRUE,
    "How long a user stays in his text conferences after the registration of"
    " his last device has ended." },
  { "rooms", "ping", CONF_DURATION, "10m", 0, DAY, NULL, TRUE,
    "After so long without a word of a text conference it is asked whether the"
    " user is still in; 0: never." },
  { "rooms", "rejoin_rate", CONF_INT, "50", 1, 10000, NULL, TRUE,
    "How many users a second go into their text conferences again when the"
    " XMPP server is back." },

  { "http", "listen", CONF_ENDPOINTS, "127.0.0.1:8080", 0, 16, NULL, FALSE,
    "Addresses and ports for HTTP; empty: no HTTP." },
  { "http", "admin_networks", CONF_CIDRS, "127.0.0.1;::1", 0, 1000, NULL, TRUE,
    "Addresses that may read /metrics and /console/." },

  { "xcap", "root", CONF_STRING, "", 0, 255, NULL, TRUE,
    "The XCAP root URI as phones have it, for example behind a proxy that "
    "speaks"
    " HTTPS; empty: http://ADDRESS/xcap-root/ with the first address of"
    " http.listen." },
  { "xcap", "overflow", CONF_ENUM, "shorten", 0, 0, "shorten|strict", TRUE,
    "A whole contact list with too many contacts: store those that fit and name"
    " the rest in a Warning, or refuse it with 409." },
  { "xcap", "max_document", CONF_SIZE, "256k", 4 * KIB, 16 * MIB, NULL, TRUE,
    "The largest document, and the largest body of a request; a larger one is"
    " answered 413." },
  { "xcap", "max_depth", CONF_INT, "32", 8, 100, NULL, TRUE,
    "How deep the elements of a document may be nested." },
  { "xcap", "rate_per_source", CONF_INT, "500", 0, 1000000, NULL, TRUE,
    "Requests a second from one address; 0: no limit." },
  { "xcap", "rate_per_user", CONF_INT, "50", 0, 1000000, NULL, TRUE,
    "Requests a second from one authenticated user; 0: no limit." },
  { "xcap", "rate_burst", CONF_INT, "10", 1, 3600, NULL, TRUE,
    "How many seconds' worth of these two rates may come at once." },
  { "xcap", "failed_logins", CONF_INT, "20", 0, 100000, NULL, TRUE,
    "How many wrong passwords for one user may come from one address at once; a"
    " second later one more; 0: no limit." },
};

const ConfOption *
conf_options (gsize *n_out)
{
  *n_out = G_N_ELEMENTS (options);
  return options;
}
