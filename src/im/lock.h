/* SPDX-License-Identifier: ISC
 *
 * Which device of a recipient gets what a sender writes to him: the one that
 * replied to that sender last (DESIGN section 6).  One lock per (sender,
 * recipient), so both directions of a conversation have their own.  Decides
 * only; a device is a string, its +sip.instance or else its Contact. */
#pragma once
#include <glib.h>

typedef struct ImLocks ImLocks;

/* What a MESSAGE carries. */
typedef enum {
  IM_USER,      /* what somebody wrote: it locks and it renews a lock */
  IM_AUTOMATIC, /* isComposing, IMDN, errors, broadcasts, room traffic: it
                   follows a lock and changes none */
} ImContent;

/* At most max locks (the one used longest ago gives way), each of which falls
 * idle us after the last message of a user in its direction, or reply. */
ImLocks *im_locks_new (guint max, gint64 idle);
void im_locks_free (ImLocks *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImLocks, im_locks_free)

/* Device of writer sent a MESSAGE to peer: what peer writes to writer goes
 * there from now on.  device NULL: nobody knows which one it was; then a lock
 * there is falls, so that the answer reaches it with all others.  Who writes to
 * himself locks nothing: it is for his other devices. */
void im_locks_wrote (ImLocks *self, const char *writer, const char *peer,
                     const char *device, ImContent content, gint64 now);

/* A message of sender to recipient is on its way: the one device that gets it
 * (borrowed until the next call), or NULL: all.  A lock that sleeps ends with a
 * message of IM_USER. */
const char *im_locks_route (ImLocks *self, const char *sender,
                            const char *recipient, ImContent content,
                            gint64 now);

/* The locked device did not take a message of sender (or was silent too long):
 * the lock falls, if it is still on that device. */
void im_locks_not_taken (ImLocks *self, const char *sender,
                         const char *recipient, const char *device);

/* What became of a device of recipient, for all his locks on it: it registered
 * (again); its flow closed, and it has no other way to it; its last binding was
 * removed or expired. */
void im_locks_device_here (ImLocks *self, const char *recipient,
                           const char *device);
void im_locks_device_closed (ImLocks *self, const char *recipient,
                             const char *device);
void im_locks_device_gone (ImLocks *self, const char *recipient,
                           const char *device);

/* Locks whose idle time is over fall.  (All have the same idle time, so the
 * list in order of use serves as timer: no wheel.) */
void im_locks_advance (ImLocks *self, gint64 now);
guint im_locks_size (const ImLocks *self);
