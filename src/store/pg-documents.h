/* SPDX-License-Identifier: ISC
 *
 * PgDocuments in PostgreSQL: the port over the lanes. */
#pragma once
#include "port/documents.h"

typedef struct PgDocuments PgDocuments;

PgDocuments *pg_documents_new (void);
void pg_documents_free (PgDocuments *self);
DocumentsPort *pg_documents_port (PgDocuments *self);
