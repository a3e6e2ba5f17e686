"""The words of the questions, in the current language."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from amends.intake.channels.survey.models import Survey

_ODD_IN_NAME = re.compile(r"[\d/:@<>{}\[\]|#=&%$€£!?*]|www\.", re.IGNORECASE)


def question_of(survey: Survey, house: str) -> str:
    """What is asked: the survey's own words, else the usual ones."""
    if survey.question:
        return survey.question
    if survey.kind == "nps":
        return _("How likely are you to recommend %(house)s to a friend or a colleague?") % {"house": house}
    if survey.kind == "satisfaction":
        return _("How satisfied are you with %(house)s?") % {"house": house}
    return _("How hard was it to get from %(house)s what you needed?") % {"house": house}


def ends_of(survey: Survey) -> tuple[str, str]:
    """The words at the low and the high end of the scale."""
    if survey.kind == "nps":
        return _("not at all likely"), _("very likely")
    if survey.kind == "satisfaction":
        return _("not at all satisfied"), _("very satisfied")
    return _("very easy"), _("very hard")


def greeting(name: str) -> str:
    """The salutation; a name that cannot be one is left out, so that a list does not send advertisements in our name."""
    usable = name and len(name) <= 60 and not _ODD_IN_NAME.search(name)
    return _("Hello %(name)s,") % {"name": name} if usable else _("Hello,")
