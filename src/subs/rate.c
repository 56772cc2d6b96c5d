/* SPDX-License-Identifier: ISC
 *
 * How often a watcher is told (RFC 6446): the rates that it asks for in Event,
 * as far as the limits allow them, and the times that follow from them. */
#define G_LOG_DOMAIN "subs"
#include "config.h"

#include "subs/subs-priv.h"

#include <string.h>

/* A rate is kept in units of 1e-10 a second, the finest that there is (9.2). */
#define UNIT G_GUINT64_CONSTANT (10000000000)
#define DECIMALS 10

static const struct {
  const char *name;
  gsize offset;
} params[] = {
  { "max-rate", G_STRUCT_OFFSET (SubsRates, max) },
  { "min-rate", G_STRUCT_OFFSET (SubsRates, min) },
  { "adaptive-min-rate", G_STRUCT_OFFSET (SubsRates, adaptive) },
};

static guint64 *
rate_at (SubsRates *rates, guint i)
{
  return (guint64 *)(gpointer)((char *)rates + params[i].offset);
}

/* 1*2DIGIT ["." 1*10DIGIT]; 0: it is no rate. */
static guint64
read_rate (const char *at, gsize len)
{
  const char *end = at + len;
  guint64 rate = 0;
  guint n = 0;

  for (; at < end && g_ascii_isdigit (*at) && n < 2; at++, n++)
    rate = rate * 10 + (guint64)(*at - '0');
  if (n == 0 || (at < end && (*at++ != '.' || at == end)))
    return 0;
  for (n = 0; at < end && n < DECIMALS; at++, n++) {
    if (!g_ascii_isdigit (*at))
      return 0;
    rate = rate * 10 + (guint64)(*at - '0');
  }
  if (at < end)
    return 0;
  for (; n < DECIMALS; n++)
    rate *= 10;
  return rate;
}

/* Takes one parameter, from behind its ';' on; FALSE: it is none of ours. */
static gboolean
take_param (const char *at, gsize len, SubsRates *rates)
{
  const char *start = at + strspn (at, " \t");
  const char *equal = memchr (at, '=', len);
  const char *end = at + len, *name_end = equal != NULL ? equal : end;

  while (name_end > start && g_ascii_isspace (name_end[-1]))
    name_end--;
  while (end > start && g_ascii_isspace (end[-1]))
    end--;
  for (guint i = 0; i < G_N_ELEMENTS (params); i++)
    if ((gsize)(name_end - start) == strlen (params[i].name)
        && g_ascii_strncasecmp (start, params[i].name, name_end - start) == 0) {
      if (equal != NULL) {
        equal += 1 + strspn (equal + 1, " \t");
        *rate_at (rates, i) = read_rate (equal, end - equal);
      }
      return TRUE;
    }
  return FALSE;
}

char *
rates_take (const char *event, SubsRates *rates)
{
  GString *rest;
  const char *at;

  *rates = (SubsRates){ 0 };
  if (event == NULL || strcasestr (event, "-rate") == NULL)
    return NULL;
  at = event + strcspn (event, ";");
  rest = g_string_new_len (event, at - event);
  while (*at == ';') {
    gsize len = strcspn (at + 1, ";");

    if (!take_param (at + 1, len, rates))
      g_string_append_len (rest, at, (gssize)len + 1);
    at += 1 + len;
  }
  return g_string_free (rest, FALSE);
}

gboolean
rates_are_any (const SubsRates *rates)
{
  return rates->max != 0 || rates->min != 0 || rates->adaptive != 0;
}

static void
put_rate (GString *out, const char *name, guint64 rate)
{
  char digits[DECIMALS + 1];
  gsize n;

  g_string_append_printf (out, ";%s=%u", name, (guint)(rate / UNIT));
  g_snprintf (digits, sizeof digits, "%010" G_GUINT64_FORMAT, rate % UNIT);
  for (n = DECIMALS; n > 0 && digits[n - 1] == '0'; n--)
    digits[n - 1] = '\0';
  if (n > 0)
    g_string_append_printf (out, ".%s", digits);
}

