/* SPDX-License-Identifier: ISC
 *
 * Locks on the replying device: the table, and where the locks are kept. */
#define G_LOG_DOMAIN "im"
#include "im/lock-priv.h"

#include "addr/aor.h"
#include "base/log.h"

/* clang-format off */
#define REJECT(why) { LOCK_REJECT, 0, why }
#define FALL(why) { LOCK_NONE, 0, why }
#define NO_DEVICE REJECT ("no device is locked")

const LockRow lock_table[N_LOCK][N_LOCK_EVENTS] = {
  [LOCK_NONE] = {
    [LOCK_REPLY]         = { LOCK_HELD, LOCK_SET | LOCK_TOUCH, "a device replied" },
    [LOCK_REPLY_OTHER]   = REJECT ("without a lock no device is another one"),
    [LOCK_REPLY_UNKNOWN] = { LOCK_NONE, 0, "nobody knows which device replied" },
    [LOCK_REPLY_AUTO]    = { LOCK_NONE, 0, "nothing automatic locks" },
    [LOCK_MESSAGE]       = { LOCK_NONE, 0, "no device has replied: to all" },
    [LOCK_NOTICE]        = { LOCK_NONE, 0, "no device has replied: to all" },
    [LOCK_NOT_TAKEN]     = NO_DEVICE,
    [LOCK_HERE]          = NO_DEVICE,
    [LOCK_CLOSED]        = NO_DEVICE,
    [LOCK_GONE]          = NO_DEVICE,
    [LOCK_IDLE]          = NO_DEVICE,
  },
  [LOCK_HELD] = {
    [LOCK_REPLY]         = { LOCK_HELD, LOCK_TOUCH, "it replied once more" },
    [LOCK_REPLY_OTHER]   = { LOCK_HELD, LOCK_SET | LOCK_TOUCH, "another device replied: the lock moves" },
    [LOCK_REPLY_UNKNOWN] = FALL ("a device that nobody knows replied: it is to get the next one too"),
    [LOCK_REPLY_AUTO]    = { LOCK_HELD, 0, "nothing automatic moves or renews a lock" },
    [LOCK_MESSAGE]       = { LOCK_HELD, LOCK_TOUCH | LOCK_ONE, "to the device that replied" },
    [LOCK_NOTICE]        = { LOCK_HELD, LOCK_ONE, "to the device that replied; renews nothing" },
    [LOCK_NOT_TAKEN]     = FALL ("it did not take a message"),
    [LOCK_HERE]          = { LOCK_HELD, 0, "it registered again" },
    [LOCK_CLOSED]        = { LOCK_ASLEEP, 0, "its flow closed: it may be back before the next message" },
    [LOCK_GONE]          = FALL ("it is not signed in any more"),
    [LOCK_IDLE]          = FALL ("nobody wrote for a while"),
  },
  [LOCK_ASLEEP] = {
    [LOCK_REPLY]         = { LOCK_HELD, LOCK_TOUCH, "it replied, so it is back" },
    [LOCK_REPLY_OTHER]   = { LOCK_HELD, LOCK_SET | LOCK_TOUCH, "another device replied: the lock moves" },
    [LOCK_REPLY_UNKNOWN] = FALL ("a device that nobody knows replied: it is to get the next one too"),
    [LOCK_REPLY_AUTO]    = { LOCK_ASLEEP, 0, "nothing automatic wakes a lock" },
    [LOCK_MESSAGE]       = FALL ("a message came while it was away: to all"),
    [LOCK_NOTICE]        = { LOCK_ASLEEP, 0, "to all, and the lock sleeps on" },
    [LOCK_NOT_TAKEN]     = FALL ("it did not take a message"),
    [LOCK_HERE]          = { LOCK_HELD, 0, "it is back before the next message" },
    [LOCK_CLOSED]        = { LOCK_ASLEEP, 0, "it sleeps already" },
    [LOCK_GONE]          = FALL ("it is not signed in any more"),
    [LOCK_IDLE]          = FALL ("nobody wrote for a while"),
  },
};
/* clang-format on */

