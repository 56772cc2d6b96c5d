/* SPDX-License-Identifier: ISC
 *
 * Reads a configuration and answers for its values.  conf/scan.c knows the
 * lines, conf/value.c the types, GKeyFile the escapes. */
#include "conf/conf-priv.h"

#include <string.h>

#include "base/error.h"
#include "conf/scan.h"

#define FILE_MAX (1 << 20)

/* What options of one group must hold to each other. */
typedef struct {
  const char *group, *low, *high;
} Order;

static const char *const bounded_groups[]
    = { "registrar", "presence", "subscriptions" };

/* A file that is being read. */
typedef struct {
  Conf *conf;
  const char *name;
  ConfLines *lines;
  GKeyFile *file;
} Reading;

static gboolean fail (const Reading *reading, guint line, GError **error,
                      const char *format, ...) G_GNUC_PRINTF (4, 5);

static gboolean
fail (const Reading *reading, guint line, GError **error, const char *format,
      ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, RC_ERROR, RC_ERROR_CONFIG, "%s:%u: %s", reading->name,
               line, what);
  return FALSE;
}

static gssize
find (const char *group, const char *key)
{
  gsize n;
  const ConfOption *options = conf_options (&n);

  for (gsize i = 0; i < n; i++)
    if (!strcmp (options[i].group, group) && !strcmp (options[i].key, key))
      return (gssize)i;
  return -1;
}

static ConfValue *
value_of (const Conf *self, const char *group, const char *key)
{
  gssize i = find (group, key);

  if (i < 0)
    g_error ("there is no option %s.%s", group, key);
  return &self->values[i];
}

static const ConfOption *
option_of (const char *group, const char *key)
{
  gssize i = find (group, key);
  gsize n;

  if (i < 0)
    g_error ("there is no option %s.%s", group, key);
  return &conf_options (&n)[i];
}

/* The text of an option as the file has it; NULL with error when its escapes
 * are wrong. */
static char *
written_text (const Reading *reading, const ConfOption *option, guint line,
              GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autofree char *text
      = g_key_file_get_string (reading->file, option->group, option->key, &why);

  if (why == NULL) /* GKeyFile may give both */
    return g_steal_pointer (&text);
  fail (reading, line, error,
        "%s in [%s] has a wrong escape; allowed: \\s, \\n, \\t, \\r, \\\\",
        option->key, option->group);
  return NULL;
}

static gboolean
read_option (const Reading *reading, const ConfOption *option, ConfValue *value,
             GError **error)
{
  guint line = conf_lines_key (reading->lines, option->group, option->key);
  g_autofree char *allowed = conf_option_allowed (option), *why = NULL;
  g_autofree char *text = line == 0
                              ? g_strdup (option->fallback)
                              : written_text (reading, option, line, error);

  if (line != 0 && text == NULL)
    return FALSE;
  if (text == NULL)
    return fail (reading, conf_lines_group (reading->lines, option->group),
                 error, "%s in [%s] must be given; allowed: %s", option->key,
                 option->group, allowed);
  if (!conf_value_parse (option, text, value, &why))
    return fail (reading, line, error, "%s in [%s]: %s; allowed: %s",
                 option->key, option->group, why, allowed);
  value->line = line;
  return TRUE;
}

static gboolean
read_options (const Reading *reading, GError **error)
{
  gsize n;
  const ConfOption *options = conf_options (&n);

  for (gsize i = 0; i < n; i++)
    if (!read_option (reading, &options[i], &reading->conf->values[i], error))
      return FALSE;
  return TRUE;
}

/* Low may not be above high; the message names the line that the operator
 * wrote. */
static gboolean
check_order (const Reading *reading, const Order *order, GError **error)
{
  const ConfValue *low = value_of (reading->conf, order->group, order->low);
  const ConfValue *high = value_of (reading->conf, order->group, order->high);

  if (low->number <= high->number)
    return TRUE;
  return fail (reading, MAX (low->line, high->line), error,
               "%s (%s) in [%s] is above %s (%s); allowed: at most as much",
               order->low, low->text, order->group, order->high, high->text);
}

