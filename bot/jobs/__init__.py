"""Scan jobs: a link is resolved, fetched and fingerprinted on one machine, which holds its bytes all the while.

A job has two halves. Of what was fetched only digests are told, and whoever gave the job says whether the files may be
decoded: marks of suspected minors and the key under which they stand stay with the coordinator. Then every file's
fingerprint follows. Matching, judging and storing are the coordinator's.

here        jobs in this process
work        the half of a job that is done where the bytes are, for whoever asks from elsewhere: JSON in, JSON out
elsewhere   the half of the coordinator, which reads only JSON, as what a stranger sent
messages    what both say to each other
line        a connection that carries it
"""

from bot.jobs.elsewhere import ELSEWHERE_PORT, LOST, Elsewhere, cluster_status
from bot.jobs.here import ClusterError, Fetched, FileFacts, Held, Here, Jobs, held
from bot.jobs.line import Dialled, Line
from bot.jobs.messages import settings_of, version
from bot.jobs.work import Machine, scan_job

__all__ = [
    "ELSEWHERE_PORT",
    "LOST",
    "ClusterError",
    "Dialled",
    "Elsewhere",
    "Fetched",
    "FileFacts",
    "Held",
    "Here",
    "Jobs",
    "Line",
    "Machine",
    "cluster_status",
    "held",
    "scan_job",
    "settings_of",
    "version",
]
