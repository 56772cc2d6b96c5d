/* SPDX-License-Identifier: ISC
 *
 * Reading location paths: see xml-path.h. */
#include "codec/xml-path-priv.h"

#include "base/error.h"
#include "codec/xml-priv.h"

#include <math.h>
#include <string.h>

typedef struct {
  const char *at;
  XmlPathNsFn ns;
  gpointer data;
  guint n_steps, n_terms;
  GError **error;
} Reader;

static void
step_clear (gpointer data)
{
  Step *step = data;

  g_free (step->name);
  g_free (step->ns);
  g_clear_pointer (&step->predicates, g_ptr_array_unref);
}

static void
term_clear (gpointer data)
{
  Term *term = data;

  g_array_unref (term->steps);
  g_free (term->value);
}

static void
predicate_free (gpointer data)
{
  Predicate *predicate = data;

  g_array_unref (predicate->terms);
  g_free (predicate);
}

GArray *
xml_path_steps_new (void)
{
  GArray *steps = g_array_new (FALSE, TRUE, sizeof (Step));

  g_array_set_clear_func (steps, step_clear);
  return steps;
}

static gboolean
fail (Reader *self, RcError code, const char *what)
{
  g_set_error (self->error, RC_ERROR, code, "%s at \"%.20s\"", what, self->at);
  return FALSE;
}

static void
skip_space (Reader *self)
{
  while (g_ascii_isspace (*self->at))
    self->at++;
}

static gboolean
take (Reader *self, char c)
{
  skip_space (self);
  if (*self->at != c)
    return FALSE;
  self->at++;
  return TRUE;
}

static gboolean
is_name_char (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '-' || c == '.'
         || (guchar)c >= 0x80;
}

/* NULL when there is none. */
static char *
read_name (Reader *self)
{
  const char *start = self->at;

  if (g_ascii_isdigit (*start) || *start == '-' || *start == '.')
    return NULL;
  while (is_name_char (*self->at))
    self->at++;
  return self->at > start ? g_strndup (start, self->at - start) : NULL;
}

static gboolean
set_ns (Reader *self, Step *step, const char *prefix)
{
  const char *ns = self->ns (prefix, self->data);

  if (ns == NULL && *prefix != '\0') {
    g_set_error (self->error, RC_ERROR, RC_ERROR_SYNTAX,
                 "the prefix %s is not bound", prefix);
    return FALSE;
  }
  step->ns = g_strdup (ns);
  return TRUE;
}

/* A name, "*" or "prefix:name"; "prefix:*" is more than we need. */
static gboolean
read_test (Reader *self, Step *step)
{
  g_autofree char *first = NULL;

  if (take (self, '*'))
    return TRUE;
  first = read_name (self);
  if (first == NULL)
    return fail (self, RC_ERROR_SYNTAX, "a name is missing");
  if (*self->at == '(' && step->kind == STEP_ELEMENT
      && strcmp (first, "text") == 0 && strncmp (self->at, "()", 2) == 0) {
    self->at += 2;
    step->kind = STEP_TEXT;
    return TRUE;
  }
  if (*self->at == '(' || strncmp (self->at, "::", 2) == 0)
    return fail (self, RC_ERROR_UNSUPPORTED, "functions and axes are not done");
  if (*self->at != ':') {
    step->name = g_steal_pointer (&first);
    return step->kind == STEP_ATTRIBUTE || set_ns (self, step, "");
  }
  self->at++;
  step->name = read_name (self);
  if (step->name == NULL)
    return fail (self, RC_ERROR_SYNTAX, "a name is missing");
  return set_ns (self, step, first);
}

static gboolean read_predicates (Reader *self, Step *step);

static gboolean
read_step (Reader *self, GArray *steps, gboolean is_deep)
{
  Step made = { .is_deep = is_deep }, *step;

  if (++self->n_steps > XML_PATH_STEPS_MAX * 2)
    return fail (self, RC_ERROR_BOUND, "too many steps");
  g_array_append_val (steps, made);
  step = &g_array_index (steps, Step, steps->len - 1);
  skip_space (self);
  if (strncmp (self->at, "..", 2) == 0) {
    self->at += 2;
    step->kind = STEP_PARENT;
    return TRUE;
  }
  if (*self->at == '.') {
    self->at++;
    step->kind = STEP_SELF;
    return TRUE;
  }
  if (take (self, '@'))
    step->kind = STEP_ATTRIBUTE;
  return read_test (self, step) && read_predicates (self, step);
}

static gboolean
read_steps (Reader *self, GArray *steps, gboolean is_deep)
{
  do {
    if (!read_step (self, steps, is_deep))
      return FALSE;
    if (steps->len > XML_PATH_STEPS_MAX)
      return fail (self, RC_ERROR_BOUND, "too many steps");
    if (!take (self, '/'))
      return TRUE;
    if (g_array_index (steps, Step, steps->len - 1).kind >= STEP_ATTRIBUTE
        && g_array_index (steps, Step, steps->len - 1).kind <= STEP_TEXT)
      return fail (self, RC_ERROR_SYNTAX, "nothing is below this");
    is_deep = *self->at == '/';
    if (is_deep)
      self->at++;
  } while (TRUE);
}