/* min <= default <= max; a default that was not written bends instead. */
static gboolean
check_expires (const Reading *reading, const char *group, GError **error)
{
  ConfValue *value = value_of (reading->conf, group, "default_expires");
  const ConfValue *low = value_of (reading->conf, group, "min_expires");
  const ConfValue *high = value_of (reading->conf, group, "max_expires");

  if (!check_order (reading, &(Order){ group, "min_expires", "max_expires" },
                    error))
    return FALSE;
  if (value->line == 0) {
    const ConfValue *bound = value->number < low->number    ? low
                             : value->number > high->number ? high
                                                            : value;

    if (bound != value) {
      g_free (value->text);
      value->text = g_strdup (bound->text);
      value->number = bound->number;
    }
    return TRUE;
  }
  return check_order (reading,
                      &(Order){ group, "min_expires", "default_expires" },
                      error)
         && check_order (reading,
                         &(Order){ group, "default_expires", "max_expires" },
                         error);
}

static gboolean
check_listen (const Reading *reading, GError **error)
{
  const ConfValue *plain = value_of (reading->conf, "sip", "listen");
  const ConfValue *tls = value_of (reading->conf, "sip", "tls_listen");
  const ConfValue *file = value_of (reading->conf, "sip", "tls_certificate");

  if (plain->items[0] == NULL && tls->items[0] == NULL)
    return fail (reading, plain->line, error,
                 "listen and tls_listen in [sip] are both empty; allowed: at"
                 " least one address");
  if (tls->items[0] != NULL && *file->text == '\0')
    return fail (reading, tls->line, error,
                 "tls_listen in [sip] without tls_certificate; allowed: with a"
                 " file named there");
  return TRUE;
}

/* RFC 4825 6.1: an HTTP URI without a query. */
static gboolean
check_root (const Reading *reading, GError **error)
{
  const ConfValue *root = value_of (reading->conf, "xcap", "root");
  const char *text = root->text;
  gsize scheme = g_str_has_prefix (text, "https://")  ? 8
                 : g_str_has_prefix (text, "http://") ? 7
                                                      : 0;

  if (*text == '\0'
      || (scheme > 0 && text[scheme] != '\0' && text[scheme] != '/'
          && strpbrk (text, "?# \"<>") == NULL))
    return TRUE;
  return fail (
      reading, root->line, error,
      "root in [xcap]: \"%s\" is no such URI; allowed: an absolute http"
      " or https URI without a query",
      text);
}

/* The first item of a list that is in the other too, or (is_wanted) is not. */
static const char *
find_item (const ConfValue *list, const ConfValue *other, gboolean is_wanted)
{
  for (char **item = list->items; *item != NULL; item++)
    if (g_strv_contains ((const char *const *)other->items, *item)
        != is_wanted)
      return *item;
  return NULL;
}

static gboolean
check_places (const Reading *reading, const char *key, const char *group,
              GError **error)
{
  const ConfValue *own = value_of (reading->conf, group, "domains");
  const ConfValue *places = value_of (reading->conf, "xmpp", key);
  const char *item = find_item (places, own, FALSE);

  if (item == NULL)
    return TRUE;
  return fail (reading, places->line, error,
               "%s in [xmpp]: \"%s\" is in domains of [%s], too; allowed: domains"
               " of the XMPP server, each once",
               key, item, group);
}

static gboolean
check_xmpp (const Reading *reading, GError **error)
{
  const ConfValue *server = value_of (reading->conf, "xmpp", "server");
  const ConfValue *component = value_of (reading->conf, "xmpp", "component");
  const char *secret = value_of (reading->conf, "xmpp", "secret")->text;
  const char *file = value_of (reading->conf, "xmpp", "secret_file")->text;
  const char *stray = find_item (
      component, value_of (reading->conf, "server", "domains"), TRUE);

  if (server->items[0] != NULL && (*secret == '\0') == (*file == '\0'))
    return fail (reading, server->line, error,
                 "server in [xmpp] without a secret, or with two; allowed: with"
                 " secret or secret_file");
  if (stray != NULL)
    return fail (reading, component->line, error,
                 "component in [xmpp]: \"%s\" is no domain of ours; allowed:"
                 " one of domains in [server]",
                 stray);
  return check_places (reading, "domains", "server", error)
         && check_places (reading, "rooms", "server", error)
         && check_places (reading, "rooms", "xmpp", error);
}

