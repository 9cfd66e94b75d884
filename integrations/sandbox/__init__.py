"""The outside world on loopback: fictional companies, their sites and a search engine, for machines without keys."""
