"""What other domains may use of the record."""

from amends.audit.models import Record
from amends.audit.selectors import records_of
from amends.audit.services import Entry, hold, record, record_many, record_new_chains, seal
from amends.audit.verify import Verification, verify

__all__ = [
    "Entry",
    "Record",
    "Verification",
    "hold",
    "record",
    "record_many",
    "record_new_chains",
    "records_of",
    "seal",
    "verify",
]
