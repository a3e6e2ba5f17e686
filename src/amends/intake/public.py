"""What other domains may use of intake."""

from amends.intake.channels.web.files import MAX_TOTAL, Upload, accept_files
from amends.intake.channels.web.guard import Stamp, new_stamp, read_stamp

__all__ = ["MAX_TOTAL", "Stamp", "Upload", "accept_files", "new_stamp", "read_stamp"]
