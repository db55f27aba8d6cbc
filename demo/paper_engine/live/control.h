#ifndef PAPER_ENGINE_CONTROL_H
#define PAPER_ENGINE_CONTROL_H

#include "demo/paper_engine/live/faults.h"
#include "web/listen.h"

/*
 * The control endpoint, in a thread of its own: faults on and off, and what they are.  It answers this
 *machine alone, and no browser.
 *
 *	GET    /control         every fault: whether it is on, its value, what happens and what should be seen
 *	POST   /control/FAULT   on; with ?value=V
 *	DELETE /control/FAULT   off
 *	DELETE /control         all off
 */
struct control;

/*
 * Listen on "HOST:PORT", a loopback address, port 0: any that is free; and in `name` what it became. `faults`
 * is the caller's, and stays until control_stop().  NULL with `why` (local).
 */
struct control *control_start(
    const char *address, struct faults *faults, char name[LISTEN_NAME], struct failure *why);

/* Takes NULL. */
void control_stop(struct control *control);

#endif /* PAPER_ENGINE_CONTROL_H */
