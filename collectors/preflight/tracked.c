#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

#include "collectors/preflight/tracked.h"

static bool
matches(const char *const patterns[], const char *name)
{
	for (size_t i = 0; patterns[i] != NULL; i++)
		if (fnmatch(patterns[i], name, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

bool
tracked_is_secret(const char *path)
{
	static const char *const examples[] = { "*.example", "*.sample", "*.template", "*.tmpl", "*.dist",
		"*.md", "*.pub", "*.example.*", "*.sample.*", "*.template.*", NULL };
	static const char *const secrets[] = { ".env", ".env.*", "*.env", "*.pem", "*.key", "*.secret",
		"*.passphrase", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "id_rsa", "id_rsa.*",
		"id_dsa", "id_dsa.*", "id_ecdsa", "id_ecdsa.*", "id_ed25519", "id_ed25519.*", "wallet.json",
		"wallet.dat", "*.pem.bak", "*.key.bak", "*.secret.bak", ".pgpass", ".netrc", ".htpasswd",
		".git-credentials", "credentials", "credentials.json", "credentials.y*ml", "secrets.json",
		"secrets.y*ml", "secrets.toml", "secrets.env", "*api_key*.txt", "*api_secret*.txt", NULL };
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;

	return matches(secrets, name) && !matches(examples, name);
}
