"""Download published data sets and verify their checksums."""
