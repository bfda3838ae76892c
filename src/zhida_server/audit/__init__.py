"""Who did or read what: records that are only ever added to, each carrying the hash of the one before."""