static gboolean
check_together (const Reading *reading, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (bounded_groups); i++)
    if (!check_expires (reading, bounded_groups[i], error))
      return FALSE;
  return check_listen (reading, error) && check_root (reading, error)
         && check_xmpp (reading, error);
}

static gboolean
read_text (Reading *reading, const char *text, gsize len, GError **error)
{
  g_autoptr (GError) why = NULL;

  if (!g_key_file_load_from_data (reading->file, text, len, G_KEY_FILE_NONE,
                                  &why)
      && !g_error_matches (why, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_NOT_FOUND))
    return fail (reading, 1, error, "%s; allowed: a key file", why->message);
  return read_options (reading, error) && check_together (reading, error);
}

Conf *
conf_parse (const char *text, gsize len, const char *name, GError **error)
{
  g_autoptr (Conf) self = NULL;
  g_autoptr (ConfLines) lines = NULL;
  g_autoptr (GKeyFile) file = g_key_file_new ();
  Reading reading;
  gsize n;

  if (len > FILE_MAX) {
    g_set_error (error, RC_ERROR, RC_ERROR_CONFIG,
                 "%s:1: the file is too large; allowed: %d bytes", name,
                 FILE_MAX);
    return NULL;
  }
  lines = conf_lines_new (text, len, name, error);
  if (lines == NULL)
    return NULL;
  self = g_new0 (Conf, 1);
  conf_options (&n);
  self->values = g_new0 (ConfValue, n);
  reading = (Reading){ self, name, lines, file };
  return read_text (&reading, text, len, error) ? g_steal_pointer (&self)
                                                : NULL;
}

Conf *
conf_load (const char *file, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) why = NULL;
  gsize len;

  if (!g_file_get_contents (file, &text, &len, &why)) {
    g_set_error (error, RC_ERROR, RC_ERROR_CONFIG,
                 "%s: the configuration cannot be read: %s", file,
                 why->message);
    return NULL;
  }
  return conf_parse (text, len, file, error);
}

void
conf_free (Conf *self)
{
  gsize n;

  if (self == NULL)
    return;
  conf_options (&n);
  for (gsize i = 0; i < n; i++)
    conf_value_clear (&self->values[i]);
  g_free (self->values);
  g_free (self);
}

const char *
conf_string (const Conf *self, const char *group, const char *key)
{
  ConfType type = option_of (group, key)->type;

  g_assert (type == CONF_STRING || type == CONF_ENUM);
  return value_of (self, group, key)->text;
}

gint64
conf_int (const Conf *self, const char *group, const char *key)
{
  ConfType type = option_of (group, key)->type;

  g_assert (type == CONF_INT || type == CONF_DURATION || type == CONF_SIZE);
  return value_of (self, group, key)->number;
}

gboolean
conf_bool (const Conf *self, const char *group, const char *key)
{
  g_assert (option_of (group, key)->type == CONF_BOOL);
  return value_of (self, group, key)->number != 0;
}

const char *const *
conf_list (const Conf *self, const char *group, const char *key)
{
  g_assert (conf_type_is_list (option_of (group, key)->type));
  return (const char *const *)value_of (self, group, key)->items;
}

gboolean
conf_has_address (const Conf *self, const char *group, const char *key,
                  const char *addr)
{
  g_assert (option_of (group, key)->type == CONF_CIDRS);
  return conf_value_has_address (value_of (self, group, key), addr);
}

char **
conf_needs_restart (const Conf *running, const Conf *fresh)
{
  GPtrArray *names = g_ptr_array_new ();
  gsize n;
  const ConfOption *options = conf_options (&n);

  for (gsize i = 0; i < n; i++)
    if (!options[i].is_reloadable
        && !conf_value_equal (&options[i], &running->values[i],
                              &fresh->values[i]))
      g_ptr_array_add (
          names, g_strconcat (options[i].group, ".", options[i].key, NULL));
  g_ptr_array_add (names, NULL);
  return (char **)g_ptr_array_free (names, FALSE);
}
