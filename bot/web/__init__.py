"""What is served over HTTP.

server   one server for all of it, with its bounds
serving  what of it the configuration wants, and where
console  the pages on which moderators decide
steps    what the daemon's steps did, kept while they run
metrics  the same and the database's figures, for Prometheus
status   /metrics and /health, on loopback only
"""
