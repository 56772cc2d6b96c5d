/* SPDX-License-Identifier: ISC
 *
 * Partial publication (RFC 5264): application/pidf-diff+xml in PUBLISH. */
#pragma once
#include "service/service-priv.h"

/* Makes of a PUBLISH whose body is of that type one with the whole document, in
 * *whole: <pidf-full> as it is, <pidf-diff> applied to the publication that it
 * changes.  Others are as they come.  *body is kept for it; the caller unrefs.
 * SERVICE_OK, or SERVICE_BAD_REQUEST and *text.  One whose publication is not
 * there gets no body: it may be one that was answered before, else it is 412. */
ServiceVerdict partial_publication (Service *self,
                                    const PublishCommand *command,
                                    PublishCommand *whole, GBytes **body,
                                    const char **text);
