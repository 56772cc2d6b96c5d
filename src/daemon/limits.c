/* SPDX-License-Identifier: ISC
 *
 * Options to limits. */
#include "daemon/limits.h"

#include <string.h>

/* DESIGN section 3, rule 5. */
#define AWAY_EXPIRES 120
/* How long a terminated dialog's row answers repetitions: 64*T1 and as much
 * again for the sender's clock. */
#define TOMBSTONE 64
/* Messages that are read at one time for one user. */
#define MESSAGE_CHUNK 100
#define SECOND ((gint64)1000000)

static guint
number (const Conf *conf, const char *group, const char *key)
{
  return (guint)conf_int (conf, group, key);
}

static gboolean
is (const Conf *conf, const char *group, const char *key, const char *value)
{
  return g_str_equal (conf_string (conf, group, key), value);
}

ServiceLimits
limits_of (const Conf *conf)
{
  ServiceLimits limits = {
    .reg = { .min_expires = number (conf, "registrar", "min_expires"),
             .max_expires = number (conf, "registrar", "max_expires"),
             .default_expires = number (conf, "registrar", "default_expires"),
             .max_bindings = number (conf, "registrar", "max_bindings") },
    .presence
    = { .min_expires = number (conf, "presence", "min_expires"),
        .max_expires = number (conf, "presence", "max_expires"),
        .default_expires = number (conf, "presence", "default_expires"),
        .max_publications = number (conf, "presence", "max_publications") },
    .device_grace = number (conf, "presence", "device_grace"),
    .subs
    = { .min_expires = number (conf, "subscriptions", "min_expires"),
        .max_expires = number (conf, "subscriptions", "max_expires"),
        .default_expires = number (conf, "subscriptions", "default_expires"),
        .retry_after_timeout = number (conf, "subscriptions", "retry"),
        .tombstone = TOMBSTONE,
        .max_rate_interval
        = number (conf, "subscriptions", "max_rate_interval"),
        .min_rate_interval
        = number (conf, "subscriptions", "min_rate_interval") },
    .wake_rate = number (conf, "subscriptions", "wake_rate"),
    .max_pending = number (conf, "subscriptions", "max_pending"),
    .rooms = { .max_rooms = number (conf, "rooms", "max_rooms"),
               .max_roster = number (conf, "rooms", "max_roster"),
               .rejoins = number (conf, "rooms", "rejoin_rate"),
               .ping = number (conf, "rooms", "ping"),
               .grace = number (conf, "rooms", "grace") },
    .room_history = number (conf, "rooms", "history"),
    .room_delay = number (conf, "rooms", "roster_delay"),
    .list_max = number (conf, "subscriptions", "list_max"),
    .list_members = number (conf, "subscriptions", "list_members"),
    .list_delay = number (conf, "subscriptions", "list_delay"),
    .xcap_subscriptions = number (conf, "subscriptions", "xcap_max"),
    .xcap_uris = number (conf, "subscriptions", "xcap_uris"),
    .xcap_interval = number (conf, "subscriptions", "xcap_interval"),
    .watch
    = { .max = number (conf, "subscriptions", "backend_max"),
        .max_per_user = number (conf, "subscriptions", "backend_per_user"),
        .expires = number (conf, "subscriptions", "backend_expires"),
        .max_body = (gsize)conf_int (conf, "subscriptions", "backend_body") },
    .away_expires = AWAY_EXPIRES,
    .im = { .alone = number (conf, "message", "locked_timeout") * SECOND,
            .fork = number (conf, "message", "timeout") * SECOND,
            .idle = number (conf, "message", "lock_idle") * SECOND,
            .retry = number (conf, "message", "retry") * SECOND,
            .max_locks = number (conf, "message", "locks"),
            .chunk = MESSAGE_CHUNK,
            .max_waiting = 2 * MESSAGE_CHUNK },
    .max_recipients = number (conf, "message", "max_recipients"),
    .imdn_window = number (conf, "message", "imdn_window"),
    .broadcast_rate = number (conf, "message", "broadcast_rate"),
    .ledger_keep = number (conf, "message", "ledger_keep"),
    .max_body = (gsize)conf_int (conf, "sip", "max_body"),
    .xmpp_fresh_threads = is (conf, "xmpp", "thread", "none"),
    .xmpp_rate = number (conf, "sip", "rate_per_user"),
    .xmpp_burst = number (conf, "sip", "rate_burst"),
    .xmpp_normal = is (conf, "xmpp", "message_type", "normal"),
  };

  return limits;
}

GLogLevelFlags
limits_log_level (const Conf *conf)
{
  static const struct {
    const char *name;
    GLogLevelFlags level;
  } levels[] = {
    { "error", G_LOG_LEVEL_CRITICAL }, { "warning", G_LOG_LEVEL_WARNING },
    { "notice", G_LOG_LEVEL_MESSAGE }, { "info", G_LOG_LEVEL_INFO },
    { "debug", G_LOG_LEVEL_DEBUG },
  };
  const char *name = conf_string (conf, "server", "log_level");

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (strcmp (levels[i].name, name) == 0)
      return levels[i].level;
  return G_LOG_LEVEL_MESSAGE;
}
