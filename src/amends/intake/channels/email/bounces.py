"""Delivery reports: is this one, for which recipient, for good or for now.

Standard reports (RFC 3464) say it in a machine-readable part. Many servers still write prose; that is read with
phrases, and only when the sender is a machine or several signs agree, because customers also forward bounces to us.
"""

import re
from dataclasses import dataclass

from amends.intake.channels.email import headers, structure
from amends.intake.channels.email.charsets import decode_text
from amends.intake.channels.email.model import Bounce

READ_CHARACTERS = 20_000
OPENING = 500  # where a report says what it is
STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status", "text/rfc822-delivery-status"}
RETURNED_TYPES = {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global",
                  "message/global-headers", "text/rfc822"}  # fmt: skip

MACHINES = re.compile(
    r"^(?:mailer[-_.]?daemon|post_?master|mail[-_]?daemon|mailerdaemon|double-bounce|bounces?|mdaemon|symantec_antivirus|"
    r"mailsystem|mail[-_.]?delivery|delivery|system[-_. ]?administrator|[\w-]{0,30}smtp[-_]?mail[-_]?service|"
    r"mail[-_]?gateway|returned?[-_]?mail|virus(?:wall)?|noreply-?mail|mailadm(?:in)?|maildelivery)(?:[-+=_.][^@]*)?$",
    re.IGNORECASE,
)
# Senders behind which nobody ever sits; at the others, such as postmaster, a person may write.
DAEMONS = re.compile(
    r"^(?:mailer[-_.]?daemon|mail[-_]?daemon|mdaemon|post_master|double-bounce|mail[-_. ]?delivery[-_. ]?(?:sub)?system|"
    r"microsoftexchange[0-9a-f]{32})(?:[+=][^@]*)?$",
    re.IGNORECASE,
)
DAEMON_NAMES = re.compile(r"^\W*mail(?:er)?[- ]daemon\W*$", re.IGNORECASE)
MACHINE_NAMES = re.compile(
    r"mail ?delivery (?:sub)?system|mailer[- ]?daemon|postmaster|mail administrator|system administrator|"
    r"systemadministrator|internet mail delivery|ndr administrator|mail delivery service|administrateur syst",
    re.IGNORECASE,
)
SUBJECTS = re.compile(
    r"^\W{0,20}(?:re:\s{0,5})?(?:\[[^\]]{1,40}\]\s{0,5})?\W{0,20}(?:"
    r"undeliver(?:ed|able)|undelivered mail|delivery (?:status )?(?:notification|failure|failed|report|error|problem|"
    r"has failed|unsuccessful|status|notice)|returned? (?:mail|to sender|message)|mail (?:delivery )?(?:failed|failure|"
    r"returned|status report|system error|could not be)|mail delivery|failure (?:notice|delivery|notification)|"
    r"failed (?:mail|delivery|to deliver)|non[- ]?deliver|nondeliver|no(?:n)? (?:delivery|remis)|message (?:not "
    r"delivered|undeliver|delivery|could not|you sent|blocked)|unable to deliver|cannot (?:send|deliver)|"
    r"could not (?:be "
    r"|send|deliver)|(?:\*+)?e-?mail (?:could not|delivery)|warning: (?:could not send|message)|user unknown|"
    r"bounced? mail|delayed (?:mail|delivery)|permanent delivery|problem delivering|error (?:sending|delivering)|"
    r"benachrichti?g?ung zum (?:ü|u)bermittlungsstatus|unzustellbar|nicht zustellbar|zustellung fehlgeschlagen|"
    r"échec de|notification d.état de remise|non remis|no se (?:puede|pudo|ha podido) entregar|mensaje no entregado|"
    r"notificaci[oó]n (?:de|sobre) (?:el )?estado|messaggio non (?:recapitato|consegnato)|mancato recapito|"
    r"onbestelbaar|"
    r"недоставлен|недоставка|系统退信|退信|配信(?:不能|エラー)|メール(?:配信|を配信|エラー)|"
    r"系統退信|complaint about message from|"
    r"amazon ses e-?mail (?:delivery|bounce)|content filtering|rejected(?:\s|:)|receipt|spam mail|"
    r"mail (?:error|problem|rejected|delivery)|(?:automatically )?rejected mail)|"
    r"[^\n]{0,300}(?:[:(]\s*(?:non remis|undeliverable|not delivered|unzustellbar|non recapitat[oa]|no entregado)\b)",
    re.IGNORECASE,
)
DELAYED = re.compile(
    r"\bdelay(?:ed)?\b|\bdeferred\b|could not send message for past|still (?:being )?(?:retried|trying)|"
    r"will (?:continue to )?(?:be )?(?:retr|keep trying|try again|continue)|not yet been delivered|verzögert|been postponed",
    re.IGNORECASE,
)
PROSE = re.compile(
    r"could ?n.?t be delivered|could not be (?:sent|delivered)|was ?n.?t able to deliver|not able to deliver|"
    r"unable to deliver|delivery (?:to the following|has failed|failed|error|attempts? (?:will|fail))|"
    r"failed permanently|permanent (?:fatal )?(?:error|failure)|undeliver(?:able|ed)|has not been delivered|"
    r"(?:was|is|were|has been) (?:not delivered|returned|rejected|refused|undeliver|bounced)|did not reach|"
    r"could not deliver|cannot (?:be )?deliver|can.?t be delivered|qmail-send|mail system at host|"
    r"user (?:is )?unknown|unknown user|no such user|mailbox (?:is )?(?:full|unavailable|not found)|"
    r"does not exist|doesn.?t (?:exist|have (?:a|an))|not found|transcript of session follows|"
    r"address(?:es)? (?:had|with) (?:permanent|transient|delivery)|delivery status notification|host unknown|"
    r"connection (?:timed out|refused)|recipient(?:s|\(s\))? (?:address )?(?:rejected|failed|could not)|"
    r"status: [245]\.\d|550[ -]|554[ -]|552[ -]|553[ -]|5\.\d\.\d|4\.\d\.\d|nicht zugestellt|konnte nicht|"
    r"n.a pas pu être|no se (?:pudo|puede) entregar|不能|エラー|退信|\"notificationType\":\s*\"Bounce\"|"
    r"\"(?:eventType|notificationType)\"|wird zur(?:ü|ue)ck|not a member|are not member|loop alert",
    re.IGNORECASE,
)
# What only a server says, near the top: a title or a sentence with the recipient's address right below it.
EXPLICIT = re.compile(
    r"failed recipient|non-?delivery report|(?:could not|cannot|was not able to|unable to) (?:be )?deliver(?:ed)?"
    r"[^.\n]{0,80}(?:recipient|user|address|to)[^.\n]{0,40}[:\s]\s{0,12}[\"'<]{0,2}[^\s@<>]{1,64}@|"
    r"pas pu (?:e|ê)tre d(?:e|é)livr(?:e|é)|did not reach the following recipient|smtp error code [45]\d\d|"
    r"delivery (?:of (?:this|the|your) (?:e-?mail|message) )?to (?:the following recipient|this address)|remote host said:|"
    r"this is an advisory-only email|konnte nicht zugestellt werden:",
    re.IGNORECASE,
)
# How servers begin to report; people begin with their own words.
SERVER_OPENING = re.compile(
    r"[\s*=|>-]{0,200}(?:this is (?:the mail system|an automatic|a (?:delivery|permanent|temporary))|hi\. this is the|message from|"
    r"this (?:message|e-?mail|report) (?:was|is|has been) (?:created |generated |sent )?automatic|non-?delivery report|"
    r"(?:the following|your) (?:e-?mail|mail|message|address)(?:es)?\b|i'?m (?:sorry|afraid)|sorry,? (?:we|i|but|your)|"
    r"delivery (?:to|of|has|status)|failed (?:to deliver|addresses?|recipients?)|undeliver|could not deliver|unable to deliver|"
    r"the original message|transcript of session|an error occurred while|remote host said|"
    r"(?:dies|dieses) ist eine automatisch|diese (?:nachricht|e-?mail) wurde automatisch|ihre (?:nachricht|e-?mail) an|"
    r"votre message n|ce message a été (?:créé|généré|envoyé) automatiquement|su mensaje|il messaggio|"
    r"送信先|次のあて先|您的邮件|很抱歉|抱歉)",
    re.IGNORECASE,
)
# Words of mail, not of parcels.
OF_MAIL = re.compile(
    r"\byour (?:e-?mail|mail|message)\b|\bmail ?(?:box|system|server|delivery|host)|\be-?mail (?:address|account|server)|\bsmtp\b|"
    r"\brcpt\b|\brecipients?\b|\bmailer\b|\bihre (?:nachricht|e-?mail|mail)\b|\bpostfach\b|mailserver|votre message|destinataire|"
    r"\bmensaje\b|\bmessaggio\b|destinatari|メール|邮件|郵件|메일|письмо|сообщение",
    re.IGNORECASE,
)
STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
REPLY_CODE = re.compile(r"(?<![\d.:/-])([45]\d\d)(?:[ -](?=[#A-Za-z<\d\"(])|[:,])")
SOFT = re.compile(
    r"mailbox (?:is )?(?:full|over ?quota|exceed|size limit)|"
    r"(?:over|exceed\w*|disk) ?(?:the )?(?:storage |disk )?quota|"
    r"quota exceeded|user.{0,20}over quota|not enough (?:storage|space|disk)|"
    r"insufficient (?:system )?storage|mail ?box.{0,30}full|temporar|"
    r"try again|try later|timed? ?out|too many (?:connections|messages|recipients|emails|concurrent)|rate limit|"
    r"greylist|deferred|throttl|connection refused|resources? (?:un|temporarily )available|system load|"
    r"out of (?:memory|space)|network is unreachable|no route to host|4\.[02-7]\.\d",
    re.IGNORECASE,
)
HARD = re.compile(
    r"user (?:is )?unknown|unknown (?:user|recipient|address|local)|no such (?:user|recipient|mailbox|address|person)|"
    r"does(?: not|n.t) exist|invalid (?:recipient|mailbox|address|user)|mailbox (?:unavailable|not found)|"
    r"no mailbox|not (?:found|our customer|listed)|(?:host|domain) (?:unknown|not found)|unrouteable|"
    r"account (?:has been |is )?(?:disabled|inactive|suspended|closed)|relay(?:ing)? (?:access )?denied|5\.1\.\d",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
RECIPIENT_LINE = re.compile(
    r"^\s{0,12}(?:[-*•]\s*)?(?:final-recipient:|original-recipient:|recipient(?: address)?:|to:|rcpt to:|for:|"
    r"failed recipient:|intended recipient:|unknown user:|user:|\"emailaddress\":|.{0,20}rfc822;)?\s*[\"'<(\[]*"
    r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,250}[A-Za-z0-9])[\"'>)\]]*",
    re.IGNORECASE | re.MULTILINE,
)
# Titles right above the failed addresses, after which no "To:" of the returned message can be meant.
RECIPIENTS_TITLE = re.compile(
    r"did not reach the following recipient(?:\(s\)|s)?\s?:|(?:delivery )?to the following recipient(?:\(s\)|s)? (?:failed|"
    r"has been delayed)[^\n]{0,40}|addressed to email address :|failed recipient(?:s|\(s\))?[ -]{0,20}:?|"
    r"could not be delivered to (?:the following (?:recipient|user|address)(?:\(s\)|e?s)?\s?:?|one or more)",
    re.IGNORECASE,
)
ORIGINAL = re.compile(
    r"^[-= >]{0,10}(?:original message|below this line is a copy|this is a copy|returned message|unsent message|"
    r"message header|headers? of the|the (?:first|header|original) .{0,30}message|included message|"
    r"received: |return-path: |copy of (?:your|the) message)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What the report's parts say: `action` failed, delayed, delivered, relayed, expanded, notification, feedback."""

    action: str
    bounce: Bounce | None


def notification(text: str) -> Report | None:
    """A bounce or complaint that Amazon SES sends as JSON in an ordinary mail.

    Relays break the JSON into lines, so fields are searched for rather than parsed.
    """
    joined = re.sub(r"!?\n ?", "", text[:READ_CHARACTERS]).replace('\\"', '"')
    if '"notificationType"' not in joined[:2000] and '"eventType"' not in joined[:2000]:
        return None
    kind = re.search(r'"(?:notificationType|eventType)":\s*"([A-Za-z ]{1,30})"', joined)
    word = kind[1].lower() if kind else ""
    if word not in {"bounce", "complaint", "delivery", "delivery delay", "deliverydelay"}:
        return None
    recipient = re.search(r'"(?:emailAddress"|recipients":\s*\[)[:\s]*"([^"\s]{3,320})"', joined)
    permanent = re.search(r'"bounceType":\s*"(?:Permanent|Undetermined)"', joined) is not None
    bounce = Bounce(recipient[1] if recipient else None, _status(joined), permanent)
    return Report("failed", bounce) if word == "bounce" else Report(word, None)


def machine_sender(name: str, address: str) -> bool:
    """Whether a mail server, not a person, signs the mail."""
    local = address.partition("@")[0].strip("\"'\\ ")
    return bool(MACHINES.match(local)) or bool(MACHINE_NAMES.search(name))


def daemon(name: str, address: str) -> bool:
    """Whether the sender is a program that only reports, at whose address no person writes."""
    local = address.partition("@")[0].strip("\"'\\ ")
    return bool(DAEMONS.match(local)) or bool(DAEMON_NAMES.match(name))


def technical(text: str, parts: list[structure.Part]) -> bool:
    """Whether a text has a status, a server's code, words of mail, or an address that the mail did not go to."""
    head = text[:READ_CHARACTERS]
    if STATUS.search(head) or REPLY_CODE.search(head) or OF_MAIL.search(head):
        return True
    own = _own_addresses(parts)
    return any(match[0].lower() not in own for match in ADDRESS.finditer(head[: 4 * OPENING]))


def standard_report(parts: list[structure.Part], text: str) -> Report | None:
    """Read RFC 3464 delivery status, feedback and disposition parts; None when the mail has none."""
    types = {part.type for part in parts}
    if "message/feedback-report" in types:
        return Report("feedback", None)
    if types & {"message/disposition-notification", "message/global-disposition-notification"}:
        return _disposition(parts, text)
    # Microsoft's consumer service reports complaints as an ordinary mail around the message that was complained about.
    if any(returned.header("x-hmxmroriginalrecipient") is not None for returned in _returned_headers(parts)):
        return Report("feedback", None)
    groups: list[dict[str, str]] = []
    for part in parts:
        if part.type in STATUS_TYPES:
            groups += _status_groups(structure.content(part, []))
    failed = [group for group in groups if "action" in group or "status" in group or "final-recipient" in group]
    if not failed:
        return None
    group = next((g for g in failed if g.get("action", "").lower().startswith("fail")), failed[0])
    action = _action(group)
    diagnostic = group.get("diagnostic-code", "")
    status = _status(group.get("status", "")) or _status(diagnostic)
    if status and status.endswith(".0.0") and (better := _status(diagnostic)):
        status = better
    recipient = _recipient_of(group) or from_prose(text, parts, None).recipient
    hard = _is_hard(status, f"{diagnostic} {text[:READ_CHARACTERS] if not status else ''}")
    if action == "delayed":
        hard = False
    return Report(action, Bounce(recipient, status, hard, returned_ids(parts, text)))


def _disposition(parts: list[structure.Part], text: str) -> Report:
    """A receipt (RFC 8098). "Deleted" by a machine that says it rejected the message is a bounce (Dovecot's quota)."""
    for part in parts:
        if part.type.endswith("disposition-notification"):
            for group in _status_groups(structure.content(part, [])):
                disposition = group.get("disposition", "").lower()
                if disposition.startswith("automatic-action/") and re.search(
                    r"rejected|quota exceeded", text[:500], re.IGNORECASE
                ):
                    bounce = Bounce(
                        _recipient_of(group), _status(text), _is_hard(_status(text), text), returned_ids(parts, text)
                    )
                    return Report("failed", bounce)
    return Report("notification", None)


def _action(group: dict[str, str]) -> str:
    words = group.get("action", "").lower().split()
    action = words[0].strip(";,") if words else ""
    if action in {"delayed", "delivered", "relayed", "expanded"}:
        return action
    if not action and group.get("status", "").startswith("2"):
        return "delivered"
    return "failed"


def _status_groups(content: bytes) -> list[dict[str, str]]:
    """The blank-line separated groups of fields in a delivery status part."""
    text, _problem = decode_text(content[: READ_CHARACTERS * 2])
    groups = []
    for block in re.split(r"\n[ \t]*\n", text.strip()):
        fields: dict[str, str] = {}
        last = ""
        for line in block.split("\n")[:200]:
            if line[:1] in " \t" and last:
                fields[last] += " " + line.strip()
            elif ":" in line:
                key, _colon, value = line.partition(":")
                last = key.strip().lower()
                fields.setdefault(last, value.strip())
        groups.append(fields)
    return groups[:200]


def _recipient_of(group: dict[str, str]) -> str | None:
    for key in ("original-recipient", "final-recipient", "x-actual-recipient"):
        match = ADDRESS.search(group.get(key, "").replace("+3D", "="))
        if match:
            return match[0]
    return None


def _status(text: str) -> str | None:
    match = STATUS.search(text[:4000])
    return match[1] if match else None


def _is_hard(status: str | None, words: str) -> bool:
    """Class 5 is hard, except a full mailbox (x.2.2); without a status, the words decide, and doubt is hard."""
    if status:
        return status.startswith("5") and not status.endswith(".2.2")
    if HARD.search(words):
        return True
    return not SOFT.search(words)


def from_prose(text: str, parts: list[structure.Part], hint: str | None) -> Bounce:
    """Recipient, status and class from a report written in words."""
    head = text[:READ_CHARACTERS]
    cut = ORIGINAL.search(head, 40)
    explained = head[: cut.start()] if cut else head
    own = _own_addresses(parts)
    recipient = hint or _recipient_in(explained, own) or _recipient_in(head, own) or _returned_recipient(parts)
    recipient = recipient or _recipient_in(head, frozenset())
    status = _status(explained) or _status(head)
    if status is None:
        code = REPLY_CODE.search(explained)
        status = (
            {"552": "5.2.2", "4": "4.0.0", "5": "5.0.0"}.get(code[1] if code[1] == "552" else code[1][0])
            if code
            else None
        )
    hard = _is_hard(status if status not in {"5.0.0", "4.0.0"} else None, explained)
    if status == "4.0.0":
        hard = False
    return Bounce(recipient, status, hard, returned_ids(parts, text))


def _recipient_in(text: str, own: frozenset[str]) -> str | None:
    """The first address in the place of a recipient; `own` are addresses that the report itself was sent to."""
    title = RECIPIENTS_TITLE.search(text)
    places = [(text[title.end() : title.end() + 2000], ADDRESS, 0)] if title else []
    for place, pattern, group in [*places, (text, RECIPIENT_LINE, 1), (text, ADDRESS, 0)]:
        for match in pattern.finditer(place):
            found = match[group].strip("'\"*.").removeprefix("SMTP=")
            if not machine_sender("", found) and found.lower() not in own:
                return found
    return None


def _own_addresses(parts: list[structure.Part]) -> frozenset[str]:
    """Where the report itself went: never the recipient that it is about, unless nothing else is named."""
    found: set[str] = set()
    for name in ("to", "delivered-to", "x-original-to", "cc"):
        for raw in parts[0].all_headers(name) if parts else []:
            found.update(address.address.lower() for address in headers.addresses(raw, [], name))
    return frozenset(found)


def _returned_headers(parts: list[structure.Part]) -> list[structure.Part]:
    return [structure.read_headers(structure.content(part, [])) for part in parts if part.type in RETURNED_TYPES]


def _returned_recipient(parts: list[structure.Part]) -> str | None:
    for returned in _returned_headers(parts):
        raw = returned.header("to")
        found = headers.addresses(raw, [], "To") if raw else ()
        if found and found[0].address:
            return found[0].address
    return None


def returned_ids(parts: list[structure.Part], text: str) -> tuple[str, ...]:
    """Message-IDs of the returned message, from its copy or from the report's text."""
    found: list[str] = []
    for returned in _returned_headers(parts):
        raw = returned.header("message-id")
        if raw:
            found += headers.identifiers(raw)
    found += re.findall(
        r"^[ >\t]{0,8}message-id:\s{0,3}(<[^<>\s]{1,900}>)", text[: 4 * READ_CHARACTERS], re.IGNORECASE | re.MULTILINE
    )
    return tuple(dict.fromkeys(found))[:20]
