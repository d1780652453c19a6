"""Scan jobs on several machines, by Dask distributed. Needs the extra `cluster`; nothing of it is imported elsewhere.

settings    how Dask is to behave: no second try of its own, no spilling, no page of its own
scheduler   `gifwarden scheduler`: Dask's scheduler, and beside it the door at which the coordinator gives jobs
door        what is said at that door
worker      `gifwarden worker`: what fetches and decodes

Workers and scheduler speak with one another in Dask's own way, which takes pickles: whoever is let in there may run
code in these processes. The coordinator, with its database, keys and logins, is not among them: it speaks JSON with the
door, and imports nothing of this.
"""
