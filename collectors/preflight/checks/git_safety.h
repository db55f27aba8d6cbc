#ifndef COLLECTORS_PREFLIGHT_CHECKS_GIT_SAFETY_H
#define COLLECTORS_PREFLIGHT_CHECKS_GIT_SAFETY_H

#include <stdbool.h>

/*
 * Whether a file of that path looks like one that holds secrets, and has no
 * place in a repository: ".env", "id_rsa", "server.pem", "binance.secret",
 * "credentials.json", or a copy of one ("id_rsa.bak").  Examples
 * (".env.example", "key.pem.template") do not.
 */
bool git_safety_is_secret(const char *path);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_GIT_SAFETY_H */
