/*
 * What open_positions publishes of accounts and of the bot's books.  A
 * quantity that could not be read is absent, and ..._readable says 0: a zero
 * would claim that nothing is open.  `kept` and `recalled` are as in
 * exchange_health.c.  Most of what is recalled serves the log: a key that may
 * withdraw, or an account whose trading is locked, is reported when it becomes
 * so, not in each run.  ..._mismatch_since lets the grace go on when a run is
 * over or a program starts again.
 */

#include "contract/open_positions.h"
#include "contract/labels.h"
#include "contract/limits.h"

/* Besides the endpoints of accounts, order books are read, for prices. */
enum { ENDPOINTS_ASKED = ACCOUNT_ENDPOINTS + 1 };

const struct family open_families[OPEN_FAMILIES] = {
	[OPEN_READABLE] = { .name = "arbitrage_positions_readable",
	    .type = METRIC_GAUGE,
	    .help = "1 if the last run read all positions of the source at the exchange; 0 means unknown, "
		    "not flat.",
	    .labels = { "source", "exchange" } },
	[OPEN_COUNT] = { .name = "arbitrage_open_positions",
	    .type = METRIC_GAUGE,
	    .help = "Number of open positions; absent if they could not be read.",
	    .labels = { "source", "exchange" } },
	[OPEN_QUANTITY] = { .name = "arbitrage_position_quantity",
	    .type = METRIC_GAUGE,
	    .help = "Size of the position in base currency; of an inverse contract in quote currency.",
	    .labels = { "source", "exchange", "symbol", "side" },
	    .max_series = SERIES_MOST },
	[OPEN_NOTIONAL] = { .name = "arbitrage_position_notional",
	    .type = METRIC_GAUGE,
	    .help = "Current value of the position; absent without a price.",
	    .labels = { "source", "exchange", "symbol", "side", "currency" },
	    .max_series = SERIES_MOST },
	[OPEN_PNL] = { .name = "arbitrage_position_unrealized_pnl",
	    .type = METRIC_GAUGE,
	    .help = "Unrealized profit of the position, as the source reports it.",
	    .labels = { "source", "exchange", "symbol", "side", "currency" },
	    .max_series = SERIES_MOST },
	[OPEN_BALANCE] = { .name = "arbitrage_balance",
	    .type = METRIC_GAUGE,
	    .help = "The account's balance of an asset, free or locked in orders; includes cash.",
	    .labels = { "exchange", "asset", "kind" },
	    .max_series = SERIES_MOST },
	[OPEN_MISMATCH] = { .name = "arbitrage_position_mismatch",
	    .type = METRIC_GAUGE,
	    .help = "Engine plus baseline minus exchange; 0 within the tolerance and during the grace.",
	    .labels = { "exchange", "symbol" },
	    .max_series = SERIES_MOST,
	    .recalled = true },
	[OPEN_EXPOSURE] = { .name = "arbitrage_exposure",
	    .type = METRIC_GAUGE,
	    .help = "Value of all positions at all exchanges: long plus short (gross), or long minus short "
		    "(net).",
	    .labels = { "currency", "kind" } },
	/* A sum without a missing price would look like a
	 * smaller risk: this says that the sum is not known. */
	[OPEN_EXPOSURE_KNOWN] = { .name = "arbitrage_exposure_known",
	    .type = METRIC_GAUGE,
	    .help = "1 if the exposure is known; 0 if a price or rate is missing, or an exchange could not "
		    "be read.",
	    .labels = { "currency" },
	    .recalled = true },
	[OPEN_IMBALANCE] = { .name = "arbitrage_inventory_imbalance_ratio",
	    .type = METRIC_GAUGE,
	    .help = "(A - B) / (A + B) of an asset at the two exchanges of the inventory.",
	    .labels = { "asset" },
	    .max_series = SERIES_MOST },
	[OPEN_DELTA] = { .name = "arbitrage_hedge_delta",
	    .type = METRIC_GAUGE,
	    .help = "Long minus short of an asset at all exchanges, in units of the asset.",
	    .labels = { "asset" },
	    .max_series = SERIES_MOST },
	[OPEN_DELTA_RATIO] = { .name = "arbitrage_hedge_delta_ratio",
	    .type = METRIC_GAUGE,
	    .help = "The hedge delta without its sign, divided by long plus short: 0 is hedged, 1 is one "
		    "side only.",
	    .labels = { "asset" },
	    .max_series = SERIES_MOST },
	[OPEN_KEY_EXPIRY] = { .name = "arbitrage_api_key_expiry_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which the API key expires; +Inf if the exchange says never, absent if it "
		    "does not say.",
	    .labels = { "exchange" },
	    .recalled = true },
	[OPEN_KEY_PERMISSION] = { .name = "arbitrage_api_key_permission",
	    .type = METRIC_GAUGE,
	    .help = "1 if the API key has the permission, 0 if not; absent if the exchange does not say.",
	    .labels = { "exchange", "permission" },
	    .recalled = true },
	[OPEN_KEY_IP_RESTRICTED] = { .name = "arbitrage_api_key_ip_restricted",
	    .type = METRIC_GAUGE,
	    .help = "1 if the API key works only from certain addresses, else 0.",
	    .labels = { "exchange" },
	    .recalled = true },
	[OPEN_TRADING_LOCKED] = { .name = "arbitrage_account_trading_locked",
	    .type = METRIC_GAUGE,
	    .help = "1 if the exchange has locked trading on the account, else 0.",
	    .labels = { "exchange" },
	    .recalled = true },
	[OPEN_UNKNOWN_ROWS] = { .name = "arbitrage_engine_unknown_rows",
	    .type = METRIC_GAUGE,
	    .help = "Positions of the engine at exchanges that are not configured; they cannot be checked.",
	    .recalled = true },
	[OPEN_ENGINE_UPDATED] = { .name = "arbitrage_engine_positions_updated_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which the engine last wrote its positions; absent if the store does not "
		    "say.",
	    .labels = { "store" } },
	[OPEN_REQUESTS] = { .name = "arbitrage_account_requests_total",
	    .type = METRIC_COUNTER,
	    .help = "Requests that read the account; each page of a list counts.",
	    .labels = { "exchange", "endpoint" } },
	[OPEN_FAILURES] = { .name = "arbitrage_account_failures_total",
	    .type = METRIC_COUNTER,
	    .help = "Failed reads of the account by kind of failure.",
	    .labels = { "exchange", "endpoint", "kind" },
	    .max_series = EXCHANGES_MAX * ENDPOINTS_ASKED * FAILURE_KINDS },
	[OPEN_LAST_SUCCESS] = { .name = "arbitrage_account_last_success_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which a run last read all positions of the source.",
	    .labels = { "exchange", "source" },
	    .kept = true },
	[OPEN_WEIGHT] = { .name = "arbitrage_account_run_weight",
	    .type = METRIC_GAUGE,
	    .help = "How much of the exchange's rate limit the last run used.",
	    .labels = { "exchange" } },
	[OPEN_MISMATCH_SINCE] = { .name = "arbitrage_position_mismatch_since_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time since which engine and exchange differ, including the grace; absent while "
		    "they agree.",
	    .labels = { "exchange", "symbol" },
	    .max_series = SERIES_MOST,
	    .recalled = true },
	/* Kept, as a ban outlasts the runs that it holds back. */
	[OPEN_RETRY_AT] = { .name = "arbitrage_account_retry_at_timestamp_seconds",
	    .type = METRIC_GAUGE,
	    .help = "Unix time at which the last ban or back-off ends or ended; no requests are sent before.",
	    .labels = { "exchange" },
	    .kept = true },
	[OPEN_RUNS] = { .name = "arbitrage_account_runs_total",
	    .type = METRIC_COUNTER,
	    .help = "Runs that sent requests to the exchange.",
	    .labels = { "exchange" } },
};

_Static_assert(EXCHANGES_MAX *ENDPOINTS_ASKED <= FAMILY_SERIES, "every exchange has room for its endpoints");
_Static_assert(EXCHANGES_MAX *ACCOUNT_PERMISSIONS <= FAMILY_SERIES, "and for its permissions");