void
rates_write (const SubsRates *rates, GString *out)
{
  SubsRates copy = *rates;

  for (guint i = 0; i < G_N_ELEMENTS (params); i++)
    if (*rate_at (&copy, i) != 0)
      put_rate (out, params[i].name, *rate_at (&copy, i));
}

/* At least one in so many seconds. */
static guint64
lowest (guint seconds)
{
  return seconds == 0 ? 0 : (UNIT + seconds - 1) / seconds;
}

static void
cut (guint64 *rate, guint64 most)
{
  if (most != 0 && *rate > most)
    *rate = most;
}

/* RFC 6446 5.3 (one NOTIFY at least before it expires), 6.3, 7.3, 8. */
SubsRates
rates_granted (const SubsRates *asked, const SubsLimits *limits, guint seconds)
{
  SubsRates rates = *asked;
  guint64 most
      = limits->min_rate_interval == 0 ? 0 : UNIT / limits->min_rate_interval;

  if (rates.max != 0) {
    rates.max = MAX (rates.max, lowest (limits->max_rate_interval));
    rates.max = MAX (rates.max, lowest (seconds));
  }
  cut (&rates.min, most);
  cut (&rates.adaptive, most);
  cut (&rates.min, rates.max);
  cut (&rates.adaptive, rates.max);
  if (rates.adaptive != 0 && rates.min >= rates.adaptive)
    rates.min = 0;
  return rates;
}

static gint64
interval_of (guint64 rate)
{
  return rate == 0 ? 0 : (gint64)(UNIT * G_USEC_PER_SEC / rate);
}

void
rate_begin (SubShape *self)
{
  for (guint i = 0; i < RATE_SLOTS; i++)
    self->slots[i] = 1; /* 7.2: as if that rate had been kept */
  self->slot = -1;
}

/* The slot of now; those since the last time are empty. */
static guint16 *
slot_at (SubShape *self, gint64 now)
{
  gint64 slot = now / MAX (interval_of (self->rates.adaptive), 1);

  if (self->slot < 0 || slot < self->slot)
    self->slot = slot;
  for (guint n = 0; self->slot < slot && n < RATE_SLOTS; n++)
    self->slots[++self->slot % RATE_SLOTS] = 0;
  self->slot = slot;
  return &self->slots[slot % RATE_SLOTS];
}

void
rate_sent (SubShape *self, gint64 now)
{
  guint16 *slot;

  self->sent_before = self->sent_at;
  self->sent_at = self->told_at = now;
  if (self->rates.adaptive == 0)
    return;
  slot = slot_at (self, now);
  if (*slot < G_MAXUINT16)
    ++*slot;
}

gint64
rate_next (const SubShape *self)
{
  gint64 interval = interval_of (self->rates.max);

  return interval == 0 || self->sent_at == 0 ? 0 : self->sent_at + interval;
}

/* 7.4 with a period of RATE_SLOTS times the reciprocal of the rate. */
static gint64
adaptive_timeout (SubShape *self, gint64 now)
{
  gint64 interval = interval_of (self->rates.adaptive);
  guint count = 0;

  slot_at (self, now);
  for (guint i = 0; i < RATE_SLOTS; i++)
    count += self->slots[i];
  return MAX (interval_of (self->rates.max),
              (gint64)MAX (count, 1) * interval / RATE_SLOTS);
}

gint64
rate_latest (SubShape *self, gint64 now)
{
  gint64 longest = interval_of (self->rates.min);

  if (self->rates.adaptive != 0) {
    gint64 timeout = adaptive_timeout (self, now);

    longest = longest == 0 ? timeout : MIN (longest, timeout);
  }
  return longest == 0 ? 0 : self->told_at + longest;
}
