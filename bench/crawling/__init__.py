"""The local web that crawlers are measured on, the crawlers, and how they are measured."""
