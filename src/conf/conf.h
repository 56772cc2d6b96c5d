/* SPDX-License-Identifier: ISC
 *
 * The option table and the reader of rollcall.conf (GKeyFile syntax).  Every
 * option is one row of the table in conf/options.c: name, type, default, range,
 * reloadable, help; man page, sample file and `make check` follow from it. */
#pragma once
#include <glib.h>

typedef enum {
  CONF_STRING,
  CONF_INT,       /* gint64 within [min, max] */
  CONF_DURATION,  /* seconds; written as 30, 90s, 10m, 2h, 7d */
  CONF_SIZE,      /* bytes; written as 65536, 64k, 2M */
  CONF_BOOL,      /* true, false */
  CONF_ENUM,      /* one word of allowed */
  CONF_LIST,      /* strings separated by ';' */
  CONF_CIDRS,     /* LIST of addresses or prefixes: 127.0.0.1;10.0.0.0/8;::1 */
  CONF_DOMAINS,   /* LIST of host names, folded to lower case */
  CONF_WORDS,     /* LIST of words of allowed */
  CONF_ENDPOINTS, /* LIST of ADDR:PORT: 192.0.2.1:5060;[::1]:5060 */
  CONF_SERVERS,   /* LIST of HOST:PORT, addresses or names */
} ConfType;

typedef struct {
  const char *group, *key; /* [group] key = value */
  ConfType type;
  const char *fallback; /* as written in the file; NULL: must be given */
  gint64 min, max;      /* of a number; items of a LIST; bytes of a STRING */
  const char *allowed;  /* CONF_ENUM, CONF_WORDS: words separated by '|' */
  gboolean is_reloadable;
  const char *help; /* a sentence for the man page and the sample */
} ConfOption;

typedef struct Conf Conf;

/* All options, in the order of the man page; n_out gets their number. */
const ConfOption *conf_options (gsize *n_out);

/* Reads and checks a file.  Any wrong line (unknown group or key, bad value,
 * missing option, a duplicate) is RC_ERROR_CONFIG with "FILE:LINE: what is
 * wrong; what is allowed". */
Conf *conf_load (const char *file, GError **error);
/* The same from memory; name stands for the file in messages. */
Conf *conf_parse (const char *text, gsize len, const char *name,
                  GError **error);
void conf_free (Conf *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Conf, conf_free)

/* Values; asking for an option that is not in the table, or by another type,
 * is a programmer's fault.  Strings are borrowed, valid as long as self. */
const char *conf_string (const Conf *self, const char *group, const char *key);
gint64 conf_int (const Conf *self, const char *group, const char *key);
gboolean conf_bool (const Conf *self, const char *group, const char *key);
/* Of any type that is a LIST: NULL-terminated; an empty list is an empty
 * vector. */
const char *const *conf_list (const Conf *self, const char *group,
                              const char *key);

/* Is addr (numeric, v4 or v6, with or without brackets and zone; a v4-mapped v6
 * counts as v4) in a CONF_CIDRS option?  FALSE for what is no address. */
gboolean conf_has_address (const Conf *self, const char *group, const char *key,
                           const char *addr);

/* Names ("group.key") of options that differ between the two and are not
 * reloadable; the caller frees the vector (g_strfreev). */
char **conf_needs_restart (const Conf *running, const Conf *fresh);

/* All values as a file that conf_parse takes again, with the help as comments
 * (and with the database's password, if dsn has one).  With self == NULL it is
 * the sample configuration: the defaults, commented out, and an empty line
 * for what must be given.  The caller frees. */
char *conf_dump (const Conf *self);
