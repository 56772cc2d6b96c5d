/* SPDX-License-Identifier: ISC
 *
 * A parsed location path: what the reader (xml-path-parse.c) gives and the
 * search (xml-path.c) goes through. */
#pragma once
#include "codec/xml-path.h"

typedef enum {
  STEP_ELEMENT,
  STEP_ATTRIBUTE,
  STEP_TEXT,
  STEP_SELF,
  STEP_PARENT,
} StepKind;

typedef struct {
  StepKind kind;
  gboolean is_deep;      /* behind "//" */
  char *name;            /* NULL: any */
  char *ns;              /* NULL: none */
  GPtrArray *predicates; /* Predicate, or NULL */
} Step;

/* A comparison, or with no op: is there such a node? */
typedef struct {
  GArray *steps; /* Step, relative */
  char op;       /* '=', '<', '>', or 0 */
  char *value;
  gdouble number; /* of value; NAN: it is no number */
  gboolean is_or; /* joins what stands before it by "or", else by "and" */
} Term;

typedef struct {
  guint position; /* 0: terms */
  GArray *terms;  /* Term */
} Predicate;

struct XmlPath {
  GArray *steps; /* Step */
};

GArray *xml_path_steps_new (void);
