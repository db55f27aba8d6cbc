#include <stddef.h>

#include "probes/redis/options.h"

const struct option redis_tls_options[] = {
	{ .name = "tls.ca-file",
	    .argument = "FILE",
	    .help = "CAs that may sign a server's certificate, in PEM (default: the system's CAs)" },
	{ .name = "tls.cert-file",
	    .argument = "FILE",
	    .help = "client certificate, for servers that ask for one, in PEM" },
	{ .name = "tls.key-file",
	    .argument = "FILE",
	    .help = "key of the client certificate (default: in the certificate's file)" },
	{ .name = "tls.server-name",
	    .argument = "NAME",
	    .help = "host name that the server's certificate must have (default: the URL's host)" },
	{ 0 },
};

struct redis_tls
redis_tls_given(const struct options *given)
{
	return (struct redis_tls){
		.ca_file = options_text(given, "tls.ca-file"),
		.cert_file = options_text(given, "tls.cert-file"),
		.key_file = options_text(given, "tls.key-file"),
		.server_name = options_text(given, "tls.server-name"),
	};
}