typedef struct Owner Owner;

typedef struct {
  GList link;     /* in ImLocks.used, the one used last at the tail */
  GList in_owner; /* in Owner.locks */
  Owner *owner;   /* the recipient */
  char *sender, *device;
  LockState state;
  gint64 idle_at;
} Lock;

/* A recipient with locks. */
struct Owner {
  char *aor;
  GQueue locks;
};

struct ImLocks {
  GHashTable *locks;  /* (recipient, sender) -> Lock */
  GHashTable *owners; /* aor -> Owner */
  GQueue used;
  guint max;
  gint64 idle;
};

/* How a lock is looked up, before there is one. */
typedef struct {
  const char *recipient, *sender;
} Pair;

static Pair
pair_of (const Lock *lock)
{
  return (Pair){ lock->owner->aor, lock->sender };
}

static guint
lock_hash (gconstpointer data)
{
  Pair pair = pair_of (data);

  return aor_hash (pair.recipient) * 31 + aor_hash (pair.sender);
}

static gboolean
lock_equal (gconstpointer a, gconstpointer b)
{
  Pair left = pair_of (a), right = pair_of (b);

  return aor_equal (left.recipient, right.recipient)
         && aor_equal (left.sender, right.sender);
}

static void
lock_free (Lock *lock)
{
  g_free (lock->sender);
  g_free (lock->device);
  g_free (lock);
}

static void
owner_free (gpointer data)
{
  Owner *owner = data;

  g_free (owner->aor);
  g_free (owner);
}

ImLocks *
im_locks_new (guint max, gint64 idle)
{
  ImLocks *self = g_new0 (ImLocks, 1);

  g_assert (max > 0);
  self->locks = g_hash_table_new_full (lock_hash, lock_equal, NULL, NULL);
  self->owners = g_hash_table_new_full (aor_hash, aor_equal, NULL, owner_free);
  self->max = max;
  self->idle = idle;
  return self;
}

/* Lets a lock fall: LOCK_NONE is not being in the table. */
static void
drop (ImLocks *self, Lock *lock)
{
  Owner *owner = lock->owner;

  g_hash_table_remove (self->locks, lock);
  g_queue_unlink (&self->used, &lock->link);
  g_queue_unlink (&owner->locks, &lock->in_owner);
  if (owner->locks.length == 0)
    g_hash_table_remove (self->owners, owner->aor);
  lock_free (lock);
}

void
im_locks_free (ImLocks *self)
{
  if (self == NULL)
    return;
  while (self->used.head != NULL)
    drop (self, self->used.head->data);
  g_hash_table_unref (self->locks);
  g_hash_table_unref (self->owners);
  g_free (self);
}

static Lock *
find (ImLocks *self, const char *sender, const char *recipient)
{
  Owner owner = { .aor = (char *)recipient };
  Lock key = { .owner = &owner, .sender = (char *)sender };

  return g_hash_table_lookup (self->locks, &key);
}

static Owner *
need_owner (ImLocks *self, const char *aor)
{
  Owner *owner = g_hash_table_lookup (self->owners, aor);

  if (owner != NULL)
    return owner;
  owner = g_new0 (Owner, 1);
  owner->aor = g_strdup (aor);
  g_hash_table_insert (self->owners, owner->aor, owner);
  return owner;
}

static Lock *
add (ImLocks *self, const char *sender, const char *recipient)
{
  Lock *lock = g_new0 (Lock, 1);

  if (self->used.length >= self->max)
    drop (self, self->used.head->data);
  lock->owner = need_owner (self, recipient);
  lock->sender = g_strdup (sender);
  lock->link.data = lock->in_owner.data = lock;
  g_queue_push_tail_link (&self->used, &lock->link);
  g_queue_push_tail_link (&lock->owner->locks, &lock->in_owner);
  g_hash_table_add (self->locks, lock);
  return lock;
}

