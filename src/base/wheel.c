/* SPDX-License-Identifier: ISC
 *
 * Hierarchical timer wheel: 4 levels of 256 slots; a tick is 2^16 us (65.5
 * ms), so the wheel spans 2^32 ticks.  A timer stands in the level where its
 * distance first fits and is moved down when that level's slot comes up. */
#include "base/wheel.h"

#define TICK_SHIFT 16
#define SLOT_BITS 8
#define SLOTS (1 << SLOT_BITS)
#define LEVELS 4

struct Wheel {
  guint64 tick; /* all ticks before this one have fired */
  guint size;
  WheelFn fn;
  gpointer data;
  WheelTimer *slots[LEVELS][SLOTS];
};

/* The first tick that lies wholly at or after t: never early. */
static guint64
tick_of (gint64 t)
{
  return t <= 0 ? 0 : ((guint64) t + (1 << TICK_SHIFT) - 1) >> TICK_SHIFT;
}

Wheel *
wheel_new (gint64 now, WheelFn fn, gpointer data)
{
  Wheel *self = g_new0 (Wheel, 1);

  self->tick = tick_of (now);
  self->fn = fn;
  self->data = data;
  return self;
}

void
wheel_free (Wheel *self)
{
  g_free (self);
}

static void
link_into (WheelTimer **head, WheelTimer *timer)
{
  timer->next = *head;
  timer->link = head;
  if (*head != NULL)
    (*head)->link = &timer->next;
  *head = timer;
}

static void
unlink_timer (WheelTimer *timer)
{
  *timer->link = timer->next;
  if (timer->next != NULL)
    timer->next->link = timer->link;
  timer->next = NULL;
  timer->link = NULL;
}

static void
place (Wheel *self, WheelTimer *timer)
{
  guint64 tick = MAX (tick_of (timer->due), self->tick);
  guint64 distance = tick - self->tick;
  guint level = 0;

  while (level < LEVELS - 1
         && distance >= (G_GUINT64_CONSTANT (1) << (SLOT_BITS * (level + 1))))
    level++;
  if (distance >= (G_GUINT64_CONSTANT (1) << (SLOT_BITS * LEVELS)))
    tick = self->tick + (G_GUINT64_CONSTANT (1) << (SLOT_BITS * LEVELS)) - 1;
  link_into (&self->slots[level][(tick >> (SLOT_BITS * level)) % SLOTS], timer);
}

void
wheel_arm (Wheel *self, WheelTimer *timer, gint64 due)
{
  wheel_cancel (self, timer);
  timer->due = due;
  place (self, timer);
  self->size++;
}

void
wheel_cancel (Wheel *self, WheelTimer *timer)
{
  if (timer->link == NULL)
    return;
  unlink_timer (timer);
  self->size--;
}

/* Takes a slot's list off the wheel, so that what is armed meanwhile does not
 * mix with it; *head keeps the links of cancelled timers right. */
static void
take_slot (Wheel *self, guint level, guint slot, WheelTimer **head)
{
  *head = self->slots[level][slot];
  self->slots[level][slot] = NULL;
  if (*head != NULL)
    (*head)->link = head;
}

static void
cascade (Wheel *self, guint level)
{
  WheelTimer *head, *timer;

  take_slot (self, level, (self->tick >> (SLOT_BITS * level)) % SLOTS, &head);
  while ((timer = head) != NULL) {
    unlink_timer (timer);
    place (self, timer);
  }
}

static void
fire_slot (Wheel *self, guint slot)
{
  WheelTimer *head, *timer;

  take_slot (self, 0, slot, &head);
  while ((timer = head) != NULL) {
    unlink_timer (timer);
    self->size--;
    self->fn (timer, self->data);
  }
}

void
wheel_advance (Wheel *self, gint64 now)
{
  guint64 last = (guint64) MAX (now, 0) >> TICK_SHIFT;

  if (self->size == 0 && last > self->tick)
    self->tick = last;
  while (self->tick <= last) {
    for (guint level = 1; level < LEVELS; level++) {
      if (self->tick % (G_GUINT64_CONSTANT (1) << (SLOT_BITS * level)) != 0)
        break;
      cascade (self, level);
    }
    guint slot = self->tick % SLOTS;
    self->tick++;
    fire_slot (self, slot);
  }
}

guint
wheel_size (const Wheel *self)
{
  return self->size;
}
