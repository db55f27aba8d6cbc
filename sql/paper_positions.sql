-- Into the table of example_positions.sql: all that the account of the paper exchange holds (docs/paper_exchange.md), so
-- that nothing differs until a fault is turned on.  For the demo and the stack on paper alone.

INSERT INTO public.positions (exchange, symbol, side, quantity, market, entry_price)
SELECT venue, symbol, side, quantity, 'spot', NULL
FROM unnest(ARRAY['binance', 'upbit', 'bybit', 'okx', 'kraken']) AS venues (venue),
	(VALUES ('BTC', 'long', 1.5), ('ETH', 'long', 12.5), ('XRP', 'long', 5100)) AS held (symbol, side, quantity)
UNION ALL
SELECT venue, symbol, side, quantity, 'derivative', price
FROM unnest(ARRAY['binanceusdm', 'bybit', 'okx', 'kraken']) AS venues (venue),
	(VALUES ('BTC/USDT', 'long', 0.5, 94000), ('ETH/USDT', 'short', 3, 3300)) AS held (symbol, side, quantity, price);