/* Quoted, or a bare token. */
static gboolean
read_value (Reader *self, Term *term)
{
  const char *end;
  char *rest;

  skip_space (self);
  if (*self->at == '"' || *self->at == '\'') {
    end = strchr (self->at + 1, *self->at);
    if (end == NULL)
      return fail (self, RC_ERROR_SYNTAX, "a quote is not closed");
    term->value = g_strndup (self->at + 1, end - self->at - 1);
    self->at = end + 1;
  } else {
    end = self->at + strcspn (self->at, " \t\r\n]");
    if (end == self->at)
      return fail (self, RC_ERROR_SYNTAX, "a value is missing");
    term->value = g_strndup (self->at, end - self->at);
    self->at = end;
  }
  term->number = g_ascii_strtod (term->value, &rest);
  if (rest == term->value || *rest != '\0')
    term->number = NAN;
  return TRUE;
}

static gboolean
read_term (Reader *self, GArray *terms, gboolean is_or)
{
  Term made = { .is_or = is_or }, *term;

  if (++self->n_terms > XML_PATH_TERMS_MAX)
    return fail (self, RC_ERROR_BOUND, "too many comparisons");
  made.steps = xml_path_steps_new ();
  g_array_append_val (terms, made);
  term = &g_array_index (terms, Term, terms->len - 1);
  if (!read_steps (self, term->steps, FALSE))
    return FALSE;
  skip_space (self);
  if (strchr ("=<>", *self->at) == NULL || *self->at == '\0')
    return TRUE;
  term->op = *self->at++;
  if (*self->at == '=')
    return fail (self, RC_ERROR_UNSUPPORTED, "this comparison is not done");
  return read_value (self, term);
}

static gboolean
take_word (Reader *self, const char *word)
{
  gsize n = strlen (word);

  skip_space (self);
  if (strncmp (self->at, word, n) != 0 || is_name_char (self->at[n]))
    return FALSE;
  self->at += n;
  return TRUE;
}

static gboolean
read_terms (Reader *self, Predicate *predicate)
{
  gboolean is_or = FALSE;

  do {
    if (!read_term (self, predicate->terms, is_or))
      return FALSE;
    is_or = take_word (self, "or");
  } while (is_or || take_word (self, "and"));
  return TRUE;
}

static gboolean
read_position (Reader *self, Predicate *predicate)
{
  guint64 position = g_ascii_strtoull (self->at, (char **)&self->at, 10);

  if (position == 0 || position > G_MAXINT)
    return fail (self, RC_ERROR_SYNTAX, "no position");
  predicate->position = (guint)position;
  return TRUE;
}

static gboolean
read_predicates (Reader *self, Step *step)
{
  while (take (self, '[')) {
    Predicate *predicate = g_new0 (Predicate, 1);

    predicate->terms = g_array_new (FALSE, TRUE, sizeof (Term));
    g_array_set_clear_func (predicate->terms, term_clear);
    if (step->predicates == NULL)
      step->predicates = g_ptr_array_new_with_free_func (predicate_free);
    g_ptr_array_add (step->predicates, predicate);
    skip_space (self);
    if (!(g_ascii_isdigit (*self->at) ? read_position (self, predicate)
                                      : read_terms (self, predicate)))
      return FALSE;
    if (!take (self, ']'))
      return fail (self, RC_ERROR_SYNTAX, "] is missing");
  }
  return TRUE;
}

static gboolean
read_whole (Reader *self, GArray *steps)
{
  gboolean is_deep;

  is_deep = take (self, '/') && *self->at == '/';
  if (is_deep)
    self->at++;
  if (!read_steps (self, steps, is_deep))
    return FALSE;
  for (guint i = 0; i < steps->len; i++)
    if (g_array_index (steps, Step, i).kind >= STEP_SELF)
      return fail (self, RC_ERROR_UNSUPPORTED, ". and .. are for conditions");
  skip_space (self);
  return *self->at == '\0' || fail (self, RC_ERROR_SYNTAX, "not understood");
}

gboolean
xml_path_parse (const char *text, XmlPathNsFn ns, gpointer data, XmlPath **out,
                GError **error)
{
  g_autoptr (XmlPath) self = g_new0 (XmlPath, 1);
  Reader reader = { .at = text, .ns = ns, .data = data, .error = error };

  *out = NULL;
  self->steps = xml_path_steps_new ();
  if (strlen (text) > XML_PATH_LENGTH_MAX) {
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND,
                 "an expression of more than %d bytes", XML_PATH_LENGTH_MAX);
    return FALSE;
  }
  if (!read_whole (&reader, self->steps))
    return FALSE;
  *out = g_steal_pointer (&self);
  return TRUE;
}

void
xml_path_free (XmlPath *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->steps);
  g_free (self);
}
