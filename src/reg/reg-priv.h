/* SPDX-License-Identifier: ISC
 *
 * The inside of reg/: an entry per binding, found by its user and by its
 * flow. */
#pragma once
#include "base/wheel.h"
#include "reg/reg.h"

/* Instances remembered per AoR, for telling a GRUU that is away from one that
 * never was. */
#define KNOWN_MAX 64

typedef struct RegUser RegUser;

typedef struct {
  RegBinding *binding;
  RegUser *user;
  WheelTimer timer;
  guint64 serial; /* of the last change: breaks ties of updated_at */
} RegEntry;

struct RegUser {
  char *aor;
  GPtrArray *entries;   /* RegEntry, owned */
  GPtrArray *instances; /* char *: seen once, oldest first; NULL: none */
};

struct Reg {
  Wheel *wheel;
  GHashTable *users;  /* aor -> RegUser, owned */
  GHashTable *flows;  /* guint64 -> GPtrArray of RegEntry */
  GPtrArray *changes; /* of the reg_advance that is running */
  guint64 last_serial;
  guint size;
  gint64 now; /* the latest time told */
};

/* table.c */
RegUser *reg_user (Reg *self, const char *aor);
RegUser *reg_user_make (Reg *self, const char *aor);
RegEntry *reg_user_entry (RegUser *user, const char *key);
void reg_user_remember (RegUser *user, const char *instance);
/* Puts binding (taken) in, in place of the one with its key. */
RegEntry *reg_put (Reg *self, RegUser *user, RegBinding *binding);
/* Takes the entry out, and its user when nothing is left to know of it; the
 * caller owns the binding. */
RegBinding *reg_take (Reg *self, RegEntry *entry);
void reg_set_flow (Reg *self, RegEntry *entry, guint64 flow);
gboolean reg_is_live (Reg *self, const RegEntry *entry);

/* binding is copied, previous (may be NULL) taken. */
void reg_note (GPtrArray *changes, RegChangeKind kind,
               const RegBinding *binding, RegBinding *previous);
