/* SPDX-License-Identifier: ISC
 *
 * Text to values, one function for each type of option. */
#include "conf/value.h"

#include <arpa/inet.h>
#include <string.h>

typedef struct {
  char letter;
  gint64 factor;
} Unit;

static const Unit time_units[]
    = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 0, 0 } };
static const Unit size_units[]
    = { { 'k', 1 << 10 }, { 'M', 1 << 20 }, { 'G', 1 << 30 }, { 0, 0 } };
static const Unit no_units[] = { { 0, 0 } };

static const Unit *
units_of (ConfType type)
{
  if (type == CONF_DURATION)
    return time_units;
  return type == CONF_SIZE ? size_units : no_units;
}

gboolean
conf_type_is_list (ConfType type)
{
  return type == CONF_LIST || type == CONF_CIDRS || type == CONF_DOMAINS
         || type == CONF_WORDS || type == CONF_ENDPOINTS
         || type == CONF_SERVERS;
}

/* Digits with at most one unit behind them; -1 when it is something else or
 * too large to count. */
static gint64
read_number (const char *text, const Unit *units)
{
  char *end;
  guint64 number;

  if (!g_ascii_isdigit (text[0]))
    return -1;
  number = g_ascii_strtoull (text, &end, 10);
  if (number > G_MAXUINT32)
    return -1;
  if (*end == '\0')
    return (gint64)number;
  for (; units->letter != 0; units++)
    if (g_ascii_tolower (*end) == g_ascii_tolower (units->letter)
        && end[1] == '\0')
      return (gint64)number * units->factor;
  return -1;
}

static char *
parse_number (const ConfOption *option, ConfValue *out)
{
  out->number = read_number (out->text, units_of (option->type));
  if (out->number < 0)
    return g_strdup (option->type == CONF_DURATION ? "not a time"
                     : option->type == CONF_SIZE   ? "not a size"
                                                   : "not a number");
  if (out->number < option->min)
    return g_strdup ("too small");
  return out->number > option->max ? g_strdup ("too large") : NULL;
}

static char *
parse_bool (const ConfOption *option, ConfValue *out)
{
  out->number = g_str_equal (out->text, "true");
  return out->number || g_str_equal (out->text, "false")
             ? NULL
             : g_strdup ("neither true nor false");
}

static char *
parse_string (const ConfOption *option, ConfValue *out)
{
  gsize len = strlen (out->text);

  for (const char *p = out->text; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return g_strdup ("a control character in it");
  if ((gint64)len < option->min)
    return g_strdup ("empty");
  return (gint64)len > option->max ? g_strdup ("too long") : NULL;
}

static gboolean
is_word_of (const char *allowed, const char *word)
{
  g_auto (GStrv) words = g_strsplit (allowed, "|", -1);

  return g_strv_contains ((const char *const *)words, word);
}

static char *
parse_enum (const ConfOption *option, ConfValue *out)
{
  return is_word_of (option->allowed, out->text)
             ? NULL
             : g_strdup ("not one of the words");
}

static char *
check_word (const ConfOption *option, ConfValue *out, char *item)
{
  return is_word_of (option->allowed, item)
             ? NULL
             : g_strdup_printf ("\"%s\" is not one of the words", item);
}

/* Labels of letters, digits and '-', separated by dots; lower case. */
static char *
check_domain (const ConfOption *option, ConfValue *out, char *item)
{
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  gsize len = strlen (item);
  const char *p = item;

  while (len <= 253) {
    gsize n = strspn (p, allowed);

    if (n == 0 || n > 63 || p[0] == '-' || p[n - 1] == '-')
      break;
    if (p[n] == '\0')
      return NULL;
    if (p[n] != '.')
      break;
    p += n + 1;
  }
  return g_strdup_printf ("\"%s\" is no domain name", item);
}

/* A numeric address in 16 bytes, IPv4 mapped. */
static gboolean
read_address (const char *text, guint8 *out)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };

  memcpy (out, mapped, sizeof mapped);
  return inet_pton (AF_INET, text, out + 12) == 1
         || inet_pton (AF_INET6, text, out) == 1;
}

