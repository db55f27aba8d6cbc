#ifndef COMMON_SYSTEM_PROCESS_H
#define COMMON_SYSTEM_PROCESS_H

/*
 * Call it first.  A core dump would hold passwords, so none is written, and only root can trace the process
 * or read its environment in /proc.  A developer sets ARBWATCH_CORE_DUMPS=yes.
 */
void process_forbid_dumps(void);

#endif /* COMMON_SYSTEM_PROCESS_H */
