"""The city-wide record: gate, log, accounts, pages and the HTTP doors around the same core."""