static char *
check_cidr (const ConfOption *option, ConfValue *out, char *item)
{
  g_autofree char *addr = g_strndup (item, strcspn (item, "/"));
  const char *slash = strchr (item, '/');
  gboolean is_v4 = strchr (addr, ':') == NULL;
  gint64 bits = is_v4 ? 32 : 128;
  ConfPrefix prefix;

  if (slash != NULL) {
    gint64 given = read_number (slash + 1, no_units);

    if (given < 0 || given > bits)
      return g_strdup_printf ("\"%s\" has a wrong prefix length", item);
    bits = given;
  }
  if (!read_address (addr, prefix.addr))
    return g_strdup_printf ("\"%s\" is no address", item);
  prefix.bits = (guint)bits + (is_v4 ? 96 : 0);
  g_array_append_val (out->prefixes, prefix);
  return NULL;
}

static char *
check_endpoint (const ConfOption *option, ConfValue *out, char *item)
{
  char *colon = strrchr (item, ':');
  guint8 binary[16];
  gint64 port;
  gsize len;

  if (colon == NULL)
    return g_strdup_printf ("\"%s\" has no port", item);
  len = (gsize)(colon - item);
  port = read_number (colon + 1, no_units);
  if (port < 1 || port > 65535)
    return g_strdup_printf ("\"%s\" has no port from 1 to 65535", item);
  if (len > 2 && item[0] == '[' && item[len - 1] == ']') {
    g_autofree char *v6 = g_strndup (item + 1, len - 2);

    if (strchr (v6, ':') != NULL && read_address (v6, binary))
      return NULL;
  } else {
    g_autofree char *v4 = g_strndup (item, len);

    if (strchr (v4, ':') == NULL && read_address (v4, binary))
      return NULL;
  }
  return g_strdup_printf ("\"%s\" has no numeric address", item);
}

/* A numeric address, or the name of a host. */
static char *
check_server (const ConfOption *option, ConfValue *out, char *item)
{
  char *colon = strrchr (item, ':');
  g_autofree char *name = NULL, *why = check_endpoint (option, out, item);

  if (why == NULL || !g_str_has_suffix (why, "no numeric address"))
    return g_steal_pointer (&why);
  name = g_strndup (item, (gsize)(colon - item));
  return check_domain (option, out, name);
}

static char *
check_any (const ConfOption *option, ConfValue *out, char *item)
{
  return NULL;
}

typedef char *(*CheckFn) (const ConfOption *option, ConfValue *out, char *item);

static CheckFn
check_of (ConfType type)
{
  switch (type) {
  case CONF_CIDRS:
    return check_cidr;
  case CONF_DOMAINS:
    return check_domain;
  case CONF_WORDS:
    return check_word;
  case CONF_ENDPOINTS:
    return check_endpoint;
  case CONF_SERVERS:
    return check_server;
  default:
    return check_any;
  }
}

/* The items of a list: without white space around them, empty ones left out. */
static char **
split (const ConfOption *option, const char *text)
{
  g_auto (GStrv) raw = g_strsplit (text, ";", -1);
  GPtrArray *items = g_ptr_array_new ();

  for (char **p = raw; *p != NULL; p++) {
    g_strstrip (*p);
    if (**p != '\0')
      g_ptr_array_add (items, option->type == CONF_LIST
                                  ? g_strdup (*p)
                                  : g_ascii_strdown (*p, -1));
  }
  g_ptr_array_add (items, NULL);
  return (char **)g_ptr_array_free (items, FALSE);
}

static char *
parse_list (const ConfOption *option, ConfValue *out)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  CheckFn check = check_of (option->type);
  gint64 n;

  out->items = split (option, out->text);
  n = g_strv_length (out->items);
  if (option->type == CONF_CIDRS)
    out->prefixes = g_array_new (FALSE, FALSE, sizeof (ConfPrefix));
  if (n < option->min)
    return g_strdup (n == 0 ? "empty" : "too few items");
  if (n > option->max)
    return g_strdup ("too many items");
  for (char **p = out->items; *p != NULL; p++) {
    char *why = check (option, out, *p);

    if (why != NULL)
      return why;
    if (!g_hash_table_add (seen, *p))
      return g_strdup_printf ("\"%s\" is in it twice", *p);
  }
  return NULL;
}

static char *
parse_by_type (const ConfOption *option, ConfValue *out)
{
  if (conf_type_is_list (option->type))
    return parse_list (option, out);
  switch (option->type) {
  case CONF_BOOL:
    return parse_bool (option, out);
  case CONF_ENUM:
    return parse_enum (option, out);
  case CONF_STRING:
    return parse_string (option, out);
  default:
    return parse_number (option, out);
  }
}

