/* SPDX-License-Identifier: ISC
 *
 * What the files of store/mem share. */
#pragma once
#include "codec/xcap-contacts.h"
#include "store/kept.h"
#include "store/store.h"

typedef struct MemDocuments MemDocuments;
typedef struct MemContacts MemContacts;
typedef struct MemMessages MemMessages;

typedef struct {
  StoreMem *store;
} Turn;

/* What the end of the turn has to do, in order: a submit, or an answer. */
typedef struct {
  Submit *submit; /* NULL: only an answer */
  StoreOutcome outcome;
  StoreDoneFn done;
  StorePolicyFn policy_done; /* with policy, for load_policy */
  StorePolicy *policy;
  gpointer data;
  GDestroyNotify free; /* of data, when the store goes first; or NULL */
} Work;

struct StoreMem {
  guint8 secret[STORE_SECRET_LEN];
  StorePort port;
  LoopPort *loop;
  const Clock *clock;
  StoreEvents events;
  gpointer events_data;
  StoreLoadFns load_fns;
  gpointer load_data;
  GHashTable *users;    /* aor -> StoreUser */
  GHashTable *rows;     /* StoreWrite (put), owned -> itself */
  GHashTable *policies; /* aor -> StorePolicy */
  PolicySettings settings;
  GString *health; /* "test outcome" by line */
  gint64 epoch;    /* real time when the clock was 0 */
  MemDocuments *documents;
  MemMessages *messages;
  Kept *kept;
  GQueue work; /* Work */
  Turn *turn;
  gboolean is_up, wants_load, refuses_next;
};

/* Calls done at the end of the turn; data is freed by done, or by free_data when
 * the store goes first. */
void store_mem_later (StoreMem *self, StoreDoneFn done, gpointer data,
                      GDestroyNotify free_data);

MemDocuments *mem_documents_new (StoreMem *store);
/* Who waits is not called. */
void mem_documents_free (MemDocuments *self);
DocumentsPort *mem_documents_port (MemDocuments *self);
/* What a user's documents say of his policy: rules and lists. */
void mem_documents_add_policy (MemDocuments *self, StorePolicy *out);
/* Tells fns of the documents of pidf-manipulation there are. */
void mem_documents_load (MemDocuments *self, const StoreLoadFns *fns,
                         gpointer data);
/* The user is gone. */
void mem_documents_drop_user (MemDocuments *self, const char *aor);

/* The contacts of a user. */
typedef struct {
  GPtrArray *contacts; /* XcapContact */
  guint revision;
  gboolean is_same; /* the stored document says just that */
} MemLists;

MemContacts *mem_contacts_new (StoreMem *store);
void mem_contacts_free (MemContacts *self);
/* As they are now; borrowed. */
MemLists *mem_contacts_of (MemContacts *self, const char *owner);
/* Those of sent (XcapContact) that may be contacts: who is one, and as many new
 * ones as there is room for.  New.  The URIs of the others are added to left_out,
 * and *text_out, new, says why the first one is not. */
GPtrArray *mem_contacts_let_in (MemContacts *self, const char *owner,
                                const GPtrArray *sent, GPtrArray *left_out,
                                char **text_out);
/* Takes contacts. */
void mem_contacts_set (MemContacts *self, const char *owner,
                       GPtrArray *contacts);
void mem_contacts_drop (MemContacts *self, const char *owner);

MemMessages *mem_messages_new (StoreMem *store);
/* Who waits is not called. */
void mem_messages_free (MemMessages *self);
MessagesPort *mem_messages_port (MemMessages *self);
/* It is back: writes what was kept. */
void mem_messages_up (MemMessages *self);
/* At the load. */
void mem_messages_tell (MemMessages *self, const StoreLoadFns *fns,
                        gpointer data);
/* Removes what waits for recipient, or (NULL) for anybody; was there any? */
gboolean mem_messages_drop (MemMessages *self, const char *recipient);
/* As store_mem_list_messages. */
const char *mem_messages_list (MemMessages *self);
