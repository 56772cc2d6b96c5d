/* SPDX-License-Identifier: ISC
 *
 * reg/: random REGISTERs with fixed seeds against a plain list of what must be
 * bound. */
#include "reg-world.h"

#include <string.h>

/* Thousands of random requests against a plain list of what must be bound. */
typedef struct {
  char *uri;
  guint32 cseq;
  guint call;
  gint64 expires_at;
} Model;

static void
model_free (gpointer data)
{
  Model *model = data;

  g_free (model->uri);
  g_free (model);
}

static Model *
model_find (GPtrArray *models, const char *uri)
{
  for (guint i = 0; i < models->len; i++)
    if (strcmp (((Model *) models->pdata[i])->uri, uri) == 0)
      return models->pdata[i];
  return NULL;
}

static void
model_expire (GPtrArray *models, gint64 now)
{
  for (guint i = models->len; i > 0; i--)
    if (((Model *) models->pdata[i - 1])->expires_at <= now)
      g_ptr_array_remove_index (models, i - 1);
}

static RegVerdict
model_register (GPtrArray *models, guint call, guint32 cseq, const char *uri,
                gint64 expires, gint64 now)
{
  Model *model = model_find (models, uri);

  if (expires > 0 && expires < 60)
    return REG_BRIEF;
  if (model != NULL && model->call == call && cseq <= model->cseq)
    return cseq == model->cseq && expires > 0 ? REG_REPEAT : REG_OUT_OF_ORDER;
  if (model == NULL && expires > 0 && models->len >= world_limits.max_bindings)
    return REG_TOO_MANY;
  if (expires == 0) {
    if (model != NULL)
      g_ptr_array_remove (models, model);
    return REG_OK;
  }
  if (model == NULL) {
    model = g_new0 (Model, 1);
    model->uri = g_strdup (uri);
    g_ptr_array_add (models, model);
  }
  model->call = call;
  model->cseq = cseq;
  model->expires_at = now + expires * SEC;
  return REG_OK;
}

static void
assert_same (World *w, GPtrArray *models)
{
  g_autoptr (GPtrArray) bindings = reg_bindings (w->reg, AOR);

  g_assert_cmpuint (bindings->len, ==, models->len);
  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = bindings->pdata[i];
    const Model *model = model_find (models, binding->contact);
    g_assert_nonnull (model);
    g_assert_cmpuint (binding->cseq, ==, model->cseq);
    g_assert_cmpint (binding->expires_at, ==, model->expires_at);
  }
}

static void
random_step (World *w, GPtrArray *models, GRand *rand)
{
  static const char *const calls[] = { "c0", "c1", "c2" };
  guint call = g_rand_int_range (rand, 0, 3);
  guint32 cseq = g_rand_int_range (rand, 1, 30);
  gint64 expires = g_rand_int_range (rand, -1, 6) * 40;
  g_autofree char *uri
      = g_strdup_printf ("sip:a@192.0.2.%d", g_rand_int_range (rand, 1, 8));

  if (expires < 0)
    expires = 3600;
  /* The table may drop what has expired a tick late; the model waits too. */
  world_wait_for (w, g_rand_int_range (rand, 0, 20));
  world_wait_for (w, 0.2);
  model_expire (models, w->now);
  g_assert_cmpint (world_bind_one (w, calls[call], cseq, uri, expires), ==,
                   model_register (models, call, cseq, uri, expires, w->now));
  assert_same (w, models);
}

static void
test_random (void)
{
  for (guint seed = 1; seed <= 20; seed++) {
    g_autoptr (World) w = world_new ();
    g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
    g_autoptr (GPtrArray) models = g_ptr_array_new_with_free_func (model_free);
    for (guint i = 0; i < 1000; i++)
      random_step (w, models, rand);
  }
}

#define ADD(path, fn) g_test_add_func ("/reg/" path, fn)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("rfc3261-10.3/random", test_random);
  return g_test_run ();
}