gboolean
conf_value_parse (const ConfOption *option, const char *text, ConfValue *out,
                  char **why_out)
{
  char *why;

  out->text = g_strstrip (g_strdup (text));
  why = parse_by_type (option, out);
  if (why == NULL)
    return TRUE;
  *why_out = why;
  conf_value_clear (out);
  return FALSE;
}

void
conf_value_clear (ConfValue *value)
{
  g_clear_pointer (&value->text, g_free);
  g_clear_pointer (&value->items, g_strfreev);
  g_clear_pointer (&value->prefixes, g_array_unref);
}

gboolean
conf_value_equal (const ConfOption *option, const ConfValue *a,
                  const ConfValue *b)
{
  if (a->items != NULL)
    return g_strv_equal ((const char *const *)a->items,
                         (const char *const *)b->items);
  if (option->type == CONF_STRING || option->type == CONF_ENUM)
    return g_str_equal (a->text, b->text);
  return a->number == b->number;
}

static gboolean
has_prefix (const guint8 *addr, const ConfPrefix *prefix)
{
  guint bytes = prefix->bits / 8, rest = prefix->bits % 8;

  if (memcmp (addr, prefix->addr, bytes) != 0)
    return FALSE;
  return rest == 0 || (addr[bytes] ^ prefix->addr[bytes]) >> (8 - rest) == 0;
}

gboolean
conf_value_has_address (const ConfValue *value, const char *addr)
{
  char plain[INET6_ADDRSTRLEN];
  guint8 binary[16];
  gsize len;

  addr += addr[0] == '[';
  len = strcspn (addr, "]%");
  if (len >= sizeof plain)
    return FALSE;
  memcpy (plain, addr, len);
  plain[len] = '\0';
  if (!read_address (plain, binary))
    return FALSE;
  for (guint i = 0; i < value->prefixes->len; i++)
    if (has_prefix (binary, &g_array_index (value->prefixes, ConfPrefix, i)))
      return TRUE;
  return FALSE;
}

/* Seconds or bytes with the largest unit that fits. */
static char *
number_text (gint64 number, const Unit *units)
{
  const Unit *best = NULL;

  for (; units->letter != 0; units++)
    if (number >= units->factor && number % units->factor == 0)
      best = units;
  if (best == NULL)
    return g_strdup_printf ("%" G_GINT64_FORMAT, number);
  return g_strdup_printf ("%" G_GINT64_FORMAT "%c", number / best->factor,
                          best->letter);
}

static char *
range_allowed (const ConfOption *option)
{
  const Unit *units = units_of (option->type);
  g_autofree char *low = number_text (option->min, units);
  g_autofree char *high = number_text (option->max, units);

  if (option->type == CONF_DURATION)
    return g_strdup_printf ("%s to %s, written as 30, 90s, 10m, 2h or 7d", low,
                            high);
  if (option->type == CONF_SIZE)
    return g_strdup_printf ("%s to %s bytes, written as 65536, 64k or 2M", low,
                            high);
  return g_strdup_printf ("a number from %s to %s", low, high);
}

static char *
list_allowed (const ConfOption *option)
{
  const char *of;

  if (option->type == CONF_WORDS) {
    g_auto (GStrv) words = g_strsplit (option->allowed, "|", -1);
    g_autofree char *joined = g_strjoinv (", ", words);

    return g_strdup_printf ("words of %s, separated by ';'", joined);
  }
  of = option->type == CONF_CIDRS
           ? "addresses and prefixes such as 127.0.0.1;10.0.0.0/8;::1"
       : option->type == CONF_DOMAINS
           ? "domain names such as a.example;b.example"
       : option->type == CONF_ENDPOINTS
           ? "addresses with port such as 192.0.2.1:5060;[::1]:5060"
       : option->type == CONF_SERVERS
           ? "hosts with port such as xmpp.example.com:5347 or [::1]:5347"
           : "values separated by ';'";
  return g_strdup_printf ("%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " %s",
                          option->min, option->max, of);
}

char *
conf_option_allowed (const ConfOption *option)
{
  if (conf_type_is_list (option->type))
    return list_allowed (option);
  switch (option->type) {
  case CONF_BOOL:
    return g_strdup ("true, false");
  case CONF_ENUM: {
    g_auto (GStrv) words = g_strsplit (option->allowed, "|", -1);

    return g_strjoinv (", ", words);
  }
  case CONF_STRING:
    return g_strdup_printf ("a text of %s%" G_GINT64_FORMAT " bytes",
                            option->min == 0 ? "up to " : "1 to ", option->max);
  default:
    return range_allowed (option);
  }
}