static void
touch (ImLocks *self, Lock *lock, gint64 now)
{
  lock->idle_at = now + self->idle;
  g_queue_unlink (&self->used, &lock->link);
  g_queue_push_tail_link (&self->used, &lock->link);
}

/* Moves a lock; it may be gone then.  Returns the row. */
static const LockRow *
move (ImLocks *self, Lock *lock, LockEvent event, const char *device,
      gint64 now)
{
  const LockRow *row = &lock_table[lock->state][event];

  log_debug ("%s to %s: %s", lock->sender, lock->owner->aor, row->why);
  if (row->to == LOCK_REJECT)
    return row;
  lock->state = row->to;
  if (row->actions & LOCK_SET) {
    g_free (lock->device);
    lock->device = g_strdup (device);
  }
  if (row->actions & LOCK_TOUCH)
    touch (self, lock, now);
  if (row->to == LOCK_NONE)
    drop (self, lock);
  return row;
}

static LockEvent
reply_event (const Lock *lock, const char *device, ImContent content)
{
  if (content == IM_AUTOMATIC)
    return LOCK_REPLY_AUTO;
  if (device == NULL)
    return LOCK_REPLY_UNKNOWN;
  if (lock == NULL || g_str_equal (lock->device, device))
    return LOCK_REPLY;
  return LOCK_REPLY_OTHER;
}

void
im_locks_wrote (ImLocks *self, const char *writer, const char *peer,
                const char *device, ImContent content, gint64 now)
{
  Lock *lock;
  LockEvent event;

  if (aor_equal (writer, peer))
    return;
  im_locks_advance (self, now);
  lock = find (self, peer, writer);
  event = reply_event (lock, device, content);
  if (lock == NULL && lock_table[LOCK_NONE][event].to == LOCK_NONE)
    return;
  if (lock == NULL)
    lock = add (self, peer, writer);
  move (self, lock, event, device, now);
}

const char *
im_locks_route (ImLocks *self, const char *sender, const char *recipient,
                ImContent content, gint64 now)
{
  LockEvent event = content == IM_USER ? LOCK_MESSAGE : LOCK_NOTICE;
  const LockRow *row;
  Lock *lock;

  im_locks_advance (self, now);
  lock = find (self, sender, recipient);
  if (lock == NULL)
    return NULL;
  row = move (self, lock, event, NULL, now);
  return row->actions & LOCK_ONE ? lock->device : NULL;
}

void
im_locks_not_taken (ImLocks *self, const char *sender, const char *recipient,
                    const char *device)
{
  Lock *lock = find (self, sender, recipient);

  if (lock != NULL && g_str_equal (lock->device, device))
    move (self, lock, LOCK_NOT_TAKEN, NULL, 0);
}

static void
device_event (ImLocks *self, const char *recipient, const char *device,
              LockEvent event)
{
  Owner *owner = g_hash_table_lookup (self->owners, recipient);
  GList *next;

  /* The owner goes with its last lock, and only then next is NULL. */
  for (GList *at = owner != NULL ? owner->locks.head : NULL; at != NULL;
       at = next) {
    Lock *lock = at->data;

    next = at->next;
    if (g_str_equal (lock->device, device))
      move (self, lock, event, NULL, 0);
  }
}

void
im_locks_device_here (ImLocks *self, const char *recipient, const char *device)
{
  device_event (self, recipient, device, LOCK_HERE);
}

void
im_locks_device_closed (ImLocks *self, const char *recipient,
                        const char *device)
{
  device_event (self, recipient, device, LOCK_CLOSED);
}

void
im_locks_device_gone (ImLocks *self, const char *recipient, const char *device)
{
  device_event (self, recipient, device, LOCK_GONE);
}

void
im_locks_advance (ImLocks *self, gint64 now)
{
  while (self->used.head != NULL
         && ((Lock *)self->used.head->data)->idle_at <= now)
    move (self, self->used.head->data, LOCK_IDLE, NULL, now);
}

guint
im_locks_size (const ImLocks *self)
{
  return self->used.length;
}
