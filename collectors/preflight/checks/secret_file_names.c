#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "collectors/preflight/checks/secret_file_names.h"

static bool
matches(const char *const patterns[], const char *name)
{
	for (size_t i = 0; patterns[i] != NULL; i++)
		if (fnmatch(patterns[i], name, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

/* A copy of a secret is one: "id_rsa.bak", "server.key~". */
static size_t
length_without_backup(const char *name)
{
	static const char *const endings[] = { ".bak", ".backup", ".old", ".orig", ".save", ".swp", "~" };
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t size = strlen(endings[i]);

		if (length > size && strcasecmp(name + length - size, endings[i]) == 0)
			return length - size;
	}
	return length;
}

bool
secret_file_names_match(const char *path)
{
	static const char *const examples[] = { "*.example", "*.sample", "*.template", "*.tmpl", "*.dist",
		"*.md", "*.pub", "*.example.*", "*.sample.*", "*.template.*", NULL };
	static const char *const secrets[] = { ".env", ".env.*", "*.env", "*.pem", "*.key", "*.secret",
		"*.passphrase", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "id_rsa", "id_dsa",
		"id_ecdsa", "id_ed25519", ".pgpass", ".netrc", ".htpasswd", ".git-credentials", "credentials",
		"credentials.json", "credentials.y*ml", "secrets.json", "secrets.y*ml", "secrets.toml",
		"secrets.env", "wallet.json", "wallet.dat", "*api_key*.txt", "*api_secret*.txt", NULL };
	const char *slash = strrchr(path, '/'), *last = slash != NULL ? slash + 1 : path;
	char name[256];

	(void)snprintf(name, sizeof(name), "%.*s", (int)length_without_backup(last), last);
	return matches(secrets, name) && !matches(examples, name);
}
