"""How the local judge reads a company's pages and answers criteria, one file a kind of fact."""
