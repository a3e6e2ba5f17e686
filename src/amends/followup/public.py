"""What other domains may use of follow-up."""

from amends.followup.answering import answer_check_in, answer_survey, take_up_again
from amends.followup.models import AskState, CheckIn, SurveyInvitation
from amends.followup.selectors import FollowUp, follow_up_of
from amends.followup.sending import keep_personal_line, send_check_in_now, send_due
from amends.followup.tokens import token_of
from amends.followup.web.customer import customer_page, house_of, refusal_words

__all__ = [
    "AskState",
    "CheckIn",
    "FollowUp",
    "SurveyInvitation",
    "answer_check_in",
    "answer_survey",
    "customer_page",
    "follow_up_of",
    "house_of",
    "keep_personal_line",
    "refusal_words",
    "send_check_in_now",
    "send_due",
    "take_up_again",
    "token_of",
]
