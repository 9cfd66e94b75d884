"""What is kept of people outside: where, since when, how it is found, handed out, erased and grown too old."""
