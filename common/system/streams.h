#ifndef COMMON_SYSTEM_STREAMS_H
#define COMMON_SYSTEM_STREAMS_H

/*
 * At the start of a program: where stdout or stderr is closed, the next file
 * opened would get its number, and what is meant for us to print would go there.
 */
void occupy_standard_streams(void);

#endif /* COMMON_SYSTEM_STREAMS_H */
