#ifndef COLLECTORS_PREFLIGHT_CHECKS_CONFINE_H
#define COLLECTORS_PREFLIGHT_CHECKS_CONFINE_H

/*
 * From here on this process, and what it becomes by exec, starts no other: the
 * kernel refuses.  Threads it may have.  0, or -1: this machine has no way, and
 * nothing is confined.  May be called between fork() and exec().
 */
int confine(void);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_CONFINE_H */
