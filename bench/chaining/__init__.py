"""What the benchmark of the chain is made of."""
