/*
 * What exchange_health measures, and what it must remember: its file is also
 * its memory.  `kept` gauges stay in the file although a run does not set
 * them: a ban is in force also after a run that asked nothing.  `recalled`
 * gauges are of one run alone, but the next run may compare itself with them:
 * whether a book has moved, whether the state has changed.  preflight reads
 * this file too, for what one run cannot see, as a book that stands still.
 *
 * max_series limits how large the file can grow, from the limits of the
 * settings.  A family without it has room for FAMILY_SERIES; the assertions at
 * the end show that this is enough for the largest of those.
 */

#include "contract/exchange_health.h"
#include "contract/labels.h"
#include "contract/limits.h"

/* Seconds, for one request over the internet. */
static const double request_bounds[] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 };

/* 14 codes, five classes, "other", and some room: see report.c of the collector. */
enum { HTTP_CODES = 24 };

const struct family exchange_families[EXCHANGE_FAMILIES] = {
	[EXCHANGE_UP] = { .name = "arbitrage_exchange_up",
	    .type = METRIC_GAUGE,
	    .help = "1 if the last run got an answer and at least one of the requested order books; 0 "
		    "otherwise, also during a ban or a back-off.",
	    .labels = { "exchange" } },
	[EXCHANGE_STATE] = { .name = "arbitrage_exchange_health_state",
	    .type = METRIC_GAUGE,
	    .help = "1 for the state of the exchange, 0 for the other states.",
	    .labels = { "exchange", "state" },
	    .recalled = true },
	[EXCHANGE_REQUEST_DURATION] = { .name = "arbitrage_exchange_request_duration_seconds",
	    .type = METRIC_HISTOGRAM,
	    .help = "Duration of the requests that got an HTTP answer; includes connecting where a new "
		    "connection was needed.",
	    .labels = { "exchange", "endpoint" },
	    .bounds = request_bounds,
	    .bound_count = sizeof(request_bounds) / sizeof(request_bounds[0]) },
	[EXCHANGE_PHASE_DURATION] = { .name = "arbitrage_exchange_phase_duration_seconds",
	    .type = METRIC_GAUGE,
	    .help = "The longest that each phase of a request took in the last run.",
	    .labels = { "exchange", "phase" } },
	[EXCHANGE_REQUESTS] = { .name = "arbitrage_exchange_requests_total",
	    .type = METRIC_COUNTER,
	    .help = "Requests, including those without a connection or an answer.",
	    .labels = { "exchange", "endpoint" } },
	[EXCHANGE_REQUEST_FAILURES] = { .name = "arbitrage_exchange_request_failures_total",
	    .type = METRIC_COUNTER,
	    .help = "Failed requests by kind of failure.",
	    .labels = { "exchange", "endpoint", "kind" },
	    .max_series = EXCHANGES_MAX * ENDPOINTS * FAILURE_KINDS },
	[EXCHANGE_HTTP_RESPONSES] = { .name = "arbitrage_exchange_http_responses_total",
	    .type = METRIC_COUNTER,
	    .help = "HTTP answers by status code; unusual codes by class, such as 2xx.",
	    .labels = { "exchange", "code" },
	    .max_series = EXCHANGES_MAX * HTTP_CODES },
	[EXCHANGE_BOOK_AGE] = { .name = "arbitrage_exchange_orderbook_age_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Age of the order book when it arrived; of the last trade, if the book has no time.",
	    .labels = { "exchange", "symbol" },
	    .max_series = BOOKS_MAX },
	[EXCHANGE_BOOK_PRICE] = { .name = "arbitrage_exchange_orderbook_price",
	    .type = METRIC_GAUGE,
	    .help = "Best price of each side, in the symbol's quote currency.",
	    .labels = { "exchange", "symbol", "side" },
	    .max_series = BOOKS_MAX * 2 },
	[EXCHANGE_LIMIT_USED] = { .name = "arbitrage_exchange_rate_limit_used_ratio",
	    .type = METRIC_GAUGE,
	    .help = "Used share of a rate limit, including the requests of other programs at this address.",
	    .labels = { "exchange", "limit" } },
	[EXCHANGE_CLOCK_SKEW] = { .name = "arbitrage_exchange_clock_skew_seconds",
	    .type = METRIC_GAUGE,
	    .help = "The exchange's clock minus ours.",
	    .labels = { "exchange" } },
	[EXCHANGE_CLOCK_ERROR] = { .name = "arbitrage_exchange_clock_skew_error_seconds",
	    .type = METRIC_GAUGE,
	    .help = "How far the true clock skew can be from the measured one.",
	    .labels = { "exchange" } },
	[EXCHANGE_CERTIFICATE_EXPIRY] = { .name = "arbitrage_exchange_certificate_expiry_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which the first certificate of the exchange's chain expires, as last seen.",
	    .labels = { "exchange" },
	    .kept = true },
	/* Recalled, because not every run asks which symbols may be traded. */
	[EXCHANGE_TRADABLE] = { .name = "arbitrage_exchange_symbol_tradable",
	    .type = METRIC_GAUGE,
	    .help = "1 if the exchange allows trading the symbol, else 0; the last known answer, absent "
		    "while unknown.",
	    .labels = { "exchange", "symbol" },
	    .max_series = BOOKS_MAX,
	    .recalled = true },
	[EXCHANGE_WEIGHT] = { .name = "arbitrage_exchange_run_weight",
	    .type = METRIC_GAUGE,
	    .help = "How much of the exchange's rate limit the last run used, by the weights in its profile.",
	    .labels = { "exchange" } },
	[EXCHANGE_LAST_SUCCESS] = { .name = "arbitrage_exchange_last_success_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which a run last found the exchange up.",
	    .labels = { "exchange" },
	    .kept = true },
	[EXCHANGE_BANNED_UNTIL] = { .name = "arbitrage_exchange_banned_until_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which the last ban ends or ended; no requests are sent before.",
	    .labels = { "exchange" },
	    .kept = true },
	[EXCHANGE_RETRY_AT] = { .name = "arbitrage_exchange_retry_at_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which the last back-off ends or ended; no requests are sent before.",
	    .labels = { "exchange" },
	    .kept = true },
	[EXCHANGE_MAINTENANCE] = { .name = "arbitrage_exchange_maintenance",
	    .type = METRIC_GAUGE,
	    .help = "1 if the exchange last said that it is in maintenance, else 0.",
	    .labels = { "exchange" },
	    .kept = true },
	/* Makes the next run ask again, although the time for that has not come. */
	[EXCHANGE_SYMBOLS_FAILED] = { .name = "arbitrage_exchange_symbols_failed",
	    .type = METRIC_GAUGE,
	    .help = "1 if the last request for the tradable symbols failed, else 0; it is repeated until it "
		    "succeeds.",
	    .labels = { "exchange" },
	    .kept = true },
	[EXCHANGE_RUNS] = { .name = "arbitrage_exchange_runs_total",
	    .type = METRIC_COUNTER,
	    .help = "Runs that sent requests to the exchange; runs during a ban or a back-off send none.",
	    .labels = { "exchange" } },
	[EXCHANGE_FAILED_RUNS] = { .name = "arbitrage_exchange_failed_runs",
	    .type = METRIC_GAUGE,
	    .help = "How many runs in a row, up to the last one, got nothing useful.",
	    .labels = { "exchange" },
	    .kept = true },
	[EXCHANGE_ERROR_RATIO] = { .name = "arbitrage_exchange_error_ratio",
	    .type = METRIC_GAUGE,
	    .help = "Share of requests that failed; a request counts half after two minutes.",
	    .labels = { "exchange" },
	    .kept = true },
	[EXCHANGE_ERROR_SAMPLES] = { .name = "arbitrage_exchange_error_ratio_samples",
	    .type = METRIC_GAUGE,
	    .help = "How many requests the error ratio is based on, with the same weights.",
	    .labels = { "exchange" },
	    .kept = true },
	[EXCHANGE_LAST_ASKED] = { .name = "arbitrage_exchange_last_asked_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which a run last sent requests to the exchange.",
	    .labels = { "exchange" },
	    .kept = true },
	[EXCHANGE_BOOK_MARK] = { .name = "arbitrage_exchange_orderbook_sequence",
	    .type = METRIC_GAUGE,
	    .help = "Sequence number of the order book, or a hash of its best levels if it has none; only a "
		    "change means something.",
	    .labels = { "exchange", "symbol" },
	    .max_series = BOOKS_MAX,
	    .recalled = true },
	[EXCHANGE_BOOK_UNCHANGED] = { .name = "arbitrage_exchange_orderbook_unchanged_runs",
	    .type = METRIC_GAUGE,
	    .help = "How many runs in a row found the same order book while another exchange's book changed.",
	    .labels = { "exchange", "symbol" },
	    .max_series = BOOKS_MAX,
	    .recalled = true },
};

_Static_assert(EXCHANGES_MAX *HEALTHS <= FAMILY_SERIES, "every venue has room for its states");
_Static_assert(EXCHANGES_MAX *ENDPOINTS <= FAMILY_SERIES, "and for its endpoints");
